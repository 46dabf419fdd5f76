/* Warning headers: upstream's texts, in upstream's order. */
#include "tests/unit/kind_setup.h"

#define DEPLOY(replicas, spec)                                                                  \
	"{'apiVersion':'apps/v1','kind':'Deployment','metadata':{'name':'a.b','namespace':'d'," \
	"'generation':" replicas "},'spec':{'selector':{'matchLabels':{'a':'b'}},"              \
	"'template':{'metadata':{'labels':{'a':'b'}},'spec':{" spec "}}}}"

UNIT_TEST(warn_pods)
{
	struct setup s;

	begin(&s);
	CHECK_STR(create(&s, POD(C)), NULL);
	CHECK_STR(warnings(&s), "");
	CHECK_STR(create(&s, POD("'terminationGracePeriodSeconds':-1,'nodeSelector':{'beta.kubernetes."
				 "io/os':'linux'}," C)),
		  NULL);
	CHECK_STR(warnings(&s),
		  "spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "
		  "\"kubernetes.io/os\" instead\n"
		  "spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and "
		  "will be treated as 1");
	CHECK_STR(create(&s, POD("'containers':[{'name':'c','image':'i','env':[{'name':'A','value':"
				 "'1'},{'name':'A','value':'2'},{'name':'A','value':'$(A)3'}],"
				 "'ports':[{'containerPort':80,'name':'web'}],'resources':{'limits':"
				 "{'memory':'100m'}}},"
				 "{'name':'d','image':'i','ports':[{'containerPort':80,'name':'web'},"
				 "{'containerPort':80,'hostPort':8080}]}]")),
		  NULL);
	CHECK_STR(warnings(&s),
		  "spec.containers[0].resources.limits[memory]: fractional byte value \"100m\" is "
		  "invalid, must be an integer\n"
		  "spec.containers[0].resources.requests[memory]: fractional byte value \"100m\" is "
		  "invalid, must be an integer\n"
		  "spec.containers[0].env[1]: hides previous definition of \"A\", which may be dropped "
		  "when using apply\n"
		  "spec.containers[1].ports[0]: duplicate port definition with "
		  "spec.containers[0].ports[0]\n"
		  "spec.containers[1].ports[1]: overlapping port definition with "
		  "spec.containers[0].ports[0]\n"
		  "spec.containers[1].ports[1]: overlapping port definition with "
		  "spec.containers[1].ports[0]\n"
		  "spec.containers[1].ports[0]: duplicate port name \"web\" with "
		  "spec.containers[0].ports[0], services and probes that select ports by name will "
		  "use spec.containers[0].ports[0]");
	CHECK_STR(update(&s, POD(C), POD("'containers':[{'name':'c','image':'j'}]")), NULL);
	CHECK_STR(warnings(&s), "");
	finish(&s);
}

UNIT_TEST(warn_volumes_and_addresses)
{
	struct setup s;

	begin(&s);
	CHECK_STR(create(&s,
			 POD("'volumes':[{'name':'v','projected':{'sources':[{'configMap':{'name':"
			     "'m','items':[{'key':'k','path':'a'}]}},{'secret':{'name':'s','items':"
			     "[{'key':'k','path':'a/b/'}]}}]}},{'name':'g','gitRepo':{'repository':"
			     "'r'}}],'hostAliases':[{'ip':'FE80::1'},{'ip':'FE80::1'}]," C)),
		  NULL);
	CHECK_STR(warnings(&s),
		  "spec.volumes[1].gitRepo: deprecated in v1.11, and disabled by default in v1.33+\n"
		  "volume \"v\" (Projected): overlapping paths: \"a/b\" (Secret \"s\") with \"a\" "
		  "(ConfigMap \"m\")\n"
		  "spec.hostAliases[1].ip: duplicate ip \"FE80::1\"\n"
		  "spec.hostAliases[0].ip: IPv6 address \"FE80::1\" should be in RFC 5952 canonical "
		  "format (\"fe80::1\")\n"
		  "spec.hostAliases[1].ip: IPv6 address \"FE80::1\" should be in RFC 5952 canonical "
		  "format (\"fe80::1\")");
	finish(&s);
}

UNIT_TEST(warn_workloads)
{
	struct setup s;

	begin(&s);
	CHECK_STR(create(&s, DEPLOY("1", "'topologySpreadConstraints':[{'maxSkew':1,'topologyKey':"
					 "'failure-domain.beta.kubernetes.io/zone','whenUnsatisfiable':"
					 "'DoNotSchedule'}]," C)),
		  NULL);
	CHECK_STR(warnings(&s),
		  "metadata.name: this is used in Pod names and hostnames, which can result in "
		  "surprising behavior; a DNS label is recommended: [must not contain dots]\n"
		  "spec.template.spec.topologySpreadConstraints[0].topologyKey: "
		  "failure-domain.beta.kubernetes.io/zone is deprecated since v1.17; use "
		  "\"topology.kubernetes.io/zone\" instead\n"
		  "spec.template.spec.topologySpreadConstraints[0].labelSelector: a null labelSelector "
		  "results in matching no pod");
	update(&s, DEPLOY("1", C), DEPLOY("1", "'terminationGracePeriodSeconds':-1," C));
	CHECK_STR(warnings(&s), "");
	update(&s, DEPLOY("1", C), DEPLOY("2", "'terminationGracePeriodSeconds':-1," C));
	CHECK_STR(warnings(&s),
		  "spec.template.spec.terminationGracePeriodSeconds: must be >= 0; negative values are "
		  "invalid and will be treated as 1");
	finish(&s);
}

UNIT_TEST(warn_others)
{
	struct setup s;

	begin(&s);
	CHECK_STR(create(&s, "{'apiVersion':'v1','kind':'Service','metadata':{'name':'s','namespace':"
			     "'d'},'spec':{'clusterIP':'None','externalName':'x','externalIPs':"
			     "['2001:DB8::1'],'ports':[{'port':1}]}}"),
		  NULL);
	CHECK_STR(warnings(&s),
		  "spec.externalIPs is ignored for headless services\n"
		  "spec.externalIPs[0]: IPv6 address \"2001:DB8::1\" should be in RFC 5952 canonical "
		  "format (\"2001:db8::1\")\n"
		  "spec.externalName is ignored when spec.type is not \"ExternalName\"");
	CHECK_STR(create(&s, "{'apiVersion':'networking.k8s.io/v1','kind':'Ingress','metadata':{"
			     "'name':'s','namespace':'d','annotations':{'kubernetes.io/ingress.class':"
			     "'x'}},'spec':{'defaultBackend':{'service':{'name':'a','port':{'number':"
			     "1}}}}}"),
		  NULL);
	CHECK_STR(warnings(&s), "annotation \"kubernetes.io/ingress.class\" is deprecated, please use "
				"'spec.ingressClassName' instead");
	CHECK_STR(create(&s, "{'apiVersion':'v1','kind':'Secret','metadata':{'name':'s','namespace':"
			     "'d'},'type':'kubernetes.io/tls','data':{'tls.crt':'','tls.key':''}}"),
		  NULL);
	CHECK_STR(warnings(&s), "tls: failed to find any PEM data in certificate input");
	finish(&s);
}
