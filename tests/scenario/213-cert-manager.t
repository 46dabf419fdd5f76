#!/bin/bash
# cert-manager's chart with its definitions, by Helm 4 and by Helm 3: it installs, its objects are validated,
# defaulted, listed with their columns and explained.
. "$(dirname "$0")/../lib/nutshell.bash"
chart=$root/../shared/manifests/cert-manager/chart
[ -d "$chart" ] || skip_all "no ../shared/manifests"
start_server --nodes 2

install() { # HELM...: into its namespace, without waiting for webhooks that simulated pods cannot serve
	"$@" -n cert-manager install cm "$chart" --create-namespace --set crds.enabled=true,startupapicheck.enabled=false,webhook.replicaCount=1 --timeout 60s
}
crds="certificaterequests.cert-manager.io certificates.cert-manager.io challenges.acme.cert-manager.io clusterissuers.cert-manager.io issuers.cert-manager.io orders.acme.cert-manager.io"

for H in "$HELM" "$HELM_3"; do
	v=${H##*-}
	check "Helm $v installs it" install "$H"
	# shellcheck disable=SC2086 # names on purpose
	check "Helm $v: definitions are Established" k wait --for=condition=Established crd $crds --timeout=20s
	check "Helm $v: Deployments run" k -n cert-manager wait --for=condition=Available deploy --all --timeout=30s
	# no webhook server answers on simulated nodes
	k delete validatingwebhookconfigurations,mutatingwebhookconfigurations --all > /dev/null

	cat > "$T/certificate.yaml" << 'YAML'
apiVersion: cert-manager.io/v1
kind: Issuer
metadata: {name: own}
spec: {selfSigned: {}}
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: site}
spec:
  secretName: site-tls
  dnsNames: [example.org]
  issuerRef: {name: own}
  privateKey: {algorithm: ECDSA, size: 256}
YAML
	check "Helm $v: objects are applied" k apply -f "$T/certificate.yaml"
	is "$(k apply -f "$T/certificate.yaml" | awk '{ print $2 }' | sort -u)" unchanged "Helm $v: again, nothing changes"
	check "Helm $v: and diff finds nothing" k diff -f "$T/certificate.yaml"
	like "$(k get certificates -o wide)" 'NAME +READY +SECRET +ISSUER +STATUS +(EXPIRATION +)?AGE' "Helm $v: columns"
	like "$(k get cert site)" 'site +site-tls +[0-9]+s' "Helm $v: a short name, and cells from paths"
	k patch certificate site --subresource=status --type=merge -p '{"status":{"conditions":[{"type":"Ready","status":"True","reason":"Done","message":"m","lastTransitionTime":"2026-01-02T03:04:05Z"}]}}' > "$T/said" 2>&1
	check "Helm $v: wait for a condition" k wait --for=condition=Ready certificate/site --timeout=5s
	like "$(k get cert site --no-headers)" '^site +True ' "Helm $v: which is a column"
	bad() { # NAME REGEX PATCH
		check_fails "Helm $v: $1" "$2" k patch certificate site --type=merge -p "$3"
	}
	bad 'an enum' 'spec.privateKey.algorithm: Unsupported value: "DSA": supported values: "RSA", "ECDSA", "Ed25519"' '{"spec":{"privateKey":{"algorithm":"DSA"}}}'
	bad 'a wrong type' 'spec.dnsNames.*must be of type array: "string"|spec.dnsNames in body must be of type array' '{"spec":{"dnsNames":"x"}}'
	bad 'a missing field' 'spec.issuerRef.name: Required value' '{"spec":{"issuerRef":{"name":null}}}'
	check_fails "Helm $v: an unknown field" 'unknown field "spec.dnsName"' k apply -f - <<< "$(sed 's/dnsNames/dnsName/' "$T/certificate.yaml")"
	check_fails "Helm $v: an issuer without its parts" 'spec.acme.server: Required value|spec.acme.privateKeySecretRef: Required value' \
		k create -f - <<< '{"apiVersion":"cert-manager.io/v1","kind":"ClusterIssuer","metadata":{"name":"x"},"spec":{"acme":{"email":"a@b"}}}'
	like "$(k explain certificate.spec.privateKey 2>&1)" 'algorithm.*<string>.*enum: RSA, ECDSA, Ed25519.*' "Helm $v: explain"
	like "$(k explain certificate --recursive 2>&1)" 'rotationPolicy.*<string>' "Helm $v: explain --recursive"
	k delete certificate,issuer --all > "$T/said" 2>&1
	check "Helm $v: uninstall" "$H" -n cert-manager uninstall cm --wait --timeout 30s
	# the chart keeps its definitions
	# shellcheck disable=SC2086 # names on purpose
	check "Helm $v: definitions go" k delete crd $crds --timeout=20s
	check_fails "Helm $v: and their kinds with them" "doesn't have a resource type|could not find the requested resource" k get certificates
	k delete namespace cert-manager > "$T/said"
done
stop_server
done_testing
