#!/bin/bash
# Another server's API as ours: APIServices, conditions, discovery, identity, streams, upgrades, failures.
. "$(dirname "$0")/../lib/nutshell.bash"
start_server --audit-log "$T/audit"

names() { k get apiservices -o 'jsonpath={.items[*].metadata.name}'; }
local_ones() { names > "$T/names"; [[ " $(names) " == *" v1. "*" v1.apps "*" v2.autoscaling "* ]]; }
eventually 'local APIServices are there' 5 local_ones
is "$(k get apiservice v1.apps -o 'jsonpath={.metadata.labels.kube-aggregator\.kubernetes\.io/automanaged} {.spec.groupPriorityMinimum} {.spec.versionPriority} {.status.conditions[0].status} {.status.conditions[0].reason}')" \
	'onstart 17800 15 True Local' 'one of them'
check 'one is deleted' k delete apiservice v1.apps
eventually 'and comes back' 5 k get apiservice v1.apps
printf '%s' '{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"cogs.crd.test"},
"spec":{"group":"crd.test","scope":"Namespaced","names":{"plural":"cogs","singular":"cog","kind":"Cog","listKind":"CogList"},
"versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object"}}}]}}' > "$T/crd.json"
check 'a definition' k create -f "$T/crd.json"
eventually 'its APIService' 5 k get apiservice v1.crd.test
check 'the definition is deleted' k delete crd cogs.crd.test
gone() { ! k get apiservice v1.crd.test > /dev/null 2>&1; }
eventually 'its APIService goes' 5 gone

# the other server: its own authority, the cluster's for the front proxy
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=sample-ca \
	-keyout "$T/ca.key" -out "$T/ca.crt" 2> /dev/null
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=sample -keyout "$T/s.key" -out "$T/s.csr" 2> /dev/null
openssl x509 -req -in "$T/s.csr" -CA "$T/ca.crt" -CAkey "$T/ca.key" -CAcreateserial -days 2 -out "$T/s.crt" \
	-extfile <(printf 'subjectAltName=DNS:sample.default.svc\nextendedKeyUsage=serverAuth') 2> /dev/null
k -n kube-system get configmap extension-apiserver-authentication \
	-o 'jsonpath={.data.requestheader-client-ca-file}' > "$T/proxy-ca.crt"
python3 "$root/tests/lib/sample_api.py" "$T/s.crt" "$T/s.key" "$T/proxy-ca.crt" "$T/port" > "$T/seen" 2> "$T/sample.log" &
background_pids+=($!)
eventually 'the other server is there' 10 test -s "$T/port"
port=$(cat "$T/port")

register() { # CA_BASE64
	printf '%s' '{"apiVersion":"apiregistration.k8s.io/v1","kind":"APIService","metadata":{"name":"v1.sample.test"},
	"spec":{"group":"sample.test","version":"v1","groupPriorityMinimum":100,"versionPriority":10,"caBundle":"'"$1"'",
	"service":{"namespace":"default","name":"sample","port":'"$port"'}}}' | k apply -f -
}
available() { k get apiservice v1.sample.test -o 'jsonpath={.status.conditions[0].status} {.status.conditions[0].reason}'; }
says() { [[ $(available) == "$1" ]]; }
things=/apis/sample.test/v1/namespaces/default/things

check 'it is registered' register "$(base64 -w0 < "$T/ca.crt")"
eventually 'its Service is missing' 5 says 'False ServiceNotFound'
is "$(k get apiservice v1.sample.test -o 'jsonpath={.status.conditions[0].message}')" \
	'service/sample in "default" is not present' 'the words of it'
is "$(api GET $things -w ' %{http_code} %{content_type}')" $'service unavailable\n 503 text/plain; charset=utf-8' 'meanwhile 503'
agg='application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'
stale() { api GET /apis -H "Accept: $agg" | jq -c '.items[] | select(.metadata.name == "sample.test") | .versions[0] | [.version, .freshness, (.resources | length)]'; }
is "$(stale)" '["v1","Stale",0]' 'discovery says that it is stale'

printf '%s' '{"apiVersion":"v1","kind":"Service","metadata":{"name":"sample"},"spec":{"type":"ExternalName","externalName":"localhost"}}' | k create -f - > /dev/null
eventually 'it is available' 10 says 'True Passed'
current() { [[ $(stale) == '["v1","Current",1]' ]]; }
eventually 'discovery knows its resources' 5 current
is "$(api GET /apis -H "Accept: $agg" | jq -c '.items[-1].versions[0].resources[0] | [.resource, .responseKind, .scope, .shortNames, .subresources[0].subresource]')" \
	'["things",{"group":"sample.test","version":"v1","kind":"Thing"},"Namespaced",["th"],"status"]' 'in the aggregated form'
is "$(api GET /apis -H 'Accept: application/json' | jq -c '.groups[-1] | [.name, .preferredVersion.groupVersion]')" '["sample.test","sample.test/v1"]' 'in the legacy form'
is "$(api GET /apis/sample.test | jq -c '[.kind, .name, .versions[0].version]')" '["APIGroup","sample.test","v1"]' 'the group'
is "$(api GET /apis/sample.test/v1 | jq -r .kind)" APIResourceList 'the version comes from the server itself'
is "$(api GET "$(api GET /openapi/v3 | jq -r '.paths["apis/sample.test/v1"].serverRelativeURL')" | jq -r .info.title)" sample 'its OpenAPI document'

is "$(api GET $things | jq -c '[.kind, .items[0].metadata.name]')" '["ThingList","one"]' 'a list'
is "$(k get th one -o 'jsonpath={.kind}')" Thing 'kubectl finds it by its short name'
api POST "$things?x=%2F1" -H 'Content-Type: application/json' -d '{"kind":"Thing"}' -H 'Authorization: Bearer nothing' \
	-H 'X-Remote-User: mallory' -H 'X-Remote-Extra-Scope: root' -o "$T/created" -A tester
last() { tail -n 1 "$T/seen" | jq -c "$1"; }
is "$(last '[.method, .path, .body]')" "[\"POST\",\"$things?x=%2F1\",\"{\\\"kind\\\":\\\"Thing\\\"}\"]" 'method, path and body'
is "$(last .cert)" '["front-proxy"]' 'the front proxy certificate'
is "$(last '[.headers[] | select(.[0] == "x-remote-user") | .[1]]')" '["kubernetes-admin"]' 'the user'
is "$(last '[.headers[] | select(.[0] == "x-remote-group") | .[1]]')" '["system:masters","system:authenticated"]' 'the groups'
is "$(last '[.headers[] | .[0]] | (index("authorization") == null) and (index("x-remote-extra-scope") == null)')" true 'no credentials, nothing forged'
is "$(last '[.headers[] | select(.[0] == "x-forwarded-for" or .[0] == "user-agent") | .[1]] | sort')" '["127.0.0.1","tester"]' 'who came from where'
api GET $things -H 'Impersonate-User: bob' -H 'Impersonate-Group: system:masters' -H 'Impersonate-Extra-Team: red' > /dev/null
is "$(last '[.headers[] | select(.[0] | startswith("x-remote") or startswith("impersonate")) | join("=")]')" \
	'["x-remote-user=bob","x-remote-group=system:masters","x-remote-group=system:authenticated","x-remote-extra-team=red"]' 'impersonation is settled here'
is "$(api GET $things -H 'Impersonate-User: bob' | jq -r .message)" \
	'things.sample.test is forbidden: User "bob" cannot list resource "things" in API group "sample.test" in the namespace "default"' 'rights are checked here'
is "$(api GET "$things?watch=1" | jq -r .type | uniq -c | tr -s ' ')" ' 3 ADDED' 'a watch passes through'
is "$(api GET $things/zz -w '%{http_code}')" $'nothing here\n404' 'an error passes through'
api GET $things/zz -H 'Audit-Id: missing' > /dev/null
audited() { [[ $(jq -c 'select(.auditID == "missing") | [.stage, .responseStatus.code, .objectRef.apiGroup]' "$T/audit") == '["ResponseComplete",404,"sample.test"]' ]]; }
eventually 'the audit log tells the code of the other server' 5 audited
is "$(api HEAD $things/one -I -o /dev/null -w '%{http_code}')" 200 'HEAD'
up=$({ printf 'GET %s HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n' $things; sleep 0.5; printf hello; sleep 0.5; } |
	timeout 5 openssl s_client -quiet -connect "${server_url#https://}" -cert "$T/main/cert.pem" -key "$T/main/key.pem" 2> /dev/null)
like "$up" 'HTTP/1.1 101 .*HELLO' 'an upgrade passes through'

check 'another authority' register "$(base64 -w0 < "$T/proxy-ca.crt")"
eventually 'its certificate does not verify' 10 says 'False FailedDiscoveryCheck'
check 'it is taken away' k delete apiservice v1.sample.test
away() { [[ $(api_code GET $things) == 404 ]]; }
eventually 'nothing is left of it' 5 away
is "$(api GET /apis -H 'Accept: application/json' | jq '[.groups[] | select(.name == "sample.test")] | length')" 0 'nor in discovery'

done_testing
