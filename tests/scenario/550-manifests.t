#!/bin/bash
# Real applications through the syncer: Available inside, gone from the host with their namespace.
# timeout: 180
. "$(dirname "$0")/../lib/nutshell.bash"
. "$(dirname "$0")/../lib/twin.bash"

shared=$root/../shared/manifests
[ -d "$shared" ] || skip_all "../shared/manifests is not here"
start_twins
for app in guestbook online-boutique; do
	tenant create namespace "$app" > /dev/null
	check "$app is applied" tenant -n "$app" apply -f "$shared/$app"
	check "$app becomes Available" tenant -n "$app" wait --for=condition=Available deployment --all --timeout=60s
	n=$(tenant -n "$app" get pods --no-headers | wc -l)
	is "$(host -n team-a get pods -l "nutshell.dev/vns=$app" --no-headers | wc -l)" "$n" "$app: the host runs its $n pods"
done
for app in guestbook online-boutique; do
	check "$app is deleted" tenant delete namespace "$app" --timeout=60s
done
eventually "no pod is left on the host" 10 prints 0 host_count pods
done_testing
