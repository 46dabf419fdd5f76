#!/bin/bash
# kubectl 1.27, 1.33 and 1.35: reading, writing and following, each as against any other cluster.
# timeout: 240
. "$(dirname "$0")/../lib/nutshell.bash"
start_server --nodes 2

# Said once for all versions; K is the version's kubectl, N its namespace, V its number.
n() { "$K" -n "$N" "$@"; }
no_error() { # NAME COMMAND...: succeeds, and says nothing on standard error
	local name=$1 complaint
	shift
	complaint=$("$@" 2>&1 > "$T/said") && [ -z "$complaint" ]
	is "$?" 0 "$V: $name" || printf '#   %s\n' "$complaint"
}
says() { # NAME REGEX COMMAND...
	local name=$1 want=$2
	shift 2
	like "$("$@" 2>&1)" "$want" "$V: $name"
}
nl=$'\n'

reads() {
	says api-resources 'deployments +deploy +apps/v1 +true +Deployment' "$K" api-resources
	is "$("$K" api-resources 2>&1 | grep -ci error)" 0 "$V: api-resources says no error"
	says api-versions "apps/v1$nl.*batch/v1$nl.*${nl}v1\$" "$K" api-versions
	says explain 'FIELD: strategy <DeploymentStrategy>.*rollingUpdate.*<RollingUpdateDeployment>' "$K" explain deploy.spec.strategy
	says 'explain --recursive' 'matchExpressions.*<\[\]LabelSelectorRequirement>' "$K" explain netpol.spec --recursive
	says cluster-info "control plane.*is running at .*$server_url" "$K" cluster-info
	says version 'Server Version: .*v1\.36' "$K" version
	no_error 'get all -A' "$K" get all -A
	no_error 'describe node' "$K" describe node node-0
	is "$("$K" auth can-i create deployments)" yes "$V: auth can-i"
	says 'auth can-i --list' '\*\.\* +\[\] +\[\] +\[\*\]' "$K" auth can-i --list
	is "$("$K" auth can-i get pods --as someone --as-group system:authenticated 2> /dev/null)" no "$V: auth can-i for another"
	[ "$V" = 1.27 ] || says 'auth whoami' 'Username +kubernetes-admin' "$K" auth whoami
	says 'get --raw' 'ok' "$K" get --raw /readyz
	says 'a kind that is not there' 'the server doesn.t have a resource type "nothings"' "$K" get nothings
	says 'an object that is not there' 'Error from server \(NotFound\): pods "none" not found' n get pod none
}

writes() {
	no_error create n create deployment web --image=nginx:1 --replicas=2
	no_error 'rollout status' n rollout status deploy/web --timeout=20s
	says 'get -o wide' 'web +2/2 +2 +2 +[0-9]+s +nginx +nginx:1 +app=web' n get deploy -o wide
	says 'pods -o wide' '1/1 +Running +0 +[0-9]+s +10\.42\.[0-9.]+ +node-[01] +<none> +<none>' n get pods -o wide
	is "$(n get deploy web -o 'jsonpath={.spec.replicas}')" 2 "$V: -o jsonpath"
	is "$(n get deploy -o 'custom-columns=N:.metadata.name,R:.spec.replicas' --no-headers | tr -s ' ')" 'web 2' "$V: -o custom-columns"
	is "$(n get deploy web -o json | jq -r .kind)" Deployment "$V: -o json"
	says '-o yaml' "${nl}kind: Deployment$nl" n get deploy web -o yaml
	is "$(n get deploy -o name)" deployment.apps/web "$V: -o name"
	is "$(n get pods -l app=web --sort-by=.metadata.name -o name | wc -l)" 2 "$V: selector and --sort-by"
	says 'describe deploy' 'NewReplicaSet: +web-[0-9a-z]+ \(2/2 replicas created\).*ScalingReplicaSet' n describe deploy web
	says 'describe pod' 'Status: +Running.*kube-api-access.*Scheduled.*Successfully assigned' n describe pod -l app=web
	no_error scale n scale deploy web --replicas=3 --current-replicas=2
	no_error 'set image' n set image deploy/web nginx=nginx:2
	no_error 'rollout status' n rollout status deploy/web --timeout=20s
	says 'rollout history' "1 +.*${nl}2 +" n rollout history deploy/web
	no_error 'rollout undo' n rollout undo deploy/web
	no_error 'rollout status' n rollout status deploy/web --timeout=20s
	says 'history of one revision' 'Image:.nginx:1' n rollout history deploy/web --revision=3
	eventually "$V: the old image runs" 10 prints 'nginx:1 nginx:1 nginx:1' n get pods -l app=web -o 'jsonpath={.items[*].spec.containers[0].image}'
	no_error 'rollout pause' n rollout pause deploy/web
	no_error 'rollout resume' n rollout resume deploy/web
	no_error 'rollout restart' n rollout restart deploy/web
	no_error 'rollout status' n rollout status deploy/web --timeout=20s
	no_error label n label deploy web tier=front
	says 'label in the way' "'tier' already has a value" n label deploy web tier=back
	no_error annotate n annotate deploy web note=x
	no_error 'strategic patch' n patch deploy web -p '{"spec":{"template":{"spec":{"containers":[{"name":"nginx","env":[{"name":"A","value":"b"}]}]}}}}'
	no_error 'merge patch' n patch deploy web --type=merge -p '{"spec":{"replicas":2}}'
	no_error 'JSON patch' n patch deploy web --type=json -p '[{"op":"add","path":"/metadata/labels/j","value":"1"}]'
	no_error 'set env' n set env deploy/web B=c
	is "$(n get deploy web -o json | jq -c '[.spec.replicas, .metadata.labels, .spec.template.spec.containers[0].image, .spec.template.spec.containers[0].env]')" \
		'[2,{"app":"web","j":"1","tier":"front"},"nginx:1",[{"name":"A","value":"b"},{"name":"B","value":"c"}]]' "$V: and that came of it"
	no_error expose n expose deploy web --port=80 --target-port=8080
	says 'describe svc' 'TargetPort: +8080/TCP.*Endpoints: +10\.42' n describe svc web
	no_error 'wait' n wait --for=condition=Available deploy/web --timeout=20s
	[ $V = 1.35 ] || no_error autoscale n autoscale deploy web --min=1 --max=2 --cpu-percent=50
	[ $V != 1.35 ] || no_error autoscale n autoscale deploy web --min=1 --max=2 --cpu=50%
	no_error 'delete by selector' n delete svc,deploy -l app=web
}

for V in 1.27 1.33 1.35; do
	K=KUBECTL_${V/./} N=v${V/./-}
	K=${!K}
	no_error 'create namespace' "$K" create namespace "$N"
	[ $V != 1.35 ] || export KUBECTL_KUBERC=false
	reads
	writes
done
stop_server
done_testing
