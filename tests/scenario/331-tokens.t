#!/bin/bash
# Tokens: bound, of Secrets, for bootstrapping; who issues them and with which key.
. "$(dirname "$0")/../lib/nutshell.bash"
start_server
eventually 'the default account' 5 k get serviceaccount default

said() { jq -r '"\(.code) \(.reason) \(.message)"'; }
token() { curl -sk -H "Authorization: Bearer $1" "${@:3}" "$server_url$2"; }
whoami() { token "$1" /apis/authentication.k8s.io/v1/selfsubjectreviews -X POST -H 'Content-Type: application/json' -d '{}' | jq -cS '.status.userInfo? // .code'; }
review() { # TOKEN [AUDIENCES]
	api_json POST /apis/authentication.k8s.io/v1/tokenreviews '{"spec":{"token":"'"$1"'","audiences":'"${2-[]}"'}}' | jq -cS '.status | [.authenticated, .audiences, .error]'
}
claims() { jq -R 'split(".")[1] | gsub("-";"+") | gsub("_";"/") | . + "==="[: (4 - length % 4) % 4] | @base64d | fromjson'; }

# --- bound to objects
k run p --image=i > /dev/null
k create secret generic s > /dev/null
eventually 'a pod runs' 10 prints Running k get pod p -o 'jsonpath={.status.phase}'
node=$(k get pod p -o 'jsonpath={.spec.nodeName}')
for b in Pod/p Secret/s Node/$node; do
	t=$(k create token default --bound-object-kind="${b%/*}" --bound-object-name="${b#*/}") || not_ok "no token for $b"
	like "$(whoami "$t")" '"username":"system:serviceaccount:default:default"' "bound to $b"
	eval "t_${b%/*}=\$t"
done
is "$(whoami "$t_Pod" | jq -c '.extra | keys')" \
	'["authentication.kubernetes.io/credential-id","authentication.kubernetes.io/node-name","authentication.kubernetes.io/node-uid","authentication.kubernetes.io/pod-name","authentication.kubernetes.io/pod-uid"]' \
	'a pod'"'"'s token tells pod and node'
k delete pod p --force --grace-period=0 > /dev/null 2>&1
k delete secret s > /dev/null
is "$(review "$t_Pod")$(review "$t_Secret")" '[null,null,"[invalid bearer token, service account token has been invalidated]"][null,null,"[invalid bearer token, service account token has been invalidated]"]' 'what they are bound to is gone'
check_fails 'a wrong uid' 'the UID in the bound object reference \(x\) does not match' k create token default --bound-object-kind=Node --bound-object-name="$node" --bound-object-uid=x
check_fails 'too short' 'may not specify a duration less than 10 minutes' k create token default --duration=1m
t=$(k create token default --audience=a --audience=b --duration=20m)
is "$(claims <<< "$t" | jq -c '[.aud, .exp - .iat]')" '[["a","b"],1200]' 'audience and duration'
is "$(token "$t" /api | said)" '401 Unauthorized Unauthorized' 'for somebody else'
is "$(review "$t" '["b","c"]')" '[true,["b"],null]' 'whom a review tells'
is "$(review "$t" '["c"]')" '[null,null,"[invalid bearer token, token audiences do not match]"]' 'and others not'

# --- of the old kind
k apply -f - > /dev/null <<< '{"apiVersion":"v1","kind":"Secret","type":"kubernetes.io/service-account-token","metadata":{"name":"old","annotations":{"kubernetes.io/service-account.name":"default"}}}'
eventually 'a token Secret is filled' 5 sh -c "'$KUBECTL_135' get secret old -o json | grep -q '\"token\"'"
is "$(k get secret old -o json | jq -c '.data | keys')" '["ca.crt","namespace","token"]' 'with three keys'
is "$(k get secret old -o json | jq -r '.metadata.annotations["kubernetes.io/service-account.uid"]')" \
	"$(k get serviceaccount default -o 'jsonpath={.metadata.uid}')" 'and the uid of the account'
t=$(k get secret old -o json | jq -r '.data.token | @base64d')
is "$(claims <<< "$t" | jq -cS .)" \
	"$(k get serviceaccount default -o json | jq -cS '{iss:"kubernetes/serviceaccount","kubernetes.io/serviceaccount/namespace":"default","kubernetes.io/serviceaccount/secret.name":"old","kubernetes.io/serviceaccount/service-account.name":"default","kubernetes.io/serviceaccount/service-account.uid":.metadata.uid,sub:"system:serviceaccount:default:default"}')" 'its claims'
is "$(whoami "$t" | jq -c '[.username, .groups, .extra]')" \
	'["system:serviceaccount:default:default",["system:serviceaccounts","system:serviceaccounts:default","system:authenticated"],null]' 'it is good'
is "$(review "$t" | jq -c .[0:2])" '[true,["https://kubernetes.default.svc.cluster.local"]]' 'for the API'
is "$(k get secret old -o json | jq -r '.metadata.labels["kubernetes.io/legacy-token-last-used"]')" "$(date -u +%F)" 'its use is noted'
k label secret old kubernetes.io/legacy-token-invalid-since=2020-01-01 > /dev/null
is "$(whoami "$t")" 401 'marked invalid'
k label secret old kubernetes.io/legacy-token-invalid-since- > /dev/null
isnt "$(whoami "$t")" 401 'and not any more'
k patch secret old -p '{"data":{"token":"eA=="}}' > /dev/null
is "$(review "$t" | jq -r .[2])" "[invalid bearer token, Token does not match server's copy]" 'replaced'
k delete secret old > /dev/null
is "$(whoami "$t")" 401 'deleted'
k create serviceaccount robot > /dev/null
k apply -f - > /dev/null <<< '{"apiVersion":"v1","kind":"Secret","type":"kubernetes.io/service-account-token","metadata":{"name":"robot","annotations":{"kubernetes.io/service-account.name":"robot"}}}'
eventually 'another' 5 sh -c "'$KUBECTL_135' get secret robot -o json | grep -q '\"token\"'"
k delete serviceaccount robot > /dev/null
eventually 'goes with its account' 5 prints '' k get secret robot --ignore-not-found
k apply -f - > /dev/null <<< '{"apiVersion":"v1","kind":"Secret","type":"kubernetes.io/service-account-token","metadata":{"name":"orphan","annotations":{"kubernetes.io/service-account.name":"nobody"}}}'
eventually 'one without account goes' 5 prints '' k get secret orphan --ignore-not-found

# --- for bootstrapping
boot() { # ID EXPIRATION [EXTRA-DATA]
	k apply -f - > /dev/null <<< '{"apiVersion":"v1","kind":"Secret","type":"bootstrap.kubernetes.io/token","metadata":{"name":"bootstrap-token-'"$1"'","namespace":"kube-system"},"stringData":{"token-id":"'"$1"'","token-secret":"0123456789abcdef","usage-bootstrap-authentication":"true","usage-bootstrap-signing":"true","expiration":"'"$2"'"'"${3-}"'}}'
}
boot abcdef 2099-01-01T00:00:00Z ',"auth-extra-groups":"system:bootstrappers:worker,system:bootstrappers:a"'
is "$(whoami abcdef.0123456789abcdef)" \
	'{"groups":["system:bootstrappers","system:bootstrappers:a","system:bootstrappers:worker","system:authenticated"],"username":"system:bootstrap:abcdef"}' 'a bootstrap token'
is "$(whoami abcdef.0123456789abcdee)$(whoami abcdeg.0123456789abcdef)" 401401 'wrong ones'
boot ghijkl 2099-01-01T00:00:00Z ',"auth-extra-groups":"system:masters"'
is "$(whoami ghijkl.0123456789abcdef)" 401 'not into any group'
boot mnopqr 2020-01-01T00:00:00Z
eventually 'an expired one is cleaned away' 5 prints '' k get -n kube-system secret bootstrap-token-mnopqr --ignore-not-found
boot stuvwx "$(date -u -d '+2 seconds' +%FT%TZ)"
eventually 'one that expires, too' 8 prints '' k get -n kube-system secret bootstrap-token-stuvwx --ignore-not-found
k create configmap -n kube-public cluster-info --from-literal=kubeconfig=hello > /dev/null
jws() { k get -n kube-public configmap cluster-info -o json | jq -cS '.data | keys'; }
eventually 'cluster-info is signed' 5 prints '["jws-kubeconfig-abcdef","jws-kubeconfig-ghijkl","kubeconfig"]' jws
b64() { base64 -w0 | tr '+/' '-_' | tr -d =; }
want=$(printf '{"alg":"HS256","kid":"abcdef"}' | b64)
mac=$(printf '%s.%s' "$want" "$(printf hello | b64)" | openssl dgst -sha256 -hmac 0123456789abcdef -binary | b64)
is "$(k get -n kube-public configmap cluster-info -o json | jq -r '.data["jws-kubeconfig-abcdef"]')" "$want..$mac" 'with the token'
k delete -n kube-system secret bootstrap-token-ghijkl > /dev/null
eventually 'a signature goes with its token' 5 prints '["jws-kubeconfig-abcdef","kubeconfig"]' jws

# --- who issues
is "$(api GET /.well-known/openid-configuration | jq -c 'keys_unsorted')" \
	'["issuer","jwks_uri","response_types_supported","subject_types_supported","id_token_signing_alg_values_supported"]' 'the issuer'"'"'s document'
is "$(api GET /openid/v1/jwks | jq -r '.keys[0].kid')" "$(k create token default | cut -d. -f1 | base64 -d 2> /dev/null | jq -r .kid)" 'its key is the tokens'"'"' key'
done_testing
