# A webhook for admission tests. Sourced after nutshell.bash.
#
#	start_webhook           # $hook_url, $hook_ca (base64 of its CA)
#	hook_reviews            # what it was asked, one JSON document a line

start_webhook() {
	local d=$T/webhook
	command -v openssl > /dev/null && command -v python3 > /dev/null || skip_all "no openssl or python3"
	mkdir -p "$d"
	(
		cd "$d" || exit 1
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout ca.key -out ca.pem \
			-days 2 -subj /CN=hook-ca
		openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout key.pem -out csr.pem \
			-subj /CN=hook
		echo 'subjectAltName=IP:127.0.0.1,DNS:hook.default.svc' > ext
		openssl x509 -req -in csr.pem -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile ext -out cert.pem
	) > "$d/openssl" 2>&1
	: > "$d/log"
	python3 "$root/tests/lib/webhook.py" "$d/cert.pem" "$d/key.pem" "$d/log" > "$d/port" 2> "$d/err" &
	background_pids+=($!)
	wait_until 10 test -s "$d/port" || skip_all "the webhook did not start"
	hook_port=$(cat "$d/port")
	hook_url=https://127.0.0.1:$hook_port
	hook_ca=$(base64 -w0 < "$d/ca.pem")
}

hook_reviews() { cat "$T/webhook/log"; }
hook_forget() { : > "$T/webhook/log"; }

# The text of a JSON patch as /patch/... wants it.
hook_patch() { printf %s "$1" | base64 -w0 | tr '+/' '-_' | tr -d '='; }

# A configuration with one webhook about ConfigMaps of namespace `default`.
hook_config() { # KIND NAME PATH [MORE YAML LINES OF THE WEBHOOK]
	cat <<-EOF
		apiVersion: admissionregistration.k8s.io/v1
		kind: $1
		metadata: {name: $2}
		webhooks:
		- name: $2.nutshell.dev
		  clientConfig: {url: "$hook_url$3", caBundle: $hook_ca}
		  rules:
		  - {operations: ["*"], apiGroups: [""], apiVersions: ["*"], resources: [configmaps]}
		  namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: default}}
		  sideEffects: None
		  admissionReviewVersions: [v1]
	EOF
	shift 3
	for line; do printf '  %s\n' "$line"; done
}
