#!/bin/bash
# Services as programs see them: the API server's own, endpoints that follow pods port by port, and how fast they do;
# Endpoints written by hand.
. "$(dirname "$0")/../lib/nutshell.bash"
start_server --nodes 2
wait_until 5 k get sa default
core=/api/v1/namespaces/default
pod() { # NAME PORT...
	local ports= p
	for p in "${@:2}"; do ports+=${ports:+,}'{"name":"p'$p'","containerPort":'$p'}'; done
	api_json POST $core/pods '{"metadata":{"name":"'"$1"'","labels":{"app":"web","port":"p'"$2"'"}},"spec":{"terminationGracePeriodSeconds":0,"containers":[{"name":"c","image":"i","ports":['"$ports"']}]}}' -o /dev/null
}
# Name and port of what is behind a Service: by its Endpoints, then by its slices. They must agree.
behind() {
	local old new
	old=$(api GET "$core/endpoints/$1" | jq -c '[.subsets[]? | .ports[]?.port as $p | .addresses[]? | [.targetRef.name, $p]] | sort')
	new=$(api GET "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices?labelSelector=kubernetes.io/service-name%3D$1" |
		jq -c '[.items[] | .ports[]?.port as $p | .endpoints[]? | [.targetRef.name, $p]] | sort')
	if [ "$old" = "$new" ]; then echo "$old"; else echo "$old is not $new"; fi
}

is "$(api GET /api/v1/services | jq -c '[.items[] | [.metadata.namespace, .metadata.name]]')" '[["default","kubernetes"]]' 'the service of the API server is found in a list of all'
is "$(k get svc kubernetes -o 'jsonpath={.spec.ports[0].name} {.spec.ports[0].port}')" 'https 443' 'and by its name'
addresses='[.subsets[] | .ports[].port as $p | .addresses[] | [.ip, $p]] | sort'
own=$(api GET $core/endpoints/kubernetes | jq -c "$addresses")
like "$own" '^\[\["[0-9.]+",[0-9]+\]\]$' 'its Endpoints name the API server'
is "$(k get endpointslices -l kubernetes.io/service-name=kubernetes -o json | jq -c '[.items[] | .ports[].port as $p | .endpoints[] | [.addresses[0], $p]] | sort')" "$own" 'and so does its slice'

api_json POST $core/services '{"metadata":{"name":"one"},"spec":{"selector":{"app":"web"},"ports":[{"port":80,"targetPort":80}]}}' -o /dev/null
api_json POST $core/services '{"metadata":{"name":"two"},"spec":{"selector":{"app":"web"},"ports":[{"name":"a","port":80,"targetPort":"p100"},{"name":"b","port":81,"targetPort":"p101"}]}}' -o /dev/null
eventually 'nothing is behind a new Service' 5 prints '[]' behind one
pod pod1 100
eventually 'a pod comes' 5 prints '[["pod1",80]]' behind one
eventually 'behind the port that it has' 5 prints '[["pod1",100]]' behind two
pod pod2 101
eventually 'a second one' 5 prints '[["pod1",80],["pod2",80]]' behind one
eventually 'behind the other port' 5 prints '[["pod1",100],["pod2",101]]' behind two
k delete pod pod1 > /dev/null
eventually 'the first goes' 5 prints '[["pod2",80]]' behind one
eventually 'from its port' 5 prints '[["pod2",101]]' behind two
k delete pod pod2 > /dev/null
eventually 'the second goes' 5 prints '[]' behind one
eventually 'and nothing is left' 5 prints '[]' behind two

from=$(api GET "$core/endpoints?limit=1" | jq -r .metadata.resourceVersion)
hand() { api GET "/api/v1/endpoints?labelSelector=hand%3Dyes" | jq -c '[.items[] | .metadata.name, (.subsets[] | .addresses[0].ip, .ports[0].port)]'; }
api_json POST $core/endpoints '{"metadata":{"name":"hand","labels":{"hand":"yes"}},"subsets":[{"addresses":[{"ip":"10.0.0.24"}],"ports":[{"name":"http","port":80,"protocol":"TCP"}]}]}' -o /dev/null
is "$(hand)" '["hand","10.0.0.24",80]' 'Endpoints by hand are found in a list of all'
api GET $core/endpoints/hand | jq '.metadata.labels.more = "yes"' > "$T/body"
is "$(api PUT $core/endpoints/hand -H 'Content-Type: application/json' --data-binary @"$T/body" | jq -r .metadata.labels.more)" yes 'updated'
api PATCH $core/endpoints/hand -H 'Content-Type: application/strategic-merge-patch+json' \
	-d '{"subsets":[{"addresses":[{"ip":"10.0.0.25"}],"ports":[{"name":"http-test","port":8080}]}]}' -o /dev/null
is "$(hand)" '["hand","10.0.0.25",8080]' 'patched with another address and port'
api DELETE "$core/endpoints?labelSelector=hand%3Dyes" -o /dev/null
is "$(hand)" '[]' 'deleted by their label'
is "$(api GET "$core/endpoints?watch=1&resourceVersion=$from&timeoutSeconds=1&labelSelector=hand%3Dyes" | jq -r .type | tr '\n' ' ')" 'ADDED MODIFIED MODIFIED DELETED ' 'and watched'

# --- how fast ----------------------------------------------------------------------------------

pod quick 80
wait_until 5 prints Running k get pod quick -o 'jsonpath={.status.phase}'
cat > "$T/latency.py" <<'END'
"""Makes 100 Services one after the other and prints, from a watch, when the endpoints of each were there."""
import http.client, json, ssl, sys, threading, time
url, keys = sys.argv[1].split("//")[1], sys.argv[2]
tls = ssl.create_default_context(cafile=f"{keys}/ca.pem")
tls.load_cert_chain(f"{keys}/cert.pem", f"{keys}/key.pem")
path, made, seen = "/api/v1/namespaces/default/", {}, {}

def watch(answer):
    for line in answer:
        o = json.loads(line)["object"]
        if o.get("subsets") and o["metadata"]["name"].startswith("lat-"):
            seen.setdefault(o["metadata"]["name"], time.time())
        if len(seen) == 100:
            return

w = http.client.HTTPSConnection(url, context=tls, timeout=30)
w.request("GET", path + "endpoints?watch=1&timeoutSeconds=25")
t = threading.Thread(target=watch, args=(w.getresponse(),))
t.start()
c = http.client.HTTPSConnection(url, context=tls, timeout=30)
for i in range(100):
    body = {"metadata": {"name": f"lat-{i}"}, "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]}}
    made[f"lat-{i}"] = time.time()
    c.request("POST", path + "services", json.dumps(body), {"Content-Type": "application/json"})
    c.getresponse().read()
t.join(25)
took = sorted(seen.get(n, 1e9) - made[n] for n in made)
print(*(int(took[p] * 1000) for p in (49, 89, 98)))
END
read -r p50 p90 p99 < <(python3 "$T/latency.py" "$server_url" "$T/$server")
check "100 Services: endpoints within ms (percentiles 50, 90, 99): $p50 $p90 $p99" test "$p50" -lt 2000 -a "$p90" -lt 5000 -a "$p99" -lt 5000
done_testing
