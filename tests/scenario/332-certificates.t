#!/bin/bash
# Certificate requests: approved by people or by rule, signed by the cluster's CA, cleaned away.
. "$(dirname "$0")/../lib/nutshell.bash"
start_server

csr() { # NAME SIGNER USAGES-JSON SUBJECT [SAN] [SPEC-MEMBERS]
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "$4" ${5:+-addext "subjectAltName=$5"} \
		-keyout "$T/$1.key" -out "$T/$1.csr" 2> /dev/null
	printf '{"apiVersion":"certificates.k8s.io/v1","kind":"CertificateSigningRequest","metadata":{"name":"%s"},"spec":{"signerName":"%s","usages":%s,"request":"%s"%s}}' \
		"$1" "$2" "$3" "$(base64 -w0 "$T/$1.csr")" "${6-}"
}
signed() { # NAME: waits for the certificate and keeps it
	wait_until 5 sh -c "'$KUBECTL_135' get csr $1 -o json | jq -e .status.certificate" &&
		k get csr "$1" -o json | jq -r '.status.certificate | @base64d' > "$T/$1.crt"
}
condition() { k get csr "$1" -o json | jq -c '[.status.conditions[]? | [.type, .status, .reason, .message]]'; }
client='["client auth","digital signature"]'

# --- a person
csr jane kubernetes.io/kube-apiserver-client "$client" /O=dev/CN=jane '' ',"expirationSeconds":3600' | k create -f - > /dev/null
like "$(k get csr jane --no-headers)" 'kubernetes.io/kube-apiserver-client +kubernetes-admin +60m +Pending' 'a request is pending'
k certificate approve jane > /dev/null
check 'approved, it is signed' signed jane
is "$(condition jane)" '[["Approved","True","KubectlApprove","This CSR was approved by kubectl certificate approve."]]' 'its condition'
k create clusterrolebinding jane --clusterrole=view --user=jane > /dev/null
as_jane() { curl -sk --cert "$T/jane.crt" --key "$T/jane.key" "$server_url$1"; }
is "$(as_jane /api/v1/namespaces/default/pods | jq -r .kind)" PodList 'the certificate works'
is "$(as_jane /api/v1/namespaces/default/secrets | jq -r .message)" \
	'secrets is forbidden: User "jane" cannot list resource "secrets" in API group "" in the namespace "default"' 'as jane'
end=$(date -d "$(openssl x509 -in "$T/jane.crt" -noout -enddate | cut -d= -f2)" +%s)
[ $((end - $(date +%s))) -le 3600 ] && ok 'for an hour' || not_ok 'for an hour' "$end"
like "$(openssl x509 -in "$T/jane.crt" -noout -ext extendedKeyUsage,keyUsage)" 'TLS Web Client Authentication' 'for clients'
k config view --raw -o json | jq -r '.clusters[0].cluster["certificate-authority-data"] | @base64d' > "$T/ca.crt"
check 'by the cluster' openssl verify -CAfile "$T/ca.crt" "$T/jane.crt"
csr bob kubernetes.io/kube-apiserver-client "$client" /CN=bob | k create -f - > /dev/null
k certificate deny bob > /dev/null
check_fails 'denied is not approved' 'may not be both|denied|Denied' k certificate approve bob
is "$(k get csr bob -o json | jq '.status.certificate')" null 'nor signed'
check_fails 'no superusers' 'use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed' \
	k create -f - <<< "$(csr root kubernetes.io/kube-apiserver-client "$client" /O=system:masters/CN=root)"
csr serve kubernetes.io/kube-apiserver-client '["client auth","server auth"]' /CN=x | k create -f - > /dev/null
k certificate approve serve > /dev/null
eventually 'a request that does not fit' 5 prints '[["Approved","True","KubectlApprove","This CSR was approved by kubectl certificate approve."],["Failed","True","SignerValidationFailure","invalid usage for client certificate: server auth"]]' condition serve
csr other example.com/signer "$client" /CN=x | k create -f - > /dev/null
k certificate approve other > /dev/null

# --- kubelets
node=/O=system:nodes/CN=system:node:n1 kubelet=kubernetes.io/kube-apiserver-client-kubelet
csr boot $kubelet "$client" "$node" | k create -f - --as=boot --as-group=system:masters > /dev/null
eventually 'who may, is approved by rule' 5 prints '[["Approved","True","AutoApproved","Auto approving kubelet client certificate after SubjectAccessReview."]]' condition boot
check 'and signed' signed boot
k create clusterrolebinding self --clusterrole=system:certificates.k8s.io:certificatesigningrequests:selfnodeclient --user=system:node:n1 > /dev/null 2>&1
k create clusterrole asks --verb=create,get --resource=certificatesigningrequests.certificates.k8s.io > /dev/null
k create clusterrolebinding asks --clusterrole=asks --user=system:node:n1 --user=eve > /dev/null
csr renew $kubelet "$client" "$node" > "$T/renew.json"
curl -sk --cert "$T/boot.crt" --key "$T/boot.key" -H 'Content-Type: application/json' -d @"$T/renew.json" \
	"$server_url/apis/certificates.k8s.io/v1/certificatesigningrequests" > /dev/null
eventually 'a node renews its own' 5 prints '[["Approved","True","AutoApproved","Auto approving self kubelet client certificate after SubjectAccessReview."]]' condition renew
csr eve $kubelet "$client" "$node" | k create -f - --as=eve > /dev/null
csr tls kubernetes.io/kubelet-serving '["server auth","digital signature"]' "$node" DNS:n1,IP:10.0.0.1 | k create -f - > /dev/null
k certificate approve tls > /dev/null
check 'a serving certificate' signed tls
like "$(openssl x509 -in "$T/tls.crt" -noout -ext subjectAltName)" 'DNS:n1, IP Address:10.0.0.1' 'with its names'
is "$(condition eve)" '[]' 'eve is not'
is "$(k get csr other -o json | jq .status.certificate)" null 'other signers sign for themselves'
k create clusterrole approves --verb=get,update --resource=certificatesigningrequests.certificates.k8s.io,certificatesigningrequests.certificates.k8s.io/approval > /dev/null
k create clusterrolebinding approves --clusterrole=approves --group=approvers > /dev/null
check_fails 'who may not approve' 'user not permitted to approve requests with signerName "example.com/signer"' \
	k certificate approve other --force --as=eve --as-group=approvers --v=0
k delete csr --all > /dev/null
done_testing
