#!/bin/bash
# The Python client: lists, pages, patches, apply, watches that go on after a restart, exec, custom resources.
. "$(dirname "$0")/../lib/nutshell.bash"
/usr/bin/python3 -c 'import kubernetes' 2> /dev/null || skip_all 'python3-kubernetes is not installed'
start_server
eventually 'the default account' 5 k get serviceaccount default
eventually 'and the CA' 5 k get configmap kube-root-ca.crt
port=${server_url##*:}
# The client asks for a restart through a file, because the server is this shell's child.
cat > "$T/restart" << SH
touch "$T/ask"
until [ -e "$T/again" ]; do sleep 0.05; done
SH
results_of_client() { /usr/bin/python3 "$root/tests/lib/python_client.py" "sh $T/restart"; }
results_of_client > "$T/client.out" 2> "$T/client.err" &
client_pid=$!
background_pids+=($client_pid)
wait_until 60 test -e "$T/ask" || true
stop_server
start_server --listen "127.0.0.1:$port"
touch "$T/again"
wait $client_pid
code=$?
replay() { cat "$T/client.out"; cat "$T/client.err" >&2; return $code; }
results replay
stop_server
done_testing
