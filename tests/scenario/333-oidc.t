#!/bin/bash
# Other people's word for who is calling: an OpenID provider, another authority, a front proxy.
. "$(dirname "$0")/../lib/nutshell.bash"

said() { jq -r '"\(.code) \(.reason) \(.message)"'; }
b64() { base64 -w0 | tr '+/' '-_' | tr -d =; }
authority() { # NAME
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj "/CN=$1" \
		-keyout "$T/$1.key" -out "$T/$1.crt" 2> /dev/null
}
issue() { # NAME AUTHORITY SUBJECT [EXTENSION]
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "$3" -keyout "$T/$1.key" 2> /dev/null |
		openssl x509 -req -days 1 -CA "$T/$2.crt" -CAkey "$T/$2.key" -CAcreateserial -out "$T/$1.crt" \
			-extfile <(printf '%s\n' "${4:-extendedKeyUsage=clientAuth}") 2> /dev/null
}
authority ca
authority other
authority proxies
issue server ca /CN=issuer subjectAltName=IP:127.0.0.1
issue dave other '/O=dev/O=ops/CN=dave'
issue front proxies /CN=front
issue wrong proxies /CN=wrong
issue nobody ca /CN=nobody

# keys: RSA rs, elliptic es; and the documents that tell of them
openssl genrsa -out "$T/rs.pem" 2048 2> /dev/null
openssl ecparam -name prime256v1 -genkey -noout -out "$T/es.pem"
hex() { xxd -r -p | b64; }
rs_jwk() { # KID
	printf '{"kty":"RSA","use":"sig","alg":"RS256","kid":"%s","n":"%s","e":"AQAB"}' "$1" \
		"$(openssl rsa -in "$T/rs.pem" -noout -modulus | cut -d= -f2 | hex)"
}
es_jwk() { # KID
	local xy
	xy=$(openssl ec -in "$T/es.pem" -pubout -outform DER 2> /dev/null | tail -c 64 | xxd -p -c 200)
	printf '{"kty":"EC","use":"sig","crv":"P-256","kid":"%s","x":"%s","y":"%s"}' "$1" "$(hex <<< "${xy:0:64}")" "$(hex <<< "${xy:64}")"
}
echo "{\"keys\":[$(rs_jwk one)]}" > "$T/keys.json"
background python3 "$(dirname "$0")/../lib/issuer.py" "$T"
wait_until 10 test -s "$T/port" || skip_all 'no issuer'
iss=https://127.0.0.1:$(cat "$T/port")

sign() { # ALG KID CLAIMS
	local head text sig
	head=$(printf '{"alg":"%s","kid":"%s"}' "$1" "$2" | b64)
	text=$head.$(printf '%s' "$3" | b64)
	case $1 in
	RS256) sig=$(printf '%s' "$text" | openssl dgst -sha256 -sign "$T/rs.pem" -binary | b64) ;;
	PS384) sig=$(printf '%s' "$text" | openssl dgst -sha384 -sign "$T/rs.pem" -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest -binary | b64) ;;
	ES256) sig=$(printf '%s' "$text" | openssl dgst -sha256 -sign "$T/es.pem" -binary |
		openssl asn1parse -inform DER | awk -F: '/INTEGER/ {printf "%064s", $NF}' | tr ' ' 0 | hex) ;;
	esac
	printf '%s.%s' "$text" "$sig"
}
now=$(date +%s)
claims() { # MORE-MEMBERS
	printf '{"iss":"%s","aud":"me","exp":%d,"sub":"s1","name":"jane","email":"j@x","groups":["a","b"],"dept":"it"%s}' "$iss" $((now + 600)) "${1-}"
}
start_server --oidc-issuer-url "$iss" --oidc-client-id me --oidc-ca-file "$T/ca.crt" \
	--oidc-username-claim name --oidc-groups-claim groups --oidc-groups-prefix g: \
	--oidc-required-claim dept=it --oidc-signing-algs RS256,ES256 --oidc-signing-algs PS384 \
	--client-ca-file "$T/other.crt" --requestheader-client-ca-file "$T/proxies.crt" --requestheader-allowed-names front

self=/apis/authentication.k8s.io/v1/selfsubjectreviews
who() { # CURL-ARGUMENTS...
	curl -sk -X POST -H 'Content-Type: application/json' -d '{}' "$@" "$server_url$self" | jq -cS '.status.userInfo? // .code'
}
with() { who -H "Authorization: Bearer $1"; }
isnt_401() { [ "$(with "$1")" != 401 ]; }
why() { api_json POST /apis/authentication.k8s.io/v1/tokenreviews '{"spec":{"token":"'"$1"'"}}' | jq -r .status.error; }

# --- the provider
is "$(with "$(sign RS256 one "$(claims ',"jti":"j1"')")")" \
	'{"extra":{"authentication.kubernetes.io/credential-id":["JTI=j1"]},"groups":["g:a","g:b","system:authenticated"],"username":"'"$iss"'#jane"}' \
	'a token of the provider'
is "$(with "$(sign PS384 one "$(claims)")" | jq -r .username)" "$iss#jane" 'another algorithm'
echo "{\"keys\":[$(es_jwk two)]}" > "$T/keys.json"
t=$(sign ES256 two "$(claims)") # keys are fetched at most once a second
eventually 'a new key is fetched when it is met' 5 isnt_401 "$t"
is "$(with "$t" | jq -r .username)" "$iss#jane" 'and is good'
is "$(with "$(sign RS256 one "$(claims ',"x":1')")")" 401 'an old one is gone'
t=$(sign ES256 two "$(claims)")
is "$(with "${t%?????}AAAAA")" 401 'a wrong signature'
is "$(why "$(sign ES256 two "$(claims | sed 's/"me"/"you"/')")")" '[invalid bearer token, oidc: verify token: oidc: expected audience in ["me"] got "you"]' 'for somebody else'
like "$(why "$(sign ES256 two "$(claims | sed "s/$((now + 600))/$((now - 60))/")")")" 'oidc: token is expired' 'expired'
is "$(why "$(sign ES256 two "$(claims | sed 's/"dept":"it"/"dept":"hr"/')")")" \
	'[invalid bearer token, oidc: required claim dept value does not match. Got = hr, want = it]' 'a required claim'
is "$(why "$(sign ES256 two "$(claims | sed 's/"name":"jane",//')")")" \
	'[invalid bearer token, oidc: parse username claims "name": claim not present]' 'no name'
is "$(why "$(printf '{"alg":"none"}' | b64).$(claims | b64).")" \
	'[invalid bearer token, oidc: verify token: oidc: malformed jwt: unexpected signature algorithm "none"]' 'no algorithm at all'
is "$(why "$(sign ES256 two "$(claims | sed "s#$iss#https://else#")")")" 'invalid bearer token' 'another issuer'
like "$(with "$(k create token default)" | jq -r .username)" '^system:serviceaccount:default:default$' 'accounts'"'"' tokens go on'
k create clusterrolebinding jane --clusterrole=view --user="$iss#jane" > /dev/null
is "$(curl -sk -H "Authorization: Bearer $t" "$server_url/api/v1/namespaces/default/pods" | jq -r .kind)" PodList 'and may be given rights'

# --- another authority
sum=$(openssl x509 -in "$T/dave.crt" -outform DER | sha256sum | cut -d' ' -f1)
is "$(who --cert "$T/dave.crt" --key "$T/dave.key")" \
	'{"extra":{"authentication.kubernetes.io/credential-id":["X509SHA256='"$sum"'"]},"groups":["dev","ops","system:authenticated"],"username":"dave"}' \
	'a certificate of another authority'
is "$(who --cert "$T/nobody.crt" --key "$T/nobody.key")" 401 'not of any'
is "$(curl -sk -o /dev/null -w '%{http_code}' --cert "$T/nobody.crt" --key "$T/nobody.key" "$server_url/healthz")" 401 'which is worse than none'
is "$(curl -sk "$server_url/healthz")" ok 'none at all'

# --- a front proxy
front=(--cert "$T/front.crt" --key "$T/front.key")
is "$(who "${front[@]}" -H 'X-Remote-User: eve' -H 'X-Remote-Uid: 7' -H 'X-Remote-Group: dev' -H 'X-Remote-Group: qa' \
	-H 'X-Remote-Extra-Scope: r' -H 'X-Remote-Extra-Scope: w' -H 'X-Remote-Extra-a.io%2Fb: c')" \
	'{"extra":{"a.io/b":["c"],"scope":["r","w"]},"groups":["dev","qa","system:authenticated"],"uid":"7","username":"eve"}' 'a front proxy says who'
is "$(who "${front[@]}")" 401 'or says nothing'
is "$(who --cert "$T/wrong.crt" --key "$T/wrong.key" -H 'X-Remote-User: eve')" 401 'one of another name is not believed'
is "$(who --cert "$T/dave.crt" --key "$T/dave.key" -H 'X-Remote-User: eve' | jq -r .username)" dave 'nor is a client'
stop_server

check_fails 'flags that belong together' 'must be specified together' "$NUTSHELL" server --data-dir :memory: --listen 127.0.0.1:0 --oidc-client-id x
check_fails 'https only' 'URL scheme must be https' "$NUTSHELL" server --data-dir :memory: --listen 127.0.0.1:0 --oidc-client-id x --oidc-issuer-url http://x
done_testing
