#!/bin/bash
# Answers in protobuf: objects, lists, partial objects, errors, reviews, watches; what has none; packed.
. "$(dirname "$0")/../lib/nutshell.bash"
start_server

pb=application/vnd.kubernetes.protobuf
cms=/api/v1/namespaces/default/configmaps
get() { api GET "$1" -H "Accept: $2" "${@:3}"; }
type_of() { get "$1" "$2" -o /dev/null -w '%{http_code} %{content_type}' "${@:3}"; }
# Prints the fields of a body: PATH=VALUE lines for the numbers that lead there, texts as they are.
fields() {
	python3 -c '
import sys
def walk(b, at):
    i = 0
    def varint():
        nonlocal i
        v = s = 0
        while True:
            c = b[i]; i += 1; v |= (c & 127) << s; s += 7
            if c < 128: return v
    while i < len(b):
        tag = varint()
        path = at + "." + str(tag >> 3) if at else str(tag >> 3)
        if tag & 7 == 0: print(path + "=" + str(varint())); continue
        if tag & 7 != 2: raise SystemExit("odd wire type")
        n = varint(); v = b[i:i + n]; i += n
        if len(v) < n: raise SystemExit("cut short")
        try:
            if not v or min(v) >= 32: print(path + "=" + v.decode())
        except UnicodeDecodeError: pass
        if v and min(v) < 32:
            try: walk(v[4:] if v[:4] == b"k8s\0" else v, path)
            except (IndexError, SystemExit): pass
data = sys.stdin.buffer.read()
if sys.argv[1] == "watch":
    while data:
        n = int.from_bytes(data[:4], "big")
        if n > len(data) - 4: break
        print("frame"); walk(data[4:4 + n], ""); data = data[4 + n:]
else:
    if data[:4] != b"k8s\0": raise SystemExit("no magic")
    walk(data[4:], "")
' "${1-}"
}

api_json POST $cms '{"metadata":{"name":"a","labels":{"x":"1"}},"data":{"k":"v\"\u00fc"},"binaryData":{"b":"AAH/"}}' > /dev/null
a=$(get $cms/a $pb | fields)
like "$a" $'(^|\n)1.1=v1\n1.2=ConfigMap\n' 'the envelope tells apiVersion and kind'
like "$a" $'\n2.1.1=a\n' 'metadata.name'
like "$a" $'\n2.2.2=v"ü\n' 'a map, unescaped'
is "$(get $cms/a $pb | head -c 4 | od -An -tx1)" ' 6b 38 73 00' 'the magic'
is "$(get $cms/a $pb | tail -c 4 | od -An -tx1)" ' 1a 00 22 00' 'the end'
is "$(get $cms/a $pb | api PUT $cms/a -H "Content-Type: $pb" --data-binary @- | jq -r '.data.k')" 'v"ü' 'what was got can be put back'
is "$(api GET $cms/a | jq -r .binaryData.b)" 'AAH/' 'bytes survive the way there and back'

list=$(get $cms $pb | fields)
like "$list" $'\n1.2=ConfigMapList\n' 'a list'
is "$(type_of "$cms?limit=1" $pb)" "200 $pb" 'a page'
is "$(type_of /apis/apps/v1/deployments $pb)" "200 $pb" 'an empty list'
is "$(type_of $cms/zz $pb)" "404 $pb" 'an error'
like "$(get $cms/zz $pb | fields)" $'configmaps "zz" not found' 'its text'
is "$(type_of $cms/zz "$pb;as=PartialObjectMetadata;v=v1;g=meta.k8s.io,application/json")" '404 application/json' 'an error has no partial form'
partial="$pb;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
like "$(get $cms/a "$partial" | fields)" $'1.1=meta.k8s.io/v1\n1.2=PartialObjectMetadata\n' 'partial metadata'
like "$(get $cms "$pb;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1" | fields)" $'1.2=PartialObjectMetadataList\n' 'a list of them'
is "$(type_of $cms "$pb;as=Table;g=meta.k8s.io;v=v1")" '406 application/json' 'a Table has none'
is "$(type_of $cms "$pb;as=Table;g=meta.k8s.io;v=v1,application/json")" '200 application/json' 'a Table has none: the next clause'
is "$(type_of $cms 'application/cbor')" '406 application/json' 'CBOR is refused'
is "$(api_code POST $cms -H 'Content-Type: application/cbor' -d x)" 415 'a body in CBOR is refused'

like "$(api_json POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews \
	'{"spec":{"resourceAttributes":{"verb":"get","resource":"pods"}}}' -H "Accept: $pb" | fields)" \
	$'1.2=SelfSubjectAccessReview\n.*\n2.3.1=1\n' 'a review'
check 'a deployment' k create deployment d --image=x
like "$(get /apis/apps/v1/namespaces/default/deployments/d/scale $pb | fields)" $'1.1=autoscaling/v1\n1.2=Scale\n' 'a scale'
like "$(api_json POST /api/v1/namespaces/default/serviceaccounts/default/token '{}' -H "Accept: $pb" | fields)" \
	$'1.2=TokenRequest\n' 'a token request'
like "$(api DELETE $cms/a -H "Accept: $pb" | fields)" $'\n1.2=Status\n.*\n2.5.1=a\n' 'the answer to a DELETE'

rv=$(api GET $cms | jq -r .metadata.resourceVersion)
w="$cms?watch=1&resourceVersion=$rv&timeoutSeconds=1&allowWatchBookmarks=true"
get "$w" $pb -D "$T/head" -N > "$T/watched" &
watcher=$!
api_json POST $cms '{"metadata":{"name":"b"}}' > /dev/null
api DELETE $cms/b > /dev/null
wait $watcher
like "$(tr -d '\r' < "$T/head")" $'\nContent-Type: application/vnd.kubernetes.protobuf;stream=watch\n' 'the type of a watch'
events=$(fields watch < "$T/watched")
is "$(grep -c '^frame$' <<< "$events")" 2 'two frames'
like "$events" $'frame\n1=ADDED\n2.1.1.1=v1\n2.1.1.2=ConfigMap\n.*\nframe\n1=DELETED\n' 'their types and objects'
is "$(type_of "$w" 'application/yaml')" '406 application/yaml' 'a watch has no YAML'
api GET "$cms?watch=1&resourceVersion=1&timeoutSeconds=1" -H "Accept: $partial" -N 2> /dev/null | fields watch > "$T/partial"
like "$(cat "$T/partial")" $'2.1.1.2=(PartialObjectMetadata|Status)\n' 'a watch of partial metadata'

big=$(head -c 200000 /dev/zero | tr '\0' z)
printf '{"metadata":{"name":"big"},"data":{"k":"%s"}}' "$big" > "$T/big.json"
is "$(api_code POST $cms -H 'Content-Type: application/json' --data-binary @"$T/big.json")" 201 'a large object'
get $cms/big $pb -H 'Accept-Encoding: gzip' -D "$T/head" > "$T/big.gz"
like "$(cat "$T/head")" 'Content-Encoding: gzip' 'what is large is packed'
is "$(gunzip < "$T/big.gz" | wc -c)" "$(get $cms/big $pb | wc -c)" 'and the same'

done_testing
