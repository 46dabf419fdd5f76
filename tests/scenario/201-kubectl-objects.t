#!/bin/bash
# kubectl 1.27, 1.33 and 1.35: apply, edit, replace, create of many kinds, watching, waiting, deleting.
# timeout: 240
. "$(dirname "$0")/../lib/nutshell.bash"
start_server

n() { "$K" -n "$N" "$@"; }
# The one warning a real 1.36 gives as well: old kubectl describes Services through Endpoints.
real='Warning: v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice'
no_error() { # NAME COMMAND...: succeeds, and says nothing on standard error that a real cluster does not say
	local name=$1 complaint code
	shift
	complaint=$("$@" 2>&1 > "$T/said")
	code=$?
	complaint=$(grep -vFx "$real" <<< "$complaint")
	[ $code = 0 ] && [ -z "$complaint" ]
	is "$?" 0 "$V: $name" || printf '#   %s\n' "$complaint"
}

cat > "$T/app.yaml" << 'END'
apiVersion: v1
kind: ConfigMap
metadata: {name: conf}
data: {mode: "one", keep: "yes", gone: "soon"}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: app, labels: {app: app}}
spec:
  replicas: 1
  selector: {matchLabels: {app: app}}
  template:
    metadata: {labels: {app: app}}
    spec:
      containers:
      - {name: main, image: "i:1", ports: [{containerPort: 80}], envFrom: [{configMapRef: {name: conf}}]}
      - {name: side, image: "s:1", resources: {limits: {cpu: 500m, memory: 64Mi}}}
---
apiVersion: v1
kind: Service
metadata: {name: app}
spec: {selector: {app: app}, ports: [{port: 80}]}
END
sed -e 's/mode: "one"/mode: "two"/; s/, gone: "soon"//; s/i:1/i:2/' "$T/app.yaml" > "$T/app2.yaml"
printf '#!/bin/sh\nsed -i "s/mode: two/mode: edited/" "$1"\n' > "$T/editor"
printf '#!/bin/sh\nsed -i "s/^  mode: .*/  mode: [broken/" "$1"\n' > "$T/bad-editor"
chmod +x "$T/editor" "$T/bad-editor"

applying() {
	no_error apply n apply -f "$T/app.yaml"
	is "$(n apply -f "$T/app.yaml" | awk '{ print $2 }' | sort -u)" unchanged "$V: applied again, nothing changes"
	check "$V: diff finds nothing" n diff -f "$T/app.yaml"
	sed -i 's/cpu: 500m/cpu: 1000m/' "$T/app.yaml" "$T/app2.yaml"
	no_error 'apply of a quantity that has a shorter form' n apply -f "$T/app.yaml"
	check "$V: diff finds nothing there either" n diff -f "$T/app.yaml"
	sed -i 's/cpu: 1000m/cpu: 500m/' "$T/app.yaml" "$T/app2.yaml"
	like "$(n diff -f "$T/app2.yaml")" $'\n-  mode: one\n\\+  mode: two' "$V: diff finds something"
	is "$(n get configmap conf -o 'jsonpath={.data.mode}')" one "$V: and changes nothing"
	n label configmap conf other=tool > "$T/said"
	no_error 'apply of a change' n apply -f "$T/app2.yaml"
	is "$(n get configmap conf -o json | jq -c '[.data, .metadata.labels]')" '[{"keep":"yes","mode":"two"},{"other":"tool"}]' \
		"$V: what left the file is gone, what others set stays"
	no_error 'wait for two conditions' n wait deploy/app --for=condition=Available --for=condition=Progressing --timeout=20s
	EDITOR=$T/editor no_error edit n edit configmap conf
	is "$(n get configmap conf -o 'jsonpath={.data.mode}')" edited "$V: an edit arrives"
	EDITOR=true n edit configmap conf > "$T/said" 2>&1
	like "$(cat "$T/said")" 'Edit cancelled, no changes made' "$V: an edit without a change"
	sed 's/replicas: 1/replicass: 1/' "$T/app.yaml" > "$T/typo.yaml"
	like "$(n apply -f "$T/typo.yaml" 2>&1)" 'unknown field "spec.replicass"' "$V: a typo is refused"
	like "$(sed 's/replicas: 1/replicas: x/' "$T/app.yaml" | n apply -f - 2>&1)" 'spec.replicas|Deployment.spec.replicas' "$V: a wrong type is refused"
	n get configmap conf -o json | jq '.data.mode = "replaced"' | n replace -f - > "$T/said"
	is "$(n get configmap conf -o 'jsonpath={.data.mode}')" replaced "$V: replace"
	no_error 'server dry-run' n apply --dry-run=server -f "$T/app.yaml"
	is "$(n get configmap conf -o 'jsonpath={.data.mode}')" replaced "$V: keeps nothing"
	no_error 'replace --force' n replace --force -f "$T/app.yaml" --grace-period=0
	n apply -f "$T/app.yaml" > "$T/said" 2>&1
	no_error 'delete -f' n delete -f "$T/app.yaml"
}

creating() {
	no_error 'create configmap' n create configmap c --from-literal=a=b --from-file="$T/editor"
	no_error 'create secret' n create secret generic s --from-literal=a=b
	no_error 'create secret tls' n create secret tls t --cert="$T/main/cert.pem" --key="$T/main/key.pem"
	no_error 'create registry secret' n create secret docker-registry r --docker-username=u --docker-password=p
	no_error 'create serviceaccount' n create serviceaccount robot
	like "$(n create token robot --duration=1h)" '^ey.*\..*\.' "$V: create token"
	no_error 'create role' n create role reader --verb=get,list --resource=pods,deployments.apps
	no_error 'create rolebinding' n create rolebinding readers --role=reader --serviceaccount="$N:robot"
	no_error 'create clusterrole' n create clusterrole "cr-$N" --verb=get --resource=nodes
	no_error 'create clusterrolebinding' n create clusterrolebinding "crb-$N" --clusterrole="cr-$N" --user=ann
	is "$(n auth can-i list pods --as "system:serviceaccount:$N:robot")" yes "$V: the role counts"
	is "$(n auth can-i delete pods --as "system:serviceaccount:$N:robot" 2> /dev/null)" no "$V: and no more than that"
	no_error 'create service clusterip' n create service clusterip svc --tcp=80:8080
	no_error 'create service nodeport' n create service nodeport np --tcp=80
	no_error 'create service externalname' n create service externalname en --external-name example.org
	no_error 'create ingress' n create ingress in --rule='a.example/*=svc:80'
	no_error 'create job' n create job j --image=busybox -- sleep 0
	no_error 'create cronjob' n create cronjob cj --image=busybox --schedule='0 0 1 1 *' -- true
	no_error 'create job from cronjob' n create job j2 --from=cronjob/cj
	no_error 'create quota' n create quota q --hard=pods=10
	no_error 'create pdb' n create poddisruptionbudget pdb --selector=app=x --min-available=1
	no_error 'create priorityclass' n create priorityclass "pc-$N" --value=10
	no_error 'get them all' n get cm,secret,sa,role,rolebinding,svc,ingress,job,cronjob,quota,pdb
	no_error 'describe them all' n describe cm,secret,sa,role,rolebinding,svc,ingress,job,cronjob,quota,pdb
	like "$(n create configmap c 2>&1)" 'configmaps "c" already exists' "$V: created twice"
	no_error 'delete cluster-wide ones' "$K" delete clusterrole/"cr-$N" clusterrolebinding/"crb-$N" priorityclass/"pc-$N"
}

watching() {
	n get configmaps -w -o name > "$T/watched" &
	local watcher=$!
	eventually "$V: get -w shows what is there" 10 grep -q configmap/kube-root-ca.crt "$T/watched"
	n create configmap seen --from-literal=a=b > "$T/said"
	eventually "$V: and what comes" 10 grep -q configmap/seen "$T/watched"
	n wait --for=delete configmap/seen --timeout=20s > "$T/waited" 2>&1 &
	local waiter=$!
	n delete configmap seen > "$T/said"
	wait $waiter
	is $? 0 "$V: wait --for=delete"
	kill $watcher
	wait $watcher 2> /dev/null
	is "$(n get configmaps --watch-only --request-timeout=1s 2>&1 | grep -ci error)" 0 "$V: a watch that ends"
}

for V in 1.27 1.33 1.35; do
	K=KUBECTL_${V/./} N=v${V/./-}
	K=${!K}
	no_error 'create namespace' "$K" create namespace "$N"
	applying
	creating
	watching
	no_error 'delete namespace' "$K" delete namespace "$N" --timeout=30s
done
stop_server
done_testing
