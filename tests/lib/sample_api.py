"""A small API server for tests: group sample.test/v1, resource things; asks for the front proxy's certificate.

usage: sample_api.py CERT KEY PROXY_CA PORT_FILE   prints what it saw of each request as one JSON line
"""
import http.server, json, ssl, sys, threading, time

LIST = {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": "sample.test/v1", "resources": [
    {"name": "things", "singularName": "thing", "namespaced": True, "kind": "Thing", "shortNames": ["th"],
     "verbs": ["create", "delete", "get", "list", "watch"]},
    {"name": "things/status", "singularName": "", "namespaced": True, "kind": "Thing", "verbs": ["get"]}]}
THING = {"kind": "Thing", "apiVersion": "sample.test/v1", "metadata": {"name": "one", "namespace": "default"}}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def answer(self, code, body, kind="application/json"):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def chunk(self, data):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def watch(self):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for i in range(3):
            self.chunk(json.dumps({"type": "ADDED", "object": THING}).encode() + b"\n")
            time.sleep(0.05)
        self.chunk(b"")

    def echo(self):
        self.send_response(101)
        self.send_header("Upgrade", "echo")
        self.send_header("Connection", "Upgrade")
        self.end_headers()
        while True:
            data = self.connection.recv(4096)
            if not data:
                break
            self.connection.sendall(data.upper())
        self.close_connection = True

    def any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        cert = self.connection.getpeercert() if isinstance(self.connection, ssl.SSLSocket) else None
        print(json.dumps({"method": self.command, "path": self.path, "body": body.decode(),
                          "cert": [v for rdn in (cert or {}).get("subject", ()) for k, v in rdn],
                          "headers": [[k.lower(), v] for k, v in self.headers.items()]}), flush=True)
        path = self.path.split("?")[0]
        if self.headers.get("Upgrade") == "echo":
            self.echo()
        elif path == "/apis/sample.test/v1":
            self.answer(200, LIST)
        elif path == "/openapi/v3/apis/sample.test/v1":
            self.answer(200, {"openapi": "3.0.0", "info": {"title": "sample"}, "paths": {}})
        elif "watch=" in self.path:
            self.watch()
        elif path.endswith("/things"):
            if self.command == "POST":
                self.answer(201, json.loads(body))
            else:
                self.answer(200, {"kind": "ThingList", "apiVersion": "sample.test/v1",
                                  "metadata": {"resourceVersion": "1"}, "items": [THING]})
        elif path.endswith("/things/one"):
            self.answer(200, THING)
        elif path == "/hang":
            time.sleep(60)
        elif path == "/away":
            self.send_response(302)
            self.send_header("Location", "http://elsewhere.test/")
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif path.endswith("/page"):
            self.answer(200, b"<a href='/x'>x</a>", "text/html")
        else:
            self.answer(404, b"nothing here\n", "text/plain")

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = any


def main(cert, key, ca, port_file, address="127.0.0.1"):
    server = http.server.ThreadingHTTPServer((address, 0), Handler)
    server.daemon_threads = True
    if cert != "-":
        ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        ctx.load_cert_chain(cert, key)
        ctx.load_verify_locations(ca)
        ctx.verify_mode = ssl.CERT_REQUIRED
        server.socket = ctx.wrap_socket(server.socket, server_side=True)
    with open(port_file + ".new", "w") as f:
        f.write(str(server.server_address[1]))
    import os
    os.rename(port_file + ".new", port_file)
    server.serve_forever()


main(*sys.argv[1:])
