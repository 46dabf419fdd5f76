#!/bin/bash
# Roles and bindings that come with the cluster are put right at every start; reviews in detail.
. "$(dirname "$0")/../lib/nutshell.bash"
start_server

rules() { k get clusterrole "$1" -o json | jq -cS '.rules | sort_by(tostring)'; }
before=$(rules system:node) uid=$(k get clusterrolebinding system:basic-user -o 'jsonpath={.metadata.uid}')
k patch clusterrole system:node --type=json -p '[{"op":"remove","path":"/rules/0"},{"op":"add","path":"/rules/-","value":{"verbs":["get"],"apiGroups":["x.io"],"resources":["y"]}}]' > /dev/null
k annotate clusterrole system:discovery rbac.authorization.kubernetes.io/autoupdate=false --overwrite > /dev/null
k patch clusterrole system:discovery --type=json -p '[{"op":"remove","path":"/rules/0"}]' > /dev/null
k patch clusterrolebinding system:discovery --type=json -p '[{"op":"replace","path":"/subjects","value":[{"kind":"User","name":"me","apiGroup":"rbac.authorization.k8s.io"}]}]' > /dev/null
k delete clusterrole system:volume-scheduler > /dev/null
k delete clusterrolebinding system:public-info-viewer > /dev/null
k create clusterrolebinding system:public-info-viewer --clusterrole=view --user=me > /dev/null
rev=$(k get clusterrole view -o 'jsonpath={.metadata.resourceVersion}')
stop_server
start_server
like "$(rules system:node)" 'x.io' 'what was added stays'
for v in $(jq -r '.[] | select(.apiGroups) | . as $r | .verbs[] as $v | $r.resources[] as $s | "\($v)/\($s)/\($r.apiGroups[0])"' <<< "$before"); do
	IFS=/ read -r verb res sub group <<< "$v"
	[ "$sub" = "${sub#*.}" ] || { group=$sub sub=; }
	echo "$v"
done | sort -u > "$T/want"
jq -r '.[] | select(.apiGroups) | . as $r | .verbs[] as $v | $r.resources[] as $s | "\($v)/\($s)/\($r.apiGroups[0])"' <<< "$(rules system:node)" | sort -u > "$T/have"
is "$(comm -23 "$T/want" "$T/have")" '' 'what was removed is back'
is "$(rules system:discovery)" '[]' 'autoupdate=false is respected'
is "$(k get clusterrolebinding system:discovery -o json | jq -c '[.subjects[].name]')" '["me","system:authenticated"]' 'subjects are added'
check 'a deleted role is back' k get clusterrole system:volume-scheduler
is "$(k get clusterrolebinding system:public-info-viewer -o 'jsonpath={.roleRef.name}')" system:public-info-viewer 'a binding to another role is replaced'
is "$(k get clusterrole view -o 'jsonpath={.metadata.resourceVersion}')" "$rev" 'the rest is not written'
is "$(k get clusterrolebinding system:basic-user -o 'jsonpath={.metadata.uid}')" "$uid" 'nor made anew'

# --- kubectl auth reconcile
cat > "$T/r.yaml" <<'YAML'
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: r}
rules: [{apiGroups: [""], resources: [pods], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: b, namespace: default}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: r}
subjects: [{kind: User, name: u, apiGroup: rbac.authorization.k8s.io}]
YAML
check 'auth reconcile creates' k auth reconcile -f "$T/r.yaml"
sed -i 's/verbs: \[get\]/verbs: [list]/; s/name: r}$/name: view}/' "$T/r.yaml"
sed -i '0,/name: view}/s//name: r}/' "$T/r.yaml"
check 'and changes, also the role of a binding' k auth reconcile -f "$T/r.yaml"
is "$(k get clusterrole r -o json | jq -c '[.rules[].verbs[]]')$(k get rolebinding b -o 'jsonpath={.roleRef.name}')" '["get","list"]view' 'by addition'

# --- reviews
post() { api_json POST "/apis/$1" "$2" "${@:3}" | jq -cS '.status.allowed? // .message // .status'; }
is "$(post authorization.k8s.io/v1/namespaces/default/localsubjectaccessreviews '{"spec":{"user":"u","resourceAttributes":{"namespace":"other","verb":"get","resource":"pods"}}}')" \
	'".authorization.k8s.io \"\" is invalid: spec.resourceAttributes.namespace: Invalid value: \"other\": must match metadata.namespace"' 'a local review of elsewhere'
is "$(post authorization.k8s.io/v1/namespaces/default/localsubjectaccessreviews '{"spec":{"user":"u","resourceAttributes":{"namespace":"default","verb":"get","resource":"pods"}}}')" true 'and of here'
like "$(k auth can-i --list --as=u)" 'pods +\[\] +\[\] +\[get list watch' 'can-i --list'
done_testing
