/*
 * The RBAC objects every cluster starts with: ClusterRoles of users and components, and Roles.
 *
 * A rule is one line `verbs|groups|resources[|names]`, or `verbs|@urls`; "-" is the core group.
 * k8s: plugin/pkg/auth/authorizer/rbac/bootstrappolicy.
 */
#include "api/bootstrap.h"

#include <stddef.h>

const struct bootstrap_role bootstrap_roles[] = {
	{ .name = "admin", .aggregate = true },
	{
		.name = "cluster-admin",
		.rules = "*|*|*\n"
			 "*|@*\n",
	},
	{ .name = "edit", .part_of = "admin", .aggregate = true },
	{
		.name = "system:aggregate-to-admin",
		.part_of = "admin",
		.rules = "create|authorization.k8s.io|localsubjectaccessreviews\n"
			 "create,delete,deletecollection,get,list,patch,update,watch|"
			 "rbac.authorization.k8s.io|rolebindings,roles\n",
	},
	{
		.name = "system:aggregate-to-edit",
		.part_of = "edit",
		.rules = "get,list,watch|-|pods/attach,pods/exec,pods/portforward,pods/proxy,secrets,"
			 "services/proxy\n"
			 "impersonate|-|serviceaccounts\n"
			 "create,delete,deletecollection,patch,update|-|pods,pods/attach,pods/exec,"
			 "pods/portforward,pods/proxy\n"
			 "create|-|pods/eviction\n"
			 "create,delete,deletecollection,patch,update|-|configmaps,"
			 "persistentvolumeclaims,replicationcontrollers,replicationcontrollers/scale,"
			 "secrets,serviceaccounts,services,services/proxy\n"
			 "create|-|serviceaccounts/token\n"
			 "create,delete,deletecollection,patch,update|-,events.k8s.io|events\n"
			 "create,delete,deletecollection,patch,update|apps|daemonsets,deployments,"
			 "deployments/rollback,deployments/scale,replicasets,replicasets/scale,"
			 "statefulsets,statefulsets/scale\n"
			 "create,delete,deletecollection,patch,update|autoscaling|"
			 "horizontalpodautoscalers\n"
			 "create,delete,deletecollection,patch,update|batch|cronjobs,jobs\n"
			 "create,delete,deletecollection,patch,update|extensions|daemonsets,"
			 "deployments,deployments/rollback,deployments/scale,ingresses,"
			 "networkpolicies,replicasets,replicasets/scale,replicationcontrollers/scale\n"
			 "create,delete,deletecollection,patch,update|policy|poddisruptionbudgets\n"
			 "create,delete,deletecollection,patch,update|networking.k8s.io|ingresses,"
			 "networkpolicies\n"
			 "create,delete,deletecollection,get,list,patch,update,watch|"
			 "coordination.k8s.io|leases\n"
			 "create,delete,deletecollection,patch,update|resource.k8s.io|resourceclaims,"
			 "resourceclaimtemplates\n",
	},
	{
		.name = "system:aggregate-to-view",
		.part_of = "view",
		.rules = "get,list,watch|-|configmaps,endpoints,persistentvolumeclaims,"
			 "persistentvolumeclaims/status,pods,replicationcontrollers,"
			 "replicationcontrollers/scale,serviceaccounts,services,services/status\n"
			 "get,list,watch|-|bindings,limitranges,namespaces/status,pods/log,"
			 "pods/status,replicationcontrollers/status,resourcequotas,"
			 "resourcequotas/status\n"
			 "get,list,watch|-|namespaces\n"
			 "get,list,watch|-,events.k8s.io|events\n"
			 "get,list,watch|discovery.k8s.io|endpointslices\n"
			 "get,list,watch|apps|controllerrevisions,daemonsets,daemonsets/status,"
			 "deployments,deployments/scale,deployments/status,replicasets,"
			 "replicasets/scale,replicasets/status,statefulsets,statefulsets/scale,"
			 "statefulsets/status\n"
			 "get,list,watch|autoscaling|horizontalpodautoscalers,"
			 "horizontalpodautoscalers/status\n"
			 "get,list,watch|batch|cronjobs,cronjobs/status,jobs,jobs/status\n"
			 "get,list,watch|extensions|daemonsets,daemonsets/status,deployments,"
			 "deployments/scale,deployments/status,ingresses,ingresses/status,"
			 "networkpolicies,replicasets,replicasets/scale,replicasets/status,"
			 "replicationcontrollers/scale\n"
			 "get,list,watch|policy|poddisruptionbudgets,poddisruptionbudgets/status\n"
			 "get,list,watch|networking.k8s.io|ingresses,ingresses/status,"
			 "networkpolicies\n"
			 "get,list,watch|resource.k8s.io|resourceclaims,resourceclaims/status,"
			 "resourceclaimtemplates\n",
	},
	{
		.name = "system:auth-delegator",
		.rules = "create|authentication.k8s.io|tokenreviews\n"
			 "create|authorization.k8s.io|subjectaccessreviews\n",
	},
	{
		.name = "system:basic-user",
		.rules = "create|authorization.k8s.io|selfsubjectaccessreviews,"
			 "selfsubjectrulesreviews\n"
			 "create|authentication.k8s.io|selfsubjectreviews\n",
	},
	{
		.name = "system:certificates.k8s.io:certificatesigningrequests:nodeclient",
		.rules = "create|certificates.k8s.io|certificatesigningrequests/nodeclient\n",
	},
	{
		.name = "system:certificates.k8s.io:certificatesigningrequests:selfnodeclient",
		.rules = "create|certificates.k8s.io|certificatesigningrequests/selfnodeclient\n",
	},
	{
		.name = "system:certificates.k8s.io:kube-apiserver-client-approver",
		.rules = "approve|certificates.k8s.io|signers|kubernetes.io/kube-apiserver-client\n",
	},
	{
		.name = "system:certificates.k8s.io:kube-apiserver-client-kubelet-approver",
		.rules = "approve|certificates.k8s.io|signers|"
			 "kubernetes.io/kube-apiserver-client-kubelet\n",
	},
	{
		.name = "system:certificates.k8s.io:kubelet-serving-approver",
		.rules = "approve|certificates.k8s.io|signers|kubernetes.io/kubelet-serving\n",
	},
	{
		.name = "system:certificates.k8s.io:legacy-unknown-approver",
		.rules = "approve|certificates.k8s.io|signers|kubernetes.io/legacy-unknown\n",
	},
	{
		.name = "system:discovery",
		.rules = "get|@/api,/api/*,/apis,/apis/*,/healthz,/livez,/openapi,/openapi/*,/readyz,"
			 "/version,/version/\n",
	},
	{
		.name = "system:heapster",
		.rules = "get,list,watch|-|events,namespaces,nodes,pods\n"
			 "get,list,watch|extensions|deployments\n",
	},
	{
		.name = "system:kube-aggregator",
		.rules = "get,list,watch|-|endpoints,services\n",
	},
	{
		.name = "system:kube-controller-manager",
		.rules = "create,patch,update|-,events.k8s.io|events\n"
			 "create|coordination.k8s.io|leases\n"
			 "get,update|coordination.k8s.io|leases|kube-controller-manager\n"
			 "create|-|secrets,serviceaccounts\n"
			 "delete|-|secrets\n"
			 "get|-|configmaps,namespaces,secrets,serviceaccounts\n"
			 "update|-|secrets,serviceaccounts\n"
			 "create|authentication.k8s.io|tokenreviews\n"
			 "create|authorization.k8s.io|subjectaccessreviews\n"
			 "list,watch|*|*\n"
			 "create|-|serviceaccounts/token\n",
	},
	{
		.name = "system:kube-dns",
		.rules = "list,watch|-|endpoints,services\n",
	},
	{
		.name = "system:kube-scheduler",
		.rules = "create,patch,update|-,events.k8s.io|events\n"
			 "create|coordination.k8s.io|leases\n"
			 "get,list,update,watch|coordination.k8s.io|leases|kube-scheduler\n"
			 "create,delete,deletecollection,get,list,patch,update,watch|"
			 "coordination.k8s.io|leasecandidates\n"
			 "get,list,watch|-|nodes\n"
			 "delete,get,list,watch|-|pods\n"
			 "create|-|bindings,pods/binding\n"
			 "patch,update|-|pods/status\n"
			 "get,list,watch|-|replicationcontrollers,services\n"
			 "get,list,watch|apps,extensions|replicasets\n"
			 "get,list,watch|apps|statefulsets\n"
			 "get,list,watch|policy|poddisruptionbudgets\n"
			 "get,list,watch|-|persistentvolumeclaims,persistentvolumes\n"
			 "create|authentication.k8s.io|tokenreviews\n"
			 "create|authorization.k8s.io|subjectaccessreviews\n"
			 "get,list,watch|storage.k8s.io|csinodes\n"
			 "get,list,watch|storage.k8s.io|volumeattachments\n"
			 "get,list,watch|-|namespaces\n"
			 "get,list,watch|storage.k8s.io|csidrivers\n"
			 "get,list,watch|storage.k8s.io|csistoragecapacities\n"
			 "get,list,watch|resource.k8s.io|deviceclasses\n"
			 "get,list,patch,update,watch|resource.k8s.io|resourceclaims\n"
			 "get,list,patch,update,watch|resource.k8s.io|resourceclaims/status\n"
			 "update|-|pods/finalizers\n"
			 "get,list,watch|resource.k8s.io|resourceslices\n"
			 "create,delete|resource.k8s.io|resourceclaims\n"
			 "patch,update|resource.k8s.io|resourceclaims/binding\n",
	},
	{
		.name = "system:kubelet-api-admin",
		.rules = "get,list,watch|-|nodes\n"
			 "proxy|-|nodes\n"
			 "*|-|nodes/log,nodes/metrics,nodes/proxy,nodes/stats\n"
			 "*|-|nodes/configz,nodes/healthz,nodes/pods\n",
	},
	{
		.name = "system:monitoring",
		.rules = "get|@/flagz,/healthz,/healthz/*,/livez,/livez/*,/metrics,/metrics/slis,"
			 "/readyz,/readyz/*,/statusz\n"
			 "get|-|nodes/metrics\n",
	},
	{
		.name = "system:node",
		.rules = "create|authentication.k8s.io|tokenreviews\n"
			 "create|authorization.k8s.io|localsubjectaccessreviews,subjectaccessreviews\n"
			 "get,list,watch|-|services\n"
			 "create,get,list,watch|-|nodes\n"
			 "patch,update|-|nodes/status\n"
			 "patch,update|-|nodes\n"
			 "create,patch,update|-,events.k8s.io|events\n"
			 "get,list,watch|-|pods\n"
			 "create,delete|-|pods\n"
			 "patch,update|-|pods/status\n"
			 "create|-|pods/eviction\n"
			 "get,list,watch|-|configmaps,secrets\n"
			 "get|-|persistentvolumeclaims,persistentvolumes\n"
			 "get|-|endpoints\n"
			 "create,get,list,watch|certificates.k8s.io|certificatesigningrequests\n"
			 "create,delete,get,patch,update|coordination.k8s.io|leases\n"
			 "get|storage.k8s.io|volumeattachments\n"
			 "create|-|serviceaccounts/token\n"
			 "get,patch,update|-|persistentvolumeclaims/status\n"
			 "get,list,watch|storage.k8s.io|csidrivers\n"
			 "create,delete,get,patch,update|storage.k8s.io|csinodes\n"
			 "get,list,watch|node.k8s.io|runtimeclasses\n"
			 "get|resource.k8s.io|resourceclaims\n"
			 "deletecollection|resource.k8s.io|resourceslices\n"
			 "get|-|serviceaccounts\n",
	},
	{
		.name = "system:node-bootstrapper",
		.rules = "create,get,list,watch|certificates.k8s.io|certificatesigningrequests\n",
	},
	{
		.name = "system:node-problem-detector",
		.rules = "get|-|nodes\n"
			 "patch|-|nodes/status\n"
			 "create,patch,update|-,events.k8s.io|events\n",
	},
	{
		.name = "system:node-proxier",
		.rules = "list,watch|-|endpoints,services\n"
			 "get,list,watch|-|nodes\n"
			 "create,patch,update|-,events.k8s.io|events\n"
			 "list,watch|networking.k8s.io|servicecidrs\n"
			 "list,watch|discovery.k8s.io|endpointslices\n",
	},
	{
		.name = "system:persistent-volume-provisioner",
		.rules = "create,delete,get,list,watch|-|persistentvolumes\n"
			 "get,list,update,watch|-|persistentvolumeclaims\n"
			 "get,list,watch|storage.k8s.io|storageclasses\n"
			 "watch|-|events\n"
			 "create,patch,update|-,events.k8s.io|events\n",
	},
	{
		.name = "system:public-info-viewer",
		.rules = "get|@/healthz,/livez,/readyz,/version,/version/\n",
	},
	{
		.name = "system:service-account-issuer-discovery",
		.rules = "get|@/.well-known/openid-configuration,/.well-known/openid-configuration/,"
			 "/openid/v1/jwks,/openid/v1/jwks/\n",
	},
	{
		.name = "system:volume-scheduler",
		.rules = "get,list,patch,update,watch|-|persistentvolumes\n"
			 "get,list,watch|storage.k8s.io|storageclasses\n"
			 "get,list,patch,update,watch|-|persistentvolumeclaims\n",
	},
	{ .name = "view", .part_of = "edit", .aggregate = true },
	{
		.ns = "kube-public",
		.name = "system:controller:bootstrap-signer",
		.rules = "get,list,watch|-|configmaps\n"
			 "update|-|configmaps|cluster-info\n"
			 "create,patch,update|-,events.k8s.io|events\n",
	},
	{
		.ns = "kube-system",
		.name = "extension-apiserver-authentication-reader",
		.rules = "get,list,watch|-|configmaps|extension-apiserver-authentication\n",
	},
	{
		.ns = "kube-system",
		.name = "system::leader-locking-kube-controller-manager",
		.rules = "create,get,list,update,watch|coordination.k8s.io|leases\n"
			 "create,get,list,update,watch|coordination.k8s.io|leasecandidates\n",
	},
	{
		.ns = "kube-system",
		.name = "system::leader-locking-kube-scheduler",
		.rules = "create,get,list,update,watch|coordination.k8s.io|leases\n"
			 "create,get,list,update,watch|coordination.k8s.io|leasecandidates\n",
	},
	{
		.ns = "kube-system",
		.name = "system:controller:bootstrap-signer",
		.rules = "get,list,watch|-|secrets\n",
	},
	{
		.ns = "kube-system",
		.name = "system:controller:cloud-provider",
		.rules = "create,get,list,watch|-|configmaps\n",
	},
	{
		.ns = "kube-system",
		.name = "system:controller:token-cleaner",
		.rules = "delete,get,list,watch|-|secrets\n"
			 "create,patch,update|-,events.k8s.io|events\n",
	},
	{ .name = NULL },
};
