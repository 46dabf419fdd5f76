#!/bin/bash
# Mutating and validating webhooks: what they are asked, what their answers do.
# Behaviours 44 and 45.
. "$(dirname "$0")/../lib/nutshell.bash"
. "$(dirname "$0")/../lib/webhook.bash"

V=ValidatingWebhookConfiguration M=MutatingWebhookConfiguration
configure() { hook_config "$@" | k apply -f - > /dev/null; }
forget() { k delete validatingwebhookconfigurations,mutatingwebhookconfigurations --all > /dev/null; hook_forget; }
last() { hook_reviews | tail -n 1 | python3 -c "
import json, sys
r = json.load(sys.stdin)['review']['request']
print(repr(($1)))"; }

start_webhook
start_server
k run web --image=nginx > /dev/null 2>&1 || wait_until 10 k run web --image=nginx

configure $V deny /deny/403/Forbidden/nope
check_fails "a denial is told with the webhook's name" \
	'admission webhook "deny.nutshell.dev" denied the request: nope' k create configmap a --from-literal=x=y
is "$(last 'r["operation"], r["kind"]["kind"], r["name"], r["namespace"], r["dryRun"]')" \
	"('CREATE', 'ConfigMap', 'a', 'default', False)" "the request says what it is about"
like "$(last 'r["options"]')" "'kind': 'CreateOptions'.*'fieldManager': 'kubectl-create'" "with the client's options"
like "$(last 'r["userInfo"]')" "system:masters" "and who asks"
check "other namespaces are not asked about" k -n kube-public create configmap a --from-literal=x=y
check_fails "a dry run is asked about, too" 'denied the request' k create configmap a --dry-run=server
forget

check "without webhooks all is well" k create configmap a --from-literal=x=y
configure $V deny /deny/-/-/-
check_fails "an update is asked about" 'denied the request without explanation' k label configmap a l=1
is "$(last 'r["object"]["metadata"]["labels"], r["oldObject"]["metadata"].get("labels")')" "({'l': '1'}, None)" \
	"with both objects"
check_fails "a deletion is asked about" 'denied the request' k delete configmap a
is "$(last 'r["operation"], r["object"], r["oldObject"]["data"]')" "('DELETE', None, {'x': 'y'})" "with the old object"
check_fails "a collection's deletion is asked about" 'denied the request' k delete configmap --all
forget

configure $M patch "/patch/$(hook_patch '[{"op":"add","path":"/data/m","value":"1"},{"op":"add","path":"/zap","value":1}]')"
check "a webhook changes the object" k create configmap m --from-literal=x=y
is "$(k get configmap m -o jsonpath='{.data}')" '{"m":"1","x":"y"}' "and what the type does not know is dropped"
forget

configure $M a "/patch/$(hook_patch '[{"op":"add","path":"/data/a","value":"1"}]')" 'reinvocationPolicy: IfNeeded'
configure $M b "/patch/$(hook_patch '[{"op":"add","path":"/data/b","value":"2"}]')"
check "two webhooks in order" k create configmap order --from-literal=x=y
is "$(hook_reviews | grep -o '"path": "[^"]*"' | wc -l)" 3 "the first is asked again after the second changed something"
forget

configure $V warn /warn/careful
like "$(k create configmap w --from-literal=x=y 2>&1)" 'Warning: careful' "warnings reach the user"
forget

configure $V slow /slow/5 'timeoutSeconds: 1'
check_fails "a webhook that is late fails the request" \
	'failed calling webhook "slow.nutshell.dev": failed to call webhook: Post .*timeout=1s": context deadline exceeded' \
	k create configmap late --from-literal=x=y
configure $V slow /slow/5 'timeoutSeconds: 1' 'failurePolicy: Ignore'
check "unless failures are ignored" k create configmap late --from-literal=x=y
forget

hook_ca=$(base64 -w0 < "$(kubeconfig_of main)") configure $V ca /deny/403/-/no
check_fails "a webhook whose certificate is not trusted fails the request" 'failed to call webhook' \
	k create configmap ca --from-literal=x=y
k patch validatingwebhookconfiguration ca --type=json \
	-p "[{\"op\":\"replace\",\"path\":\"/webhooks/0/clientConfig/caBundle\",\"value\":\"$hook_ca\"}]" > /dev/null
check_fails "a caBundle that is patched later counts at once" 'denied the request: no' \
	k create configmap ca --from-literal=x=y
forget

k create -f - > /dev/null <<EOF
{apiVersion: v1, kind: List, items: [
 {apiVersion: v1, kind: Service, metadata: {name: hook, namespace: default}, spec: {ports: [{port: 443}]}},
 {apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, addressType: IPv4,
  metadata: {name: hook-1, namespace: default, labels: {kubernetes.io/service-name: hook}},
  ports: [{name: "", port: $hook_port}], endpoints: [{addresses: [127.0.0.1]}]}]}
EOF
hook_config $V svc /unused | sed "s|{url: .*}|{service: {name: hook, namespace: default, path: /deny/403/x/service}, caBundle: $hook_ca}|" |
	k apply -f - > /dev/null
check_fails "a service is found by its endpoints" 'denied the request: service' k create configmap s --from-literal=x=y
like "$(hook_reviews)" '"host": "hook.default.svc:443"' "and called by its name"
forget

configure $V cond /deny/403/-/condition 'matchConditions: [{name: a, expression: "object.metadata.name.startsWith(\"c\")"}]'
check "a match condition that is false spares the object" k create configmap d1 --from-literal=x=y
check_fails "one that is true does not" 'denied the request: condition' k create configmap c1 --from-literal=x=y
forget

hook_config $V all /deny/403/-/all | sed 's|resources: .*|resources: ["*/*"]}|; s|apiGroups: \[""\]|apiGroups: ["*"]|' |
	k apply -f - > /dev/null
check "configurations are never asked about" k label validatingwebhookconfiguration all x=y
check_fails "a stream is asked about" 'denied the request: all' k exec web -- sh
is "$(last 'r["operation"], r["subResource"], r["kind"]["kind"]')" "('CONNECT', 'exec', 'PodExecOptions')" "as CONNECT"
check_fails "a proxy is" 'denied the request: all' k get --raw '/api/v1/namespaces/default/services/https:web:1/proxy/a%20b/?c=d'
is "$(last 'r["operation"], r["name"], r["object"]')" \
	"('CONNECT', 'https:web:1', {'kind': 'ServiceProxyOptions', 'apiVersion': 'v1', 'path': '/a b/'})" "with the path behind it"
forget

check_fails "sideEffects must be none" 'Unsupported value: "Some": supported values: "None", "NoneOnDryRun"' \
	eval "hook_config $V bad /x | sed 's/sideEffects: None/sideEffects: Some/' | k create -f -"

done_testing
