#!/bin/bash
# Every verb of every kind that programs keep: discovery, create, get, list, patch, update, status, watch,
# delete and deletecollection, from one table of kinds.
. "$(dirname "$0")/../lib/nutshell.bash"
start_server --controllers none

condition='{"conditions":[{"type":"Ready","status":"True","reason":"Seen","message":"m","lastTransitionTime":"2026-01-02T03:04:05Z"}]}'
dangling=${condition/Ready/Dangling} failed=${condition/Ready/Failed}
template='{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"i"}]}}'
selected='"selector":{"matchLabels":{"a":"b"}},"template":'$template
rule='{"operations":["CREATE"],"apiGroups":[""],"apiVersions":["v1"],"resources":["configmaps"]}'
nowhere='"namespaceSelector":{"matchLabels":{"none":"such"}}'
hook='[{"name":"h.example.org","clientConfig":{"url":"https://127.0.0.1:1/"},"sideEffects":"None","admissionReviewVersions":["v1"],"failurePolicy":"Ignore",'$nowhere',"rules":['$rule']}]'
constraints='"matchConstraints":{'$nowhere',"resourceRules":['$rule']}'
account='{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"view"}'
csr=$(openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout /dev/null -subj /CN=x 2> /dev/null | base64 -w0)

results python3 "$root/tests/lib/kinds.py" "$server_url" "$T/$server" << END_OF_KINDS
/api/v1NS configmaps - {"data":{"k":"v"}}
/api/v1NS secrets - {"data":{"k":"dg=="}}
/api/v1NS serviceaccounts - {}
/api/v1NS endpoints - {}
/api/v1NS events - {"involvedObject":{"kind":"Pod","namespace":"default","name":"p"},"reason":"R","type":"Normal","message":"m"}
/api/v1NS limitranges - {"spec":{"limits":[{"type":"Container","default":{"cpu":"1"}}]}}
/api/v1NS podtemplates - {"template":$template}
/api/v1NS replicationcontrollers {"replicas":0,"observedGeneration":1} {"spec":{"replicas":0,"selector":{"a":"b"},"template":$template}}
/api/v1NS services {"loadBalancer":{"ingress":[{"ip":"203.0.113.1","ipMode":"VIP"}]}} {"spec":{"type":"LoadBalancer","ports":[{"port":80}]}}
/api/v1NS resourcequotas {"hard":{"pods":"5"}} {"spec":{"hard":{"pods":"5"}}}
/api/v1NS persistentvolumeclaims {"phase":"Lost"} {"spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}}}}
/api/v1 persistentvolumes {"phase":"Available"} {"spec":{"accessModes":["ReadWriteOnce"],"capacity":{"storage":"1Gi"},"hostPath":{"path":"/x"}}}
/api/v1 nodes {"phase":"Running"} {}
/apis/apps/v1NS deployments $condition {"spec":{"replicas":0,$selected}}
/apis/apps/v1NS replicasets {"replicas":0,"observedGeneration":1} {"spec":{"replicas":0,$selected}}
/apis/apps/v1NS statefulsets $condition {"spec":{"replicas":0,"serviceName":"s",$selected}}
/apis/apps/v1NS daemonsets $condition {"spec":{$selected}}
/apis/apps/v1NS controllerrevisions - {"revision":1,"data":{"x":1}}
/apis/batch/v1NS cronjobs {"lastScheduleTime":"2026-01-02T03:04:05Z"} {"spec":{"schedule":"0 0 1 1 *","jobTemplate":{"spec":{"template":{"spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"i"}]}}}}}}
/apis/events.k8s.io/v1NS events - {"eventTime":"2026-01-02T03:04:05.000000Z","reportingController":"c","reportingInstance":"i","action":"A","reason":"R","type":"Normal","note":"n","regarding":{"kind":"Pod","namespace":"default","name":"p"}}
/apis/networking.k8s.io/v1NS ingresses {"loadBalancer":{"ingress":[{"ip":"203.0.113.1"}]}} {"spec":{"defaultBackend":{"service":{"name":"s","port":{"number":80}}}}}
/apis/networking.k8s.io/v1 ingressclasses - {"spec":{"controller":"example.org/c"}}
/apis/networking.k8s.io/v1NS networkpolicies - {"spec":{"podSelector":{}}}
/apis/policy/v1NS poddisruptionbudgets {"currentHealthy":1,"desiredHealthy":1,"disruptionsAllowed":0,"expectedPods":1} {"spec":{"minAvailable":1,"selector":{"matchLabels":{"a":"b"}}}}
/apis/autoscaling/v2NS horizontalpodautoscalers {"currentReplicas":1,"desiredReplicas":2} {"spec":{"maxReplicas":2,"scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"d"}}}
/apis/rbac.authorization.k8s.io/v1NS roles - {"rules":[{"verbs":["get"],"apiGroups":[""],"resources":["pods"]}]}
/apis/rbac.authorization.k8s.io/v1 clusterroles - {"rules":[{"verbs":["get"],"apiGroups":[""],"resources":["pods"]}]}
/apis/rbac.authorization.k8s.io/v1NS rolebindings - {"roleRef":$account,"subjects":[]}
/apis/rbac.authorization.k8s.io/v1 clusterrolebindings - {"roleRef":$account,"subjects":[]}
/apis/storage.k8s.io/v1 storageclasses - {"provisioner":"example.org/p"}
/apis/storage.k8s.io/v1 csidrivers - {"spec":{}}
/apis/storage.k8s.io/v1 csinodes - {"spec":{"drivers":[]}}
/apis/storage.k8s.io/v1NS csistoragecapacities - {"storageClassName":"s"}
/apis/storage.k8s.io/v1 volumeattachments {"attached":true} {"spec":{"attacher":"a","nodeName":"n","source":{"persistentVolumeName":"p"}}}
/apis/scheduling.k8s.io/v1 priorityclasses - {"value":5}
/apis/coordination.k8s.io/v1NS leases - {"spec":{"holderIdentity":"x"}}
/apis/node.k8s.io/v1 runtimeclasses - {"handler":"h"}
/apis/discovery.k8s.io/v1NS endpointslices - {"addressType":"IPv4","endpoints":[]}
/apis/certificates.k8s.io/v1 certificatesigningrequests $failed {"spec":{"request":"$csr","signerName":"example.org/s","usages":["client auth"]}}
/apis/flowcontrol.apiserver.k8s.io/v1 flowschemas $dangling {"spec":{"matchingPrecedence":9000,"priorityLevelConfiguration":{"name":"global-default"}}}
/apis/flowcontrol.apiserver.k8s.io/v1 prioritylevelconfigurations $dangling {"spec":{"type":"Limited","limited":{"nominalConcurrencyShares":2,"limitResponse":{"type":"Reject"}}}}
/apis/admissionregistration.k8s.io/v1 mutatingwebhookconfigurations - {"webhooks":$hook}
/apis/admissionregistration.k8s.io/v1 validatingwebhookconfigurations - {"webhooks":$hook}
/apis/admissionregistration.k8s.io/v1 validatingadmissionpolicies {"observedGeneration":1} {"spec":{$constraints,"validations":[{"expression":"true"}]}}
/apis/admissionregistration.k8s.io/v1 validatingadmissionpolicybindings - {"spec":{"policyName":"p.example.org","validationActions":["Deny"]}}
END_OF_KINDS
stop_server
done_testing
