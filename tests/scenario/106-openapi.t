#!/bin/bash
# OpenAPI v3 and v2, and what kubectl does with them.
. "$(dirname "$0")/../lib/nutshell.bash"
start_server

index=$(api GET /openapi/v3)
url=$(jq -r '.paths["apis/apps/v1"].serverRelativeURL' <<< "$index")
like "$url" '^/openapi/v3/apis/apps/v1\?hash=[0-9A-F]+$' 'the index names a hash'
is "$(jq -r '.paths | has("api/v1")' <<< "$index")" true 'core is in the index'
api GET "$url" -D "$T/head" -o "$T/apps.json"
like "$(cat "$T/head")" 'Cache-Control: public, immutable' 'the right hash: immutable'
like "$(cat "$T/head")" 'Expires: ' 'with Expires'
etag=$(sed -n 's/^ETag: \([^\r]*\).*/\1/Ip' "$T/head")
is "$(api GET "$url" -H "If-None-Match: $etag" -o /dev/null -w '%{http_code}')" 304 'not modified'
is "$(api GET "$url" -H 'Accept-Encoding: gzip' | gzip -dc | cmp - "$T/apps.json" && echo same)" same 'packed when asked'
is "$(api GET '/openapi/v3/apis/apps/v1?hash=0' -o /dev/null -w '%{http_code} %{redirect_url}')" "301 $server_url$url" 'a wrong hash leads to the right one'
like "$(api GET /openapi/v3/apis/apps/v1 -D - -o /dev/null)" 'Cache-Control: no-cache' 'no hash: not kept'
is "$(api_code GET /openapi/v3/apis/nope/v1)" 404 'an unknown version'
is "$(jq -c '.paths["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"].patch
	| [."x-kubernetes-group-version-kind".kind, (.parameters | map(.name) | index("fieldValidation") != null)]' "$T/apps.json")" \
	'["Deployment",true]' 'PATCH with fieldValidation'
is "$(jq -r '.components.schemas["io.k8s.api.apps.v1.Deployment"].properties.spec.allOf[0]["$ref"]' "$T/apps.json")" \
	'#/components/schemas/io.k8s.api.apps.v1.DeploymentSpec' 'schemas refer to each other'

is "$(api GET /openapi/v2 -o "$T/v2.json" -w '%{content_type}')" application/json 'v2 as JSON'
is "$(jq -r .swagger "$T/v2.json")" 2.0 'it is Swagger 2.0'
is "$(jq '.definitions["io.k8s.api.core.v1.Pod"]."x-kubernetes-group-version-kind"[0].kind' "$T/v2.json")" '"Pod"' 'with kinds'
is "$(api GET /openapi/v2 -H 'Accept: application/com.github.proto-openapi.spec.v2@v1.0+protobuf' -o "$T/v2.pb" -w '%{http_code} %{content_type}')" \
	'200 application/com.github.proto-openapi.spec.v2.v1.0+protobuf' 'v2 as protobuf'
etag=$(api GET /openapi/v2 -D - -o /dev/null | sed -n 's/^ETag: \([^\r]*\).*/\1/Ip')
is "$(api GET /openapi/v2 -H "If-None-Match: $etag" -o /dev/null -w '%{http_code}')" 304 'v2 not modified'

cat > "$T/deploy.yaml" << 'EOF'
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: c, image: nginx}]}
EOF
for kubectl in k127 k133 k; do
	rm -rf "$KUBECACHEDIR" "$HOME/.kube"
	check "$kubectl apply on a cold cache" $kubectl apply -f "$T/deploy.yaml"
	check "$kubectl apply again" $kubectl apply -f "$T/deploy.yaml"
	like "$($kubectl explain pods.spec.containers 2>&1)" 'imagePullPolicy' "$kubectl explain"
done
is "$(api GET /openapi/v3/apis/networking.k8s.io/v1 | jq -c '.components.schemas["io.k8s.api.networking.v1.HTTPIngressPath"].properties.pathType.enum')" \
	'["Exact","ImplementationSpecific","Prefix"]' 'values of constants that are declared by a conversion'
sed 's/selector:/selecter:/' "$T/deploy.yaml" > "$T/typo.yaml"
check_fails 'a typo is named' 'unknown field "spec.selecter"' k apply -f "$T/typo.yaml"
done_testing
