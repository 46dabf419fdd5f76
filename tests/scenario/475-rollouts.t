#!/bin/bash
# kubectl's commands about rollouts, jobs, drains and scaling, with the oldest, a middle and the newest kubectl.
# timeout: 180
. "$(dirname "$0")/../lib/nutshell.bash"
start_server --nodes 3
wait_until 5 k get sa default
named() { # KIND NAME REPLICAS
	local more='"replicas":'$3,
	[ "$1" != daemonsets ] || more=
	[ "$1" != statefulsets ] || more+='"serviceName":"s",'
	api_json POST /apis/apps/v1/namespaces/default/"$1" '{"metadata":{"name":"'"$2"'"},"spec":{'"$more"'"selector":{"matchLabels":{"app":"'"$2"'"}},
		"template":{"metadata":{"labels":{"app":"'"$2"'"}},"spec":{"terminationGracePeriodSeconds":0,"containers":[{"name":"c","image":"i:1"}]}}}}' -o /dev/null
}
images() { k get pods -l app="$1" -o json | jq -c '[.items[] | select(.metadata.deletionTimestamp | not).spec.containers[0].image] | unique'; }
uids() { k get pods -l app="$1" -o json | jq -r '.items[].metadata.uid' | sort; }

for client in k127 k133 k; do
	for kind in deployments statefulsets daemonsets; do
		name=${kind:0:3}-$client what=${kind%s}/${kind:0:3}-$client
		named $kind "$name" 2
		like "$($client rollout status "$what" --timeout 15s 2>&1 | tail -n 1)" 'successfully rolled out|rolling update complete|roll out complete' "$client: rollout status $kind"
		$client annotate "$what" kubernetes.io/change-cause=first > /dev/null
		$client set image "$what" c=i:2 > /dev/null
		$client annotate "$what" kubernetes.io/change-cause=second --overwrite > /dev/null
		$client rollout status "$what" --timeout 15s > /dev/null
		is "$($client rollout history "$what" | awk '$1 ~ /^[0-9]+$/ { print $1 }' | tr '\n' ' ')" '1 2 ' "$client: rollout history $kind"
		like "$($client rollout history "$what" --revision 2)" 'Image:[[:space:]]+i:2' "$client: of one revision"
		check "$client: rollout undo $kind" $client rollout undo "$what"
		$client rollout status "$what" --timeout 15s > /dev/null
		is "$(images "$name")" '["i:1"]' "$client: ends with the old image"
		$client rollout undo "$what" --to-revision 2 > /dev/null
		$client rollout status "$what" --timeout 15s > /dev/null
		is "$(images "$name")" '["i:2"]' "$client: undo to a revision"
		before=$(uids "$name")
		check "$client: rollout restart $kind" $client rollout restart "$what"
		$client rollout status "$what" --timeout 15s > /dev/null
		is "$(comm -12 <(echo "$before") <(uids "$name"))" '' "$client: ends with other pods"
	done
	what=deployment/dep-$client
	check "$client: rollout pause" $client rollout pause "$what"
	$client set image "$what" c=i:3 > /dev/null
	eventually "$client: is told" 5 prints DeploymentPaused k get "$what" -o 'jsonpath={.status.conditions[?(@.type=="Progressing")].reason}'
	check_fails "$client: a paused one is not undone" 'cannot rollback a paused' $client rollout undo "$what"
	check_fails "$client: nor restarted" "can't restart paused" $client rollout restart "$what"
	is "$(images "dep-$client")" '["i:2"]' "$client: nothing moves"
	check "$client: rollout resume" $client rollout resume "$what"
	$client rollout status "$what" --timeout 15s > /dev/null
	is "$(images "dep-$client")" '["i:3"]' "$client: then it does"
	check_fails "$client: only Deployments are paused" 'pausing is not supported' $client rollout pause "statefulset/sta-$client"
	check "$client: scale" $client scale "$what" --current-replicas 2 --replicas 3
	check_fails "$client: scale from another number" 'Expected replicas to be 2, was 3' $client scale "$what" --current-replicas 2 --replicas 1
	check "$client: autoscale" $client autoscale "$what" --min 2 --max 5 --cpu-percent 80
	is "$(k get hpa "dep-$client" -o json | jq -c '.spec | [.scaleTargetRef.kind, .scaleTargetRef.name, .minReplicas, .maxReplicas, (.metrics[0].resource | [.name, .target.averageUtilization])]')" \
		'["Deployment","dep-'$client'",2,5,["cpu",80]]' "$client: makes a HorizontalPodAutoscaler"
	check "$client: create cronjob" $client create cronjob "cron-$client" --image i --schedule '0 0 1 1 *' -- true
	check "$client: create job --from=cronjob" $client create job "job-$client" --from="cronjob/cron-$client"
	check "$client: which completes" k wait --for=condition=complete "job/job-$client" --timeout 15s
	is "$(k get job "job-$client" -o json | jq -c '[.metadata.annotations["cronjob.kubernetes.io/instantiate"], .metadata.ownerReferences[0].kind]')" \
		'["manual","CronJob"]' "$client: and belongs to it"

	$client create pdb "keep-$client" --selector "app=dep-$client" --min-available 2 > /dev/null
	$client create pdb "all-$client" --selector "app=sta-$client" --max-unavailable 0 > /dev/null
	wait_until 5 prints 1 k get pdb "keep-$client" -o 'jsonpath={.status.disruptionsAllowed}'
	node=$(k get pod "sta-$client-0" -o 'jsonpath={.spec.nodeName}')
	check_fails "$client: drain minds DaemonSets" 'cannot delete.*DaemonSet-managed Pods' $client drain "$node" --timeout 2s
	check_fails "$client: a budget of nothing holds it up" 'violate the pod.s disruption budget' $client drain "$node" --ignore-daemonsets --force --timeout 1s
	$client delete pdb "all-$client" > /dev/null
	check "$client: drain ends without it" $client drain "$node" --ignore-daemonsets --force --timeout 30s
	is "$(k get pods --field-selector "spec.nodeName=$node" -o json | jq -c '[.items[].metadata | select(.deletionTimestamp | not) | .ownerReferences[0].kind // "none"] | unique')" \
		'["DaemonSet"]' "$client: only what belongs there is left"
	check "$client: what was drained runs elsewhere" $client rollout status "$what" --timeout 15s
	$client uncordon "$node" > /dev/null
	k delete deploy,sts,ds,hpa,pdb,cj --all > /dev/null
done
done_testing
