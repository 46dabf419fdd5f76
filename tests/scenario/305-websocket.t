#!/bin/bash
# Watches over a WebSocket: one message per event, text or (protobuf) binary, a proper end.
. "$(dirname "$0")/../lib/nutshell.bash"
start_server

cat > "$T/ws.py" <<'P'
import json, os, base64, hashlib, socket, ssl, struct, sys
host, port = sys.argv[1].split("//")[1].split(":")
T, path, accept = sys.argv[2:5]
ctx = ssl.create_default_context(cafile=T + "/ca.pem")
ctx.check_hostname = False
ctx.load_cert_chain(T + "/cert.pem", T + "/key.pem")
s = ctx.wrap_socket(socket.create_connection((host, int(port))))
key = base64.b64encode(os.urandom(16)).decode()
s.sendall((f"GET {path} HTTP/1.1\r\nHost: x\r\nAccept: {accept}\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
           f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n").encode())
f = s.makefile("rb")
print(f.readline().decode().strip())
head = {}
while (line := f.readline().strip()):
    k, v = line.decode().split(": ", 1); head[k.lower()] = v
want = base64.b64encode(hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()).decode()
print("accepted", head.get("sec-websocket-accept") == want)
s.sendall(b"\x89\x80abcd")  # a ping nobody has to answer
while True:
    a, b = f.read(2)
    n = b & 127
    if n == 126: n, = struct.unpack(">H", f.read(2))
    elif n == 127: n, = struct.unpack(">Q", f.read(8))
    data = f.read(n)
    if a == 0x81: e = json.loads(data); print(e["type"], e["object"]["metadata"]["name"])
    elif a == 0x82: print("binary", data[2:2 + data[1]].decode())
    elif a == 0x88: print("close", struct.unpack(">H", data)[0]); break
print("end", f.read())
P
cms=/api/v1/namespaces/default/configmaps
for n in a b; do api_json POST $cms "{\"metadata\":{\"name\":\"$n\"},\"data\":{\"k\":\"$(head -c 200 /dev/zero | tr '\0' z)\"}}" > /dev/null; done
watched() { timeout 10 python3 "$T/ws.py" "$server_url" "$T/main" "$1" "$2"; }
w="$cms?watch=1&timeoutSeconds=1&fieldSelector=metadata.name!=kube-root-ca.crt"
is "$(watched "$w" application/json)" $'HTTP/1.1 101 Switching Protocols\naccepted True\nADDED a\nADDED b\nclose 1000\nend b\'\'' 'text'
is "$(watched "$w" application/vnd.kubernetes.protobuf | grep -c '^binary ADDED$')" 2 'protobuf'
is "$(watched "$w" 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io' | grep -c '^ADDED')" 2 'partial metadata'

done_testing
