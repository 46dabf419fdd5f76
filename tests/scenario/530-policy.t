#!/bin/bash
# What the tenant may not have on the host is told inside, and never reaches the host.
. "$(dirname "$0")/../lib/nutshell.bash"
. "$(dirname "$0")/../lib/twin.bash"

start_twins
pod() { # NAME SPEC
	tenant apply -f - > /dev/null << YAML
apiVersion: v1
kind: Pod
metadata: {name: $1}
spec: $2
YAML
}
reason() { tenant get pod "$1" -o 'jsonpath={.status.conditions[?(@.type=="PodScheduled")].reason}'; }

pod root '{containers: [{name: c, image: i, securityContext: {privileged: true}}]}'
pod files '{containers: [{name: c, image: i}], volumes: [{name: v, hostPath: {path: /etc}}]}'
pod net '{hostNetwork: true, containers: [{name: c, image: i}]}'
pod claim '{containers: [{name: c, image: i}], volumes: [{name: v, persistentVolumeClaim: {claimName: x}}]}'
eventually "a privileged pod is blocked" 10 prints PolicyBlocked reason root
eventually "hostPath is blocked" 10 prints PolicyBlocked reason files
eventually "host network is blocked" 10 prints PolicyBlocked reason net
eventually "an unsynced volume is told" 10 prints UnsupportedField reason claim
like "$(tenant get pod root -o 'jsonpath={.status.conditions[?(@.type=="PodScheduled")].message}')" \
	"privileged" "with the field"
told() { tenant get events --field-selector involvedObject.name=root,reason=PolicyBlocked --no-headers | grep -q .; }
eventually "and in an event" 10 told
is "$(host_count pods)" 0 "nothing of it is on the host"

host label namespace team-a pod-security.kubernetes.io/enforce=restricted > /dev/null
tenant create deployment plain --image=nginx > /dev/null
plain() { reason "$(tenant get pods -l app=plain -o 'jsonpath={.items[0].metadata.name}')"; }
eventually "the host's own policy is passed on" 10 prints HostPolicyViolation plain
like "$(tenant get pods -l app=plain -o 'jsonpath={.items[0].status.conditions[?(@.type=="PodScheduled")].message}')" \
	'pods "plain-[a-z0-9-]+" is forbidden: violates PodSecurity' "in virtual names"
like "$(tenant describe replicaset -l app=plain)" HostPolicyViolation "also on its ReplicaSet"
done_testing
