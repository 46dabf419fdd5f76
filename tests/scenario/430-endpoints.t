#!/bin/bash
# Endpoints and EndpointSlices follow Services and their pods.
# timeout: 180
. "$(dirname "$0")/../lib/nutshell.bash"
start_server --nodes 3
k label node node-0 node-1 node-2 topology.kubernetes.io/zone=z1 > /dev/null
svc() { # NAME SPEC
	api_json POST /api/v1/namespaces/default/services '{"metadata":{"name":"'"$1"'","labels":{"of":"me"}},"spec":'"$2"'}' -o /dev/null
}
pod() { # NAME LABEL SPEC
	api_json POST /api/v1/namespaces/default/pods '{"metadata":{"name":"'"$1"'","labels":{"app":"'"$2"'"}},"spec":{'"${3-}"'"containers":[{"name":"c","image":"i","ports":[{"name":"http","containerPort":'"${4:-8080}"'}]}]}}' -o /dev/null
}
slices() { k get endpointslices -l kubernetes.io/service-name="$1" -o json; }
eps() { slices "$1" | jq -c "[.items[].endpoints[]? | $2] | sort"; }
old() { k get endpoints "$1" -o json 2> /dev/null | jq -c "$2"; }

svc web '{"selector":{"app":"web"},"ports":[{"name":"p","port":80,"targetPort":"http"}]}'
eventually 'a Service without pods has one empty slice' 5 prints '[[],null]' eval 'slices web | jq -c "[.items[] | (.endpoints, .ports) | if . == null then [] else . end] | if .[1] == [] then [.[0], null] else . end"'
pod a web; pod b web '' 9090; pod x other
eventually 'pods come' 5 prints '["a","b"]' eps web .targetRef.name
is "$(slices web | jq -c '[.items[].ports[].port] | sort')" '[8080,9090]' 'a named port may differ by pod'
is "$(eps web '[.conditions.ready, .conditions.serving, .conditions.terminating, .zone, (.nodeName | startswith("node-"))]')" \
	'[[true,true,false,"z1",true],[true,true,false,"z1",true]]' 'with conditions, zone and node'
is "$(slices web | jq -c '.items[0].metadata.labels')" \
	'{"endpointslice.kubernetes.io/managed-by":"endpointslice-controller.k8s.io","kubernetes.io/service-name":"web","of":"me"}' 'labels'
is "$(old web '[.subsets[].ports[0].port]|sort')" '[8080,9090]' 'Endpoints too'
k patch svc web -p '{"spec":{"ports":[{"name":"p","port":80,"targetPort":7000}]}}' > /dev/null
eventually 'ports change' 5 prints '[7000]' eval "slices web | jq -c '[.items[] | select(.endpoints) | .ports[].port]'"
k label pod b app=other --overwrite > /dev/null
eventually 'a pod that no longer matches leaves' 5 prints '["a"]' eps web .targetRef.name
k delete endpointslices -l kubernetes.io/service-name=web > /dev/null
eventually 'a deleted slice is made again' 5 prints '["a"]' eps web .targetRef.name
k delete endpoints web > /dev/null 2>&1
eventually 'and deleted Endpoints' 5 prints '"a"' old web '.subsets[0].addresses[0].targetRef.name'

svc head '{"clusterIP":"None","selector":{"app":"h"},"publishNotReadyAddresses":true}'
pod h1 h '"hostname":"one","subdomain":"head","readinessGates":[{"conditionType":"example.com/g"}],'
pod h2 h '"hostname":"two","subdomain":"else",'
eventually 'headless, unready published, host names of the subdomain' 5 prints \
	'[["h1",true,false,"one"],["h2",true,true,null]]' eps head '[.targetRef.name, .conditions.ready, .conditions.serving, .hostname]'
is "$(old head '[.subsets[].addresses[] | [.targetRef.name, .hostname]] | sort')" '[["h1","one"],["h2",null]]' 'in Endpoints as well'
is "$(slices head | jq -r '.items[0].metadata.labels["service.kubernetes.io/headless"]')" '' 'the headless mark'

svc gate '{"selector":{"app":"g"},"ports":[{"port":80}]}'
pod g g '"readinessGates":[{"conditionType":"example.com/g"}],'
eventually 'an unready pod' 5 prints '[[false,false]]' eps gate '[.conditions.ready, .conditions.serving]'
eventually 'is notReady in Endpoints' 5 prints 1 old gate '.subsets[0].notReadyAddresses | length'
k patch pod g --subresource status -p '{"status":{"conditions":[{"type":"example.com/g","status":"True"}]}}' > /dev/null
eventually 'becomes ready with its gate' 5 prints '[[true,true]]' eps gate '[.conditions.ready, .conditions.serving]'
k patch pod g -p '{"metadata":{"finalizers":["example.com/f"]}}' > /dev/null
k delete pod g --wait=false > /dev/null
eventually 'one that has ended leaves' 5 prints '[]' eps gate .targetRef.name
k patch pod g --type merge -p '{"metadata":{"finalizers":null}}' > /dev/null

k create deployment big --image i --replicas 230 > /dev/null
svc big '{"selector":{"app":"big"},"ports":[{"port":80}]}'
eventually '230 endpoints in slices of at most 100' 60 prints '230 100' eval "slices big | jq -r '[.items[].endpoints | length] | \"\(add) \(max)\"'"
k scale deployment big --replicas 0 > /dev/null
eventually 'and none in one' 60 prints '1 0' eval "slices big | jq -r '[.items[].endpoints | length] | \"\(length) \(add)\"'"

svc own '{"ports":[{"port":80}]}'
api_json POST /api/v1/namespaces/default/endpoints '{"metadata":{"name":"own"},"subsets":[{"addresses":[{"ip":"192.0.2.1"}],"ports":[{"port":1}]}]}' -o /dev/null
api_json POST /api/v1/namespaces/default/endpoints '{"metadata":{"name":"free"},"subsets":[{"addresses":[{"ip":"192.0.2.1"}]}]}' -o /dev/null
k delete svc web big > /dev/null
eventually 'a deleted Service takes its endpoints along' 5 prints '' eval 'k get endpoints -l of=me -o name --field-selector metadata.name=web 2> /dev/null'
eventually 'and its slices' 5 prints 0 eval "slices web | jq '.items | length'"
is "$(old own '.subsets[0].addresses[0].ip')$(old free '.subsets[0].addresses[0].ip')" '"192.0.2.1""192.0.2.1"' \
	'Endpoints made by hand stay, with a Service without selector and with none'
done_testing
