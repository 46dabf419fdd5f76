#!/usr/bin/env python3
"""An admission webhook for tests: webhook.py CERT KEY LOG

Listens on a free port of 127.0.0.1, prints it, and answers AdmissionReviews as the path says. Every
request is a line of LOG: {"path":, "host":, "review":}.

    /allow                 yes
    /deny/CODE/REASON/MSG  no; "-" leaves a part out
    /warn/TEXT/TEXT...     yes, with warnings
    /patch/BASE64URL       yes, with that JSON patch
    /raw/BASE64URL         that body, @UID@ replaced
    /code/N/TEXT           HTTP status N
    /slow/SECONDS          yes, late
    /audit                 yes, with audit annotations

ConversionReviews: /convert/MODE moves spec.color (v1) to spec.colour (v2) and back. MODE: ok; fail (its
message), few, uid, kind, version, name, meta (each one thing wrong), label (adds one).
"""
import base64
import http.server
import json
import ssl
import sys
import threading
import time
import urllib.parse

LOCK = threading.Lock()


def unpack(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()


def response(path, uid):
    words = [urllib.parse.unquote(w) for w in path.strip("/").split("/")]
    r = {"uid": uid, "allowed": True}
    if words[0] == "deny":
        code, reason, message = words[1:4]
        r["allowed"] = False
        status = {}
        if code != "-":
            status["code"] = int(code)
        if reason != "-":
            status["reason"] = reason
        if message != "-":
            status["message"] = message
        if status:
            r["status"] = status
    elif words[0] == "warn":
        r["warnings"] = words[1:]
    elif words[0] == "patch":
        r["patchType"] = "JSONPatch"
        r["patch"] = base64.b64encode(unpack(words[1]).encode()).decode()
    elif words[0] == "slow":
        time.sleep(float(words[1]))
    elif words[0] == "audit":
        r["auditAnnotations"] = {"seen": "yes"}
    return r


def convert(request, mode):
    want = request["desiredAPIVersion"]
    objects = []
    for o in request["objects"]:
        spec = o.get("spec", {})
        o["apiVersion"] = want
        old, new = ("color", "colour") if want.endswith("v2") else ("colour", "color")
        if old in spec:
            spec[new] = spec.pop(old)
        if mode == "kind":
            o["kind"] = "Other"
        elif mode == "version":
            o["apiVersion"] = "else.io/v1"
        elif mode == "name":
            o["metadata"]["name"] = "other"
        elif mode == "meta":
            del o["metadata"]
        elif mode == "label":
            o["metadata"].setdefault("labels", {})["converted"] = want.replace("/", "-")
            o["metadata"]["finalizers"] = ["not/taken"]
        objects.append(o)
    result = {"status": "Success"}
    if mode == "fail":
        result = {"status": "Failure", "message": "not today"}
    return {"uid": "x" if mode == "uid" else request["uid"], "result": result,
            "convertedObjects": objects[1:] if mode == "few" else objects}


class Hook(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        review = json.loads(body)
        path = self.path.split("?")[0]
        with LOCK, open(sys.argv[3], "a") as f:
            f.write(json.dumps({"path": self.path, "host": self.headers.get("Host"),
                                "agent": self.headers.get("User-Agent"),
                                "type": self.headers.get("Content-Type"), "review": review}) + "\n")
        uid = review["request"]["uid"]
        code, kind = 200, "application/json"
        words = path.strip("/").split("/")
        if words[0] == "raw":
            text = unpack(words[1]).replace("@UID@", uid)
        elif words[0] == "convert":
            text = json.dumps({"apiVersion": review["apiVersion"], "kind": "ConversionReview",
                               "response": convert(review["request"], words[1])})
        elif words[0] == "code":
            code, text, kind = int(words[1]), urllib.parse.unquote(words[2]), "text/plain"
        else:
            text = json.dumps({"apiVersion": review["apiVersion"], "kind": "AdmissionReview",
                               "response": response(path, uid)})
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    server.daemon_threads = True
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1], sys.argv[2])
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    print(server.server_address[1], flush=True)
    server.serve_forever()


main()
