"""Custom and external metrics for tests: custom.metrics.k8s.io/v1beta2, external.metrics.k8s.io/v1beta1.

usage: metrics_api.py CERT KEY PORT_FILE POD,POD...   prints each path it is asked for
Pods have `hits` 3 each, any other object has `load` 5, the queue `jobs` is 6 and 1500m long; the rest is not there.
"""
import http.server, json, os, re, ssl, sys

CUSTOM, EXTERNAL = "custom.metrics.k8s.io/v1beta2", "external.metrics.k8s.io/v1beta1"
WHEN = "2026-01-01T00:00:00Z"
PODS = sys.argv[4].split(",")


def custom(kind, name, metric, value):
    return {"describedObject": {"kind": kind, "name": name}, "metric": {"name": metric, "selector": None},
            "timestamp": WHEN, "value": value}


def answer(path):
    if path in ("/apis/" + CUSTOM, "/apis/" + EXTERNAL):
        return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": path[6:], "resources": [
            {"name": "pods/hits", "singularName": "", "namespaced": True, "kind": "MetricValueList", "verbs": ["get"]}]}
    values = {"kind": "MetricValueList", "apiVersion": CUSTOM, "metadata": {}}
    if re.fullmatch(r"/apis/custom[^/]*/v1beta2/namespaces/default/pods/\*/hits", path):
        return values | {"items": [custom("Pod", p, "hits", "3") for p in PODS]}
    if m := re.fullmatch(r"/apis/custom[^/]*/v1beta2/namespaces/default/services/([^/]*)/load", path):
        return values | {"items": [custom("Service", m.group(1), "load", "5")]}
    if re.fullmatch(r"/apis/external[^/]*/v1beta1/namespaces/default/jobs", path):
        return {"kind": "ExternalMetricValueList", "apiVersion": EXTERNAL, "metadata": {}, "items": [
            {"metricName": "jobs", "metricLabels": {}, "timestamp": WHEN, "value": v} for v in ("6", "1500m")]}
    return None


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_GET(self):
        print(self.path, flush=True)
        body = answer(self.path.split("?")[0].replace("%2A", "*"))
        data = json.dumps(body or {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "code": 404,
                                   "reason": "NotFound", "message": "there is no such metric"}).encode()
        self.send_response(200 if body else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def main(cert, key, port_file):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ctx.load_cert_chain(cert, key)
    server.socket = ctx.wrap_socket(server.socket, server_side=True)
    with open(port_file + ".new", "w") as f:
        f.write(str(server.server_address[1]))
    os.rename(port_file + ".new", port_file)
    server.serve_forever()


main(*sys.argv[1:4])
