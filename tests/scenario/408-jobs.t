#!/bin/bash
# Jobs: completions, indexes, failures and their policies, suspension, deadlines, finalizers, TTL; CronJobs.
. "$(dirname "$0")/../lib/nutshell.bash"
start_server --nodes 2
wait_until 5 k get sa default
job() { # NAME SPEC-MEMBERS [SECONDS [CODE]]: pods that run so long and exit with that code
	api_json POST /apis/batch/v1/namespaces/default/jobs '{"metadata":{"name":"'"$1"'"},"spec":{'"$2"'"template":{"metadata":{"annotations":{"nutshell.dev/run-for":"'"${3-0}"'s","nutshell.dev/exit-code":"'"${4-0}"'"}},
		"spec":{"restartPolicy":"Never","terminationGracePeriodSeconds":1,"containers":[{"name":"c","image":"i"}]}}}}' -o /dev/null
}
ends() { k wait --for=condition="$2" "job/$1" --timeout 15s; } # NAME CONDITION
field() { k get job "$1" -o "jsonpath={.status.$2}"; }
reason() { k get job "$1" -o 'jsonpath={.status.conditions[?(@.type=="Failed")].reason}'; }
held() { k get pods -l "job-name=$1" -o json | jq '[.items[] | select(.metadata.finalizers)] | length'; }

job one ''
check 'one pod is enough' ends one complete
is "$(field one succeeded)$(field one uncountedTerminatedPods)" '1{}' 'and counted once'
like "$(k get job one --no-headers)" '^one +Complete +1/1 +[0-9]+s ' 'as kubectl shows it'
is "$(held one)" 0 'no pod is held'
job five '"completions":5,"parallelism":2,'
check 'five by two' ends five complete
is "$(field five succeeded) $(k get pods -l job-name=five -o json | jq '.items | length')" '5 5' 'make five'
job queue '"parallelism":3,'
check 'without completions one success ends it' ends queue complete

job idx '"completions":6,"parallelism":3,"completionMode":"Indexed",'
check 'indexes' ends idx complete
is "$(field idx completedIndexes)" 0-5 'are all done'
is "$(k get pods -l job-name=idx -o json | jq -c '[.items[] | .metadata.annotations["batch.kubernetes.io/job-completion-index"]] | sort')" '["0","1","2","3","4","5"]' 'each once'
is "$(k get pods -l job-name=idx -o json | jq -r '[.items[].spec | .hostname + " " + .containers[0].env[0].name] | sort | .[0]')" 'idx-0 JOB_COMPLETION_INDEX' 'and knows itself'

job bad '"backoffLimit":0,' 0 3
check 'a failure fails' ends bad failed
is "$(reason bad) $(field bad failed)" 'BackoffLimitExceeded 1' 'with its reason'
like "$(k describe job bad)" 'BackoffLimitExceeded .*Job has reached the specified backoff limit' 'told in an Event'
is "$(held bad)" 0 'and lets its pods go'
job retry '"backoffLimit":3,' 0 1
eventually 'a retry waits' 5 prints 1 field retry failed
is "$(field retry conditions)" '' 'and does not give up'
job policy '"podFailurePolicy":{"rules":[{"action":"FailJob","onExitCodes":{"operator":"In","values":[42]}}]},' 0 42
check 'a policy can fail the whole' ends policy failed
like "$(k get job policy -o 'jsonpath={.status.conditions[?(@.type=="Failed")].message}')" 'Container c for pod default/policy-.* failed with exit code 42 matching FailJob rule at index 0' 'and says why'
job ignore '"backoffLimit":0,"podFailurePolicy":{"rules":[{"action":"Ignore","onExitCodes":{"operator":"In","values":[42]}}]},' 0 42
wait_until 5 eval "[ \$(k get pods -l job-name=ignore -o json | jq '[.items[] | select(.status.phase == \"Failed\")] | length') -ge 1 ]"
is "$(field ignore failed)$(reason ignore)" '' 'or ignore a failure'
job each '"completions":3,"parallelism":3,"completionMode":"Indexed","backoffLimitPerIndex":0,' 0 1
check 'limits per index' ends each failed
is "$(reason each) $(field each failedIndexes)" 'FailedIndexes 0-2' 'count by index'
job most '"completions":4,"parallelism":1,"completionMode":"Indexed","backoffLimitPerIndex":0,"maxFailedIndexes":1,' 0 1
check 'and can be bounded' ends most failed
is "$(reason most)" MaxFailedIndexesExceeded 'in number'
job some '"completions":5,"parallelism":1,"completionMode":"Indexed","successPolicy":{"rules":[{"succeededIndexes":"0-1"}]},'
check 'a success policy' ends some complete
is "$(k get job some -o 'jsonpath={.status.conditions[?(@.type=="SuccessCriteriaMet")].reason} {.status.conditions[?(@.type=="SuccessCriteriaMet")].message}')" 'SuccessPolicy Matched rules at index 0' 'ends early'

job late '"activeDeadlineSeconds":1,' 60
check 'a deadline' ends late failed
is "$(reason late)" DeadlineExceeded 'ends'
is "$(field late active)" '' 'with nothing left running'
job stop '"suspend":true,' 60
eventually 'a suspended job is told' 5 prints True k get job stop -o 'jsonpath={.status.conditions[?(@.type=="Suspended")].status}'
is "$(k get pods -l job-name=stop -o name)$(field stop startTime)" '' 'and makes nothing'
k patch job stop -p '{"spec":{"suspend":false}}' > /dev/null
eventually 'until it is resumed' 5 prints 1 field stop active
k patch job stop -p '{"spec":{"suspend":true}}' > /dev/null
eventually 'and stops again' 10 prints '' field stop active
eventually 'without pods' 10 prints '' k get pods -l job-name=stop -o name
is "$(field stop failed)" '' 'none of which failed'

job long '' 60
wait_until 5 prints 1 field long active
k delete pod -l job-name=long > /dev/null
eventually 'a deleted pod counts as failed' 10 prints 1 field long failed
k delete job long > /dev/null
eventually 'a deleted job takes its pods along' 10 prints '' k get pods -l job-name=long -o name
job orphan '' 60
wait_until 5 prints 1 field orphan active
k delete job orphan --cascade=orphan > /dev/null
eventually 'orphans are not held' 5 prints 0 held orphan
job ttl '"ttlSecondsAfterFinished":0,'
eventually 'what ended is gone when it may' 10 prints '' k get job ttl --ignore-not-found -o name
job foreign '"managedBy":"example.com/other",'
job crash '"completions":20,"parallelism":5,'
stop_server main KILL
start_server --nodes 2
check 'a crash loses no count' ends crash complete
is "$(field crash succeeded) $(k get pods -l job-name=crash -o json | jq '[.items[] | select(.status.phase == "Succeeded")] | length')" '20 20' 'and counts nothing twice'
is "$(k get pods -l job-name=foreign -o name)" '' "another's job is left alone"

cron() { # NAME SPEC-MEMBERS
	api_json POST /apis/batch/v1/namespaces/default/cronjobs '{"metadata":{"name":"'"$1"'"},"spec":{'"$2"'"jobTemplate":{"metadata":{"labels":{"cron":"'"$1"'"}},"spec":{"template":{"metadata":{"annotations":{"nutshell.dev/run-for":"0s"}},"spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"i"}]}}}}}}' -o /dev/null
}
cron tick '"schedule":"@every 1s","successfulJobsHistoryLimit":1,'
eventually 'a cron job makes jobs' 10 eval "k get jobs -l cron=tick --no-headers | grep -q Complete"
like "$(k get jobs -l cron=tick -o 'jsonpath={.items[0].metadata.name}')" '^tick-[0-9]{8}$' 'named after their minute'
eventually 'and remembers when' 10 eval "k get cj tick -o 'jsonpath={.status.lastScheduleTime}{.status.lastSuccessfulTime}' | grep -q Z.*Z"
like "$(k describe cj tick)" 'SuccessfulCreate .*Created job tick-.*SawCompletedJob|SawCompletedJob' 'with Events'
cron zone '"schedule":"0 0 1 1 *","timeZone":"Asia/Kathmandu",'
cron bad '"schedule":"0 0 31 2 *",'
eventually 'a day that never comes is told' 10 eval "k describe cj bad | grep -q InvalidSchedule"
is "$(k get jobs -l cron=zone -o name)" '' 'a time far off makes nothing'
check 'a job by hand' k create job byhand --from=cronjob/zone
check 'runs' ends byhand complete
k patch cj tick -p '{"spec":{"suspend":true}}' > /dev/null
k delete cj tick > /dev/null
eventually 'jobs go with their cron job' 10 prints '' k get jobs -l cron=tick -o name
done_testing
