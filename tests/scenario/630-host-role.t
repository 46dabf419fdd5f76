#!/bin/bash
# timeout: 180
# What `nutshell manifest` prints is enough to run, and no more than that: a namespace that enforces the
# restricted Pod Security level admits its pod, and its account can do all that the syncer has to do.
. "$(dirname "$0")/../lib/nutshell.bash"

start_server --as host --nodes 2
on() { KUBECONFIG=$(kubeconfig_of "$1") k "${@:2}"; } # SERVER KUBECTL-ARGUMENTS
on host create ns team-a > /dev/null
on host label ns team-a pod-security.kubernetes.io/enforce=restricted > /dev/null
"$NUTSHELL" manifest --name dev --namespace team-a --image nutshell:test > "$T/manifest.yaml"
check "the manifest applies" on host apply -f "$T/manifest.yaml"

eventually "its pod is admitted under the restricted level and runs" 10 prints Running on host -n team-a get pod dev-0 -o 'jsonpath={.status.phase}'
is "$(on host -n team-a get pvc data-dev-0 -o 'jsonpath={.status.phase}')" Bound "with its volume"

# --- the account, and nothing else ----------------------------------------------------------------

account=$T/account
mkdir -p "$account"
on host -n team-a create token dev > "$account/token"
cp "$T/host/ca.pem" "$account/ca.crt"
printf team-a > "$account/namespace"
hostport=${server_url#https://}
start_in_cluster() {
	KUBERNETES_SERVICE_HOST=${hostport%:*} KUBERNETES_SERVICE_PORT=${hostport##*:} \
		NUTSHELL_ACCOUNT_DIR=$account NUTSHELL_SERVICE=dev NUTSHELL_OWNER=dev \
		start_server --as tenant --host auto --name dev
}
start_in_cluster
ok "the in-cluster account serves"
is "$(on tenant get svc kubernetes -o 'jsonpath={.spec.clusterIP}:{.spec.ports[0].port}')" \
	"$(on host -n team-a get svc dev -o 'jsonpath={.spec.clusterIP}'):443" \
	"default/kubernetes is the host's Service"
like "$(openssl s_client -connect "${server_url#https://}" < /dev/null 2> /dev/null | openssl x509 -noout -ext subjectAltName)" \
	"$(on host -n team-a get svc dev -o 'jsonpath={.spec.clusterIP}')" "the certificate has its address"
is "$(on host -n team-a get cm vc-dev -o 'jsonpath={.metadata.ownerReferences[0].kind}/{.metadata.ownerReferences[0].name}')" \
	StatefulSet/dev "the owner object belongs to the StatefulSet"

restricted() { # NAME: a pod as the restricted level wants it
	cat <<- YAML
		apiVersion: v1
		kind: Pod
		metadata: {name: $1, labels: {app: $1}}
		spec:
		  securityContext: {runAsNonRoot: true, runAsUser: 1000, seccompProfile: {type: RuntimeDefault}}
		  containers:
		  - name: c
		    image: busybox
		    envFrom: [{configMapRef: {name: conf}}, {secretRef: {name: sec}}]
		    securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
	YAML
}
on tenant create cm conf --from-literal=a=1 > /dev/null
on tenant create secret generic sec --from-literal=b=2 > /dev/null
restricted web | on tenant apply -f - > /dev/null
eventually "a pod runs" 15 prints Running on tenant get pod web -o 'jsonpath={.status.phase}'
hpod=$(on host -n team-a get pods -o name | grep web-default)
eventually "its service account token is the virtual cluster's" 5 \
	bash -c "KUBECONFIG=$(kubeconfig_of host) $KUBECTL_135 -n team-a get secret -o yaml | grep -q 'nutshell.dev/kind: token'"

# Every operation the syncer has on the host.
check "service" on tenant create svc nodeport web --tcp=80
check "service: change" on tenant patch svc web -p '{"spec":{"type":"ClusterIP"}}'
check "labels: change" on tenant label pod web x=y
eventually "labels arrive" 5 prints y on host -n team-a get "$hpod" -o 'jsonpath={.metadata.labels.x}'
check "config map: change" on tenant patch cm conf -p '{"data":{"a":"2"}}'
check "logs" on tenant logs web
check "exec" on tenant exec web -- true
check "exec over SPDY is refused by this host, not by its Role" \
	bash -c "KUBECTL_REMOTE_COMMAND_WEBSOCKETS=false KUBECONFIG=$(kubeconfig_of tenant) $KUBECTL_135 exec web -- true 2>&1 |
		grep -vq 'orbidden'"
check "ephemeral container" on tenant debug web --image=busybox --target=c --profile=restricted -q -- true
check "resources: change" on tenant patch pod web --subresource=resize -p \
	'{"spec":{"containers":[{"name":"c","resources":{"requests":{"cpu":"10m"}}}]}}'
on tenant apply -f - > /dev/null <<- YAML
	apiVersion: v1
	kind: Service
	metadata: {name: manual}
	spec: {ports: [{name: p, port: 80}]}
	---
	apiVersion: discovery.k8s.io/v1
	kind: EndpointSlice
	metadata: {name: manual-1, labels: {kubernetes.io/service-name: manual}}
	addressType: IPv4
	endpoints: [{addresses: [192.0.2.10]}]
	ports: [{name: p, port: 8080}]
YAML
eventually "endpoint slice" 5 prints 192.0.2.10 on host -n team-a get endpointslice \
	-l nutshell.dev/kind=endpointslices -o 'jsonpath={.items[0].endpoints[0].addresses[0]}'
eventually "events" 5 prints Started \
	on tenant get events --field-selector involvedObject.name=web,reason=Started -o 'jsonpath={.items[0].reason}'
sleep 6 # the lease is renewed

# A pod that the host's policy refuses says so, and nothing breaks.
on tenant run bare --image=nginx > /dev/null
eventually "the host's refusal is the pod's condition" 10 prints False \
	on tenant get pod bare -o 'jsonpath={.status.conditions[?(@.type=="PodScheduled")].status}'
unlike "$(on tenant get pod bare -o 'jsonpath={.status.conditions[?(@.type=="PodScheduled")].message}')" \
	'team-a|bare-default' "in the tenant's words"

check "delete" on tenant delete pod web bare --wait=false
check "delete service" on tenant delete svc web manual
eventually "gone on the host" 15 prints '' on host -n team-a get "$hpod" --ignore-not-found -o name
is "$(grep -ciE 'forbidden: User|cannot (get|list|watch|create|patch|update|delete) resource' "$T/tenant/log")" 0 \
	"nothing was forbidden to the account"

# --- no more than that ---------------------------------------------------------------------------

as_account() { on host --as=system:serviceaccount:team-a:dev auth can-i "$@" 2> /dev/null; }
for what in 'get nodes' 'list pods -A' 'create pods -n default' 'create roles -n team-a' \
	'create serviceaccounts -n team-a' 'get secrets -n kube-system' 'create pods --subresource=eviction -n team-a' \
	'delete statefulsets -n team-a' 'get namespaces' 'impersonate users'; do
	# shellcheck disable=SC2086 # words are meant
	is "$(as_account $what)" no "the account cannot: $what"
done

# A rotated token is read again.
on host -n team-a create token dev > "$account/token"
stop_server tenant
start_in_cluster
check "a restart with a new token" on tenant get ns

done_testing
