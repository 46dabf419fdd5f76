"""What a program with Debian's python3-kubernetes does: python_client.py RESTART, KUBECONFIG set. Prints result
lines. RESTART is a program that stops the server and starts it again on the same data and port."""
import datetime
import json
import subprocess
import sys
import threading
import time
import traceback

from kubernetes import client, config, dynamic, watch
from kubernetes.client.rest import ApiException
from kubernetes.stream import stream

config.load_kube_config()
core, apps, custom = client.CoreV1Api(), client.AppsV1Api(), client.CustomObjectsApi()
NS = "default"
number = failed = 0


def check(name):
    def run(body):
        global number, failed
        number += 1
        try:
            body()
            print(f"ok {number} - {name}", flush=True)
        except Exception:
            failed = 1
            text = traceback.format_exc().replace("\n", "\n#   ")
            print(f"not ok {number} - {name}\n#   {text}", flush=True)
    return run


def config_map(name, **data):
    return {"metadata": {"name": name, "labels": {"app": "python"}}, "data": data}


def until(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "the time is over"
        time.sleep(0.02)


class Informer(threading.Thread):
    """List, then watch from there; again from the last revision when a watch ends, from a list when it is expired."""

    def __init__(self, lister, **selection):
        super().__init__(daemon=True)
        self.lister, self.selection = lister, selection
        self.store, self.events, self.lists, self.stopped = {}, [], 0, False

    def relist(self):
        got = self.lister(NS, **self.selection)
        self.lists += 1
        self.store = {o.metadata.name: o for o in got.items}
        return got.metadata.resource_version

    def run(self):
        revision = None
        while not self.stopped:
            try:
                revision = revision or self.relist()
                for event in watch.Watch().stream(self.lister, NS, resource_version=revision, timeout_seconds=30, **self.selection):
                    o = event["object"]
                    revision = o.metadata.resource_version
                    self.events.append((event["type"], o.metadata.name))
                    if event["type"] == "DELETED":
                        self.store.pop(o.metadata.name, None)
                    else:
                        self.store[o.metadata.name] = o
            except ApiException as e:
                revision = None if e.status == 410 else revision
            except Exception:
                time.sleep(0.1)


@check("create, read, list, errors as Status")
def _():
    core.create_namespaced_config_map(NS, config_map("a", k="1"))
    assert core.read_namespaced_config_map("a", NS).data == {"k": "1"}
    assert [o.metadata.name for o in core.list_namespaced_config_map(NS, label_selector="app=python").items] == ["a"]
    for call, code in ((lambda: core.read_namespaced_config_map("none", NS), 404),
                       (lambda: core.create_namespaced_config_map(NS, config_map("a")), 409)):
        try:
            call()
            raise AssertionError("no error")
        except ApiException as e:
            assert e.status == code, e


@check("pages")
def _():
    names, token = [], None
    while token != "":
        got = core.list_namespaced_config_map(NS, limit=1, _continue=token)
        names += [o.metadata.name for o in got.items]
        token = got.metadata._continue or ""
    assert sorted(names) == names and len(names) == 2, names


@check("merge patch, strategic merge patch, JSON patch")
def _():
    deployment = {"metadata": {"name": "d"}, "spec": {"replicas": 1, "selector": {"matchLabels": {"a": "b"}}, "template": {
        "metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "one", "image": "i"}, {"name": "two", "image": "i"}]}}}}
    apps.create_namespaced_deployment(NS, deployment)
    two = {"spec": {"template": {"spec": {"containers": [{"name": "two", "image": "j"}]}}}}
    got = apps.patch_namespaced_deployment("d", NS, two)  # the client sends a strategic patch
    assert [(c.name, c.image) for c in got.spec.template.spec.containers] == [("one", "i"), ("two", "j")]
    got = core.patch_namespaced_config_map("a", NS, [{"op": "add", "path": "/data/j", "value": "2"}])
    assert got.data == {"k": "1", "j": "2"}
    anything = dynamic.DynamicClient(client.ApiClient()).resources.get(api_version="v1", kind="ConfigMap")
    got = anything.patch(name="a", namespace=NS, body={"data": {"j": None, "m": "3"}}, content_type="application/merge-patch+json")
    assert dict(got.data) == {"k": "1", "m": "3"}, got.data


@check("server-side apply")
def _():
    def send(manager, force=False, **data):
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "applied"}, "data": data}
        return core.api_client.call_api(  # this version's own methods cannot send the type
            f"/api/v1/namespaces/{NS}/configmaps/applied", "PATCH", body=json.dumps(body), response_type="V1ConfigMap",
            query_params=[("fieldManager", manager), ("force", force)], auth_settings=["BearerToken"],
            header_params={"Content-Type": "application/apply-patch+yaml"})[0]
    assert dict(send("one", x="1", y="2").data) == {"x": "1", "y": "2"}
    assert dict(send("one", x="1").data) == {"x": "1"}
    try:
        send("two", x="2")
        raise AssertionError("no conflict")
    except ApiException as e:
        assert e.status == 409, e
    assert dict(send("two", force=True, x="2").data) == {"x": "2"}


@check("replace; a stale one is refused")
def _():
    old = core.read_namespaced_config_map("a", NS)
    old.data = {"k": "4"}
    core.replace_namespaced_config_map("a", NS, old)
    try:
        core.replace_namespaced_config_map("a", NS, old)
        raise AssertionError("no conflict")
    except ApiException as e:
        assert e.status == 409, e


informer = Informer(core.list_namespaced_config_map, label_selector="app=python")


@check("an informer sees what is there and what comes")
def _():
    informer.start()
    until(lambda: "a" in informer.store)
    core.create_namespaced_config_map(NS, config_map("b"))
    core.patch_namespaced_config_map("b", NS, {"data": {"x": "y"}})
    core.delete_namespaced_config_map("b", NS)
    until(lambda: ("DELETED", "b") in informer.events)
    assert [t for t, n in informer.events if n == "b"] == ["ADDED", "MODIFIED", "DELETED"], informer.events


@check("and goes on after the server's restart, where it was")
def _():
    before = len(informer.events)
    subprocess.run(sys.argv[1], check=True, stdout=subprocess.DEVNULL, shell=True)
    until(lambda: core.read_namespaced_config_map("a", NS))
    core.create_namespaced_config_map(NS, config_map("c"))
    until(lambda: ("ADDED", "c") in informer.events)
    assert informer.events[before:] == [("ADDED", "c")], informer.events[before:]
    assert informer.lists == 1, "listed again"
    informer.stopped = True


def run(command, **more):
    return stream(core.connect_get_namespaced_pod_exec, "p", NS, command=command, stdout=True, stderr=True, tty=False, **more)


@check("a pod runs")
def _():
    core.create_namespaced_pod(NS, {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "main", "image": "i"}]}})
    for event in watch.Watch().stream(core.list_namespaced_pod, NS, field_selector="metadata.name=p", timeout_seconds=20):
        if event["object"].status.phase == "Running":
            return
    raise AssertionError("never Running")


@check("exec: output, input, exit codes, refusals")
def _():
    assert run(["echo", "hello"], stdin=False) == "hello\n"
    r = run(["sh", "-c", "exit 3"], stdin=False, _preload_content=False)
    r.run_forever(timeout=20)
    assert r.returncode == 3, r.returncode
    r = run(["cat"], stdin=True, _preload_content=False)
    r.write_stdin("there\n")
    until(lambda: r.update(timeout=1) or r.peek_stdout())
    assert r.read_stdout() == "there\n"
    r.close()
    try:
        run(["true"], stdin=False, container="none")
        raise AssertionError("no error")
    except ApiException as e:
        assert "400 Bad Request" in str(e), e


@check("log")
def _():
    assert "container main" in core.read_namespaced_pod_log("p", NS)


@check("scale, status, eviction, tokens")
def _():
    assert apps.patch_namespaced_deployment_scale("d", NS, {"spec": {"replicas": 2}}).spec.replicas == 2
    until(lambda: apps.read_namespaced_deployment_status("d", NS).status.ready_replicas == 2)
    core.create_namespaced_pod_eviction("p", NS, {"metadata": {"name": "p", "namespace": NS}})
    until(lambda: "p" not in [p.metadata.name for p in core.list_namespaced_pod(NS).items])
    request = {"spec": {"audiences": ["x"], "expirationSeconds": 600}}
    assert core.create_namespaced_service_account_token("default", NS, request).status.token.count(".") == 2


@check("custom resources")
def _():
    schema = {"type": "object", "properties": {"spec": {"type": "object", "properties": {"size": {"type": "integer", "maximum": 10}}}}}
    client.ApiextensionsV1Api().create_custom_resource_definition({
        "metadata": {"name": "widgets.example.org"}, "spec": {
            "group": "example.org", "scope": "Namespaced", "names": {"plural": "widgets", "kind": "Widget"},
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}]}})
    where = ("example.org", "v1", NS, "widgets")

    def served():
        try:
            return custom.list_namespaced_custom_object(*where)["items"] == []
        except ApiException:
            return False
    until(served)
    made = custom.create_namespaced_custom_object(*where, {"apiVersion": "example.org/v1", "kind": "Widget", "metadata": {"name": "w"}, "spec": {"size": 3}})
    assert made["metadata"]["generation"] == 1
    assert custom.patch_namespaced_custom_object(*where, "w", {"spec": {"size": 4}})["spec"] == {"size": 4}
    try:
        custom.patch_namespaced_custom_object(*where, "w", {"spec": {"size": 40}})
        raise AssertionError("no error")
    except ApiException as e:
        assert e.status == 422, e
    types = [e["type"] for e in watch.Watch().stream(custom.list_namespaced_custom_object, *where, timeout_seconds=1)]
    assert types == ["ADDED"], types


@check("a leader's lease")
def _():
    leases = client.CoordinationV1Api()
    now = datetime.datetime(2026, 1, 2, 3, 4, 5, 120000, tzinfo=datetime.timezone.utc)
    made = leases.create_namespaced_lease(NS, {"metadata": {"name": "l"}, "spec": {"holderIdentity": "x", "renewTime": now.strftime("%Y-%m-%dT%H:%M:%S.%fZ")}})
    assert made.spec.renew_time == now, made.spec.renew_time
    made.spec.holder_identity = "y"
    assert leases.replace_namespaced_lease("l", NS, made).spec.holder_identity == "y"


sys.exit(failed)
