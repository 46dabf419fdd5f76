# Shell functions for tests/scenario/*.t. Usage:
#
#	. "$(dirname "$0")/../lib/nutshell.bash"
#	start_server
#	check "a pod is created" k run web --image=nginx
#	eventually "it runs" 10 prints Running k get pod web -o 'jsonpath={.status.phase}'
#	done_testing
#
# tests/run sets NUTSHELL, KUBECTL_127, KUBECTL_133, KUBECTL_135, HELM (4), HELM_3 and a fresh
# TEST_DIR; run by hand, the defaults are build/nutshell and the clients in the cache. What a test
# starts here is ended here, by its process id.

set -u
set -o pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
: "${NUTSHELL:=$root/build/nutshell}"
if [ -z "${KUBECTL_135-}" ]; then
	clients=$("$root/scripts/clients") || exit 1
	KUBECTL_127=$clients/kubectl-1.27 KUBECTL_133=$clients/kubectl-1.33
	KUBECTL_135=$clients/kubectl-1.35 HELM=$clients/helm-4 HELM_3=$clients/helm-3
fi
if [ -n "${TEST_DIR-}" ]; then
	T=$TEST_DIR
else
	T=$(mktemp -d) made_t=1
fi
# nothing of the user's own may leak in, nothing of ours out
unset KUBECONFIG KUBERNETES_SERVICE_HOST KUBERNETES_SERVICE_PORT DOCKER_HOST
export HOME=$T/home KUBECACHEDIR=$T/kubecache TMPDIR=$T/tmp LC_ALL=C TZ=UTC
mkdir -p "$HOME" "$TMPDIR"

# --- results -----------------------------------------------------------------------------------

test_number=0 test_failed=0

ok() { # NAME
	printf 'ok %d - %s\n' $((++test_number)) "$1"
}

not_ok() { # NAME [DETAIL]
	printf 'not ok %d - %s\n' $((++test_number)) "$1"
	[ -z "${2-}" ] || printf '%s\n' "$2" | sed 's/^/#   /'
	test_failed=1
	return 1
}

skip() { # NAME REASON
	printf 'ok %d - %s # skip %s\n' $((++test_number)) "$1" "$2"
}

skip_all() { # REASON: ends the test
	skip "$(basename "$0")" "$1"
	done_testing
}

is() { # GOT WANT NAME
	if [ "$1" = "$2" ]; then ok "$3"; else not_ok "$3" "got:  $1
want: $2"; fi
}

isnt() { # GOT UNWANTED NAME
	if [ "$1" != "$2" ]; then ok "$3"; else not_ok "$3" "got: $1"; fi
}

like() { # GOT REGEX NAME
	if [[ $1 =~ $2 ]]; then ok "$3"; else not_ok "$3" "got:  $1
want: /$2/"; fi
}

unlike() { # GOT REGEX NAME
	if ! [[ $1 =~ $2 ]]; then ok "$3"; else not_ok "$3" "got:      $1
unwanted: /$2/"; fi
}

check() { # NAME COMMAND...: succeeds
	local name=$1 out
	shift
	if out=$("$@" 2>&1); then ok "$name"; else not_ok "$name" "\$ $*
$out"; fi
}

check_fails() { # NAME REGEX COMMAND...: fails, and says REGEX
	local name=$1 want=$2 out
	shift 2
	if out=$("$@" 2>&1); then not_ok "$name" "\$ $*
did not fail: $out"; else like "$out" "$want" "$name"; fi
}

wait_until() { # SECONDS COMMAND...: tries until it succeeds; false when the time is over
	local end=$((${EPOCHREALTIME/./} + $1 * 1000000))
	shift
	until "$@" > /dev/null 2>&1; do
		((${EPOCHREALTIME/./} < end)) || return 1
		sleep 0.05
	done
}

eventually() { # NAME SECONDS COMMAND...: a check that may take its time
	local name=$1 seconds=$2
	shift 2
	if wait_until "$seconds" "$@"; then ok "$name"; else not_ok "$name" "not within $seconds s: $*
$("$@" 2>&1 | tail -n 20)"; fi
}

# True when COMMAND prints exactly WANT; for wait_until and eventually.
prints() { # WANT COMMAND...
	local want=$1
	shift
	[ "$("$@" 2>&1)" = "$want" ]
}

# Takes over the result lines of a program that prints such lines itself; its input is ours.
results() { # COMMAND...
	local line status
	"$@" > "$T/results" 2> "$T/complaints"
	status=$?
	while IFS= read -r line; do
		case $line in
		'ok '*) ok "${line#* - }" ;;
		'not ok '*) not_ok "${line#* - }" ;;
		*) printf '%s\n' "$line" ;;
		esac
	done < "$T/results"
	is "$status" 0 'the program came to its end' || tail -n 20 "$T/complaints" | sed 's/^/#   /'
}

# --- servers -----------------------------------------------------------------------------------

declare -A server_pid=()
background_pids=()
server=main # the one that k, api and friends talk to

# Starts a server in the background, waits until it is ready, and makes it the current one. Unless
# FLAGS say otherwise: a free port on 127.0.0.1, data in $T/NAME/data, pods simulated. A NAME that was
# stopped is started again on the same data.
start_server() { # [--as NAME] [FLAGS...]
	local name=main flags=() dir
	if [ "${1-}" = --as ]; then
		name=$2
		shift 2
	fi
	dir=$T/$name
	mkdir -p "$dir"
	[[ " $* " == *" --listen"* ]] || flags+=(--listen 127.0.0.1:0)
	[[ " $* " == *" --data-dir"* ]] || flags+=(--data-dir "$dir/data")
	[[ " $* " == *" --host "* || " $* " == *" --host="* ]] || flags+=(--host simulated)
	rm -f "$dir/kubeconfig"
	"$NUTSHELL" server --kubeconfig-out "$dir/kubeconfig" "${flags[@]}" "$@" \
		>> "$dir/out" 2>> "$dir/log" < /dev/null &
	server_pid[$name]=$!
	if ! wait_until "${READY_SECONDS:-20}" server_ready_or_dead "$name" || [ ! -s "$dir/kubeconfig" ]; then
		echo "Bail out! server '$name' did not become ready"
		tail -n 30 "$dir/log" | sed 's/^/#   /'
		exit 1
	fi
	use_server "$name"
}

server_ready_or_dead() { # NAME
	[ -s "$T/$1/kubeconfig" ] || gone "${server_pid[$1]}"
}

use_server() { # NAME: k, api, helm talk to it from now on
	server=$1
	export KUBECONFIG=$T/$1/kubeconfig
	local field
	for field in certificate-authority-data:ca client-certificate-data:cert client-key-data:key; do
		awk -v f="${field%:*}:" '$1 == f { print $2; exit }' "$KUBECONFIG" | tr -d '"' |
			base64 -d > "$T/$1/${field#*:}.pem"
	done
	server_url=$(awk '$1 == "server:" { print $2; exit }' "$KUBECONFIG" | tr -d '"')
}

kubeconfig_of() { echo "$T/$1/kubeconfig"; } # NAME
log_of() { echo "$T/${1:-$server}/log"; }    # [NAME]

# Ends a server and says whether it went well: status 0 for TERM, nothing from a sanitizer.
stop_server() { # [NAME] [SIGNAL]
	local name=${1:-$server} signal=${2:-TERM} pid status=0
	pid=${server_pid[$name]-}
	[ -n "$pid" ] || return 0
	unset "server_pid[$name]"
	kill -"$signal" "$pid" 2> /dev/null
	if [ "$signal" = TERM ] && ! wait_until 15 gone "$pid"; then
		kill -KILL "$pid" 2> /dev/null
		not_ok "server '$name' stops within 15 s of TERM"
	fi
	wait "$pid" 2> /dev/null || status=$?
	if [ "$signal" = TERM ] && [ $status != 0 ]; then
		not_ok "server '$name' exits with 0 after TERM" "status $status
$(tail -n 20 "$T/$name/log")"
	fi
	if grep -qE 'runtime error:|(Address|Leak|Thread)Sanitizer' "$T/$name/log"; then
		not_ok "server '$name': nothing from the sanitizers" \
			"$(grep -nE -A 20 -m 1 'runtime error:|(Address|Leak|Thread)Sanitizer' "$T/$name/log")"
	fi
	return 0
}

# A zombie still has its entry; it counts as gone.
gone() { # PID
	local stat
	stat=$(cat "/proc/$1/stat" 2> /dev/null) || return 0
	stat=${stat##*) }
	[ "${stat:0:1}" = Z ]
}

background() { # COMMAND...: runs until the test ends; its pid is in $!
	"$@" &
	background_pids+=($!)
}

# --- clients -----------------------------------------------------------------------------------

k() { "$KUBECTL_135" "$@"; }
k127() { "$KUBECTL_127" "$@"; }
k133() { "$KUBECTL_133" "$@"; }
helm() { "$HELM" "$@"; }

# The body of an answer of the current server, as admin; and only its HTTP status.
api() { # METHOD PATH [CURL ARGUMENTS...]
	local method=$1 path=$2
	shift 2
	curl -sS --max-time "${API_SECONDS:-30}" --cacert "$T/$server/ca.pem" \
		--cert "$T/$server/cert.pem" --key "$T/$server/key.pem" -X "$method" "$@" "$server_url$path"
}

api_code() { # METHOD PATH [CURL ARGUMENTS...]
	api "$@" -o /dev/null -w '%{http_code}'
}

# Sends JSON given as the third argument.
api_json() { # METHOD PATH JSON [CURL ARGUMENTS...]
	local method=$1 path=$2 body=$3
	shift 3
	api "$method" "$path" -H 'Content-Type: application/json' --data-binary "$body" "$@"
}

# --- the end -----------------------------------------------------------------------------------

end_everything() {
	local pid name
	for pid in "${background_pids[@]-}"; do
		[ -z "$pid" ] || kill "$pid" 2> /dev/null
	done
	background_pids=()
	for name in "${!server_pid[@]}"; do stop_server "$name"; done
}

on_exit() {
	trap - EXIT
	[ $BASHPID = $$ ] || return # a child that was hit before it had dropped our traps
	end_everything
	[ -z "${made_t-}" ] || rm -rf "$T"
}
trap on_exit EXIT
trap 'exit 143' TERM INT HUP

done_testing() {
	end_everything
	echo "1..$test_number"
	exit $test_failed
}
