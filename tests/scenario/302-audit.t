#!/bin/bash
# The audit log: levels, stages, users, objects, annotations, rotation.
. "$(dirname "$0")/../lib/nutshell.bash"

cat > "$T/policy.yaml" <<'Y'
apiVersion: audit.k8s.io/v1
kind: Policy
omitManagedFields: true
rules:
- level: None
  nonResourceURLs: ["/readyz*", "/metrics"]
- level: RequestResponse
  omitStages: [RequestReceived]
  resources: [{group: "", resources: ["configmaps"]}]
- level: Request
  omitStages: [RequestReceived]
  resources: [{group: "", resources: ["secrets", "serviceaccounts/*"]}]
  namespaces: [default]
- level: None
  userGroups: ["system:masters"]
  verbs: [list]
  resources: [{group: "", resources: [nodes]}]
- level: Metadata
Y
log=$T/audit.log
start_server --audit-log "$log" --audit-policy "$T/policy.yaml"

cms=/api/v1/namespaces/default/configmaps
seen() { jq -c "select(.auditID == \"$1\") | $2" "$log"; } # ID FILTER
send() { # ID METHOD PATH [CURL...]
	api "$2" "$3" -A agent -H "Audit-ID: $1" -o /dev/null "${@:4}"
	eventually "$1 is logged" 5 logged "$1"
}
logged() { grep -q "\"auditID\":\"$1\".*\"stage\":\"ResponseComplete\"" "$log"; }

send a1 POST $cms -H 'Content-Type: application/json' -d '{"metadata":{"name":"a"},"data":{"k":"<v>"}}'
is "$(seen a1 '[.kind, .apiVersion, .level, .stage, .verb, .requestURI, .userAgent, .sourceIPs[0], .responseStatus.code]')" \
	"[\"Event\",\"audit.k8s.io/v1\",\"RequestResponse\",\"ResponseComplete\",\"create\",\"$cms\",\"agent\",\"127.0.0.1\",201]" 'a create'
is "$(seen a1 '.objectRef')" '{"resource":"configmaps","namespace":"default","name":"a","apiVersion":"v1"}' 'its object'
is "$(seen a1 '.requestObject.data.k, .responseObject.data.k, (.requestObject.metadata | has("uid")), .responseObject.metadata.managedFields')" \
	$'"<v>"\n"<v>"\nfalse\nnull' 'request and response'
is "$(seen a1 '.user.groups | index("system:masters") != null')" true 'the user'
is "$(seen a1 '.annotations["authorization.k8s.io/decision"]')" '"allow"' 'the decision'
like "$(seen a1 '.requestReceivedTimestamp')" '\.[0-9]{6}Z"' 'microseconds'

check 'an RBAC role' k create role r --verb=get --resource=configmaps
check 'a binding' k create rolebinding b --role=r --user=bob
send a2 GET $cms/a -H 'Impersonate-User: bob' -H 'Impersonate-Group: g'
is "$(seen a2 '[.impersonatedUser.username, .impersonatedUser.groups[0], .responseStatus.code]')" '["bob","g",200]' 'impersonation'
like "$(seen a2 '.annotations["authorization.k8s.io/reason"]')" 'RBAC: allowed by RoleBinding' 'why it was allowed'
send a3 DELETE $cms/a -H 'Impersonate-User: bob'
is "$(seen a3 '[.responseStatus.code, .responseStatus.reason, .annotations["authorization.k8s.io/decision"], .responseObject.kind]')" \
	'[403,"Forbidden","forbid","Status"]' 'a refusal'
send a4 GET "$cms?limit=1" -H 'Accept: application/json;as=Table;v=v1;g=meta.k8s.io'
is "$(seen a4 '[.verb, .responseObject.kind, (.responseObject.items | length), .requestURI]')" "[\"list\",\"ConfigMapList\",1,\"$cms?limit=1\"]" 'a list'
send a5 GET "$cms?watch=1&timeoutSeconds=1"
is "$(seen a5 .stage)" $'"ResponseStarted"\n"ResponseComplete"' 'the stages of a watch'
send a6 POST /api/v1/namespaces/default/secrets -H 'Content-Type: application/json' -d '{"metadata":{"name":"s"}}'
is "$(seen a6 '[.level, .requestObject.metadata.name, .responseObject]')" '["Request","s",null]' 'level Request'
send a7 POST /api/v1/namespaces/default/serviceaccounts/default/token -H 'Content-Type: application/json' -d '{"spec":{}}'
is "$(seen a7 '[.level, .objectRef.subresource, .responseObject]')" '["Request","token",null]' 'a subresource'
send a8 GET /version
is "$(seen a8 '[.level, .stage, .objectRef]')" $'["Metadata","RequestReceived",null]\n["Metadata","ResponseComplete",null]' 'a path that is no resource'
send a9 GET /api/v1/endpoints
is "$(seen a9 '.annotations["k8s.io/deprecated"] // empty')" '"true"' 'a deprecated API'
send b1 GET $cms/zz
is "$(seen b1 '[.responseStatus.code, .responseStatus.details.name]')" '[404,"zz"]' 'an error'

api GET /readyz -H 'Audit-ID: none1' > /dev/null
api GET /api/v1/nodes -H 'Audit-ID: none2' > /dev/null
mv "$log" "$log.1"
kill -HUP "${server_pid[main]}"
eventually 'the log is opened again' 5 test -e "$log"
send c1 GET $cms
is "$(grep -c none "$log" "$log.1" | cut -d: -f2 | paste -sd+ | bc)" 0 'level None is not logged'
is "$(cat "$log" "$log.1" | jq -e .auditID > /dev/null && echo valid)" valid 'every line is JSON'

is "$("$NUTSHELL" server --audit-policy "$T/policy.yaml" 2>&1; echo $?)" \
	$'nutshell server: --audit-policy needs --audit-log\n2' 'a policy without a log'
echo 'apiVersion: audit.k8s.io/v1
kind: Policy
rules: [{level: Loud}]' > "$T/bad.yaml"
is "$("$NUTSHELL" server --data-dir :memory: --host simulated --listen 127.0.0.1:0 --audit-log /dev/null --audit-policy "$T/bad.yaml" 2>&1; echo $?)" \
	$'nutshell server: audit policy: unknown level "Loud"\n2' 'a policy that is none'

stop_server
start_server --as full --audit-log /dev/full
is "$(api_code GET /api/v1/namespaces)" 200 'a full disk does not stop the cluster'
eventually 'but is complained of' 5 grep -q 'lines of the audit log are lost' "$T/full/log"

done_testing
