# Two clusters for syncer tests: `host` with three simulated nodes and the namespace team-a, and `tenant`
# whose pods run there. Sourced after nutshell.bash.
#
#	start_twins          # then: host get pods; tenant get pods
#	host_name pods NS NAME   # the name of its counterpart on the host

start_twins() { # [TENANT FLAGS...]
	start_server --as host --host simulated --nodes 3
	host create namespace team-a > /dev/null
	start_tenant tenant "$@"
}

start_tenant() { # NAME [FLAGS...]: one more virtual cluster in the same namespace
	local name=$1
	shift
	start_server --as "$name" --host kubernetes --host-kubeconfig "$(kubeconfig_of host)" \
		--host-namespace team-a "$@"
}

on() { "$KUBECTL_135" --kubeconfig "$(kubeconfig_of "$1")" "${@:2}"; }
host() { on host "$@"; }
tenant() { on tenant "$@"; }

host_name() { # RESOURCE NAMESPACE NAME [CLUSTER ID LABEL]
	host -n team-a get "$1" ${4:+-l nutshell.dev/vc=$4} -o go-template='{{range .items}}{{index .metadata.annotations "nutshell.dev/namespace"}}/{{index .metadata.annotations "nutshell.dev/name"}} {{.metadata.name}}{{"\n"}}{{end}}' |
		awk -v key="$2/$3" '$1 == key { print $2 }'
}

host_count() { host -n team-a get "$1" -l nutshell.dev/vc --no-headers 2> /dev/null | wc -l; }
