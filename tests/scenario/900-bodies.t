#!/bin/bash
# Bad bodies: each gets the right Status, none harms the server.
. "$(dirname "$0")/../lib/nutshell.bash"
start_server

cms=/api/v1/namespaces/default/configmaps
said() { jq -r '"\(.code) \(.reason) \(.message)"'; }
file() { api POST "$cms$1" -H 'Content-Type: application/json' -H 'Expect:' --data-binary @"$T/body"; }

like "$(api_json POST $cms '{"metadata":{"name":"x"' | said)" '^400 BadRequest .*unexpected (EOF|end of JSON)' 'half an object'
like "$(api_json POST $cms '{"metadata":{"name":"x"},}' | said)" '^400 BadRequest .*invalid character' 'a comma too many'
like "$(api_json POST $cms "{'metadata':{}}" | said)" "^400 BadRequest .*invalid character" 'single quotes'
like "$(api_json POST $cms '{"metadata":{"name":"x"},"data":{"k":01}}' | said)" '^400 ' 'a number that is none'
like "$(api_json POST $cms '{"metadata":{"name":"x"},"data":{"k":NaN}}' | said)" '^400 ' 'NaN'
like "$(api_json POST $cms '{"metadata":{"name":{"a":1}}}' | said)" '^400 BadRequest .*cannot unmarshal object into Go struct field .*name of type string' 'an object for a string'
like "$(api_json POST $cms '{"metadata":{"name":"x","labels":{"a":1}}}' | said)" '^400 BadRequest .*cannot unmarshal number' 'a number for a label'
like "$(api_json POST /api/v1/namespaces/default/pods '{"metadata":{"name":"x"},"spec":{"containers":{}}}' | said)" \
	'^400 BadRequest .*cannot unmarshal object into Go struct field PodSpec.spec.containers' 'an object for a list'
like "$(api_json POST /api/v1/namespaces/default/pods '{"metadata":{"name":"x"},"spec":{"containers":[{"name":"a","image":"i","ports":[{"containerPort":99999999999}]}]}}' | said)" \
	'^400 BadRequest .*cannot unmarshal number 99999999999' 'a number that does not fit'
like "$(api_json POST /api/v1/namespaces/default/pods '{"metadata":{"name":"x"},"spec":{"activeDeadlineSeconds":1.5,"containers":[{"name":"a","image":"i"}]}}' | said)" \
	'^400 BadRequest .*cannot unmarshal number 1.5' 'a fraction for an integer'

for mode in Strict Warn Ignore; do
	headers=$(api_json POST "$cms?dryRun=All&fieldValidation=$mode" '{"metadata":{"name":"v"},"dat":{},"data":{"a":"1","a":"2"}}' -D - -o "$T/answer")
	case $mode in
	Strict)
		like "$(said < "$T/answer")" '^400 BadRequest .*strict decoding error: .*unknown field "dat"' 'Strict refuses'
		unlike "$headers" 'Warning:' 'without a Warning'
		;;
	Warn) like "$headers" 'Warning: 299 - "unknown field \\"dat\\""' 'Warn warns' ;;
	Ignore) unlike "$headers" 'Warning:' 'Ignore says nothing' ;;
	esac
	[ $mode = Strict ] || is "$(jq -c '[.data, has("dat")]' "$T/answer")" '[{"a":"2"},false]' "$mode: the last duplicate counts, the unknown is gone"
done

nest() { # N OPEN CLOSE
	printf '{"metadata":{"name":"deep"},"x":'
	printf "%0.s$2" $(seq "$1")
	printf "%0.s$3" $(seq "$1")
	printf '}'
}
nest 10000 '[' ']' > "$T/body"
like "$(file '' | said)" '^400 BadRequest .*(exceeded max depth|depth)' '10,000 lists in each other'
nest 10001 '{"a":' '}' | sed 's/:}/:1}/' > "$T/body"
like "$(file '' | said)" '^400 BadRequest' '10,000 objects in each other'
{ printf 'a: '; printf '[%.0s' {1..10000}; } > "$T/body"
is "$(api POST $cms -H 'Content-Type: application/yaml' --data-binary @"$T/body" | jq .code)" 400 'the same in YAML'
api_json POST $cms '{"metadata":{"name":"target"}}' -o "$T/answer"
for kind in merge strategic-merge; do
	{ printf '{"a":%.0s' {1..500}; printf 1; printf '}%.0s' {1..500}; } > "$T/body"
	like "$(api PATCH $cms/target -H "Content-Type: application/$kind-patch+json" --data-binary @"$T/body" -o /dev/null -w '%{http_code}')" \
		'^(200|400|422)$' "a $kind patch 500 deep"
done
{ printf '[{"op":"add","path":"/data","value":'; printf '[%.0s' {1..500}; printf ']%.0s' {1..500}; printf '}]'; } > "$T/body"
like "$(api PATCH $cms/target -H 'Content-Type: application/json-patch+json' --data-binary @"$T/body" -o /dev/null -w '%{http_code}')" \
	'^(400|422)$' 'a JSON patch 500 deep'
printf 'a: &a [x,x,x,x,x,x,x,x,x]\n' > "$T/body"
prev=a
for c in b c d e f g h i j; do
	printf '%s: &%s [*%s,*%s,*%s,*%s,*%s,*%s,*%s,*%s,*%s]\n' $c $c $prev $prev $prev $prev $prev $prev $prev $prev $prev >> "$T/body"
	prev=$c
done
is "$(api POST $cms -H 'Content-Type: application/yaml' --data-binary @"$T/body" | jq .code)" 400 'a billion laughs'

like "$(printf '{"metadata":{"name":"u"},"data":{"k":"\xc3\x28"}}' | api POST $cms -H 'Content-Type: application/json' --data-binary @- | said)" \
	'^400 BadRequest' 'invalid UTF-8'
like "$(printf '{"metadata":{"name":"u"},"data":{"k":"a\0b"}}' | api POST $cms -H 'Content-Type: application/json' --data-binary @- | said)" \
	'^400 BadRequest' 'a raw NUL'
code=$(api_json POST $cms '{"metadata":{"name":"nul"},"data":{"k":"a\u0000b"}}' -o "$T/answer" -w '%{http_code}')
case $code in
201) is "$(jq -c .data.k "$T/answer")" '"a\u0000b"' 'an escaped NUL is kept' ;;
*) is "$code" 400 'an escaped NUL is refused' ;;
esac
is "$(api_json POST $cms '{"metadata":{"name":"a\u0000"}}' | jq '.code == 422 or .code == 400')" true 'a NUL in a name'

for size in 3145728 3145729 4194304; do
	{
		printf '{"metadata":{"name":"big"},"data":{"k":"'
		head -c $((size - 42)) /dev/zero | tr '\0' x
		printf '"}}'
	} > "$T/body"
	like "$(file '?dryRun=All' | jq -c '[.code, .reason]')" '\[(413,"RequestEntityTooLarge"|422,"Invalid")\]' "a body of $(stat -c %s "$T/body") bytes"
done
gzip -c < /dev/zero 2> /dev/null | head -c 1000000 > "$T/bomb.gz"
like "$(api POST $cms -H 'Content-Type: application/json' -H 'Content-Encoding: gzip' --data-binary @"$T/bomb.gz" -o /dev/null -w '%{http_code}')" \
	'^4' 'a body that says it is compressed'

huge=9007199254740993
api_json POST /apis/coordination.k8s.io/v1/namespaces/default/leases '{"metadata":{"name":"n"},"spec":{"leaseTransitions":2147483648}}' > "$T/answer"
is "$(jq .code "$T/answer")" 400 'an int32 beyond its range'
api_json POST /apis/batch/v1/namespaces/default/jobs '{"metadata":{"name":"n"},"spec":{"suspend":true,"activeDeadlineSeconds":'$huge',
	"template":{"spec":{"restartPolicy":"Never","containers":[{"name":"a","image":"i"}]}}}}' > "$T/answer"
like "$(api GET /apis/batch/v1/namespaces/default/jobs/n)" "\"activeDeadlineSeconds\": ?$huge[,}]" 'an integer beyond 2^53 is kept'
api PATCH /apis/batch/v1/namespaces/default/jobs/n -H 'Content-Type: application/merge-patch+json' -d '{"metadata":{"labels":{"a":"b"}}}' -o "$T/answer"
like "$(cat "$T/answer")" "\"activeDeadlineSeconds\": ?$huge[,}]" 'through a patch'
like "$(k get job n -o json)" "\"activeDeadlineSeconds\": $huge" 'and through kubectl'

for path in "$cms/%00" "$cms/%zz" "$cms/%2e%2e" "$cms?limit=x" "$cms?continue=x" "$cms?labelSelector=a%20b%20c" \
	"$cms?fieldSelector=a" "$cms?resourceVersion=x" "$cms?watch=1&resourceVersion=-1" "$cms?timeoutSeconds=x&watch=1" "$cms/$(printf 'a%.0s' {1..4000})"; do
	like "$(API_SECONDS=5 api_code GET "$path" --path-as-is)" '^4[0-9][0-9]$' "GET ${path:0:70}"
done
is "$(api_code GET /readyz)" 200 'still well'
stop_server
done_testing
