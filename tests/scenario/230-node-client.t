#!/bin/bash
# The JavaScript client: lists, watches, informers, patches, exec, logs.
client=$("$(dirname "$0")/../../scripts/clients" node) # before HOME becomes the test's own
. "$(dirname "$0")/../lib/nutshell.bash"
[ -n "$client" ] || skip_all "the Node client cannot be had"
start_server
eventually 'the default account' 5 k get serviceaccount default
results node "$root/tests/lib/node_client.mjs" "$client"
stop_server
done_testing
