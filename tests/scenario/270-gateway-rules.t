#!/bin/bash
# Gateway API: every x-kubernetes-validations rule, kept and broken, and its policy against unsafe upgrades give the
# verdict and the message of a real API server. tests/golden/gateway/*.tsv: method, path, body, and what that server
# answered (code, message).
. "$(dirname "$0")/../lib/nutshell.bash"
manifests=$root/../shared/manifests/gateway-api
[ -d "$manifests" ] || skip_all "no ../shared/manifests"
start_server

for f in "$manifests"/*.yaml; do
	case $f in *_vap_*) ;; *) k apply --server-side -f "$f" > /dev/null || not_ok "$f is taken" ;; esac
done
check "definitions are Established" k wait --for=condition=Established crd --all --timeout=20s

# Sends all requests of a table over one connection and compares.
replay() { # NAME
	local table=$root/tests/golden/gateway/$1.tsv n=0 method path body type i
	while IFS=$'\t' read -r method path body _; do
		printf '%s' "$body" > "$T/body.$n"
		type=application/json
		[ "$method" = PATCH ] && type=application/merge-patch+json
		printf '%s\n' "url = \"$server_url$path\"" "request = $method" "data-binary = @$T/body.$n" \
			"header = \"Content-Type: $type\"" "output = $T/answer.$n" "write-out = \"%{http_code}\\n\"" \
			"cacert = $T/$server/ca.pem" "cert = $T/$server/cert.pem" "key = $T/$server/key.pem" \
			silent next
		n=$((n + 1))
	done < "$table" > "$T/requests"
	sed -i '$d' "$T/requests" # no next after the last
	curl -K "$T/requests" > "$T/codes"

	for ((i = 0; i < n; i++)); do cat "$T/answer.$i"; done |
		jq -r 'if .kind == "Status" then .message else "" end | tojson' > "$T/messages"
	paste "$T/codes" "$T/messages" > "$T/got"
	cut -f4 "$table" > "$T/want-codes"
	cut -f5 "$table" | jq -r tojson > "$T/want-messages"
	paste "$T/want-codes" "$T/want-messages" > "$T/want"
	is "$(grep -c ^ "$T/got")" "$n" "$1: $n requests are answered"
	is "$(diff "$T/want" "$T/got")" "" "$1: each as a real API server answers it"
	isnt "$(grep -c '^422' "$T/got")" 0 "$1: refusals among them"
}

replay rules

k apply -f "$manifests/gateway.networking.k8s.io_vap_safeupgrades.yaml" > /dev/null
unsafe() {
	[ "$(api_code PATCH /apis/apiextensions.k8s.io/v1/customresourcedefinitions/gatewayclasses.gateway.networking.k8s.io?dryRun=All \
		-H 'Content-Type: application/merge-patch+json' \
		--data '{"metadata":{"annotations":{"gateway.networking.k8s.io/bundle-version":"v1.3.0"}}}')" = 422 ]
}
eventually "the policy is in force" 10 unsafe
replay upgrades
done_testing
