#!/usr/bin/env python3
"""kill -9 of a real server during a write load: kills.py NUTSHELL DIR KILLS

Writers create, change and delete ConfigMaps and remember what was acknowledged. After each crash a
writer finds its object as the last acknowledged write left it, or as the interrupted one would have.
A watcher follows from the first revision on, resuming where it was. In the end its events must be
those that a watch of the whole history gives, hold every acknowledged write exactly once, and rise
strictly. Prints TAP lines.
"""
import base64
import http.client
import json
import os
import random
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time

WRITERS = 6
PATH = "/api/v1/namespaces/default/configmaps"
BROKEN = (OSError, http.client.HTTPException, ValueError)


class Server:
    def __init__(self, binary, directory):
        self.binary, self.dir, self.port, self.ctx = binary, directory, 0, None
        self.kubeconfig = f"{directory}/kubeconfig"
        self.ready = []

    def launch(self):
        if os.path.exists(self.kubeconfig):
            os.unlink(self.kubeconfig)
        with open(f"{self.dir}/log", "ab") as log:
            self.process = subprocess.Popen(
                [self.binary, "server", "--data-dir", f"{self.dir}/data", "--host", "simulated", "--kubeconfig-out",
                 self.kubeconfig, "--listen", f"127.0.0.1:{self.port}"], stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def start(self):
        begin = time.monotonic()
        self.launch()
        while not os.path.exists(self.kubeconfig):
            if self.process.poll() is not None:
                sys.exit(f"Bail out! the server ended with {self.process.returncode}; see {self.dir}/log")
            if time.monotonic() - begin > 60:
                sys.exit("Bail out! the server does not become ready")
            time.sleep(0.002)
        self.ready.append(time.monotonic() - begin)
        if not self.ctx:
            self.learn()

    def learn(self):
        with open(self.kubeconfig) as f:
            words = dict(line.strip(" -").rstrip().split(": ", 1) for line in f if ": " in line)
        self.port = int(words["server"].strip('"').rsplit(":", 1)[1])
        for key in "certificate-authority-data", "client-certificate-data", "client-key-data":
            with open(f"{self.dir}/{key}", "wb") as f:
                f.write(base64.b64decode(words[key].strip('"')))
        self.ctx = ssl.create_default_context(cafile=f"{self.dir}/certificate-authority-data")
        self.ctx.load_cert_chain(f"{self.dir}/client-certificate-data", f"{self.dir}/client-key-data")

    def connect(self):
        return http.client.HTTPSConnection("127.0.0.1", self.port, context=self.ctx, timeout=30)


def request(conn, method, path, body=None, kind="application/json"):
    conn.request(method, path, json.dumps(body) if body is not None else None, {"Content-Type": kind})
    response = conn.getresponse()
    return response.status, json.loads(response.read())


class Writer(threading.Thread):
    """Owns one name. `state` is its value as acknowledged, or None; `acked` holds (revision, value)."""

    def __init__(self, server, number, stop, problems):
        super().__init__(daemon=True)
        self.server, self.name, self.stop, self.problems = server, f"w{number}", stop, problems
        self.state, self.count, self.acked, self.unsure = None, 0, [], 0

    def step(self, conn):
        self.count += 1
        value = f"{self.name}-{self.count}"
        cm = {"metadata": {"name": self.name}, "data": {"v": value, "pad": "x" * (self.count % 900)}}
        if self.state is None:
            self.attempt = value
            code, answer = request(conn, "POST", PATH, cm)
        elif self.count % 7 == 0:
            self.attempt = None
            code, answer = request(conn, "DELETE", f"{PATH}/{self.name}")
        else:
            self.attempt = value
            code, answer = request(conn, "PATCH", f"{PATH}/{self.name}", {"data": cm["data"]}, "application/merge-patch+json")
        if code >= 500 or code == 429:
            raise OSError(f"{code} while stopping or starting")
        if code >= 300:
            self.problems.append(f"{self.name}: {code} {answer.get('message')}")
            raise OSError("unexpected")
        self.state = self.attempt
        if self.attempt is not None:  # a delete's answer does not say its revision
            self.acked.append((int(answer["metadata"]["resourceVersion"]), value))

    def settle(self, conn):
        """What did the crash leave? The last acknowledged write, or the one that it interrupted."""
        code, answer = request(conn, "GET", f"{PATH}/{self.name}")
        if code not in (200, 404):
            raise OSError(str(code))
        now = answer["data"]["v"] if code == 200 else None
        if now not in (self.state, self.attempt):
            self.problems.append(f"{self.name}: {now} after a crash, acknowledged {self.state}, tried {self.attempt}")
        self.unsure += now != self.state
        self.state = now

    def run(self):
        conn, sure = self.server.connect(), True
        self.attempt = None
        while not self.stop.is_set() or not sure:
            try:
                if not sure:
                    self.settle(conn)
                    sure = True
                else:
                    self.step(conn)
            except BROKEN:
                sure = False
                conn.close()
                conn = self.server.connect()
                time.sleep(0.005)


class Watcher(threading.Thread):
    def __init__(self, server, revision, until=None):
        super().__init__(daemon=True)
        self.server, self.revision, self.events, self.resumed = server, revision, [], 0
        self.until, self.error = until, None

    def follow(self, conn):
        conn.request("GET", f"{PATH}?watch=1&resourceVersion={self.revision}")
        response = conn.getresponse()
        if response.status != 200:
            raise OSError(str(response.status))
        while line := response.readline():
            event = json.loads(line)
            o = event["object"]
            if event["type"] == "ERROR":
                self.error = o
                return
            self.revision = int(o["metadata"]["resourceVersion"])
            self.events.append((self.revision, event["type"], o["metadata"]["name"], o.get("data", {}).get("v")))
            if self.until is not None and self.revision >= self.until:
                return

    def done(self):
        return self.error or (self.until is not None and self.revision >= self.until)

    def run(self):
        while not self.done():
            conn = self.server.connect()
            try:
                self.follow(conn)
            except BROKEN:
                time.sleep(0.005)
            conn.close()
            self.resumed += 1


def result(good, name, details=()):
    result.number += 1
    print(f"{'ok' if good else 'not ok'} {result.number} - {name}")
    for d in [] if good else list(details)[:20]:
        print(f"#   {d}")
    result.failed |= not good


result.number, result.failed = 0, False


def main():
    binary, directory, kills = sys.argv[1], sys.argv[2], int(sys.argv[3])
    seed = int(os.environ.get("SEED", time.time_ns() % 1000000))
    print(f"# SEED={seed}")
    rng = random.Random(seed)
    server = Server(binary, directory)
    server.start()
    first = int(request(server.connect(), "GET", PATH)[1]["metadata"]["resourceVersion"])
    stop, problems = threading.Event(), []
    writers = [Writer(server, n, stop, problems) for n in range(WRITERS)]
    watcher = Watcher(server, first)
    for t in writers + [watcher]:
        t.start()
    for _ in range(kills):
        time.sleep(rng.uniform(0.0, 0.15))  # when it is hit, is the test
        server.kill()
        if rng.random() < 0.2:
            server.launch()
            time.sleep(rng.uniform(0.0, 0.05))
            server.kill()
        server.start()
    stop.set()
    for w in writers:
        w.join(60)
    marker = request(server.connect(), "POST", PATH, {"metadata": {"name": "marker"}})[1]
    watcher.until = int(marker["metadata"]["resourceVersion"])
    watcher.join(30)
    replay = Watcher(server, first, watcher.until)
    replay.start()
    replay.join(30)
    server.process.send_signal(signal.SIGTERM)
    code = server.process.wait(20)

    acked = [(rv, value, w.name) for w in writers for rv, value in w.acked]
    seen = {rv: (name, value) for rv, _, name, value in watcher.events}
    revisions = [e[0] for e in watcher.events]
    print(f"# {len(acked)} acknowledged writes, {sum(w.unsure for w in writers)} kept without an answer, "
          f"{watcher.resumed} resumed watches, ready in {sorted(server.ready)[len(server.ready) // 2] * 1000:.0f} ms (median)")
    result(len(acked) > kills, "there was a load")
    result(not problems, "each object is as its last acknowledged write left it", problems)
    result(len({a[0] for a in acked}) == len(acked), "no revision was given out twice")
    lost = [a for a in acked if seen.get(a[0]) != (a[2], a[1])]
    result(not lost, "the watcher saw every acknowledged write", lost)
    result(all(a < b for a, b in zip(revisions, revisions[1:])), "in order, each once")
    result(watcher.error is None and watcher.revision >= watcher.until, "it resumed to the end", [watcher.error])
    result(replay.events == watcher.events, "a watch of the whole history gives the same events",
           sorted(set(replay.events) ^ set(watcher.events))[:10] + [replay.error])
    result(code == 0, "the last server stops well", [code])
    sys.exit(result.failed)


main()
