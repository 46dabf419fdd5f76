#!/bin/bash
# Garbage collection: background, foreground, orphan; circles, absent owners, changed references, unknown kinds.
. "$(dirname "$0")/../lib/nutshell.bash"
start_server
cms=/api/v1/namespaces/default/configmaps
merge() { api PATCH "$1" -H 'Content-Type: application/merge-patch+json' -d "$2" "${@:3}"; }
refs() { # NAME:UID[:BLOCK]...
	local r out=
	for r; do
		IFS=: read -r n u b <<< "$r"
		out+="${out:+,}"'{"apiVersion":"v1","kind":"ConfigMap","name":"'"$n"'","uid":"'"$u"'","blockOwnerDeletion":'"${b:-false}"'}'
	done
	echo "[$out]"
}
new() { # NAME [OWNERS]
	api_json POST $cms '{"metadata":{"name":"'"$1"'","ownerReferences":'"${2-[]}"'}}' | jq -r .metadata.uid
}
drop() { api_json DELETE $cms/"$1" '{"propagationPolicy":"'"$2"'"}' -o /dev/null; }
away() { [ "$(api_code GET $cms/"$1")" = 404 ]; }
there() { [ "$(api_code GET $cms/"$1")" = 200 ]; }
owners() { api GET $cms/"$1" | jq -c '[.metadata.ownerReferences[]?.name]'; }

a=$(new a); b=$(new b "$(refs "a:$a")"); new c "$(refs "b:$b")" > /dev/null
drop a Background
eventually 'background takes dependents' 5 away b
eventually 'and theirs' 5 away c

a=$(new a); new b "$(refs "a:$a:true")" > /dev/null; new n "$(refs "a:$a")" > /dev/null
merge $cms/b '{"metadata":{"finalizers":["example.com/f"]}}' -o /dev/null
drop a Foreground
eventually 'foreground: a dependent is asked to go' 5 eval 'api GET $cms/b | jq -e .metadata.deletionTimestamp'
eventually 'one that does not block goes too' 5 away n
check 'the owner waits' there a
merge $cms/b '{"metadata":{"finalizers":null}}' -o /dev/null
eventually 'until the dependent has gone' 5 away a

a=$(new a); o=$(new o); new b "$(refs "a:$a:true" "o:$o:true")" > /dev/null
drop a Foreground
eventually 'with another owner left, the dependent stays and the owner goes' 5 away a
is "$(owners b)" '["o"]' 'only the reference was taken'
drop o Orphan
eventually 'orphan' 5 away o
is "$(owners b)" '[]' 'leaves the dependent without owner'
check 'and alive' there b

a=$(new a); b=$(new b2 "$(refs "a:$a:true")")
merge $cms/a '{"metadata":{"ownerReferences":'"$(refs "b2:$b:true")"'}}' -o /dev/null
drop a Foreground
eventually 'a circle in foreground' 5 away a
eventually 'is broken' 5 away b2
a=$(new a); b=$(new b2 "$(refs "a:$a")")
merge $cms/a '{"metadata":{"ownerReferences":'"$(refs "b2:$b")"'}}' -o /dev/null
drop a Background
eventually 'a circle in background' 5 away b2

new x "$(refs nobody:11111111-2222-3333-4444-555555555555)" > /dev/null
eventually 'an owner that never was' 5 away x
a=$(new a); drop a Background; new a > /dev/null
new y "$(refs "a:$a")" > /dev/null
eventually 'an owner made anew by the same name is another' 5 away y
new z > /dev/null
merge $cms/z '{"metadata":{"ownerReferences":'"$(refs "a:$a")"'}}' -o /dev/null
eventually 'a reference added later counts' 5 away z
now=$(api GET $cms/a | jq -r .metadata.uid)
new w "$(refs "a:$now")" > /dev/null
merge $cms/w '{"metadata":{"ownerReferences":'"$(refs "a:$a")"'}}' -o /dev/null
eventually 'and one changed to a dead owner' 5 away w

new u '[{"apiVersion":"example.com/v1","kind":"Thing","name":"t","uid":"1"}]' > /dev/null
new v '[{"apiVersion":"authentication.k8s.io/v1","kind":"TokenReview","name":"t","uid":"2"}]' > /dev/null
node=$(api GET /api/v1/nodes/node-0 | jq -r .metadata.uid)
new on-node '[{"apiVersion":"v1","kind":"Node","name":"node-0","uid":"'"$node"'","blockOwnerDeletion":true}]' > /dev/null
cr=$(api_json POST /apis/rbac.authorization.k8s.io/v1/clusterroles '{"metadata":{"name":"r","ownerReferences":'"$(refs "a:$now")"'}}' | jq -r .metadata.uid)
k delete node node-0 --cascade=foreground --timeout 10s > /dev/null
check 'a cluster-scoped owner' away on-node
check 'owners of unknown kinds keep their dependents' there u
check 'also of kinds that are never stored' there v
isnt "$cr" null 'a cluster-scoped object with a namespaced owner'
is "$(api_code GET /apis/rbac.authorization.k8s.io/v1/clusterroles/r)" 200 'is left alone'

for i in 1 2 3 4 5; do
	k create deployment dep$i --image i --replicas 3 > /dev/null
	k delete deployment dep$i --cascade=orphan --wait=false > /dev/null
done
eventually 'orphaning right after creation: the Deployments go' 5 prints '' k get deploy -o name
is "$(k get rs -o json | jq '[.items[] | select(.metadata.ownerReferences)] | length')" 0 'whatever sets there were are free'
k delete rs --all --cascade=foreground > /dev/null
eventually 'foreground deletion of sets takes the pods' 10 prints '' k get rs,pods -o name
done_testing
