#!/bin/bash
# The image in an engine, as its non-root user with a read-only root: reached through a published port,
# and a new container on the same volume has the old state.
# alone
. "$(dirname "$0")/../lib/nutshell.bash"

command -v podman > /dev/null || skip_all "no podman"
file -L "$NUTSHELL" 2> /dev/null | grep -q 'statically linked' || skip_all "$NUTSHELL is not static"
export CONTAINERS_CONF=$T/containers.conf
printf '[containers]\ndefault_ulimits = []\n[engine]\nruntime = "runc"\n' > "$CONTAINERS_CONF"
podman="podman --root $T/storage --runroot $T/runroot --storage-driver vfs"
export KUBECONFIG=$T/kubeconfig
image=localhost/nutshell volume=nutshell-$$ container=nutshell-$$

end_containers() {
	$podman rm -f -t 0 $container > /dev/null 2>&1
	$podman volume rm -f $volume > /dev/null 2>&1
	$podman rmi -a -f > /dev/null 2>&1
	podman unshare rm -rf "$T/storage" 2> /dev/null
}
trap 'end_containers; on_exit' EXIT

run_container() {
	$podman run -d --name $container --read-only --read-only-tmpfs=false --cap-drop all \
		--security-opt no-new-privileges --ulimit nofile=1024:1024 --ulimit nproc=1024:1024 \
		-p 127.0.0.1::6443 -v $volume:/data "$@" $image
}
connect() { # a kubeconfig for the port that the engine chose
	local address
	address=$($podman port $container 6443/tcp) || return 1
	wait_until 20 $podman exec $container /nutshell kubeconfig
	$podman exec $container /nutshell kubeconfig --server "https://$address" > "$T/kubeconfig"
	chmod 600 "$T/kubeconfig"
}

check 'an image is written' "$root/scripts/image" "$NUTSHELL" test "$T/image.tar"
check 'of at most 5 MB' test "$(stat -c %s "$T/image.tar")" -le 5242880
loaded=$($podman load -i "$T/image.tar" 2>&1) || skip_all "podman cannot load here: $(tail -n 1 <<< "$loaded")"
name=$(sed -n 's/^Loaded image[^:]*: *//p' <<< "$loaded" | head -n 1)
check 'it has a name' $podman tag "$name" $image
said=$(run_container 2>&1) || skip_all "podman cannot run here: $(tail -n 1 <<< "$said")"

check 'it gives a kubeconfig for the published port' connect
eventually 'kubectl reaches it' 20 k get --raw /readyz
is "$($podman inspect -f '{{.Config.User}}' $container)" 65532:65532 'as a user that is not root'
pid=$($podman inspect -f '{{.State.Pid}}' $container)
is "$(awk '$1 == "Uid:" { print $2, $3 }' "/proc/$pid/status")" '65532 65532' 'really'
is "$(awk '$1 == "CapEff:" || $1 == "CapPrm:" { print $2 }' "/proc/$pid/status" | sort -u)" 0000000000000000 'without capabilities'
check 'something is written' k create configmap kept --from-literal=a=b
check 'pods run' k run one --image=busybox
eventually 'pods run' 20 prints Running k get pod one -o 'jsonpath={.status.phase}'
uid=$(k get namespace kube-system -o 'jsonpath={.metadata.uid}')

$podman stop -t 10 $container > "$T/said" 2>&1
is "$($podman inspect -f '{{.State.ExitCode}}' $container)" 0 'it stops when told'
$podman rm $container > "$T/said" 2>&1
check 'another container on the volume' run_container
check 'it gives a kubeconfig too' connect
eventually 'kubectl reaches it' 20 k get --raw /readyz
is "$(k get configmap kept -o 'jsonpath={.data.a}')" b 'which has what was written'
is "$(k get namespace kube-system -o 'jsonpath={.metadata.uid}')" "$uid" 'and is the same cluster'
is "$($podman logs $container 2>&1 | grep -c WARN)" 0 'it has nothing to complain about'
done_testing
