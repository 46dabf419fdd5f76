#!/bin/bash
# One user's flood does not starve another, nor the server: seats, queues, 429; a request's own time.
. "$(dirname "$0")/../lib/nutshell.bash"
start_server

cms=/api/v1/namespaces/default/configmaps
is "$(api_json POST "$cms?timeout=1ns" '{"metadata":{"name":"late"}}' -o "$T/late" -w '%{http_code} %{content_type}')" \
	'504 text/plain; charset=utf-8' 'a write that could not begin in time'
is "$(jq -r '.reason + ": " + .message' "$T/late")" \
	'Timeout: Timeout: request did not complete within the allotted timeout' 'its words'
is "$(api_code GET $cms/late)" 404 'was not begun'
is "$(api_code GET "$cms?timeout=abc")" 400 'junk is refused'
is "$(api_code GET "$cms?timeout=-1s")" 200 'a negative one is the longest'

data=$(head -c 2000 /dev/zero | tr '\0' z)
for ((i = 0; i < 400; i++)); do
	printf -- '---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c%d, labels: {a: "%d"}}\ndata: {k: %s}\n' $i $i "$data"
done > "$T/many.yaml"
check 'objects' k create -f "$T/many.yaml"
check 'rights' k create clusterrolebinding all --clusterrole=cluster-admin --user=greedy --user=modest

# FLOOD as one user over that many connections, all at once; then one request a time as another.
cat > "$T/flood.py" <<'P'
import asyncio, os, ssl, sys, time
from collections import Counter
host, port = sys.argv[1].split("//")[1].split(":")
T, N = sys.argv[2], int(sys.argv[3])
ctx = ssl.create_default_context(cafile=T + "/ca.pem")
ctx.check_hostname = False
ctx.load_cert_chain(T + "/cert.pem", T + "/key.pem")
codes, waits, retry = Counter(), [], set()
async def ask(r, w, user, accept):
    w.write((f"GET /api/v1/namespaces/default/configmaps HTTP/1.1\r\nHost: x\r\nImpersonate-User: {user}\r\n"
             f"User-Agent: flood\r\nAccept: {accept}\r\n\r\n").encode())
    await w.drain()
    head = (await r.readuntil(b"\r\n\r\n")).decode().lower()
    if " 429 " in head.split("\r\n")[0]:
        retry.add("retry-after: 1\r\n" in head)
    n = int(head.split("content-length:")[1].split("\r\n")[0])
    await r.readexactly(n)
    return int(head.split(" ")[1])
table = "application/json;as=Table;v=v1;g=meta.k8s.io"
async def greedy(gate, start):
    async with gate:
        r, w = await asyncio.open_connection(host, int(port), ssl=ctx)
    start.append(1)
    while len(start) < N: await asyncio.sleep(0.05)
    codes[await ask(r, w, "greedy", table)] += 1
    w.close()
async def modest(done, start):
    r, w = await asyncio.open_connection(host, int(port), ssl=ctx)
    while len(start) < N: await asyncio.sleep(0.05)
    while not done.is_set():
        t = time.monotonic()
        code = await ask(r, w, "modest", table)
        waits.append(time.monotonic() - t)
        if code != 200: print("modest got", code)
        await asyncio.sleep(0.02)
async def main():
    gate, start, done = asyncio.Semaphore(50), [], asyncio.Event()
    other = asyncio.create_task(modest(done, start))
    await asyncio.gather(*(greedy(gate, start) for _ in range(N)))
    done.set()
    await other
asyncio.run(main())
print("codes", sorted(codes.items()), "retry", sorted(retry), "served", len(waits), "longest", round(max(waits), 2))
P
[ "$(nm -D "$NUTSHELL" 2> /dev/null | grep -c __asan_init)" = 0 ] || limit=2000000 # red zones and a quarantine
rss() { awk '/^VmHWM/ { print $2 }' "/proc/${server_pid[main]}/status"; }
before=$(rss)
python3 "$T/flood.py" "$server_url" "$T/main" "${FLOOD:-600}" > "$T/result"
sed 's/^/# /' "$T/result"
echo "# memory before and after: $before $(rss) KiB"
like "$(cat "$T/result")" '\(200, ' 'some are served'
like "$(cat "$T/result")" '\(429, ' 'some are turned away'
like "$(cat "$T/result")" 'retry \[True\]' 'with Retry-After'
unlike "$(cat "$T/result")" 'modest got' 'the other user is always served'
like "$(cat "$T/result")" 'longest [0-7]\.' 'and promptly'
if (( $(rss) < before + ${limit:-200000} )); then ok 'memory stays bounded'; else not_ok 'memory stays bounded' "$before $(rss)"; fi
like "$(api GET /metrics)" 'apiserver_flowcontrol_rejected_requests_total [1-9]' 'it is counted'

done_testing
