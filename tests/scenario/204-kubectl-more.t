#!/bin/bash
# More of kubectl, each as against any other cluster: apply on the server's side, prune and apply sets, subresources,
# reconcile, certificates, debug, events, set, wait, kustomize, proxy, strict validation.
. "$(dirname "$0")/../lib/nutshell.bash"
start_server
eventually 'the default account' 5 k get serviceaccount default

cat > "$T/rc.yaml" << 'YAML'
apiVersion: v1
kind: ReplicationController
metadata: {name: rc, labels: {part: of}}
spec:
  replicas: 2
  selector: {app: rc}
  template:
    metadata: {labels: {app: rc}}
    spec: {containers: [{name: c, image: "i:1", ports: [{containerPort: 6379}]}]}
YAML
check 'a replication controller' k create -f "$T/rc.yaml"
rc_pods() { k get pods -l app=rc -o name | wc -l; }
eventually 'has its pods' 10 prints 2 rc_pods
like "$(k describe rc rc)" 'Replicas: +2 current / 2 desired.*Pods Status:.*Image: +i:1' 'describe rc'
like "$(k describe pod -l app=rc)" 'Controlled By: +ReplicationController/rc' 'describe pod'
like "$(k describe namespace default)" 'Name: +default.*Status: +Active' 'describe namespace'
like "$(k describe node node-0)" 'Conditions:.*Ready.*Capacity:.*Allocatable:' 'describe node'
check 'expose a replication controller' k expose rc rc --name=one --port=1234 --target-port=6379
check 'expose a service' k expose service one --name=two --port=2345 --target-port=6379
is "$(k get svc one two -o json | jq -c '[.items[].spec.ports[0] | [.port, .targetPort]]')" '[[1234,6379],[2345,6379]]' 'both have port and target'
like "$(k describe service two)" 'Selector: +app=rc.*TargetPort: +6379/TCP' 'describe service'
for pod in $(k get pods -l app=rc -o name); do k patch "$pod" -p '{"metadata":{"annotations":{"x":"y"}}}' > /dev/null; done
is "$(k get pods -l app=rc -o json | jq -c '[.items[].metadata.annotations.x]')" '["y","y"]' 'patch every pod of it'
pod=$(k get pods -l app=rc -o name | head -n 1)
k label "$pod" testing=value > /dev/null
is "$(k get pods -l testing=value -o name)" "$pod" 'label a pod, and find it'
k label "$pod" testing- > /dev/null
is "$(k get "$pod" -o json | jq -r '.metadata.labels.testing')" null 'and take the label off'
k run single --image=i:1 --restart=Never > /dev/null
is "$(k get pod single -o 'jsonpath={.spec.containers[0].image} {.spec.restartPolicy}')" 'i:1 Never' 'run'
k get pod single -o json | sed 's/"image": "i:1"/"image": "i:2"/' | k replace -f - > /dev/null
is "$(k get pod single -o 'jsonpath={.spec.containers[0].image}')" i:2 'replace changes the image of a pod'
check 'a server-side dry run of a patch' k patch pod single --dry-run=server -p '{"spec":{"containers":[{"name":"single","image":"i:3"}]}}'
is "$(k get pod single -o 'jsonpath={.spec.containers[0].image}')" i:2 'leaves the image as it was'
like "$(k version -o json | jq -c '[.clientVersion, .serverVersion] | map([.major, .minor, .gitCommit] | all)')" '^\[true,true\]$' 'version: major, minor and commit of both'

# proxy
"$KUBECTL_135" proxy --unix-socket="$T/proxy" > "$T/proxied" 2>&1 &
background_pids+=($!)
eventually 'proxy on a unix socket' 10 curl -sf --unix-socket "$T/proxy" http://localhost/api/
"$KUBECTL_135" proxy -p 0 --disable-filter > "$T/port" 2>&1 &
background_pids+=($!)
proxied() { curl -sf "http://127.0.0.1:$(sed -n 's/.*127.0.0.1:\([0-9]*\).*/\1/p' "$T/port")/api/" | jq -e '.versions == ["v1"]'; }
eventually 'proxy on port 0' 10 proxied

# prune
cat > "$T/two.yaml" << 'YAML'
apiVersion: v1
kind: ConfigMap
metadata: {name: kept, labels: {prune: me}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: left, labels: {prune: me}}
YAML
sed '/^---/,$d' "$T/two.yaml" > "$T/one.yaml"
check 'apply two' k apply -f "$T/two.yaml"
like "$(k apply -f "$T/one.yaml" --prune -l prune=me --prune-allowlist=core/v1/ConfigMap 2>&1)" 'configmap/left pruned' '--prune takes what is applied no more'
export KUBECTL_APPLYSET=true
check 'an apply set' k apply --server-side --force-conflicts -f "$T/two.yaml" --prune --applyset=secrets/set -n default
like "$(k apply --server-side -f "$T/one.yaml" --prune --applyset=secrets/set -n default 2>&1)" 'configmap/left pruned' 'prunes by its own labels'
is "$(k get secret set -o json | jq -r '.metadata.annotations["applyset.kubernetes.io/contains-group-kinds"]')" ConfigMap 'and remembers its kinds'
unset KUBECTL_APPLYSET

# subresources, roles, requests
k create deployment web --image=i:1 > /dev/null
is "$(k get deploy web --subresource=scale -o 'jsonpath={.kind} {.spec.replicas}')" 'Scale 1' 'get --subresource'
check 'patch --subresource' k patch deploy web --subresource=scale --type=merge -p '{"spec":{"replicas":2}}'
check 'wait for a value' k wait --for=jsonpath='{.status.readyReplicas}'=2 deploy/web --timeout=10s
check 'wait for a value to exist' k wait --for=jsonpath='{.spec.strategy}' deploy/web --timeout=1s
check_fails 'and not for ever' 'timed out waiting for the condition' k wait --for=jsonpath='{.spec.replicas}'=9 deploy/web --timeout=1s
check 'wait for creation' k wait --for=create deploy/web --timeout=1s
printf 'apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: r, namespace: default}\nrules: [{apiGroups: [""], resources: [pods], verbs: [get]}]\n' > "$T/role.yaml"
check 'auth reconcile creates' k auth reconcile -f "$T/role.yaml"
check 'and extends' k auth reconcile -f <(sed 's/\[get\]/[list]/' "$T/role.yaml")
is "$(k get role r -o json | jq -c '[.rules[].verbs[]]')" '["get","list"]' 'without taking'
openssl req -new -newkey rsa:2048 -nodes -keyout /dev/null -subj /CN=dev -out "$T/dev.csr" 2> /dev/null
printf 'apiVersion: certificates.k8s.io/v1\nkind: CertificateSigningRequest\nmetadata: {name: dev}\nspec: {request: %s, signerName: kubernetes.io/kube-apiserver-client, usages: [client auth]}\n' "$(base64 -w0 "$T/dev.csr")" | k create -f - > /dev/null
check 'certificate approve' k certificate approve dev
eventually 'a certificate comes of it' 5 sh -c "$KUBECTL_135 get csr dev -o 'jsonpath={.status.certificate}' | grep -q ."
check_fails 'approved is not denied any more' 'already Approved' k certificate deny dev

# pods
check 'debug with an ephemeral container' k debug single --image=busybox -c dbg --target=single --attach=false
is "$(k get pod single -o 'jsonpath={.spec.ephemeralContainers[0].name}')" dbg 'which the pod has now'
check 'debug by a copy' k debug single --image=busybox --copy-to=copy --set-image='*=other' --attach=false
is "$(k get pod copy -o 'jsonpath={.spec.containers[0].image}')" other 'with another image'
check 'debug of a node' k debug node/node-0 --image=busybox --attach=false
like "$(k events --for pod/single)" 'Normal +Scheduled +Pod/single +Successfully assigned default/single' 'events of a pod'
check 'set image' k set image deploy/web i=i:2
check 'set env from a map' k set env deploy/web --from=configmap/kept A=b
check 'set resources' k set resources deploy/web --limits=cpu=200m,memory=512Mi
check 'set serviceaccount' k set serviceaccount deploy web default
check 'set selector' k set selector service two app=web
check 'autoscale' k autoscale deploy web --min=1 --max=3 --cpu=80%
like "$(k get hpa web)" 'Deployment/web' 'which is listed'
mkdir "$T/kus"
cp "$T/one.yaml" "$T/kus/base.yaml"
printf 'resources: [base.yaml]\nnamePrefix: k-\nconfigMapGenerator: [{name: gen, literals: [a=b]}]\n' > "$T/kus/kustomization.yaml"
check 'apply -k' k apply -k "$T/kus"
check 'diff -k' k diff -k "$T/kus"
check 'delete -k' k delete -k "$T/kus"
sed 's/spec:/spec: {replicass: 1}\nspek:/;/^spek:/,$d' "$T/rc.yaml" > "$T/typo.yaml"
check_fails '--validate=strict' 'unknown field "spec.replicass"' k create -f "$T/typo.yaml" --validate=strict
like "$(k explain pod.spec.affinity --recursive)" 'preferredDuringSchedulingIgnoredDuringExecution.*weight' 'explain --recursive'
like "$(k auth can-i --list)" '\*\.\* +\[\] +\[\] +\[\*\]' 'auth can-i --list'
stop_server
done_testing
