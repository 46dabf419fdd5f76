#!/bin/bash
# PUT and PATCH: resource versions, no-op writes, status, scale, reviews.
. "$(dirname "$0")/../lib/nutshell.bash"
start_server --controllers none

put() { api_json PUT "$1" "$2"; }
merge() { api PATCH "$1" -H 'Content-Type: application/merge-patch+json' -d "$2"; }
rv() { jq -r .metadata.resourceVersion; }
secret=/api/v1/namespaces/default/secrets/s
lease=/apis/coordination.k8s.io/v1/namespaces/default/leases/l
deploys=/apis/apps/v1/namespaces/default/deployments

api_json POST ${secret%/s} '{"metadata":{"name":"s"},"stringData":{"a":"b"}}' > /dev/null
is "$(put $secret '{"metadata":{"name":"s"},"data":{"a":"Yw=="}}' | jq -r .data.a)" 'Yw==' 'a PUT without resourceVersion'
is "$(put $lease '{"metadata":{"name":"l"},"spec":{"holderIdentity":"x"}}' | jq -r .kind)" Lease 'PUT may create a Lease'
is "$(put $lease '{"metadata":{"name":"l"}}' | jq -c '[.code, .reason, .details.causes[0].field]')" \
	'[422,"Invalid","metadata.resourceVersion"]' 'but not replace it blindly'
is "$(put ${secret}x '{"metadata":{"name":"sx"}}' | jq .code)" 404 'PUT of a Secret creates nothing'
old=$(api GET $secret)
is "$(put $secret "$old" | rv)" "$(rv <<< "$old")" 'an unchanged PUT keeps the resourceVersion'
is "$(merge $secret '{}' | rv)" "$(rv <<< "$old")" 'so does an empty patch'
is "$(api PUT "$secret?dryRun=All" -H 'Content-Type: application/json' -d '{"metadata":{"name":"s"},"data":{"a":"ZA=="}}' | jq -r .data.a)" 'ZA==' \
	'a rehearsed PUT answers the change'
is "$(api GET $secret | jq -r .data.a)" 'Yw==' 'and makes none'

api_json POST $deploys '{"metadata":{"name":"d"},"status":{"replicas":9},"spec":{"replicas":2,"selector":{"matchLabels":{"a":"b"}},
	"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"i"}]}}}}' > /dev/null
is "$(api GET $deploys/d | jq -c '[.status.replicas, .metadata.generation]')" '[null,1]' 'create drops the status'
is "$(merge $deploys/d '{"status":{"replicas":9}}' | jq -c '[.status.replicas, .metadata.generation]')" '[null,1]' \
	'the main resource keeps its status'
is "$(merge $deploys/d/status '{"status":{"replicas":2,"readyReplicas":1},"spec":{"replicas":7}}' \
	| jq -c '[.status.replicas, .spec.replicas, .metadata.generation]')" '[2,2,1]' '/status keeps the spec'
is "$(merge $deploys/d '{"spec":{"replicas":3}}' | jq .metadata.generation)" 2 'a change of the spec counts'
is "$(merge $deploys/d '{"metadata":{"labels":{"x":"y"}}}' | jq .metadata.generation)" 2 'a label does not'
is "$(api GET $deploys/d/status | jq -r .kind)" Deployment 'GET /status is the whole object'
is "$(api GET $deploys/d/scale | jq -c '[.apiVersion, .kind, .spec.replicas, .status.replicas, .status.selector]')" \
	'["autoscaling/v1","Scale",3,2,"a=b"]' 'GET /scale'
is "$(merge $deploys/d/scale '{"spec":{"replicas":4}}' | jq .spec.replicas)" 4 'a patch of /scale'
is "$(put $deploys/d/scale '{"apiVersion":"autoscaling/v1","kind":"Scale","metadata":{"name":"d","namespace":"default"},"spec":{"replicas":5}}' \
	| jq .spec.replicas)" 5 'a PUT of /scale'
is "$(put $deploys/d/scale '{"metadata":{"name":"d"},"spec":{"replicas":"x"}}' | jq .code)" 400 'a /scale of a wrong type'
check 'kubectl scale' k scale deployment d --replicas=1
is "$(api GET $deploys/d | jq .spec.replicas)" 1 'it did'

api_json POST /api/v1/namespaces/default/serviceaccounts '{"metadata":{"name":"default"}}' > /dev/null
pods=/api/v1/namespaces/default/pods
api_json POST $pods '{"metadata":{"name":"p"},"spec":{"automountServiceAccountToken":false,"containers":[{"name":"c","image":"i"}]}}' > /dev/null
bind='{"metadata":{"name":"p"},"target":{"kind":"Node","name":"n1"}}'
is "$(api_json POST $pods/p/binding "$bind" | jq -c '[.kind, .status, .code]')" '["Status","Success",201]' 'a binding'
is "$(api_json POST $pods/p/binding "$bind" | jq -c '[.code, .reason]')" '[409,"Conflict"]' 'a second one'
is "$(api_json POST $pods/p/binding '{"metadata":{"name":"other"},"target":{"name":"n1"}}' | jq .code)" 400 'of another name'
is "$(api GET $pods/p | jq -r .spec.nodeName)" n1 'bound'
is "$(api_json POST $pods/p/eviction '{"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":"p","namespace":"default"}}' \
	| jq -c '[.kind, .status]')" '["Status","Success"]' 'an eviction'
token=/api/v1/namespaces/default/serviceaccounts/default/token
is "$(api_json POST $token '{"spec":{"expirationSeconds":600}}' | jq -c '[.kind, (.status.token | split(".") | length)]')" \
	'["TokenRequest",3]' 'a token request'
is "$(api_json POST $token '{"spec":{"expirationSeconds":5}}' | jq .code)" 422 'too short'
is "$(api_json POST $token '{"spec":{"expirationSeconds":"x"}}' | jq .code)" 400 'of a wrong type'
is "$(api_json POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews '{"spec":{"resourceAttributes":{"verb":"get","resource":"pods"}}}' \
	| jq -c .status.allowed)" true 'a review'
check 'kubectl auth can-i, by protobuf' k auth can-i create pods
check 'kubectl auth can-i --list' k auth can-i --list
is "$(k create configmap g --dry-run=server -o name --from-literal=a=b)" configmap/g 'kubectl --dry-run=server'
done_testing
