/* Validation of pod specs: volumes, security, scheduling, resources, the details. */
#include "tests/unit/kind_setup.h"

#define BAD "Pod \"p\" is invalid: "
#define WITH(members) POD("'containers':[{'name':'c','image':'i'," members "}]")

UNIT_TEST(podspec_volumes)
{
	struct setup s;

	begin(&s);
	CHECK_STR(create(&s, POD("'volumes':[{'name':'v','iscsi':{'targetPortal':'t','iqn':'x','lun':"
				 "300}}]," C)),
		  BAD "[spec.volumes[0].iscsi.lun: Invalid value: 300: must be between 0 and 255, "
		      "inclusive, spec.volumes[0].iscsi.iqn: Invalid value: \"x\": must be valid "
		      "format starting with iqn, eui, or naa]");
	CHECK_STR(create(&s, POD("'volumes':[{'name':'v','emptyDir':{},'secret':{'secretName':'s'}},"
				 "{'name':'w','hostPath':{'path':'/a/../b','type':'X'}}]," C)),
		  BAD
		  "[spec.volumes[0].secret: Forbidden: may not specify more than 1 volume type, "
		  "spec.volumes[1].hostPath.path: Invalid value: \"/a/../b\": must not contain "
		  "'..', spec.volumes[1].hostPath.type: Unsupported value: \"X\": supported values: "
		  "\"\", \"BlockDevice\", \"CharDevice\", \"Directory\", \"DirectoryOrCreate\", "
		  "\"File\", \"FileOrCreate\", \"Socket\"]");
	CHECK_STR(create(&s,
			 POD("'volumes':[{'name':'v','nfs':{'server':'s','path':'x'}}],'containers':["
			     "{'name':'c','image':'i','volumeMounts':[{'name':'v','mountPath':'/x'}]"
			     "}]")),
		  BAD "[spec.volumes[0].nfs.path: Invalid value: \"x\": must be an absolute path, "
		      "spec.containers[0].volumeMounts[0].name: Not found: \"v\"]");
	CHECK_STR(create(&s, POD("'volumes':[{'name':'v','projected':{'sources':[{'configMap':{'name':"
				 "'m','items':[{'key':'a','path':'x'},{'key':'b','path':'x'}]}}]}},"
				 "{'name':'e','emptyDir':{}}],'containers':[{'name':'c','image':'i',"
				 "'volumeDevices':[{'name':'e','devicePath':'/dev/../x'}]}]")),
		  BAD
		  "[spec.volumes[0].projected: Invalid value: \"m\": conflicting duplicate paths, "
		  "spec.containers[0].volumeDevices[0].name: Invalid value: \"e\": can only use "
		  "volume source type of PersistentVolumeClaim or Ephemeral for block mode, "
		  "spec.containers[0].volumeDevices[0].devicePath: Invalid value: \"/dev/../x\": can "
		  "not contain backsteps ('..')]");
	finish(&s);
}

UNIT_TEST(podspec_security)
{
	struct setup s;

	begin(&s);
	CHECK_STR(
		create(&s,
		       POD("'hostNetwork':true,'securityContext':{'fsGroup':-1,'sysctls':[{'name':"
			   "'net.ipv4.x','value':'1'},{'name':'A','value':''}],"
			   "'seccompProfile':{'type':'Localhost'},'supplementalGroupsPolicy':'x'}," C)),
		BAD
		"[spec.securityContext.fsGroup: Invalid value: -1: must be between 0 and "
		"2147483647, inclusive, spec.securityContext.sysctls[0].name: Invalid value: "
		"\"net.ipv4.x\": may not be specified when 'hostNetwork' is true, "
		"spec.securityContext.sysctls[1].name: Invalid value: \"A\": must have at most 253 "
		"characters and match regex "
		"^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$, "
		"spec.securityContext.seccompProfile.localhostProfile: Required value: must be set "
		"when seccomp type is Localhost, spec.securityContext.supplementalGroupsPolicy: "
		"Unsupported value: \"x\": supported values: \"Merge\", \"Strict\"]");
	CHECK_STR(create(&s, WITH("'securityContext':{'procMount':'Unmasked','appArmorProfile':{}}")),
		  BAD "[spec.containers[0].securityContext.procMount: Invalid value: \"Unmasked\": "
		      "`hostUsers` must be false to use `Unmasked`, "
		      "spec.containers[0].securityContext.appArmorProfile.type: Required value: type is "
		      "required when appArmorProfile is set]");
	CHECK_STR(create(&s, POD("'os':{'name':'windows'},'hostPID':true,'containers':[{'name':'c',"
				 "'image':'i','securityContext':{'privileged':true}}]")),
		  BAD "[spec.hostPID: Forbidden: cannot be set for a windows pod, "
		      "spec.containers[0].securityContext.privileged: Forbidden: cannot be set for a "
		      "windows pod]");
	CHECK_STR(create(&s, POD("'os':{'name':'mac'}," C)), BAD
		  "spec.os: Unsupported value: \"mac\": supported values: \"linux\", \"windows\"");
	CHECK_STR(create(&s,
			 WITH("'securityContext':{'windowsOptions':{'runAsUserName':'a\\\\b\\\\c'}}")),
		  BAD "spec.containers[0].securityContext.windowsOptions.runAsUserName: Invalid value: "
		      "\"a\\\\b\\\\c\": runAsUserName cannot contain more than one backslash");
	finish(&s);
}

UNIT_TEST(podspec_scheduling)
{
	struct setup s;

	begin(&s);
	CHECK_STR(create(&s,
			 POD("'affinity':{'nodeAffinity':{'requiredDuringSchedulingIgnoredDuringExec"
			     "ution':{'nodeSelectorTerms':[{'matchExpressions':[{'key':'a','operator'"
			     ":'Gt','values':['1','2']}],'matchFields':[{'key':'metadata.uid',"
			     "'operator':'In','values':['x']}]}]}}}," C)),
		  BAD
		  "[spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution."
		  "nodeSelectorTerms[0].matchExpressions[0].values: Required value: must be "
		  "specified single value when `operator` is 'Lt' or 'Gt', spec.affinity.nodeAffinity."
		  "requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchFields[0]."
		  "key: Invalid value: \"metadata.uid\": not a valid field selector key]");
	CHECK_STR(create(&s, POD("'topologySpreadConstraints':[{'maxSkew':1,'topologyKey':'z',"
				 "'whenUnsatisfiable':'ScheduleAnyway','minDomains':2},{'maxSkew':1,"
				 "'topologyKey':'z','whenUnsatisfiable':'ScheduleAnyway'}]," C)),
		  BAD
		  "[spec.topologySpreadConstraints[0].{topologyKey, whenUnsatisfiable}: Duplicate "
		  "value: \"{z, ScheduleAnyway}\", spec.topologySpreadConstraints[0].minDomains: "
		  "Invalid value: 2: can only use minDomains if whenUnsatisfiable=DoNotSchedule, not "
		  "ScheduleAnyway]");
	CHECK_STR(create(&s, POD("'schedulingGates':[{'name':'a'},{'name':'a'}],'readinessGates':[{"
				 "'conditionType':'a b'}],'nodeName':'n'," C)) != NULL ?
			  "refused" :
			  "taken",
		  "refused");
	finish(&s);
}

UNIT_TEST(podspec_label_keys_are_merged)
{
	struct setup s;

	begin(&s);
	CHECK_STR(create(&s,
			 "{'apiVersion':'v1','kind':'Pod','metadata':{'name':'p','namespace':'d',"
			 "'labels':{'a':'1'}},'spec':{'topologySpreadConstraints':[{'maxSkew':1,"
			 "'topologyKey':'z','whenUnsatisfiable':'DoNotSchedule','labelSelector':{},"
			 "'matchLabelKeys':['a','b']}],'affinity':{'podAntiAffinity':{"
			 "'requiredDuringSchedulingIgnoredDuringExecution':[{'topologyKey':'z',"
			 "'labelSelector':{},'mismatchLabelKeys':['a']}]}}," C "}}"),
		  NULL);
	CHECK_STR(json_text(s.a, json_path(s.last, "spec.topologySpreadConstraints.0.labelSelector")),
		  "{\"matchExpressions\":[{\"key\":\"a\",\"operator\":\"In\",\"values\":[\"1\"]}]}");
	CHECK_STR(json_text(s.a, json_path(s.last, "spec.affinity.podAntiAffinity."
						   "requiredDuringSchedulingIgnoredDuringExecution.0."
						   "labelSelector.matchExpressions.0")),
		  "{\"key\":\"a\",\"operator\":\"NotIn\",\"values\":[\"1\"]}");
	finish(&s);
}

UNIT_TEST(podspec_containers)
{
	struct setup s;

	begin(&s);
	CHECK_STR(create(&s, WITH("'lifecycle':{'preStop':{'sleep':{'seconds':60}},'stopSignal':'SIGTERM'"
				  "}")),
		  BAD "[spec.containers[0].lifecycle.preStop.sleep: Invalid value: 60: must be "
		      "non-negative and less than terminationGracePeriodSeconds (30), "
		      "spec.containers[0].lifecycle.stopSignal: Forbidden: may not be set for containers "
		      "with empty `spec.os.name`]");
	CHECK_STR(
		create(&s, POD("'restartPolicy':'Never','containers':[{'name':'c','image':'i',"
			       "'resizePolicy':[{'resourceName':'cpu','restartPolicy':"
			       "'RestartContainer'}],'resources':{'limits':{'hugepages-2Mi':'3Mi'},"
			       "'claims':[{'name':'x'}]}}]")),
		BAD
		"[spec.containers[0].resources.limits[hugepages-2Mi]: Invalid value: \"3Mi\": 3Mi is "
		"not positive integer multiple of hugepages-2Mi, "
		"spec.containers[0].resources.requests[hugepages-2Mi]: Invalid value: \"3Mi\": 3Mi "
		"is not positive integer multiple of hugepages-2Mi, spec.containers[0].resources: "
		"Forbidden: HugePages require cpu or memory, "
		"spec.containers[0].resources.claims[0]: Not found: \"x\": must be one of the names "
		"in pod.spec.resourceClaims which is empty, spec.containers[0].resizePolicy: Invalid "
		"value: \"RestartContainer\": must be 'NotRequired' when pod `restartPolicy` is "
		"'Never']");
	CHECK_STR(create(&s, WITH("'env':[{'name':'A','valueFrom':{'fieldRef':{'fieldPath':"
				  "'spec.nodename'}}},{'name':'B','valueFrom':{'resourceFieldRef':{"
				  "'resource':'limits.cpu','divisor':'2'}}}]")),
		  BAD
		  "[spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Invalid value: "
		  "\"spec.nodename\": error converting fieldPath: field label not supported: "
		  "spec.nodename, spec.containers[0].env[1].valueFrom.resourceFieldRef.divisor: Invalid "
		  "value: \"limits.cpu\": only divisor's values 1m and 1 are supported with the cpu "
		  "resource]");
	finish(&s);
}

UNIT_TEST(podspec_details)
{
	struct setup s;

	begin(&s);
	CHECK_STR(
		create(&s,
		       POD("'hostAliases':[{'ip':'010.0.0.1','hostnames':['_']}],'dnsPolicy':'None',"
			   "'dnsConfig':{'nameservers':['1.1.1.1','2.2.2.2','3.3.3.3','::ffff:1.2.3"
			   ".4'],'searches':['a_b.','.'],'options':[{'value':'x'}]}," C)),
		BAD
		"[spec.dnsConfig.nameservers: Invalid value: "
		"[\"1.1.1.1\",\"2.2.2.2\",\"3.3.3.3\",\"::ffff:1.2.3.4\"]: must not have more than "
		"3 nameservers, spec.dnsConfig.nameservers[3]: Invalid value: \"::ffff:1.2.3.4\": "
		"must not be an IPv4-mapped IPv6 address, spec.dnsConfig.options[0]: Required value: "
		"must not be empty, spec.hostAliases[0].ip: Invalid value: \"010.0.0.1\": must not "
		"have leading 0s, spec.hostAliases[0].hostnames[0]: Invalid value: \"_\": a lowercase "
		"RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', "
		"and must start and end with an alphanumeric character (e.g. 'example.com', regex "
		"used for validation is "
		"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')]");
	CHECK_STR(create(&s, POD("'resourceClaims':[{'name':'r'}],'hostnameOverride':'x',"
				 "'setHostnameAsFQDN':true," C)),
		  BAD
		  "[spec.resourceClaims[0]: Invalid value: {\"name\":\"r\"}: must specify one of: "
		  "`resourceClaimName`, `resourceClaimTemplateName`, spec.hostnameOverride: Forbidden: "
		  "may not be specified when setHostnameAsFQDN is true]");
	finish(&s);
}
