#!/bin/bash
# Rules between pods: affinity, anti-affinity both ways, topology spread, and what is said when none fits.
. "$(dirname "$0")/../lib/nutshell.bash"

start_server --nodes 4
for i in 0 1 2 3; do k label node node-$i "zone=z$((i / 2))" > /dev/null; done

# deploy NAME REPLICAS EXTRA-SPEC [TEMPLATE-LABELS]
deploy() {
	k apply -f - > /dev/null << YAML
apiVersion: apps/v1
kind: Deployment
metadata: {name: $1}
spec:
  replicas: $2
  selector: {matchLabels: {app: $1}}
  template:
    metadata: {labels: {app: $1}}
    spec:
      containers: [{name: c, image: i}]
$(sed 's/^/      /' <<< "$3")
YAML
}
nodes_of() { k get pods -l "app=$1" -o 'jsonpath={range .items[*]}{.spec.nodeName}{"\n"}{end}' | sort; }
why() { k get pods -l "app=$1" -o 'jsonpath={.items[*].status.conditions[?(@.reason=="Unschedulable")].message}'; }
bound() { [ "$(nodes_of "$1" | grep -c node)" = "$2" ]; }

deploy alone 5 'affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [
  {topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: alone}}}]}}'
eventually "four of five find a node of their own" 10 bound alone 4
is "$(nodes_of alone | grep node | uniq -d)" "" "no two on one node"
told() { [[ $(why alone) =~ "4 node(s) didn't match pod anti-affinity rules" ]]; }
eventually "the fifth is told why" 10 told

deploy with 2 'affinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [
  {topologyKey: zone, labelSelector: {matchLabels: {app: base}}}]}}'
lonely() { [[ $(why with) =~ "4 node(s) didn't match pod affinity rules" ]]; }
eventually "who wants company waits for it" 10 lonely
deploy base 1 'nodeSelector: {zone: z1}'
eventually "and follows it" 10 bound with 2
is "$(nodes_of with | grep -cE 'node-[23]')" 2 "into its zone"

deploy group 3 'affinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [
  {topologyKey: zone, labelSelector: {matchLabels: {app: group}}}]}}'
eventually "a group that wants to be together starts somewhere" 10 bound group 3
zones=$(for n in $(nodes_of group); do k get node "$n" -o 'jsonpath={.metadata.labels.zone}{"\n"}'; done | sort -u | wc -l)
is "$zones" 1 "and stays together"

deploy even 6 'topologySpreadConstraints: [
  {maxSkew: 1, topologyKey: zone, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {app: even}}}]'
eventually "six pods are placed" 10 bound even 6
is "$(nodes_of even | grep -cE 'node-[01]')" 3 "three in each zone"

deploy far 1 'nodeSelector: {kubernetes.io/hostname: node-0}
affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [
  {topologyKey: kubernetes.io/hostname, namespaceSelector: {}, labelSelector: {matchLabels: {app: noisy}}}]}}'
eventually "one that keeps others away" 10 bound far 1
deploy noisy 1 'nodeSelector: {kubernetes.io/hostname: node-0}'
kept() { [[ $(why noisy) =~ "1 node(s) didn't satisfy existing pods anti-affinity rules" ]]; }
eventually "keeps them away" 10 kept
k delete deployment far > /dev/null
eventually "until it is gone" 10 bound noisy 1
done_testing
