#!/bin/bash
# The JavaScript client: lists, watches, informers, patches, exec, logs.
client=$("$(dirname "$0")/../../scripts/clients" node) # before HOME becomes the test's own
. "$(dirname "$0")/../lib/nutshell.bash"
[ -n "$client" ] || skip_all "the Node client cannot be had"
start_server
eventually 'the default account' 5 k get serviceaccount default
node "$root/tests/lib/node_client.mjs" "$client" > "$T/result" 2> "$T/complaints"
status=$?
while IFS= read -r line; do
	case $line in
	'ok '*) ok "${line#* - }" ;;
	'not ok '*) not_ok "${line#* - }" ;;
	*) printf '%s\n' "$line" ;;
	esac
done < "$T/result"
is "$status" 0 'the program came to its end' || tail -n 20 "$T/complaints"
stop_server
done_testing
