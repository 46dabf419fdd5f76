"""Every verb on every kind of a table: kinds.py URL DIR, with ca.pem, cert.pem and key.pem in DIR.

A line of standard input is PATH RESOURCE STATUS BODY: PATH the group version, followed by NS for a kind
of namespaces; STATUS `-`, or what /status is asked to hold; BODY the object without its name. Prints a
result line for each step; the words after the resource are the same for all kinds.
"""
import http.client
import json
import ssl
import sys
from urllib.parse import urlsplit

url, keys = sys.argv[1:]
tls = ssl.create_default_context(cafile=f"{keys}/ca.pem")
tls.load_cert_chain(f"{keys}/cert.pem", f"{keys}/key.pem")
connection = http.client.HTTPSConnection(urlsplit(url).netloc, context=tls, timeout=30)
MERGE = "application/merge-patch+json"
VERBS = {"create", "get", "list", "patch", "update", "watch", "delete", "deletecollection"}
number = failed = 0


def call(method, path, body=None, content="application/json"):
    data = None if body is None else json.dumps(body, separators=(",", ":"))
    connection.request(method, path, data, {"Content-Type": content} if data else {})
    reply = connection.getresponse()
    return reply.status, json.loads(reply.read())


def is_(got, want, name):
    global number, failed
    number += 1
    print(f"{'ok' if got == want else 'not ok'} {number} - {name}")
    if got != want:
        failed = 1
        print(f"#   got:  {json.dumps(got)[:900]}\n#   want: {json.dumps(want)[:900]}")


def names(path):
    return [i["metadata"]["name"] for i in call("GET", path)[1].get("items", [])]


def watched(path):
    """Types of the events of the object `one` up to its deletion, each change of type once."""
    other = http.client.HTTPSConnection(urlsplit(url).netloc, context=tls, timeout=30)
    other.request("GET", path + "&fieldSelector=metadata.name%3Done&timeoutSeconds=20&watch=1")
    seen = []
    for line in other.getresponse():
        kind = json.loads(line)["type"]
        if kind not in seen[-1:]:
            seen.append(kind)
        if kind == "DELETED":
            break
    other.close()
    return seen


def contains(whole, part):
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(contains(whole.get(k), v) for k, v in part.items())
    if isinstance(part, list):
        return isinstance(whole, list) and all(any(contains(w, p) for w in whole) for p in part)
    return whole == part


def drop(many, name):
    """Deletes; what protects the object (a finalizer of its own kind) is taken off."""
    code, left = call("DELETE", f"{many}/{name}?propagationPolicy=Background")
    if left.get("metadata", {}).get("finalizers"):
        call("PATCH", f"{many}/{name}", {"metadata": {"finalizers": None}}, MERGE)
    return code


def status_verbs(resource, one, status):
    is_(call("GET", one + "/status")[0], 200, f"{resource}: status is read")
    got = call("PATCH", one + "/status", {"status": status}, MERGE)[1]
    is_(got if not contains(got.get("status"), status) else 0, 0, f"{resource}: status is patched")
    code, new = call("PUT", one + "/status", got)
    is_(code, 200, f"{resource}: status is updated")
    is_([new.get("spec"), new["metadata"].get("generation")], [got.get("spec"), got["metadata"].get("generation")],
        f"{resource}: which keeps the spec")


def lifecycle(path, resource, status, body):
    root = path.removesuffix("NS")
    many = f"{root}/namespaces/default/{resource}" if path != root else f"{root}/{resource}"
    one = f"{many}/one"
    picked = "?labelSelector=run%3Dkinds"

    def named(name, run="kinds"):
        return {**body, "metadata": {"name": name, "labels": {"run": run}}}

    found = [set(r["verbs"]) for r in call("GET", root)[1]["resources"] if r["name"] == resource]
    is_([sorted(VERBS - f) for f in found], [[]], f"{resource}: discovery names every verb")
    start = call("GET", f"{many}?limit=1")[1]["metadata"]["resourceVersion"]
    code, made = call("POST", many, named("one"))
    is_(made if code != 201 else code, 201, f"{resource}: create")
    is_(call("GET", one)[1], made, f"{resource}: get gives what create gave")
    is_(names(many + picked), ["one"], f"{resource}: list by label")
    if path != root:
        is_(names(f"{root}/{resource}{picked}"), ["one"], f"{resource}: list across namespaces")
    got = call("PATCH", one, {"metadata": {"annotations": {"a": "patched"}}}, MERGE)[1]
    is_(got["metadata"].get("annotations", {}).get("a"), "patched", f"{resource}: patch")
    got["metadata"]["annotations"]["a"] = "updated"
    code, got = call("PUT", one, got)
    is_(code, 200, f"{resource}: update")
    is_(call("GET", one)[1]["metadata"].get("annotations", {}).get("a"), "updated", f"{resource}: the update reads back")
    if status is not None:
        status_verbs(resource, one, status)
    is_(drop(many, "one"), 200, f"{resource}: delete")
    is_(call("GET", one)[0], 404, f"{resource}: and it is gone")
    is_(watched(f"{many}?resourceVersion={start}"), ["ADDED", "MODIFIED", "DELETED"], f"{resource}: a watch tells all of it")
    call("POST", many, named("two"))
    call("POST", many, named("three", "other"))
    call("DELETE", f"{many}{picked}&propagationPolicy=Background")
    call("PATCH", f"{many}/two", {"metadata": {"finalizers": None}}, MERGE)
    is_(names(many + "?labelSelector=run"), ["three"], f"{resource}: deletecollection takes what is selected")
    drop(many, "three")


for line in sys.stdin:
    if line.strip():
        where, what, state, rest = line.split(None, 3)
        lifecycle(where, what, None if state == "-" else json.loads(state), json.loads(rest))
sys.exit(failed)
