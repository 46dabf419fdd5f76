/* Validation of the small kinds: policies, quotas, classes, slices, schedules. */
#include "tests/unit/kind_setup.h"

#define META "'metadata':{'name':'n','namespace':'d'}"
#define GLOBAL "'metadata':{'name':'n'}"

UNIT_TEST(policy_network)
{
	struct setup s;

	begin(&s);
	CHECK_STR(create(&s, "{'apiVersion':'networking.k8s.io/v1','kind':'NetworkPolicy'," META
			     ",'spec':{'ingress':[{'ports':[{'port':80,'endPort':70}],'from':[{},{"
			     "'ipBlock':{'cidr':'10.0.0.0/8','except':['11.0.0.0/16','10.1.0.0/16']}"
			     "}]}]}}"),
		  "NetworkPolicy.networking.k8s.io \"n\" is invalid: [spec.ingress[0].ports[0].endPort: "
		  "Invalid value: 80: must be greater than or equal to `port`, "
		  "spec.ingress[0].from[0]: Required value: must specify a peer, "
		  "spec.ingress[0].from[1].ipBlock.except[0]: Invalid value: \"11.0.0.0/16\": must be a "
		  "strict subset of `cidr`]");
	CHECK_STR(create(&s, "{'apiVersion':'networking.k8s.io/v1','kind':'NetworkPolicy'," META
			     ",'spec':{'egress':[{'to':[{'ipBlock':{'cidr':'10.0.0.1/8'}},{'ipBlock':{"
			     "'cidr':'x'}}]}]}}"),
		  "NetworkPolicy.networking.k8s.io \"n\" is invalid: "
		  "[spec.egress[0].to[0].ipBlock.cidr: Invalid value: \"10.0.0.1/8\": must not have bits "
		  "set beyond the prefix length, spec.egress[0].to[1].ipBlock.cidr: Invalid value: "
		  "\"x\": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)]");
	finish(&s);
}

UNIT_TEST(policy_classes)
{
	struct setup s;

	begin(&s);
	CHECK_STR(create(&s, "{'apiVersion':'scheduling.k8s.io/v1','kind':'PriorityClass'," GLOBAL
			     ",'value':1000000001}"),
		  "PriorityClass.scheduling.k8s.io \"n\" is invalid: value: Forbidden: maximum allowed "
		  "value of a user defined priority is 1000000000");
	CHECK_INT(json_path_int(s.last, "metadata.generation", 0), 1);
	CHECK_STR(create(&s, "{'apiVersion':'coordination.k8s.io/v1','kind':'Lease'," META
			     ",'spec':{'leaseDurationSeconds':0}}"),
		  "Lease.coordination.k8s.io \"n\" is invalid: spec.leaseDurationSeconds: Invalid value: "
		  "0: must be greater than 0");
	CHECK_STR(create(&s, "{'apiVersion':'v1','kind':'ResourceQuota'," META
			     ",'spec':{'hard':{'pods':'1500m','x':'1','count/jobs.batch':'2'}}}"),
		  "ResourceQuota \"n\" is invalid: [spec.hard[pods]: Invalid value: \"1500m\": must be an "
		  "integer, spec.hard[x]: Invalid value: \"x\": must be a standard resource type or fully "
		  "qualified]");
	CHECK_STR(create(&s, "{'apiVersion':'v1','kind':'LimitRange'," META
			     ",'spec':{'limits':[{'type':'Container','min':{'cpu':'2'},'max':{'cpu':'1'}}"
			     "]}}") != NULL ?
			  "refused" :
			  "taken",
		  "refused");
	CHECK_STR(create(&s, "{'apiVersion':'discovery.k8s.io/v1','kind':'EndpointSlice'," META
			     ",'addressType':'IPv4','endpoints':[{'addresses':['::1']}]}") != NULL ?
			  "refused" :
			  "taken",
		  "refused");
	finish(&s);
}

#define CRON(spec)                                                                            \
	"{'apiVersion':'batch/v1','kind':'CronJob'," META ",'spec':{" spec                    \
	",'jobTemplate':{'spec':{'template':{'spec':{'restartPolicy':'Never','containers':[{" \
	"'name':'c','image':'i'}]}}}}}}"

UNIT_TEST(policy_schedules)
{
	struct setup s;

	begin(&s);
	CHECK_STR(create(&s, CRON("'schedule':'*/5 * * * *','timeZone':'Europe/Berlin'")), NULL);
	CHECK_STR(create(&s, CRON("'schedule':'@hourly'")), NULL);
	CHECK_STR(create(&s, CRON("'schedule':'* * *','timeZone':'Local'")),
		  "CronJob.batch \"n\" is invalid: [spec.schedule: Invalid value: \"* * *\": expected "
		  "exactly 5 fields, found 3: [* * *], spec.timeZone: Invalid value: \"Local\": timeZone "
		  "must be an explicit time zone as defined in https://www.iana.org/time-zones]");
	finish(&s);
}
