#!/bin/bash
# Argo CD as its authors publish it: by server-side apply, and by client-side apply where the annotation can hold
# the object; its Applications are made, listed, patched, validated.
. "$(dirname "$0")/../lib/nutshell.bash"
install=$root/../shared/manifests/argo-cd/install.yaml
[ -f "$install" ] || skip_all "no ../shared/manifests"
start_server --nodes 2
n() { k -n argocd "$@"; }
objects=$(grep -c '^kind: ' "$install")

k create namespace argocd > /dev/null
is "$(n apply --server-side -f "$install" -o name 2> "$T/complaints" | wc -l)" "$objects" 'kubectl apply --server-side takes all of it' || cat "$T/complaints"
check 'the definitions are Established' k wait --for=condition=Established crd applications.argoproj.io applicationsets.argoproj.io appprojects.argoproj.io --timeout=20s
check 'the Deployments run' n wait --for=condition=Available deploy --all --timeout=40s
check 'the StatefulSet as well' n rollout status statefulset/argocd-application-controller --timeout=40s
before=$(n get crd,deploy,sts,cm,secret,svc,netpol,role,rolebinding,sa -l app.kubernetes.io/part-of=argocd -o json | jq -c '[.items[] | [.kind, .metadata.name, .metadata.generation]]')
check 'again' n apply --server-side -f "$install"
is "$(n get crd,deploy,sts,cm,secret,svc,netpol,role,rolebinding,sa -l app.kubernetes.io/part-of=argocd -o json | jq -c '[.items[] | [.kind, .metadata.name, .metadata.generation]]')" \
	"$before" 'which changes no generation'
check 'server-side diff finds nothing' n diff --server-side -f "$install"
check_fails 'client-side apply of the largest definition is refused as upstream refuses it' \
	'applicationsets.argoproj.io" is invalid: metadata.annotations: Too long: may not be more than 262144 bytes' \
	k apply --validate=false -f <(k get crd applicationsets.argoproj.io -o json | jq 'del(.status, .metadata.managedFields)')

cat > "$T/app.yaml" << 'YAML'
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: guestbook, finalizers: [resources-finalizer.argocd.argoproj.io]}
spec:
  project: default
  source: {repoURL: "https://git.example/apps.git", path: guestbook, targetRevision: HEAD}
  destination: {server: "https://kubernetes.default.svc", namespace: guestbook}
  syncPolicy: {automated: {prune: true}, syncOptions: [ServerSideApply=true]}
YAML
check 'an Application is applied' n apply --server-side -f "$T/app.yaml"
n patch application guestbook --type=merge -p '{"status":{"sync":{"status":"Synced"},"health":{"status":"Healthy"}}}' > /dev/null
like "$(n get applications)" $'NAME +SYNC STATUS +HEALTH STATUS\nguestbook +Synced +Healthy' 'and listed with its columns'
like "$(n get app -o wide)" 'REVISION +PROJECT' 'by its short name, wide'
is "$(n patch app guestbook --type=json -p '[{"op":"replace","path":"/spec/source/targetRevision","value":"v2"}]' -o 'jsonpath={.spec.source.targetRevision}')" v2 'a JSON patch'
is "$(n patch app guestbook --type=merge -p '{"operation":{"sync":{"revision":"v2"}}}' -o 'jsonpath={.operation.sync.revision}')" v2 'a merge patch'
check_fails 'no strategic patch of a custom resource' 'UnsupportedMediaType|not supported' n patch app guestbook --type=strategic -p '{"spec":{"project":"x"}}'
check_fails 'a missing field' 'spec.destination: Required value' n create -f - <<< '{"apiVersion":"argoproj.io/v1alpha1","kind":"Application","metadata":{"name":"x"},"spec":{"project":"p"}}'
check_fails 'a wrong type' 'spec.syncPolicy.automated.prune.*must be of type boolean: "string"' \
	n patch app guestbook --type=merge -p '{"spec":{"syncPolicy":{"automated":{"prune":"yes"}}}}'
check_fails 'an unknown field' 'unknown field "spec.projekt"' n apply -f - <<< "$(sed 's/project:/projekt:/' "$T/app.yaml")"
check 'a second manager applies its own field' n apply --server-side --field-manager=other -f - <<< \
	'{"apiVersion":"argoproj.io/v1alpha1","kind":"Application","metadata":{"name":"guestbook","labels":{"team":"a"}}}'
check_fails 'and may not take another one' 'conflict with "kubectl.*": .spec.project' n apply --server-side --field-manager=other -f - <<< \
	'{"apiVersion":"argoproj.io/v1alpha1","kind":"Application","metadata":{"name":"guestbook"},"spec":{"project":"mine","source":{"repoURL":"https://git.example/apps.git"},"destination":{}}}'
check 'a project' n create -f - <<< '{"apiVersion":"argoproj.io/v1alpha1","kind":"AppProject","metadata":{"name":"p"},"spec":{"sourceRepos":["*"],"destinations":[{"namespace":"*","server":"*"}]}}'
n delete application guestbook --wait=false > /dev/null
isnt "$(n get app guestbook -o 'jsonpath={.metadata.deletionTimestamp}')" '' "its finalizer keeps an Application"
n patch app guestbook --type=json -p '[{"op":"remove","path":"/metadata/finalizers"}]' > /dev/null
check 'until it is taken off' n wait --for=delete app/guestbook --timeout=10s

# client-side, all but the definition that is too large for the annotation
use=$T/small.yaml
python3 - "$install" "$use" << 'PY'
import sys
parts = open(sys.argv[1]).read().split("\n---\n")
open(sys.argv[2], "w").write("\n---\n".join(p for p in parts if "name: applicationsets.argoproj.io" not in p))
PY
check 'delete -f takes all of it' n delete -f "$install" --timeout=40s
check 'client-side apply' n apply -f "$use"
unlike "$(n apply -f "$use" 2>&1)" 'created|error|Error' 'and again'
check 'diff finds nothing' n diff -f "$use"
check_fails 'then on the server side: where defaults hid a difference, a conflict' 'conflict with "kubectl-client-side-apply" using networking.k8s.io/v1: .spec.ingress' \
	n apply --server-side -f "$install"
check 'unless forced' n apply --server-side --force-conflicts -f "$install"
is "$(n get deploy argocd-server -o json --show-managed-fields | jq -c '[.metadata.managedFields[] | select(.subresource == null) | .manager] | index("kubectl-client-side-apply")')" null 'which takes over what the client owned'
stop_server
done_testing
