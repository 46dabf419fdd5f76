#!/bin/bash
# proxy of services, pods and nodes: paths, verbs, upgrades, redirects untouched; what cannot be reached says so.
. "$(dirname "$0")/../lib/nutshell.bash"

address=$(hostname -I 2> /dev/null | tr ' ' '\n' | grep -m1 -E '^[0-9]+(\.[0-9]+){3}$')
[ -n "$address" ] || skip_all 'this machine has no address besides loopback'
start_server

python3 "$root/tests/lib/sample_api.py" - - - "$T/port" "$address" > "$T/seen" 2> "$T/sample.log" &
background_pids+=($!)
eventually 'a server to be reached' 10 test -s "$T/port"
printf '%s' '{"apiVersion":"v1","kind":"List","items":[
{"apiVersion":"v1","kind":"Service","metadata":{"name":"web"},"spec":{"ports":[{"name":"main","port":80}]}},
{"apiVersion":"discovery.k8s.io/v1","kind":"EndpointSlice","metadata":{"name":"web-1","labels":{"kubernetes.io/service-name":"web"}},
 "addressType":"IPv4","ports":[{"name":"main","port":'"$(cat "$T/port")"'}],"endpoints":[{"addresses":["'"$address"'"]}]},
{"apiVersion":"v1","kind":"Service","metadata":{"name":"none"},"spec":{"ports":[{"port":80},{"name":"b","port":81}]}},
{"apiVersion":"v1","kind":"Service","metadata":{"name":"out"},"spec":{"type":"ExternalName","externalName":"localhost"}},
{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"x"}]}}]}' |
	sed 's/"port":80},{/"port":80,"name":"a"},{/' > "$T/all.json"
check 'services and a pod' k create -f "$T/all.json"

svc=/api/v1/namespaces/default/services
last() { tail -n 1 "$T/seen" | jq -c "$1"; }
is "$(api GET $svc/web/proxy/some/page -w ' %{http_code} %{content_type}')" "<a href='/x'>x</a> 200 text/html" 'a page, untouched'
is "$(api POST "$svc/web:main/proxy/a%2Fb/c?q=%2F" -d body -o /dev/null -w '%{http_code}')" 404 'an error passes through'
is "$(last '[.method, .path, .body]')" '["POST","/a%2Fb/c?q=%2F","body"]' 'method, path, query and body'
is "$(last '[.headers[] | .[0]] | (index("x-remote-user") == null) and (index("authorization") == null)')" true 'nobody is told who asks'
is "$(last '[.headers[] | select(.[0] == "x-forwarded-uri") | .[1]]')" "[\"$svc/web:main/proxy/a%2Fb/c\"]" 'X-Forwarded-Uri'
is "$(api_code DELETE $svc/http:web:80/proxy/things/one)" 200 'scheme, name and port number; DELETE'
is "$(api GET $svc/web/proxy -o /dev/null -w '%{http_code} %{redirect_url}')" "301 $server_url$svc/web/proxy/" 'nothing behind proxy: a slash is asked for'
is "$(api GET $svc/web/proxy/away -o /dev/null -w '%{http_code} %{redirect_url}')" '302 http://elsewhere.test/' 'a redirect, untouched'
up=$({ printf 'GET %s HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n' $svc/web/proxy/x; sleep 0.5; printf hello; sleep 0.5; } |
	timeout 5 openssl s_client -quiet -connect "${server_url#https://}" -cert "$T/main/cert.pem" -key "$T/main/key.pem" 2> /dev/null)
like "$up" 'HTTP/1.1 101 .*HELLO' 'an upgrade'
is "$(k get --raw $svc/web/proxy/some/page)" "<a href='/x'>x</a>" 'kubectl get --raw'

is "$(api GET $svc/zz/proxy/ | jq -c '[.code, .message]')" '[404,"services \"zz\" not found"]' 'no such service'
is "$(api GET $svc/none:a/proxy/ | jq -c '[.code, .message]')" '[503,"no endpoints available for service \"none\""]' 'no endpoints'
is "$(api GET $svc/none/proxy/ | jq -c '[.code, .message]')" '[503,"no service port \"\" found for service \"none\""]' 'which port'
is "$(api GET $svc/web:zz/proxy/ | jq -c .code)" 503 'no such port'
is "$(api GET $svc/ftp:web:80/proxy/ | jq -c '[.code, .message]')" '[400,"invalid service request \"ftp:web:80\""]' 'a scheme that is none'
is "$(api GET $svc/out/proxy/ | jq -c .code)" 503 'names outside are not followed'
is "$(api GET /api/v1/namespaces/default/pods/p/proxy/ | jq -c '[.code, .reason]')" '[503,"ServiceUnavailable"]' 'a simulated pod has no address'
node=$(k get nodes -o 'jsonpath={.items[0].metadata.name}')
is "$(api GET /api/v1/nodes/$node/proxy/metrics | jq -c '[.code, .reason]')" '[503,"ServiceUnavailable"]' 'nor has its node'
is "$(api GET $svc/web/proxy/ -H 'Impersonate-User: bob' | jq -r .message)" \
	'services "web" is forbidden: User "bob" cannot get resource "services/proxy" in API group "" in the namespace "default"' 'rights'

api GET $svc/web/proxy/hang > /dev/null 2>&1 &
hangs() { grep -q '"/hang"' "$T/seen"; }
eventually 'an answer that does not come' 5 hangs
stop_server # and ends within its time nevertheless

done_testing
