#!/bin/bash
# A namespace's own verbs: update, patch, status, finalizers of others by finalize.
. "$(dirname "$0")/../lib/nutshell.bash"
start_server
at=/api/v1/namespaces/n
merge() { api PATCH "$1" -H 'Content-Type: application/merge-patch+json' -d "$2"; }
put() { api PUT "$1" -H 'Content-Type: application/json' --data-binary @-; }
k create namespace n > /dev/null
is "$(merge $at '{"metadata":{"labels":{"patched":"yes"}}}' | jq -r .metadata.labels.patched)" yes 'a patch'
api GET $at | jq '.metadata.labels.updated = "yes"' | put $at > /dev/null
is "$(api GET $at | jq -r .metadata.labels.updated)" yes 'an update'
is "$(api GET $at/status | jq -r .status.phase)" Active 'status is Active'
condition='{"type":"Seen","status":"True","reason":"E2E","message":"m"}'
is "$(merge $at/status '{"status":{"conditions":['"$condition"']}}' | jq -r '.status.conditions[0].type')" Seen 'patched'
api GET $at/status | jq '.status.conditions[0].reason = "Updated"' | put $at/status > /dev/null
is "$(api GET $at | jq -r '.status.conditions[0].reason')" Updated 'updated'
api GET $at | jq '.spec.finalizers += ["example.org/mine"]' | put $at/finalize > /dev/null
is "$(api GET $at | jq -c .spec.finalizers)" '["kubernetes","example.org/mine"]' 'a finalizer of its own'
api GET $at | jq '.spec.finalizers = []' | put $at > /dev/null
is "$(api GET $at | jq -c .spec.finalizers)" '["kubernetes","example.org/mine"]' 'is not taken off by an update'
k delete namespace n --wait=false > /dev/null
emptied() { api GET $at | jq -e '.spec.finalizers == ["example.org/mine"]'; }
eventually 'holds a deleted namespace' 10 emptied
api GET $at | jq '.spec.finalizers = []' | put $at/finalize > /dev/null
check 'is taken off by finalize' k wait --for=delete namespace/n --timeout=10s
stop_server
done_testing
