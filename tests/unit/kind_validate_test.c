/* Validation: upstream's texts and field paths, create and update. */
#include "tests/unit/kind_setup.h"

UNIT_TEST(validate_pod_create)
{
	struct setup s;

	begin(&s);
	CHECK_STR(create(&s, POD(C)), NULL);
	CHECK_STR(create(&s, POD("")), "Pod \"p\" is invalid: spec.containers: Required value");
	CHECK_STR(create(&s, POD("'containers':[{'name':'C','image':''}]")),
		  "Pod \"p\" is invalid: [spec.containers[0].name: Invalid value: \"C\": a lowercase "
		  "RFC 1123 label must consist of lower case alphanumeric characters or '-', and "
		  "must start and end with an alphanumeric character (e.g. 'my-name',  or "
		  "'123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?'), "
		  "spec.containers[0].image: Required value]");
	CHECK_STR(create(&s, POD("'containers':[{'name':'c','image':'i'},{'name':'c','image':'i'}]")),
		  "Pod \"p\" is invalid: spec.containers[1].name: Duplicate value: \"c\"");
	CHECK_STR(create(&s, POD("'restartPolicy':'Sometimes'," C)),
		  "Pod \"p\" is invalid: spec.restartPolicy: Unsupported value: \"Sometimes\": "
		  "supported values: \"Always\", \"OnFailure\", \"Never\"");
	CHECK_STR(create(&s, POD("'containers':[{'name':'c','image':'i','volumeMounts':[{'name':"
				 "'v','mountPath':'/x'}]}]")),
		  "Pod \"p\" is invalid: spec.containers[0].volumeMounts[0].name: Not found: \"v\"");
	CHECK_STR(create(&s, POD("'containers':[{'name':'c','image':'i','resources':{'requests':{"
				 "'cpu':'2'},'limits':{'cpu':'1'}}}]")),
		  "Pod \"p\" is invalid: spec.containers[0].resources.requests: Invalid value: "
		  "\"2\": must be less than or equal to cpu limit of 1");
	CHECK_STR(create(&s, POD("'containers':[{'name':'c','image':'i','ports':[{'containerPort':"
				 "70000}],'livenessProbe':{}}]")),
		  "Pod \"p\" is invalid: [spec.containers[0].ports[0].containerPort: Invalid value: "
		  "70000: must be between 1 and 65535, inclusive, "
		  "spec.containers[0].livenessProbe: Required value: must specify a handler type]");
	finish(&s);
}

UNIT_TEST(validate_pod_update)
{
	struct setup s;
	const char *message;

	begin(&s);
	CHECK_STR(update(&s, POD(C), POD("'containers':[{'name':'c','image':'j'}]")), NULL);
	CHECK_STR(update(&s, POD(C), POD(C ",'tolerations':[{'operator':'Exists','key':'k'}]")),
		  NULL);
	message = update(&s, POD(C), POD(C ",'nodeName':'n'"));
	CHECK(strstr(message, "Pod \"p\" is invalid: spec: Forbidden: pod updates may not change "
			      "fields other than `spec.containers[*].image`,`spec.init") == message);
	CHECK_STR(update(&s, POD(C),
			 POD("'containers':[{'name':'c','image':'i'},{'name':'d','image':'i'}]")),
		  "Pod \"p\" is invalid: spec.containers: Forbidden: pod updates may not add or "
		  "remove containers");
	finish(&s);
}

#define DEPLOY(labels, spec)                                                                       \
	"{'apiVersion':'apps/v1','kind':'Deployment','metadata':{'name':'w','namespace':'d'},"     \
	"'spec':{" spec "'selector':{'matchLabels':{'app':'w'}},'template':{'metadata':{'labels':" \
	"{" labels "}},'spec':{" C "}}}}"

UNIT_TEST(validate_deployment)
{
	struct setup s;
	char *other;

	begin(&s);
	CHECK_STR(create(&s, DEPLOY("'app':'w'", "")), NULL);
	CHECK_STR(create(&s, DEPLOY("'app':'x'", "")),
		  "Deployment.apps \"w\" is invalid: spec.template.metadata.labels: Invalid value: "
		  "{\"app\":\"x\"}: `selector` does not match template `labels`");
	CHECK_STR(create(&s, DEPLOY("'app':'w'", "'replicas':-1,")),
		  "Deployment.apps \"w\" is invalid: spec.replicas: Invalid value: -1: must be "
		  "greater than or equal to 0");
	CHECK_STR(create(&s, "{'apiVersion':'apps/v1','kind':'Deployment','metadata':{'name':'w',"
			     "'namespace':'d'},'spec':{'template':{'metadata':{'labels':{'a':'b'}},"
			     "'spec':{" C "}}}}"),
		  "Deployment.apps \"w\" is invalid: [spec.selector: Required value, "
		  "spec.template.metadata.labels: Invalid value: {\"a\":\"b\"}: `selector` does not "
		  "match template `labels`]");
	other = arena_strdup(s.a, DEPLOY("'app':'v'", ""));
	strstr(other, "'app':'w'")[7] = 'v';
	CHECK_STR(update(&s, DEPLOY("'app':'w'", ""), other),
		  "Deployment.apps \"w\" is invalid: spec.selector: Invalid value: "
		  "{\"matchLabels\":{\"app\":\"v\"}}: field is immutable");
	finish(&s);
}

#define SVC(spec)                                                                                   \
	"{'apiVersion':'v1','kind':'Service','metadata':{'name':'s','namespace':'d'},'spec':{" spec \
	"}}"

UNIT_TEST(validate_service)
{
	struct setup s;

	begin(&s);
	CHECK_STR(create(&s, SVC("'ports':[{'port':80}]")), NULL);
	CHECK_STR(create(&s, SVC("'clusterIP':'None'")), NULL);
	CHECK_STR(create(&s, SVC("'type':'ExternalName','externalName':'a.b'")), NULL);
	CHECK_STR(create(&s, SVC("")), "Service \"s\" is invalid: spec.ports: Required value");
	CHECK_STR(create(&s, SVC("'ports':[{'port':80},{'port':81,'name':'b'}]")),
		  "Service \"s\" is invalid: spec.ports[0].name: Required value");
	CHECK_STR(create(&s, SVC("'ports':[{'port':80}],'type':'Odd'")),
		  "Service \"s\" is invalid: spec.type: Unsupported value: \"Odd\": supported "
		  "values: \"ClusterIP\", \"ExternalName\", \"LoadBalancer\", \"NodePort\"");
	CHECK_STR(update(&s, SVC("'ports':[{'port':80}],'clusterIP':'10.0.0.1'"),
			 SVC("'ports':[{'port':80}],'clusterIP':'10.0.0.2'")),
		  "Service \"s\" is invalid: spec.clusterIPs[0]: Invalid value: [\"10.0.0.2\"]: may "
		  "not change once set");
	CHECK_STR(update(&s, SVC("'ports':[{'port':80}],'clusterIP':'10.0.0.1'"),
			 SVC("'ports':[{'port':80}]")),
		  NULL);
	CHECK_STR(update(&s, SVC("'ports':[{'port':80}],'clusterIP':'10.0.0.1'"),
			 SVC("'type':'ExternalName','externalName':'x.y'")),
		  NULL);
	finish(&s);
}

#define CM(more) \
	"{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'c','namespace':'d'}" more "}"
#define SEC(more) \
	"{'apiVersion':'v1','kind':'Secret','metadata':{'name':'c','namespace':'d'}" more "}"

UNIT_TEST(validate_config)
{
	struct setup s;

	begin(&s);
	CHECK_STR(create(&s, CM(",'data':{'a/b':'c'}")),
		  "ConfigMap \"c\" is invalid: data[a/b]: Invalid value: \"a/b\": a valid config key "
		  "must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or "
		  "'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')");
	CHECK_STR(update(&s, CM(",'immutable':true,'data':{'a':'b'}"),
			 CM(",'immutable':true,'data':{'a':'c'}")),
		  "ConfigMap \"c\" is invalid: data: Forbidden: field is immutable when `immutable` "
		  "is set");
	CHECK_STR(create(&s, SEC(",'type':'kubernetes.io/tls'")),
		  "Secret \"c\" is invalid: [data[tls.crt]: Required value, data[tls.key]: Required "
		  "value]");
	CHECK_STR(update(&s, SEC(",'type':'a'"), SEC(",'type':'b'")),
		  "Secret \"c\" is invalid: type: Invalid value: \"b\": field is immutable");
	CHECK_STR(create(&s, SEC(",'type':'kubernetes.io/dockerconfigjson','data':{"
				 "'.dockerconfigjson':'e30='}")),
		  NULL);
	finish(&s);
}

UNIT_TEST(validate_metadata)
{
	struct setup s;

	begin(&s);
	CHECK_STR(create(&s, "{'apiVersion':'v1','kind':'Namespace','metadata':{'name':'a.b'}}"),
		  "Namespace \"a.b\" is invalid: metadata.name: Invalid value: \"a.b\": must not "
		  "contain dots");
	CHECK_STR(create(&s, "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'c',"
			     "'namespace':'d','labels':{'a':'-'}}}"),
		  "ConfigMap \"c\" is invalid: metadata.labels: Invalid value: \"-\": a valid label "
		  "must be an empty string or consist of alphanumeric characters, '-', '_' or '.', "
		  "and must start and end with an alphanumeric character (e.g. 'MyValue',  or "
		  "'my_value',  or '12345', regex used for validation is "
		  "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')");
	CHECK_STR(create(&s, "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'c',"
			     "'namespace':'d','ownerReferences':[{'apiVersion':'v1','kind':'',"
			     "'name':'n','uid':'u'}]}}"),
		  "ConfigMap \"c\" is invalid: metadata.ownerReferences.kind: Invalid value: \"\": "
		  "must not be empty");
	CHECK_STR(update(&s,
			 "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'c','namespace':"
			 "'d','deletionTimestamp':'2026-01-01T00:00:00Z','finalizers':['x.io/f']}}",
			 "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'c','namespace':"
			 "'d','deletionTimestamp':'2026-01-01T00:00:00Z','finalizers':['x.io/f',"
			 "'y.io/g']}}"),
		  "ConfigMap \"c\" is invalid: metadata.finalizers: Forbidden: no new finalizers can "
		  "be added if the object is being deleted, found new finalizers "
		  "[]string{\"y.io/g\"}");
	finish(&s);
}

UNIT_TEST(validate_ingress_and_claims)
{
	struct setup s;

	begin(&s);
	CHECK_STR(create(&s, "{'apiVersion':'networking.k8s.io/v1','kind':'Ingress','metadata':{"
			     "'name':'i','namespace':'d'},'spec':{'rules':[{'http':{'paths':[{'path':"
			     "'/','backend':{'service':{'name':'s'}}}]}}]}}"),
		  "Ingress.networking.k8s.io \"i\" is invalid: "
		  "spec.rules[0].http.paths[0].pathType: Required value: pathType must be "
		  "specified");
	CHECK_STR(create(&s, "{'apiVersion':'v1','kind':'PersistentVolumeClaim','metadata':{'name':"
			     "'c','namespace':'d'},'spec':{}}"),
		  "PersistentVolumeClaim \"c\" is invalid: [spec.accessModes: Required value: at "
		  "least 1 access mode is required, spec.resources[storage]: Required value]");
	CHECK_STR(update(&s,
			 "{'apiVersion':'rbac.authorization.k8s.io/v1','kind':'RoleBinding',"
			 "'metadata':{'name':'b','namespace':'d'},'roleRef':{'kind':'Role','name':"
			 "'a'}}",
			 "{'apiVersion':'rbac.authorization.k8s.io/v1','kind':'RoleBinding',"
			 "'metadata':{'name':'b','namespace':'d'},'roleRef':{'kind':'Role','name':"
			 "'z'}}"),
		  "RoleBinding.rbac.authorization.k8s.io \"b\" is invalid: roleRef: Invalid value: "
		  "{\"apiGroup\":\"rbac.authorization.k8s.io\",\"kind\":\"Role\",\"name\":\"z\"}: "
		  "cannot change roleRef");
	finish(&s);
}

/* No hook may trip over an object with nothing in it. */
UNIT_TEST(validate_nothing)
{
	struct setup s;
	const struct kind *k;
	size_t it = 0;

	begin(&s);
	while ((k = kinds_next(s.ks, &it))) {
		char version[128];
		const char *text =
			arena_printf(s.a, "{'apiVersion':'%s','kind':'%s','metadata':{'name':'x'}}",
				     kind_api_version(k, version), k->subject.kind);
		struct json *o;

		create(&s, text);
		update(&s, text, text);
		o = object(&s, text);
		kind_prepare_status(&s.h, o, object(&s, text));
		if (k->validate_status)
			k->validate_status(&s.h, o, object(&s, text));
		if (k->to_storage) {
			k->to_storage(&s.h, o);
			k->from_storage(&s.h, o);
		}
		field_errors_clear(&s.errors);
	}
	finish(&s);
}
