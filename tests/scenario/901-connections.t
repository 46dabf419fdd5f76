#!/bin/bash
# Connections that mean no good: garbage, halves, slowness, crowds, wrong credentials. The server goes on.
# alone
# timeout: 240
. "$(dirname "$0")/../lib/nutshell.bash"
ulimit -n 8192 2> /dev/null || ulimit -n "$(ulimit -Hn)"
[ "$(nm -D "$NUTSHELL" 2> /dev/null | grep -c __asan_init)" = 0 ] || export RSS_LIMIT_MB=800 # red zones and a quarantine
start_server

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /O=system:masters/CN=kubernetes-admin \
	-keyout "$T/main/other-key.pem" -out "$T/main/other-cert.pem" 2> /dev/null
python3 "$root/tests/lib/hostile.py" "${server_url##*:}" "$T/main" "${server_pid[main]}" > "$T/result"
status=$?
while IFS= read -r line; do
	case $line in
	'ok '*) ok "${line#* - }" ;;
	'not ok '*) not_ok "${line#* - }" ;;
	*) printf '%s\n' "$line" ;;
	esac
done < "$T/result"
like "$status" '^[01]$' 'the attacks came to their end'
is "$(k get namespace default -o name)" namespace/default 'kubectl works'
stop_server
done_testing
