#!/bin/bash
# CronJobs: suspension and what happens when the next job is due before the last has ended. Jobs: adoption, release,
# a status written by others, a life of patches.
. "$(dirname "$0")/../lib/nutshell.bash"
start_server --nodes 2
wait_until 5 k get sa default
merge() { api PATCH "$1" -H 'Content-Type: application/merge-patch+json' -d "$2"; }
jobs=/apis/batch/v1/namespaces/default/jobs crons=/apis/batch/v1/namespaces/default/cronjobs
template() { # SECONDS
	echo '"template":{"metadata":{"annotations":{"nutshell.dev/run-for":"'"$1"'s"}},"spec":{"restartPolicy":"Never","terminationGracePeriodSeconds":0,"containers":[{"name":"c","image":"i"}]}}'
}
cron() { # NAME SECONDS MEMBERS
	api_json POST $crons '{"metadata":{"name":"'"$1"'"},"spec":{"schedule":"@every 1s",'"$3"'"jobTemplate":{"metadata":{"labels":{"cron":"'"$1"'"}},"spec":{'"$(template "$2")"'}}}}' -o /dev/null
}
made() { api GET "$jobs?labelSelector=cron%3D$1" | jq -r '.items[].metadata.name'; }
active() { k get cj "$1" -o json | jq '.status.active // [] | length'; }

# Jobs are named after the minute that they were due in. So as not to wait for the next one, the job that is still active
# is one made by hand, which the status is told of.
cron off 0 '"suspend":true,'
for policy in Allow Forbid Replace; do
	name=${policy,,}
	cron $name 60 '"suspend":true,"concurrencyPolicy":"'$policy'",'
	k create job $name-old --from=cronjob/$name > /dev/null
	merge $crons/$name/status '{"status":{"active":[{"kind":"Job","apiVersion":"batch/v1","namespace":"default","name":"'$name'-old","uid":"'"$(k get job $name-old -o 'jsonpath={.metadata.uid}')"'"}]}}' -o /dev/null
	merge $crons/$name '{"spec":{"suspend":false}}' > /dev/null
done
eventually 'Allow: several jobs at once' 10 prints 2 active allow
eventually 'which all run' 5 prints '1 1' k get jobs -l cron=allow -o 'jsonpath={.items[*].status.active}'
eventually 'Forbid: the next one is put off' 10 eval "k get events --field-selector involvedObject.name=forbid | grep -q JobAlreadyActive"
is "$(active forbid) $(made forbid)" '1 forbid-old' 'while one is active'
eventually 'Replace: the next one takes the place of the last' 10 eval 'made replace | grep -qx "replace-[0-9]*" && ! made replace | grep -qx replace-old'
is "$(active replace)" 1 'of which there is one'
is "$(made off)$(k get cj off -o 'jsonpath={.status.lastScheduleTime}')" '' 'suspended: none in all that time'
k delete cj --all > /dev/null

job() { # NAME MEMBERS SECONDS
	api_json POST $jobs '{"metadata":{"name":"'"$1"'","labels":{"e2e":"'"$1"'"}},"spec":{'"$2$(template "$3")"'}}' -o /dev/null
}
pods() { api GET "/api/v1/namespaces/default/pods?labelSelector=job-name%3D$1" | jq -r '.items[] | select(.metadata.deletionTimestamp | not).metadata.name'; }
owner() { k get pod "$1" -o 'jsonpath={.metadata.ownerReferences[*].name}'; }
job work '"parallelism":2,"completions":4,' 60
eventually 'as many pods as may run at once' 5 prints 2 eval 'pods work | wc -l'
pod=$(pods work | head -n 1)
merge "/api/v1/namespaces/default/pods/$pod" '{"metadata":{"ownerReferences":null}}' -o /dev/null
eventually 'an orphan that matches is taken back' 5 prints work owner "$pod"
merge "/api/v1/namespaces/default/pods/$pod" '{"metadata":{"labels":null}}' -o /dev/null
eventually 'one that no longer matches is let go' 5 prints '' owner "$pod"
eventually 'and replaced' 5 prints 2 eval 'pods work | wc -l'
condition() { jq -c '[.status.conditions[] | select(.type == "CustomConditionType") | [.status, .lastTransitionTime]]'; }
is "$(merge $jobs/work/status '{"metadata":{"annotations":{"patchedstatus":"true"}},"status":{"conditions":[{"type":"CustomConditionType","status":"True","lastTransitionTime":"2026-01-02T03:04:05Z"}]}}' | condition)" \
	'[["True","2026-01-02T03:04:05Z"]]' 'its status is patched'
updated() { api GET $jobs/work/status | jq '.status.conditions |= map(if .type == "CustomConditionType" then .lastTransitionTime = "2026-01-02T03:04:06Z" else . end)' |
	api PUT $jobs/work/status -H 'Content-Type: application/json' --data-binary @- | condition; }
eventually 'and updated' 5 prints '[["True","2026-01-02T03:04:06Z"]]' updated
is "$(api GET $jobs/work/status | condition)" '[["True","2026-01-02T03:04:06Z"]]' 'which stays'
is "$(k get job work -o 'jsonpath={.metadata.annotations.patchedstatus}')" true 'with the annotation'
check 'it can be deleted' k delete job work
eventually 'with its pods' 10 prints '' pods work

from=$(api GET "$jobs?limit=1" | jq -r .metadata.resourceVersion)
job life '"suspend":true,"parallelism":2,"completions":2,' 0
eventually 'a suspended job' 5 prints True k get job life -o 'jsonpath={.status.conditions[?(@.type=="Suspended")].status}'
is "$(merge $jobs/life '{"metadata":{"labels":{"patched":"yes"}}}' | jq -r .metadata.labels.patched)" yes 'is patched'
replaced() { api GET $jobs/life | jq '.spec.suspend = false | .metadata.annotations.updated = "true"' |
	api PUT $jobs/life -H 'Content-Type: application/json' --data-binary @- | jq -r '.metadata.annotations.updated'; }
eventually 'and replaced by one that runs' 5 prints true replaced
check 'which completes' k wait --for=condition=complete job/life --timeout 10s
is "$(api GET '/apis/batch/v1/jobs?labelSelector=e2e%3Dlife%2Cpatched%3Dyes' | jq -r '.items[].metadata.name')" life 'listed over all namespaces by label'
api DELETE "$jobs?labelSelector=e2e%3Dlife&propagationPolicy=Background" -o /dev/null
eventually 'and deleted by it' 5 prints 404 api_code GET $jobs/life
is "$(api GET "$jobs?watch=1&resourceVersion=$from&timeoutSeconds=1&labelSelector=e2e%3Dlife" | jq -r .type | uniq | tr '\n' ' ')" 'ADDED MODIFIED DELETED ' 'all of which was watched'
done_testing
