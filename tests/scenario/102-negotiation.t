#!/bin/bash
# Forms of an answer: JSON, YAML, Table, partial metadata, indented, gzip.
. "$(dirname "$0")/../lib/nutshell.bash"
start_server

cms=/api/v1/namespaces/default/configmaps
api_json POST $cms '{"metadata":{"name":"a","labels":{"x":"1"}},"data":{"k":"v"}}' > /dev/null
as() { # FORM PATH [CURL...]
	api GET "$2" -H "Accept: application/json;as=$1;v=v1;g=meta.k8s.io" "${@:3}"
}
type_of() { api GET "$1" -H "Accept: $2" -o /dev/null -w '%{http_code} %{content_type}'; }

is "$(type_of $cms/a application/json)" '200 application/json' 'the Content-Type has no charset'
is "$(type_of $cms/a '*/*')" '200 application/json' 'anything is JSON'
is "$(type_of $cms/a 'application/vnd.kubernetes.protobuf,application/json')" '200 application/vnd.kubernetes.protobuf' 'protobuf before JSON'
is "$(type_of $cms/a 'application/vnd.kubernetes.protobuf, */*')" '200 application/vnd.kubernetes.protobuf' 'protobuf before anything'
is "$(type_of $cms/a application/vnd.kubernetes.protobuf)" '200 application/vnd.kubernetes.protobuf' 'only protobuf'
is "$(type_of $cms/a 'application/vnd.kubernetes.protobuf;q=0.5,application/json;q=0.9')" '200 application/json' 'JSON by its quality'
is "$(type_of $cms/a application/cbor)" '406 application/json' 'only CBOR is refused'
is "$(type_of $cms/a 'application/cbor, application/json')" '200 application/json' 'CBOR or JSON is JSON'
is "$(type_of $cms/a application/yaml)" '200 application/yaml' 'YAML'
like "$(api GET $cms/a -H 'Accept: application/yaml')" $'^kind: ConfigMap\napiVersion: v1\n.*data:\n  k: v' 'YAML text'
like "$(api GET $cms/zz -H 'Accept: application/yaml')" $'^kind: Status\n' 'an error in YAML'

is "$(api GET '/apis/apps/v1/deployments' | jq -c '[.kind, .apiVersion, .items, (.metadata.resourceVersion | tonumber > 0)]')" \
	'["DeploymentList","apps/v1",[],true]' 'an empty list has items'
is "$(api GET $cms/a -A test | head -c 50)" '{"kind":"ConfigMap","apiVersion":"v1","metadata":{' 'compact'
like "$(api GET $cms/a)" $'^\{\n  "kind": "ConfigMap",' 'indented for curl'
like "$(api GET "$cms/a?pretty=true" -A test)" $'^\{\n  "kind"' 'indented when asked'
like "$(api GET "$cms/a?pretty=false")" '^\{"kind"' 'not indented when asked'
is "$(api GET $cms/a | jq -cS .)" "$(api GET $cms/a -A test | jq -cS .)" 'indenting changes nothing else'
is "$(api GET $cms -A test | jq -c '.items[0] | has("kind")')" false 'items of a built-in list have no kind'

t=$(as Table $cms)
is "$(jq -c '[.kind, .apiVersion, (.columnDefinitions | map(.name))]' <<< "$t")" \
	'["Table","meta.k8s.io/v1",["Name","Data","Age"]]' 'a Table'
is "$(jq -c '.rows[] | select(.cells[0] == "a") | [.cells[1], .object.kind, .object.apiVersion, .object.metadata.labels.x, .object.data]' <<< "$t")" \
	'[1,"PartialObjectMetadata","meta.k8s.io/v1","1",null]' 'a row holds partial metadata'
is "$(as Table "$cms/a?includeObject=Object" | jq -c '[.rows[0].object | .kind, .data.k]')" '["ConfigMap","v"]' 'includeObject=Object'
is "$(as Table "$cms/a?includeObject=None" | jq -c '.rows[0].object')" null 'includeObject=None'
is "$(as Table "$cms/a?includeObject=Zz" | jq .code)" 400 'includeObject with junk'
is "$(as Table $cms/a -H 'Accept: application/json;as=Table;v=v1beta1;g=meta.k8s.io' | jq -r .kind)" Table 'one object as Table'
is "$(as Table $cms/zz | jq -r .kind)" Status 'an error stays a Status'
is "$(as PartialObjectMetadata $cms/a | jq -c 'keys')" '["apiVersion","kind","metadata"]' 'partial metadata'
p=$(as PartialObjectMetadataList $cms)
is "$(jq -c '[.kind, .apiVersion, (.items | map(.kind) | unique)]' <<< "$p")" \
	'["PartialObjectMetadataList","meta.k8s.io/v1",["PartialObjectMetadata"]]' 'a list of partial metadata'
is "$(as PartialObjectMetadataList /apis/apps/v1/deployments | jq -c .items)" '[]' 'an empty one'
is "$(as PartialObjectMetadata $cms | jq -c '[.code, .reason]')" '[406,"NotAcceptable"]' 'the singular form of a list'
is "$(as PartialObjectMetadataList $cms/a | jq .code)" 406 'the list form of an object'
is "$(api PATCH $cms/a -H 'Content-Type: application/merge-patch+json' -d '{"metadata":{"labels":{"x":"2"}}}' \
	-H 'Accept: application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io' | jq -c '[.kind, .metadata.labels.x]')" \
	'["PartialObjectMetadata","2"]' 'a patch answers in partial form'

like "$(k get configmaps -o wide)" $'NAME +DATA +AGE\na +1 +[0-9]+s' 'kubectl get -o wide'
is "$(k get configmap a -o 'jsonpath={.data.k}')" v 'kubectl get -o jsonpath'

big=$(head -c 200000 /dev/zero | tr '\0' z)
printf '{"metadata":{"name":"big"},"data":{"k":"%s"}}' "$big" > "$T/big.json"
is "$(api POST $cms -H 'Content-Type: application/json' --data-binary @"$T/big.json" -o /dev/null -w '%{http_code}')" 201 'a large object'
like "$(api GET $cms/big -H 'Accept-Encoding: gzip' -D - -o "$T/big.gz")" 'Content-Encoding: gzip' 'what is large is packed when asked'
is "$(gzip -dc < "$T/big.gz" | jq -r '.data.k | length')" 200000 'and unpacks'
unlike "$(api GET $cms/a -H 'Accept-Encoding: gzip' -D - -o /dev/null)" 'Content-Encoding' 'what is small is not'
unlike "$(api GET $cms/big -D - -o /dev/null)" 'Content-Encoding' 'nor what nobody asked for'
done_testing
