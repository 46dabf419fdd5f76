#!/usr/bin/env python3
"""Clients that a server must survive: hostile.py PORT PKI-DIR SERVER-PID

PKI-DIR holds ca.pem, cert.pem, key.pem. Between the attacks an honest client must be answered at
once. Afterwards the descriptors are back and the memory is bounded. Prints TAP lines.
"""
import os
import random
import resource
import select
import socket
import ssl
import sys
import time

PORT, PKI, PID = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
RSS_LIMIT_MB = int(os.environ.get("RSS_LIMIT_MB", "200"))
number, failed = 0, False


def result(good, name, detail=""):
    global number, failed
    number += 1
    print(f"{'ok' if good else 'not ok'} {number} - {name}" + ("" if good else f"\n#   {detail}"), flush=True)
    failed |= not good


def context(with_cert=True):
    ctx = ssl.create_default_context(cafile=f"{PKI}/ca.pem")
    if with_cert:
        ctx.load_cert_chain(f"{PKI}/cert.pem", f"{PKI}/key.pem")
    return ctx


ADMIN, NOBODY = context(), context(False)


def plain():
    return socket.create_connection(("127.0.0.1", PORT), timeout=15)


def secure(ctx=ADMIN):
    return ctx.wrap_socket(plain(), server_hostname="127.0.0.1")


def drain(s, seconds=15):
    """What came until the other side closed or said nothing more; None when it stayed open and silent."""
    got, end = b"", time.monotonic() + seconds
    while time.monotonic() < end:
        s.settimeout(max(0.01, end - time.monotonic()))
        try:
            piece = s.recv(65536)
        except socket.timeout:
            break
        except OSError:
            return got
        if not piece:
            return got
        got += piece
    return got or None


def ask(text, ctx=ADMIN):
    with secure(ctx) as s:
        s.sendall(text)
        s.settimeout(15)
        try:
            return s.recv(65536)
        except OSError:
            return b""


def honest():
    begin = time.monotonic()
    try:
        good = ask(b"GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").startswith(b"HTTP/1.1 200")
    except OSError as e:
        return False, f"{e}"
    took = time.monotonic() - begin
    return good and took < 5, f"answered {good} in {took:.2f} s"


def fds():
    return len(os.listdir(f"/proc/{PID}/fd"))


def rss_mb():
    with open(f"/proc/{PID}/status") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmRSS")) // 1024


def wait_for_fds(limit, seconds):
    end = time.monotonic() + seconds
    while fds() > limit and time.monotonic() < end:
        time.sleep(0.1)
    return fds()


def cut_off(name, connections):
    """Hang up on all of them; the server must notice."""
    for s in connections:
        s.close()
    good, detail = honest()
    result(good, f"{name}: an honest client is answered", detail)


def plain_text_and_garbage():
    s = plain()
    s.sendall(b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n")
    got = drain(s)
    result(got is not None, "plain HTTP on the TLS port is answered or closed", "neither")
    s.close()
    rng = random.Random(1)
    open_ones = []
    for n in range(200):
        s = plain()
        try:
            s.sendall(rng.randbytes(rng.randrange(1, 2000)))
        except OSError:
            pass
        open_ones.append(s)
    cut_off("200 times garbage instead of TLS", open_ones)
    half = []
    for n in range(200):
        s = plain()
        s.sendall(bytes.fromhex("1603010200010001fc0303")[: 1 + n % 11])
        half.append(s)
    good, detail = honest()
    result(good, "200 half ClientHellos: an honest client is answered", detail)
    cut_off("gone", half)


def identities():
    with open(f"{PKI}/other-cert.pem"):
        ctx = context(False)
        ctx.load_cert_chain(f"{PKI}/other-cert.pem", f"{PKI}/other-key.pem")
    try:
        got = ask(b"GET /api/v1/namespaces HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", ctx)
    except OSError:
        got = b""
    result(got == b"" or got.startswith(b"HTTP/1.1 401"), "a certificate of another CA is nobody", got[:80])
    for token in (b"x", b"a.b.c", b"eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.", b"\xff\xfe", b"Z" * 20000, b""):
        got = ask(b"GET /api/v1/namespaces HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + token
                  + b"\r\nConnection: close\r\n\r\n", NOBODY)
        good = any(got.startswith(b"HTTP/1.1 " + c) for c in (b"401", b"403", b"400", b"431")) or got == b""
        result(good and not got.startswith(b"HTTP/1.1 200"), f"token {token[:12]!r}", got[:80])


def half_requests():
    pieces = (b"G", b"GET", b"GET /readyz HTTP/1.1\r\n", b"GET /readyz HTTP/1.1\r\nHost: x\r\nX", b"\r\n\r\n\r\n",
              b"POST /api/v1/namespaces/default/configmaps HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
              b"Content-Length: 1000000\r\n\r\n{\"metadata\":",
              b"POST /api/v1/namespaces/default/configmaps HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\nabc",
              b"GET /api/v1/pods?watch=1 HTTP/1.1\r\nHost: x\r\n\r\n")
    open_ones = []
    for n in range(160):
        s = secure()
        s.sendall(pieces[n % len(pieces)])
        open_ones.append(s)
    good, detail = honest()
    result(good, "160 half requests: an honest client is answered", detail)
    cut_off("gone", open_ones)
    for name, text in {
        "no HTTP": b"\0\1\2\3 \r\n\r\n",
        "no version": b"GET /\r\n\r\n",
        "a wrong version": b"GET / HTTP/7.3\r\nHost: x\r\n\r\n",
        "a negative length": b"POST /api/v1/namespaces/default/configmaps HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        "an absurd length": b"POST /api/v1/namespaces/default/configmaps HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "a 5 GB body": b"POST /api/v1/namespaces/default/configmaps HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 5000000000\r\n\r\n{",
        "broken chunks": b"POST /api/v1/namespaces/default/configmaps HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "a long URL": b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        "a long header": b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 100000 + b"\r\n\r\n",
        "many headers": b"GET / HTTP/1.1\r\nHost: x\r\n" + b"".join(b"X%d: y\r\n" % n for n in range(20000)) + b"\r\n",
    }.items():
        try:
            s = secure()
            try:
                s.sendall(text)
            except OSError:
                pass
            got = drain(s, 10)
            s.close()
        except OSError:
            got = b""
        bad = got is None or (got and not got.startswith(b"HTTP/1.1 4") and not got.startswith(b"HTTP/1.1 5"))
        result(not bad, f"{name}: refused or closed", (got or b"silence")[:80])


def slow_clients():
    """A request a byte at a time is still answered; a list that is never read pins nobody."""
    s = secure()
    for byte in b"GET /readyz HTTP/1.1\r\nHost: slow\r\nConnection: close\r\n\r\n":
        s.sendall(bytes([byte]))
        time.sleep(0.002)
    result((drain(s) or b"").startswith(b"HTTP/1.1 200"), "a byte at a time")
    s.close()
    body = b'{"metadata":{"generateName":"x-"},"data":{"k":"' + b"x" * 500000 + b'"}}'
    for n in range(8):
        ask(b"POST /api/v1/namespaces/default/configmaps HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    readers = []
    for n in range(40):
        s = secure()
        s.sendall(b"GET /api/v1/configmaps%s HTTP/1.1\r\nHost: x\r\n\r\n" % (b"" if n % 2 else b"?watch=1"))
        readers.append(s)
    good, detail = honest()
    result(good, "40 clients that do not read 4 MB: an honest one is answered", detail)
    result(rss_mb() < RSS_LIMIT_MB, f"and memory is bounded ({rss_mb()} MB)")
    cut_off("gone", readers)


def idle(count):
    before = rss_mb()
    connections, handshakes = [], count // 2
    for n in range(count):
        connections.append(secure() if n < handshakes else plain())
    good, detail = honest()
    result(good, f"{count} idle connections: an honest client is answered", detail)
    result(rss_mb() < RSS_LIMIT_MB, f"memory is bounded ({before} -> {rss_mb()} MB)")
    cut_off("gone", connections)


def main():
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(8192, resource.getrlimit(resource.RLIMIT_NOFILE)[1]),) * 2)
    honest()
    at_rest = fds()
    for attack in (plain_text_and_garbage, identities, half_requests, slow_clients, lambda: idle(2000)):
        attack()
    left = wait_for_fds(at_rest + 4, 30)
    result(left <= at_rest + 4, "the descriptors are given back", f"{at_rest} at rest, now {left}")
    good, detail = honest()
    result(good, "in the end an honest client is answered", detail)
    print(f"# {rss_mb()} MB, {left} descriptors")
    sys.exit(failed)


main()
