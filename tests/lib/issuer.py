"""An OpenID provider for tests: serves its discovery document and keys over HTTPS on a free port.

usage: issuer.py DIR: wants DIR/server.crt, DIR/server.key; writes DIR/port; serves DIR/keys.json as it is at
the time of each request, with {port} in place of the port.
"""
import http.server
import json
import os
import ssl
import sys

where = sys.argv[1]


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        base = "https://127.0.0.1:%d" % self.server.server_address[1]
        if self.path == "/.well-known/openid-configuration":
            body = json.dumps({"issuer": base, "jwks_uri": base + "/keys"}).encode()
        elif self.path == "/keys":
            with open(os.path.join(where, "keys.json"), "rb") as f:
                body = f.read()
        else:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(os.path.join(where, "server.crt"), os.path.join(where, "server.key"))
server.socket = context.wrap_socket(server.socket, server_side=True)
with open(os.path.join(where, "port.new"), "w") as f:
    f.write(str(server.server_address[1]))
os.rename(os.path.join(where, "port.new"), os.path.join(where, "port"))
server.serve_forever()
