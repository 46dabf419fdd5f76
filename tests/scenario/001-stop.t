#!/bin/bash
# SIGTERM ends a server with open watches, logs and exec sessions within 5 s.
. "$(dirname "$0")/../lib/nutshell.bash"

start_server
k create deployment web --image=nginx > /dev/null
check "a pod runs" k rollout status deployment/web --timeout=20s
background k get pods -w > "$T/watch" 2>&1
background k logs -f deployment/web > "$T/log" 2>&1
background k exec deployment/web -- sleep 1000 > /dev/null 2>&1
eventually "the log is followed" 10 test -s "$T/log"
eventually "the watch is open" 10 test -s "$T/watch"
since=$SECONDS
stop_server
is $((SECONDS - since <= 5)) 1 "stopped within 5 s"
unlike "$(cat "$(log_of)")" "did not end in time" "by itself"
start_server
check "and it comes back" k get deployment web
done_testing
