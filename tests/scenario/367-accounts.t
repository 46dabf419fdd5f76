#!/bin/bash
# Accounts and tokens as pods see them: the volume that comes by itself, who declines it, what a token opens, what
# reviews say about its owner.
. "$(dirname "$0")/../lib/nutshell.bash"
start_server

k create namespace fresh > /dev/null
made() { k -n fresh run p --image=i > "$T/said" 2>&1; }
eventually 'a pod made right after its namespace comes to run' 10 made
check 'in time' k -n fresh wait --for=condition=Ready pod/p --timeout=20s
is "$(k -n fresh get pod p -o json | jq -c '[.spec.serviceAccountName, (.spec.volumes[] | select(.projected).projected.sources | map(keys[0])), .spec.containers[0].volumeMounts[0].mountPath]')" \
	'["default",["serviceAccountToken","configMap","downwardAPI"],"/var/run/secrets/kubernetes.io/serviceaccount"]' 'with its token volume'

# who declines the token: the pod's word counts before the account's
account() { api_json POST /api/v1/namespaces/default/serviceaccounts '{"metadata":{"name":"'"$1"'"}'"${2:+,\"automountServiceAccountToken\":$2}"'}' -o /dev/null; }
mounted() { # ACCOUNT [POD'S WORD]
	api_json POST '/api/v1/namespaces/default/pods?dryRun=All' '{"metadata":{"name":"x"},"spec":{"serviceAccountName":"'"$1"'",'"${2:+\"automountServiceAccountToken\":$2,}"'
		"containers":[{"name":"c","image":"i"}]}}' | jq -c '[.spec.containers[0].volumeMounts[]?] | length'
}
account silent; account willing true; account declining false
got=
for a in silent willing declining; do for p in '' true false; do got+="$(mounted $a $p) "; done; done
is "$got" '1 1 0 1 1 0 0 1 0 ' 'the token is mounted unless the pod, else the account, declines'

# an account's life
watch_accounts() { jq -r '"\(.type) \(.object.metadata.name)"' | grep ' watched$' | tr '\n' ' '; }
from=$(api GET '/api/v1/serviceaccounts?limit=1' | jq -r .metadata.resourceVersion)
k create serviceaccount watched > /dev/null
k patch serviceaccount watched -p '{"automountServiceAccountToken":false,"metadata":{"labels":{"l":"1"}}}' > /dev/null
is "$(k get serviceaccounts -A -l l=1 -o name)" serviceaccount/watched 'an account is made, patched, listed'
api GET /api/v1/namespaces/default/serviceaccounts/watched | jq '.automountServiceAccountToken = true' |
	api PUT /api/v1/namespaces/default/serviceaccounts/watched -H 'Content-Type: application/json' --data-binary @- -o /dev/null
is "$(k get serviceaccount watched -o 'jsonpath={.automountServiceAccountToken}')" true 'updated'
k delete serviceaccounts -l l=1 > /dev/null
is "$(api GET "/api/v1/serviceaccounts?watch=1&timeoutSeconds=1&resourceVersion=$from" | watch_accounts)" \
	'ADDED watched MODIFIED watched MODIFIED watched DELETED watched ' 'deleted, and all of it was watched'

# a token verified by the published keys only, as an outsider would
token=$(k create token silent --audience=outsider --duration=15m)
part() { cut -d. -f"$1" <<< "$token" | tr '_-' '/+' | awk '{ while (length % 4) $0 = $0 "="; print }' | base64 -d; }
issuer=$(part 2 | jq -r .iss)
is "$(api GET /.well-known/openid-configuration | jq -r .issuer)" "$issuer" 'the discovery document names the issuer of tokens'
is "$(api GET /openid/v1/jwks -o "$T/keys" -w '%{content_type}')" application/jwk-set+json 'keys as a JWK set'
key=$(jq -c --arg kid "$(part 1 | jq -r .kid)" '.keys[] | select(.kid == $kid)' "$T/keys")
isnt "$key" '' "the token's key is among them"
verify() { # by openssl, from the numbers of the published key
	python3 - "$token" "$key" "$T" << 'PY'
import base64, json, subprocess, sys
token, key, at = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3]
raw = lambda s: base64.urlsafe_b64decode(s + "=" * (-len(s) % 4))
der = lambda tag, *b: bytes([tag, len(b"".join(b))]) + b"".join(b)
number = lambda b: der(2, (b"\0" if b.lstrip(b"\0")[0] & 128 else b"") + b.lstrip(b"\0"))
head, body, sig = token.split(".")
point = b"\0\4" + raw(key["x"]) + raw(key["y"])
spki = der(48, der(48, bytes.fromhex("06072a8648ce3d020106082a8648ce3d030107")), der(3, point))
open(at + "/key.der", "wb").write(spki)
open(at + "/sig.der", "wb").write(der(48, number(raw(sig)[:32]), number(raw(sig)[32:])))
open(at + "/signed", "w").write(head + "." + body)
subprocess.run(["openssl", "pkey", "-pubin", "-inform", "DER", "-in", at + "/key.der", "-out", at + "/key.pem"], check=True)
subprocess.run(["openssl", "dgst", "-sha256", "-verify", at + "/key.pem", "-signature", at + "/sig.der", at + "/signed"], check=True)
PY
}
check 'and verifies it' verify
is "$(part 2 | jq -c '[.aud, .sub]')" '[["outsider"],"system:serviceaccount:default:silent"]' 'it says whom it is for and of'

# reviews agree with what the account can do
k create rolebinding silent --clusterrole=view --serviceaccount=default:silent > /dev/null
review() { # KIND-PATH VERB
	api_json POST "$1" '{"metadata":{"namespace":"default"},"spec":{"user":"system:serviceaccount:default:silent","groups":["system:serviceaccounts","system:authenticated"],
		"resourceAttributes":{"namespace":"default","verb":"'"$2"'","resource":"configmaps"}}}' | jq -c '[.status.allowed, (.status.reason // "" | length > 0)]'
}
for path in /apis/authorization.k8s.io/v1/subjectaccessreviews /apis/authorization.k8s.io/v1/namespaces/default/localsubjectaccessreviews; do
	is "$(review $path list)$(review $path delete)" '[true,true][false,false]' "${path##*/}"
done
is "$(k get configmaps --as system:serviceaccount:default:silent -o name)" configmap/kube-root-ca.crt 'what is allowed works'
check_fails 'what is not does not' forbidden k delete configmap kube-root-ca.crt --as system:serviceaccount:default:silent
stop_server
done_testing
