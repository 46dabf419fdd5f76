#!/bin/bash
# Who is calling: certificates, tokens, impersonation; what they may do.
. "$(dirname "$0")/../lib/nutshell.bash"
start_server

said() { jq -r '"\(.code) \(.reason) \(.message)"'; }
token() { curl -sk -H "Authorization: Bearer $1" "${@:3}" "$server_url$2"; }
like "$(k auth whoami 2>&1)" 'system:masters' 'the admin is in system:masters'

eventually 'the default account' 5 k get serviceaccount default
t=$(k create token default)
who=$(token "$t" /apis/authentication.k8s.io/v1/selfsubjectreviews -X POST -H 'Content-Type: application/json' -d '{}')
is "$(jq -c '.status.userInfo | [.username, .groups]' <<< "$who")" \
	'["system:serviceaccount:default:default",["system:serviceaccounts","system:serviceaccounts:default","system:authenticated"]]' \
	'a token is its account'
is "$(token "$t" /api/v1/namespaces/default/secrets | said)" \
	'403 Forbidden secrets is forbidden: User "system:serviceaccount:default:default" cannot list resource "secrets" in API group "" in the namespace "default"' \
	'which may not list secrets'
is "$(token "$t" /api/v1/nodes/none | said)" \
	'403 Forbidden nodes "none" is forbidden: User "system:serviceaccount:default:default" cannot get resource "nodes" in API group "" at the cluster scope' \
	'403 comes before 404'
is "$(token "$t" /metrics | said)" '403 Forbidden forbidden: User "system:serviceaccount:default:default" cannot get path "/metrics"' \
	'nor read metrics'
is "$(token "$t" /api | jq -r .kind)" APIVersions 'but discover'
is "$(token "$t" /openid/v1/jwks | jq '.keys | length')" 1 'and see the issuer'"'"'s keys'
is "$(token "$t" /.well-known/openid-configuration | jq -r '.id_token_signing_alg_values_supported[0]')" ES256 'OpenID configuration'
for bad in "x$t" "${t}x" "${t%.*}." "$(cut -d. -f1,2 <<< "$t")" junk ...; do
	is "$(token "$bad" /api | said)" '401 Unauthorized Unauthorized' "a bad token: ${bad:0:5}"
done
is "$(curl -sk "$server_url/api/v1/namespaces" | said)" '401 Unauthorized Unauthorized' 'no credentials at all'
review='{"spec":{"token":"'"$t"'"}}'
is "$(api_json POST /apis/authentication.k8s.io/v1/tokenreviews "$review" | jq -c '.status.authenticated')" true 'TokenReview'
is "$(api_json POST /apis/authentication.k8s.io/v1/tokenreviews '{"spec":{"token":"x"}}' | jq -c '[.status.authenticated, .status.error]')" \
	'[null,"invalid bearer token"]' 'of a bad one'
k create serviceaccount gone > /dev/null
t2=$(k create token gone)
is "$(token "$t2" /api | jq -r .kind)" APIVersions 'an account'
k delete serviceaccount gone > /dev/null
is "$(token "$t2" /api | jq .code)" 401 'deleted: its token is worth nothing at once'

as() { api GET "$1" -H "Impersonate-User: $2" "${@:3}"; }
is "$(as /api/v1/pods alice | said)" \
	'403 Forbidden pods is forbidden: User "alice" cannot list resource "pods" in API group "" at the cluster scope' 'impersonation'
is "$(as /api/v1/pods alice -H 'Impersonate-Group: system:masters' | jq -r .kind)" PodList 'with a group'
is "$(as /api/v1/pods '' -H 'Impersonate-Group: dev' -H 'Impersonate-Extra-a: b' | said)" \
	'400 BadRequest requested &user.DefaultInfo{Name:"", UID:"", Groups:[]string{"dev"}, Extra:map[string][]string{"a":[]string{"b"}}} without impersonating a user name' 'a group without a user'
is "$(api_json POST /apis/authentication.k8s.io/v1/selfsubjectreviews '{}' -H 'Impersonate-User: system:node:n1' | jq -cS .status.userInfo)" \
	'{"groups":["system:nodes","system:authenticated"],"username":"system:node:n1"}' 'a node is in its group'
like "$(k auth whoami --as=bob --as-group=dev --as-uid=7 --as-user-extra=k=v -o json | jq -cS .status.userInfo)" \
	'^\{"extra":\{"k":\["v"\]\},"groups":\["dev","system:authenticated"\],"uid":"7","username":"bob"\}$' 'uid and extra'
is "$(token "$t" /api/v1/pods -H 'Impersonate-User: alice' | said)" \
	'403 Forbidden pods is forbidden: User "system:serviceaccount:default:default" cannot impersonate-on:user-info:list resource "pods" in API group "" at the cluster scope' \
	'not everybody may'
is "$(as /api/v1/namespaces/default/secrets system:serviceaccount:default:x | jq -r .message | cut -d: -f1-6)" \
	'secrets is forbidden: User "system:serviceaccount:default:x" cannot list resource "secrets" in API group "" in the namespace "default"' \
	'a service account'

k create role named --verb=get,list,watch --resource=configmaps --resource-name=one > /dev/null
k create rolebinding named --role=named --user=carol > /dev/null
cms=/api/v1/namespaces/default/configmaps
is "$(as $cms/one carol | jq .code)" 404 'a rule with a name allows get'
is "$(as "$cms?fieldSelector=metadata.name%3Done" carol | jq -r .kind)" ConfigMapList 'and list of that name'
is "$(as $cms carol | jq .code)" 403 'not of all'
k create role reader --verb=get --resource=pods > /dev/null
k create rolebinding reader --role=reader --user=dave > /dev/null
is "$(as /api/v1/namespaces/default/pods/p dave | jq .code)" 404 'pods'
is "$(as /api/v1/namespaces/default/pods/p/log dave | jq .code)" 403 'are not pods/log'
is "$(as /api/v1/namespaces/default/pods/p/exec dave | jq .code)" 403 'nor pods/exec'
k create role execget --verb=get --resource=pods/exec > /dev/null
k create rolebinding execget --role=execget --user=dave > /dev/null
like "$(as /api/v1/namespaces/default/pods/p/exec dave | said)" '^403 .*cannot create resource "pods/exec"' \
	'exec by GET needs create as well'
done_testing
