#!/bin/bash
# Paths, methods, health and version: what a request gets before any object is looked at.
. "$(dirname "$0")/../lib/nutshell.bash"
start_server

text_404() { # PATH NAME
	is "$(api GET "$1" -w ' %{http_code} %{content_type}')" \
		$'404 page not found\n 404 text/plain; charset=utf-8' "$2"
}
status_of() { # METHOD PATH: "code reason message"
	api "$@" | jq -r '"\(.code) \(.reason) \(.message)"'
}
no_resource='404 NotFound the server could not find the requested resource'
no_method='405 MethodNotAllowed the server does not allow this method on the requested resource'
pods=/api/v1/namespaces/default/pods

text_404 /nope 'an unknown path is plain text'
text_404 /apis/foo.example/v1/things 'an unknown group is plain text'
text_404 /apis/foo.example 'an unknown group by itself'
is "$(status_of GET /apis/apps/v9/deployments)" "$no_resource" 'an unknown version of a known group is a Status'
is "$(status_of GET /apis/apps/v9)" "$no_resource" 'so is its root'
is "$(status_of GET /api/v2)" "$no_resource" 'and one of the core group'
is "$(status_of GET /api/v1/namespaces/default/namespaces)" "$no_resource" 'namespaces below a namespace'
is "$(status_of GET /api/v1/nope)" "$no_resource" 'an unknown resource of a known version is a Status'
is "$(status_of GET /api/v1/pods/x)" "$no_resource" 'a namespaced name without its namespace'
is "$(status_of GET /api/v1/namespaces/default/nodes)" "$no_resource" 'a cluster kind below a namespace'
is "$(status_of GET $pods/x/nope)" "$no_resource" 'an unknown subresource'
is "$(status_of GET $pods/x/status/more)" "$no_resource" 'segments too many'
is "$(status_of POST $pods/x)" "$no_method" 'POST to a name'
is "$(status_of PUT $pods)" "$no_method" 'PUT to a collection'
is "$(status_of POST /api/v1/pods)" "$no_method" 'POST across namespaces'
is "$(status_of DELETE /api/v1/namespaces)" "$no_method" 'deletecollection where the kind has none'
is "$(status_of GET /apis/authorization.k8s.io/v1/selfsubjectaccessreviews)" "$no_method" 'GET of a review'
is "$(status_of BREW $pods)" "$no_method" 'an unknown method'
is "$(status_of GET $pods/%zz)" "400 BadRequest parse \"${pods#/}/%zz\": invalid URL escape" 'a bad escape'
is "$(api GET $pods/ | jq -r .kind)" PodList 'a slash at the end is harmless'
is "$(api GET /api/v1/namespaces/nons/pods | jq -c .items)" '[]' 'a list in a namespace that is not there is empty'
is "$(status_of GET $pods/x)" '404 NotFound pods "x" not found' 'a missing object'
is "$(status_of GET "$pods/a%2Fb")" '404 NotFound pods "a/b" not found' 'an encoded slash stays inside its segment'
is "$(api HEAD /api/v1/namespaces/default -I -w '%{http_code}' -o /dev/null)" 200 'HEAD is GET'
is "$(status_of GET '/api/v1/pods?timeout=soon')" \
	'400 BadRequest invalid timeout specified in the request URL - time: invalid duration "soon"' 'a bad timeout'

for path in /healthz /livez /readyz /readyz/ping; do
	is "$(curl -sk "$server_url$path")" ok "$path for anybody"
done
like "$(curl -sk "$server_url/readyz?verbose&exclude=store&exclude=zz")" \
	$'\[\+\]ping ok\n\[\+\]store excluded: ok\n.*no matches for "zz"\nreadyz check passed' '/readyz?verbose'
is "$(curl -sk "$server_url/version" | jq -r '.major + "." + .minor')" 1.36 '/version for anybody'
like "$(curl -sk "$server_url/version" | jq -r .gitVersion)" '^v1\.36\.[0-9]+(\+[0-9A-Za-z.-]+)?$' 'gitVersion is semver'
for path in /api /apis /api/v1/namespaces /metrics /openapi/v2 /; do
	is "$(curl -sk "$server_url$path" | jq -r .reason)" Unauthorized "$path not for anybody"
done
is "$(curl -sk -H 'Authorization: Bearer junk' "$server_url/version" | jq .code)" 401 \
	'a bad token is refused even where nobody needs one'
like "$(api GET /metrics)" 'apiserver_request_total\{verb="GET",code="404"\} [1-9]' '/metrics counts'
like "$(api GET /metrics)" 'process_resident_memory_bytes [1-9]' '/metrics tells the memory'
check '/ lists paths' jq -e '.paths | index("/apis/apps/v1") and index("/readyz")' <(api GET /)

like "$(api GET /api -D - -o /dev/null)" 'Audit-Id: [0-9a-f-]{36}' 'an Audit-Id'
like "$(api GET /api/v1/namespaces -D - -o /dev/null -H 'Audit-ID: mine')" $'Audit-Id: mine\r' 'an Audit-ID is kept'
like "$(api GET /api/v1/namespaces -D - -o /dev/null)" 'Cache-Control: no-cache, private' 'Cache-Control'
for junk in "$pods?%" "$pods?labelSelector=%00" "$pods?fieldSelector===" "$pods?continue=e30" \
	"$pods?limit=-1" "$pods?limit=99999999999999999999" '/apis//v1' '/api//' '//api//v1'; do
	like "$(api_code GET "$junk")" '^(200|4..)$' "junk: $junk"
done
is "$(api GET /readyz)" ok 'still well'
like "$(api GET /api/v1/namespaces/default/endpoints -D - -o /dev/null)" \
	'Warning: 299 - "v1 Endpoints is deprecated in v1.33\+' 'a deprecated kind warns'
is "$(api GET /version | jq -r .minCompatibilityMinor)" 35 'one version back'
done_testing
