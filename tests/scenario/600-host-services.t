#!/bin/bash
# timeout: 180
# Services of a virtual cluster are Services of its host, which owns the addresses.
. "$(dirname "$0")/../lib/nutshell.bash"

start_server --as host --nodes 3
k create ns team-a > /dev/null
tenant() { # NAME [FLAGS]: one more virtual cluster in team-a
	local name=$1
	shift
	start_server --as "$name" --host kubernetes --host-kubeconfig "$(kubeconfig_of host)" \
		--host-namespace team-a --name "$name" "$@"
}
tenant one
tenant two

on() { KUBECONFIG=$(kubeconfig_of "$1") k "${@:2}"; } # SERVER KUBECTL-ARGUMENTS
host_service() { # SERVER NAMESPACE NAME: its name on the host
	on host -n team-a get svc -o json | jq -r --arg ns "$2" --arg name "$3" --arg ip "$(
		on "$1" -n "$2" get svc "$3" -o 'jsonpath={.spec.clusterIP}')" '.items[] |
		select(.metadata.annotations["nutshell.dev/name"] == $name and
		.metadata.annotations["nutshell.dev/namespace"] == $ns and
		(.spec.clusterIP == $ip or $ip == "")) | .metadata.name'
}
ip_of() { on "$1" get svc "$2" -o 'jsonpath={.spec.clusterIP}'; }

# --- addresses -----------------------------------------------------------------------------------

on one create svc clusterip web --tcp=80:8080 > /dev/null
on two create svc clusterip web --tcp=80:8080 > /dev/null
h1=$(host_service one default web) h2=$(host_service two default web)
like "$h1" '^web-default-[a-z2-7]{16}$' "a service exists on the host under a name of its own"
isnt "$h1" "$h2" "equal services of two tenants are two services"
is "$(ip_of one web)" "$(on host -n team-a get svc "$h1" -o 'jsonpath={.spec.clusterIP}')" \
	"the tenant sees the host's address"
like "$(on host -n team-a get svc "$h1" -o 'jsonpath={.spec.selector}')" \
	'"nutshell.dev/vc":"[a-z2-7]{20}","nutshell.dev/vns":"default"' \
	"its selector is limited to the tenant's namespace"

out=$(on one create svc clusterip dry --tcp=80 --dry-run=server -o name)
is "$out" service/dry "a dry run answers"
is "$(on host -n team-a get svc -o name | grep -c dry-)" 0 "and makes nothing on the host"

check_fails "an address that is taken is refused in the tenant's words" \
	'Service "copy" is invalid.*already allocated' \
	on one create svc clusterip copy --tcp=80 --clusterip="$(ip_of two web)"
check_fails "and the service does not exist" 'NotFound' on one get svc copy
is "$(on host -n team-a get svc -o name | grep -c copy-)" 0 "nor on the host"
check_fails "a name twice is a conflict" 'already exists' on one create svc clusterip web --tcp=80
check "after which the host's service is still there" on host -n team-a get svc "$h1"

on one create svc clusterip lone --clusterip=None --tcp=80 > /dev/null
is "$(ip_of one lone)" None "a headless service stays headless"
is "$(on host -n team-a get svc "$(host_service one default lone)" -o 'jsonpath={.spec.clusterIP}')" \
	None "on the host, too"

# --- changes -------------------------------------------------------------------------------------

on one create svc nodeport np --tcp=80 > /dev/null
port=$(on one get svc np -o 'jsonpath={.spec.ports[0].nodePort}')
like "$port" '^3[0-9]{4}$' "a node port is given"
is "$(on host -n team-a get svc "$(host_service one default np)" -o 'jsonpath={.spec.ports[0].nodePort}')" \
	"$port" "and it is the host's"
on one patch svc np --type=json \
	-p '[{"op":"add","path":"/spec/ports/-","value":{"name":"b","port":81}},{"op":"add","path":"/spec/ports/0/name","value":"a"}]' > /dev/null
is "$(on one get svc np -o 'jsonpath={.spec.ports[0].nodePort}')" "$port" "another port leaves it alone"
is "$(on host -n team-a get svc "$(host_service one default np)" -o 'jsonpath={.spec.ports[*].nodePort}')" \
	"$(on one get svc np -o 'jsonpath={.spec.ports[*].nodePort}')" "the second one has the host's port"

address=$(ip_of one web)
on one patch svc web -p '{"spec":{"type":"NodePort"}}' > /dev/null
is "$(on host -n team-a get svc "$h1" -o 'jsonpath={.spec.type}')" NodePort "ClusterIP to NodePort"
is "$(ip_of one web)" "$address" "keeps the address"
on one label svc web tier=front > /dev/null
eventually "a label travels" 5 prints front \
	on host -n team-a get svc "$h1" -o 'jsonpath={.metadata.labels.tier}'
on host -n team-a label svc "$h1" admin=me > /dev/null
on one label svc web tier- > /dev/null
eventually "and goes" 5 prints '' on host -n team-a get svc "$h1" -o 'jsonpath={.metadata.labels.tier}'
is "$(on host -n team-a get svc "$h1" -o 'jsonpath={.metadata.labels.admin}')" me \
	"the host's own label stays"

on one create svc externalname ext --external-name example.com > /dev/null
is "$(on host -n team-a get svc -o name | grep -c /ext-)" 0 "an ExternalName has no host service"
on one patch svc ext --type=merge -p '{"spec":{"type":"ClusterIP","externalName":null,"ports":[{"port":80}]}}' > /dev/null
like "$(ip_of one ext)" '^10\.' "ExternalName to ClusterIP: an address of the host"
hx=$(host_service one default ext)
on one patch svc ext --type=merge -p '{"spec":{"type":"ExternalName","externalName":"example.com","ports":null}}' > /dev/null
eventually "ClusterIP to ExternalName: the host's service goes" 5 prints '' \
	on host -n team-a get svc "$hx" --ignore-not-found -o name

# --- load balancers: status comes back -----------------------------------------------------------

on one create svc loadbalancer lb --tcp=80 > /dev/null
hl=$(host_service one default lb)
on host -n team-a patch svc "$hl" --subresource=status --type=merge \
	-p '{"status":{"loadBalancer":{"ingress":[{"ip":"203.0.113.7"}]}}}' > /dev/null
eventually "the load balancer's address arrives" 5 prints 203.0.113.7 \
	on one get svc lb -o 'jsonpath={.status.loadBalancer.ingress[0].ip}'

on one patch svc lb -p '{"spec":{"type":"ClusterIP"}}' > /dev/null
eventually "LoadBalancer to ClusterIP: its status goes" 5 prints '{"loadBalancer":{}}' \
	on one get svc lb -o 'jsonpath={.status}'
is "$(on one get svc lb -o 'jsonpath={.spec.ports[0].nodePort}')" '' "and its node port"
eventually "on the host, too" 5 prints ClusterIP on host -n team-a get svc "$hl" -o 'jsonpath={.spec.type}'

# Deleted and made again at once, over and over: nothing is left over, nothing is lost.
again() {
	local i
	for i in 1 2 3 4 5 6 7 8; do
		on one create svc clusterip twin --tcp=80 && on one delete svc twin --wait=false || return
	done
	on one create svc clusterip twin --tcp=80
}
check "the same service again and again" again
twin() { on host -n team-a get svc -o json | jq -r '.items[] |
	select(.metadata.annotations["nutshell.dev/name"] == "twin") | .spec.clusterIP'; }
sleep 1
is "$(twin)" "$(ip_of one twin)" "is one on the host, with the address the tenant has"

# --- endpoints of a service without selector ------------------------------------------------------

on one apply -f - > /dev/null <<- YAML
	apiVersion: v1
	kind: Service
	metadata: {name: manual}
	spec: {ports: [{name: p, port: 80}]}
	---
	apiVersion: discovery.k8s.io/v1
	kind: EndpointSlice
	metadata: {name: manual-1, labels: {kubernetes.io/service-name: manual}}
	addressType: IPv4
	endpoints: [{addresses: [192.0.2.10]}, {addresses: [127.0.0.1]}]
	ports: [{name: p, port: 8080}]
YAML
hm=$(host_service one default manual)
slice() { on host -n team-a get endpointslice -l "kubernetes.io/service-name=$hm" -o "$1"; }
eventually "its slice arrives at the host" 5 prints 192.0.2.10 slice 'jsonpath={.items[*].endpoints[*].addresses[*]}'
on one delete endpointslice manual-1 > /dev/null
eventually "and goes" 5 prints '' slice name

# --- going ---------------------------------------------------------------------------------------

on one delete svc web > /dev/null
eventually "a deleted service goes on the host" 5 prints '' \
	on host -n team-a get svc "$h1" --ignore-not-found -o name
check "the other tenant's stays" on host -n team-a get svc "$h2"
on host -n team-a delete svc "$h2" > /dev/null
eventually "what the host lost is made again" 5 on host -n team-a get svc "$h2"

# A restart finds everything as it was.
uid=$(on host -n team-a get svc "$hl" -o 'jsonpath={.metadata.uid}')
stop_server one
tenant one
sleep 1
is "$(on host -n team-a get svc "$hl" -o 'jsonpath={.metadata.uid}')" "$uid" "a restart keeps the host's services"
is "$(on host -n team-a get svc "$hl" -o 'jsonpath={.spec.clusterIP}')" "$(ip_of one lb)" "and their addresses"

done_testing
