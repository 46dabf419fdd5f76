/*
 * The RBAC objects every cluster starts with: what each controller may do.
 *
 * A rule is one line `verbs|groups|resources[|names]`, or `verbs|@urls`; "-" is the core group.
 * k8s: plugin/pkg/auth/authorizer/rbac/bootstrappolicy.
 */
#include "api/bootstrap.h"

#include <stddef.h>

const struct bootstrap_role bootstrap_controllers[] = {
	{
		.name = "system:controller:attachdetach-controller",
		.rules = "list,watch|-|persistentvolumeclaims,persistentvolumes\n"
			 "get,list,watch|-|nodes\n"
			 "patch,update|-|nodes/status\n"
			 "list,watch|-|pods\n"
			 "create,patch,update|-,events.k8s.io|events\n"
			 "create,delete,get,list,watch|storage.k8s.io|volumeattachments\n"
			 "get,list,watch|storage.k8s.io|csidrivers\n"
			 "get,list,watch|storage.k8s.io|csinodes\n",
	},
	{
		.name = "system:controller:certificate-controller",
		.rules = "delete,get,list,watch|certificates.k8s.io|certificatesigningrequests\n"
			 "update|certificates.k8s.io|certificatesigningrequests/approval,"
			 "certificatesigningrequests/status\n"
			 "approve|certificates.k8s.io|signers|"
			 "kubernetes.io/kube-apiserver-client-kubelet\n"
			 "sign|certificates.k8s.io|signers|kubernetes.io/kube-apiserver-client,"
			 "kubernetes.io/kube-apiserver-client-kubelet,kubernetes.io/kubelet-serving,"
			 "kubernetes.io/legacy-unknown\n"
			 "create|authorization.k8s.io|subjectaccessreviews\n"
			 "create,patch,update|-,events.k8s.io|events\n",
	},
	{
		.name = "system:controller:clusterrole-aggregation-controller",
		.rules = "escalate,get,list,patch,update,watch|rbac.authorization.k8s.io|"
			 "clusterroles\n",
	},
	{
		.name = "system:controller:cronjob-controller",
		.rules = "get,list,update,watch|batch|cronjobs\n"
			 "create,delete,get,list,patch,update,watch|batch|jobs\n"
			 "update|batch|cronjobs/status\n"
			 "update|batch|cronjobs/finalizers\n"
			 "delete,list,watch|-|pods\n"
			 "create,patch,update|-,events.k8s.io|events\n",
	},
	{
		.name = "system:controller:daemon-set-controller",
		.rules = "get,list,watch|apps,extensions|daemonsets\n"
			 "update|apps,extensions|daemonsets/status\n"
			 "update|apps,extensions|daemonsets/finalizers\n"
			 "list,watch|-|nodes\n"
			 "create,delete,list,patch,watch|-|pods\n"
			 "create|-|pods/binding\n"
			 "create,delete,get,list,patch,update,watch|apps|controllerrevisions\n"
			 "create,patch,update|-,events.k8s.io|events\n",
	},
	{
		.name = "system:controller:deployment-controller",
		.rules = "get,list,update,watch|apps,extensions|deployments\n"
			 "update|apps,extensions|deployments/status\n"
			 "update|apps,extensions|deployments/finalizers\n"
			 "create,delete,get,list,patch,update,watch|apps,extensions|replicasets\n"
			 "get,list,update,watch|-|pods\n"
			 "create,patch,update|-,events.k8s.io|events\n",
	},
	{
		.name = "system:controller:device-taint-eviction-controller",
		.rules = "delete,get,list,watch|-|pods\n"
			 "patch,update|-|pods/status\n"
			 "get,list,watch|resource.k8s.io|resourceclaims\n"
			 "get,list,watch|resource.k8s.io|resourceslices\n"
			 "get,list,watch|resource.k8s.io|deviceclasses\n"
			 "create,patch,update|-,events.k8s.io|events\n",
	},
	{
		.name = "system:controller:disruption-controller",
		.rules = "get,list,watch|apps,extensions|deployments\n"
			 "get,list,watch|apps,extensions|replicasets\n"
			 "get,list,watch|-|replicationcontrollers\n"
			 "get,list,watch|policy|poddisruptionbudgets\n"
			 "get,list,watch|apps|statefulsets\n"
			 "update|policy|poddisruptionbudgets/status\n"
			 "patch,update|-|pods/status\n"
			 "get|*|*/scale\n"
			 "create,patch,update|-,events.k8s.io|events\n",
	},
	{
		.name = "system:controller:endpoint-controller",
		.rules = "get,list,watch|-|pods,services\n"
			 "create,delete,get,list,update,watch|-|endpoints\n"
			 "create|-|endpoints/restricted\n"
			 "create,patch,update|-,events.k8s.io|events\n",
	},
	{
		.name = "system:controller:endpointslice-controller",
		.rules = "get,list,watch|-|nodes,pods,services\n"
			 "update|-|services/finalizers\n"
			 "create,delete,get,list,update,watch|discovery.k8s.io|endpointslices\n"
			 "create|discovery.k8s.io|endpointslices/restricted\n"
			 "create,patch,update|-,events.k8s.io|events\n",
	},
	{
		.name = "system:controller:endpointslicemirroring-controller",
		.rules = "get,list,watch|-|endpoints,services\n"
			 "update|-|services/finalizers\n"
			 "update|-|endpoints/finalizers\n"
			 "create,delete,get,list,update,watch|discovery.k8s.io|endpointslices\n"
			 "create|discovery.k8s.io|endpointslices/restricted\n"
			 "create,patch,update|-,events.k8s.io|events\n",
	},
	{
		.name = "system:controller:ephemeral-volume-controller",
		.rules = "get,list,watch|-|pods\n"
			 "update|-|pods/finalizers\n"
			 "create,get,list,watch|-|persistentvolumeclaims\n"
			 "create,patch,update|-,events.k8s.io|events\n",
	},
	{
		.name = "system:controller:expand-controller",
		.rules = "get,list,patch,update,watch|-|persistentvolumes\n"
			 "patch,update|-|persistentvolumeclaims/status\n"
			 "get,list,watch|-|persistentvolumeclaims\n"
			 "create,patch,update|-,events.k8s.io|events\n",
	},
	{
		.name = "system:controller:generic-garbage-collector",
		.rules = "delete,get,list,patch,update,watch|*|*\n"
			 "create,patch,update|-,events.k8s.io|events\n",
	},
	{
		.name = "system:controller:horizontal-pod-autoscaler",
		.rules = "get,list,watch|autoscaling|horizontalpodautoscalers\n"
			 "update|autoscaling|horizontalpodautoscalers/status\n"
			 "get,update|*|*/scale\n"
			 "list,watch|-|pods\n"
			 "list,watch|metrics.k8s.io|pods\n"
			 "get,list,watch|custom.metrics.k8s.io|*\n"
			 "get,list,watch|external.metrics.k8s.io|*\n"
			 "create,patch,update|-,events.k8s.io|events\n",
	},
	{
		.name = "system:controller:job-controller",
		.rules = "get,list,patch,update,watch|batch|jobs\n"
			 "update|batch|jobs/status\n"
			 "update|batch|jobs/finalizers\n"
			 "create,delete,list,patch,watch|-|pods\n"
			 "create,patch,update|-,events.k8s.io|events\n",
	},
	{
		.name = "system:controller:legacy-service-account-token-cleaner",
		.rules = "get|-|configmaps|kube-apiserver-legacy-service-account-token-tracking\n"
			 "delete,patch|-|secrets\n",
	},
	{
		.name = "system:controller:namespace-controller",
		.rules = "delete,get,list,watch|-|namespaces\n"
			 "update|-|namespaces/finalize,namespaces/status\n"
			 "delete,deletecollection,get,list,watch|*|*\n",
	},
	{
		.name = "system:controller:node-controller",
		.rules = "delete,get,list,patch,update,watch|-|nodes\n"
			 "patch,update|-|nodes/status\n"
			 "patch,update|-|pods/status\n"
			 "delete,get,list,watch|-|pods\n"
			 "create,patch,update|-,events.k8s.io|events\n",
	},
	{
		.name = "system:controller:persistent-volume-binder",
		.rules = "create,delete,get,list,update,watch|-|persistentvolumes\n"
			 "update|-|persistentvolumes/status\n"
			 "get,list,update,watch|-|persistentvolumeclaims\n"
			 "update|-|persistentvolumeclaims/status\n"
			 "create,delete,get,list,watch|-|pods\n"
			 "get,list,watch|storage.k8s.io|storageclasses\n"
			 "list,watch|-|nodes\n"
			 "create,patch,update|-,events.k8s.io|events\n"
			 "watch|-|events\n",
	},
	{
		.name = "system:controller:pod-garbage-collector",
		.rules = "delete,list,watch|-|pods\n"
			 "get,list,watch|-|nodes\n"
			 "patch|-|pods/status\n",
	},
	{
		.name = "system:controller:pv-protection-controller",
		.rules = "get,list,update,watch|-|persistentvolumes\n"
			 "create,patch,update|-,events.k8s.io|events\n",
	},
	{
		.name = "system:controller:pvc-protection-controller",
		.rules = "get,list,update,watch|-|persistentvolumeclaims\n"
			 "update|-|persistentvolumeclaims/status\n"
			 "get,list,watch|-|pods\n"
			 "create,patch,update|-,events.k8s.io|events\n",
	},
	{
		.name = "system:controller:replicaset-controller",
		.rules = "get,list,update,watch|apps,extensions|replicasets\n"
			 "update|apps,extensions|replicasets/status\n"
			 "update|apps,extensions|replicasets/finalizers\n"
			 "create,delete,list,patch,watch|-|pods\n"
			 "create,patch,update|-,events.k8s.io|events\n",
	},
	{
		.name = "system:controller:replication-controller",
		.rules = "get,list,update,watch|-|replicationcontrollers\n"
			 "update|-|replicationcontrollers/status\n"
			 "update|-|replicationcontrollers/finalizers\n"
			 "create,delete,list,patch,watch|-|pods\n"
			 "create,patch,update|-,events.k8s.io|events\n",
	},
	{
		.name = "system:controller:resource-claim-controller",
		.rules = "get,list,watch|-|pods\n"
			 "update|-|pods/finalizers\n"
			 "create,delete,get,list,watch|resource.k8s.io|resourceclaims\n"
			 "patch,update|resource.k8s.io|resourceclaims,resourceclaims/status\n"
			 "patch,update|-|pods/status\n"
			 "create,patch,update|-,events.k8s.io|events\n"
			 "patch,update|resource.k8s.io|resourceclaims/binding\n",
	},
	{
		.name = "system:controller:resourcequota-controller",
		.rules = "list,watch|*|*\n"
			 "update|-|resourcequotas/status\n"
			 "create,patch,update|-,events.k8s.io|events\n",
	},
	{
		.name = "system:controller:root-ca-cert-publisher",
		.rules = "create,update|-|configmaps\n"
			 "create,patch,update|-,events.k8s.io|events\n",
	},
	{
		.name = "system:controller:route-controller",
		.rules = "list,watch|-|nodes\n"
			 "patch|-|nodes/status\n"
			 "create,patch,update|-,events.k8s.io|events\n",
	},
	{
		.name = "system:controller:selinux-warning-controller",
		.rules = "create,patch,update|-,events.k8s.io|events\n"
			 "get,list,watch|-|persistentvolumes\n"
			 "get,list,watch|-|persistentvolumeclaims\n"
			 "get,list,watch|-|pods\n"
			 "get,list,watch|storage.k8s.io|csidrivers\n",
	},
	{
		.name = "system:controller:service-account-controller",
		.rules = "create|-|serviceaccounts\n"
			 "create,patch,update|-,events.k8s.io|events\n",
	},
	{
		.name = "system:controller:service-cidrs-controller",
		.rules = "get,list,patch,update,watch|networking.k8s.io|servicecidrs\n"
			 "patch,update|networking.k8s.io|servicecidrs/finalizers\n"
			 "patch,update|networking.k8s.io|servicecidrs/status\n"
			 "get,list,watch|networking.k8s.io|ipaddresses\n"
			 "create,patch,update|-,events.k8s.io|events\n",
	},
	{
		.name = "system:controller:service-controller",
		.rules = "get,list,watch|-|services\n"
			 "patch,update|-|services/status\n"
			 "list,watch|-|nodes\n"
			 "create,patch,update|-,events.k8s.io|events\n",
	},
	{
		.name = "system:controller:statefulset-controller",
		.rules = "list,watch|-|pods\n"
			 "get,list,watch|apps|statefulsets\n"
			 "update|apps|statefulsets/status\n"
			 "update|apps|statefulsets/finalizers\n"
			 "create,delete,get,patch,update|-|pods\n"
			 "create,delete,get,list,patch,update,watch|apps|controllerrevisions\n"
			 "create,get,list,watch|-|persistentvolumeclaims\n"
			 "delete,update|-|persistentvolumeclaims\n"
			 "update|-|pods/finalizers\n"
			 "create,patch,update|-,events.k8s.io|events\n",
	},
	{
		.name = "system:controller:ttl-after-finished-controller",
		.rules = "delete,get,list,watch|batch|jobs\n"
			 "create,patch,update|-,events.k8s.io|events\n",
	},
	{
		.name = "system:controller:ttl-controller",
		.rules = "list,patch,update,watch|-|nodes\n"
			 "create,patch,update|-,events.k8s.io|events\n",
	},
	{
		.name = "system:controller:validatingadmissionpolicy-status-controller",
		.rules = "get,list,watch|admissionregistration.k8s.io|validatingadmissionpolicies\n"
			 "get,patch,update|admissionregistration.k8s.io|"
			 "validatingadmissionpolicies/status\n"
			 "create,patch,update|-,events.k8s.io|events\n",
	},
	{
		.name = "system:controller:volumeattributesclass-protection-controller",
		.rules = "get,list,watch|-|persistentvolumeclaims\n"
			 "get,list,watch|-|persistentvolumes\n"
			 "get,list,update,watch|storage.k8s.io|volumeattributesclasses\n"
			 "create,patch,update|-,events.k8s.io|events\n",
	},
	{ .name = NULL },
};
