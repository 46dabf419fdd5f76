#!/bin/bash
# DELETE: options in every form, what is answered, pending deletion.
. "$(dirname "$0")/../lib/nutshell.bash"
start_server --controllers none

cms=/api/v1/namespaces/default/configmaps
pods=/api/v1/namespaces/default/pods
new() { api_json POST $cms '{"metadata":{"name":"'"$1"'"'"${2-}"'}}' | jq -r .metadata.uid; }
new_pod() {
	api_json POST $pods '{"metadata":{"name":"'"$1"'"},"spec":{"automountServiceAccountToken":false,'"${2-}"'
		"containers":[{"name":"c","image":"i"}]}}' -o /dev/null
}
api_json POST /api/v1/namespaces/default/serviceaccounts '{"metadata":{"name":"default"}}' -o /dev/null

uid=$(new a)
is "$(api DELETE $cms/a | jq -c '[.kind, .status, .details]')" \
	'["Status","Success",{"name":"a","kind":"configmaps","uid":"'"$uid"'"}]' 'a Status with the uid'
is "$(api DELETE $cms/a | jq .code)" 404 'gone'
uid=$(new a)
is "$(api_json DELETE $cms/a '{"preconditions":{"uid":"other"}}' | jq -c '[.code, .reason]')" '[409,"Conflict"]' 'another uid'
is "$(api_json DELETE $cms/a '{"kind":"DeleteOptions","apiVersion":"apps/v1","propagationPolicy":"Background"}' -o /dev/null -w '%{http_code}')" \
	200 'options of any group'
new a > /dev/null
is "$(api_json DELETE $cms/a '{"kind":"Pod","apiVersion":"v1"}' | jq .code)" 400 'a body that is no options'
is "$(api_json DELETE $cms/a '{' | jq .code)" 400 'a broken body'
is "$(api_json DELETE $cms/a '{"propagationPolicy":"Sideways"}' | jq -c '[.code, .details.kind]')" '[422,"DeleteOptions"]' 'a bad policy'
is "$(api_json DELETE $cms/a '{"propagationPolicy":"Orphan","orphanDependents":true}' | jq .code)" 422 'both of two'
is "$(api DELETE "$cms/a?gracePeriodSeconds=soon" | jq .code)" 400 'a bad number in the query'
is "$(api DELETE "$cms/a?dryRun=Some" | jq .code)" 422 'a bad dryRun'
is "$(api DELETE "$cms/a?dryRun=All" | jq -r .status)" Success 'a rehearsal'
is "$(api_json DELETE $cms/a '{"dryRun":["All"]}' | jq -r .status)" Success 'a rehearsal by body'
is "$(api_code GET $cms/a)" 200 'deletes nothing'
is "$(api DELETE "$cms/a?propagationPolicy=Foreground" | jq -c '[.kind, .metadata.finalizers, (.metadata.deletionTimestamp != null)]')" \
	'["ConfigMap",["foregroundDeletion"],true]' 'the policy from the query; a pending deletion answers the object'
new b > /dev/null
is "$(api_json DELETE "$cms/b?propagationPolicy=Foreground" '{"propagationPolicy":"Background"}' | jq -r .kind)" Status \
	'with a body the query does not count'
new c > /dev/null
check 'kubectl deletes' k delete configmap c
new f ',"finalizers":["example.com/f"]' > /dev/null
is "$(api DELETE $cms/f | jq -r .kind)" ConfigMap 'a finalizer keeps it'
api PATCH $cms/f -H 'Content-Type: application/merge-patch+json' -d '{"metadata":{"finalizers":null}}' > /dev/null
is "$(api_code GET $cms/f)" 404 'until it is cleared'

new d1 ',"labels":{"l":"1"}' > /dev/null
new d2 ',"labels":{"l":"2"}' > /dev/null
is "$(api DELETE "$cms?labelSelector=l%3D1" | jq -c '[.kind, (.items | map(.metadata.name))]')" '["ConfigMapList",["d1"]]' \
	'a collection answers the items'
is "$(api_code GET $cms/d2)" 200 'and leaves what is not selected'

new_pod p '"nodeName":"n1",'
is "$(api DELETE $pods/p | jq -c '[.kind, .metadata.deletionGracePeriodSeconds]')" '["Pod",30]' 'a bound pod gets its grace'
at=$(api GET $pods/p | jq -r .metadata.deletionTimestamp)
is "$(api DELETE $pods/p | jq -r .metadata.deletionTimestamp)" "$at" 'a second delete keeps it'
rv=$(api GET $pods/p | jq -r .metadata.resourceVersion)
api_json DELETE $pods/p '{"gracePeriodSeconds":0}' > /dev/null
is "$(api GET "$pods?watch=1&resourceVersion=$rv&timeoutSeconds=1" | jq -r .type | tr '\n' ' ')" 'MODIFIED DELETED ' \
	'grace 0: MODIFIED, then DELETED'
is "$(api_code GET $pods/p)" 404 'away'
new_pod q
is "$(api DELETE $pods/q | jq -r .kind)" Pod 'the reply is the pod'
is "$(api_code GET $pods/q)" 404 'an unbound pod goes at once'
done_testing
