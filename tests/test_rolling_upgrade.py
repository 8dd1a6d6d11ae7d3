"""The shipped proxy configuration at work, and instances replaced behind it while people go on asking: 0 failed.

nginx, the configuration of deploy/nginx and deploy/rolling-upgrade are the real ones; only ports and paths are others.
"""

from __future__ import annotations

import datetime as dt
import http.client
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

ROOT = Path(__file__).resolve().parent.parent
NGINX = shutil.which("nginx") or "/usr/sbin/nginx"
HOST = "anquan.example.gov.cn"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.sqlite,
    pytest.mark.skipif(
        not Path(NGINX).exists() or not shutil.which("curl"), reason="nginx or curl is not installed"
    ),
]
RESTART = """#!/bin/bash
# stands for systemctl restart: stop gracefully, wait, start
port=${1#bihuan-web@}
if [ -f $port.pid ]; then
  pid=$(cat $port.pid)
  kill -TERM $pid 2>/dev/null
  while [ -d /proc/$pid ] && ! grep -q 'State:.Z' /proc/$pid/status 2>/dev/null; do sleep 0.1; done
fi
PORT=$port setsid %s -m bihuan.config.cli serve --no-worker --no-live >>$port.log 2>&1 </dev/null &
echo $! >$port.pid
"""


def free_ports() -> tuple[int, int, int]:
    """Two ports for instances, each with the next one free for live updates, and one for TLS."""
    held = [socket.socket() for _ in range(3)]
    for each in held:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in held]
    for each in held:
        each.close()
    return ports[0], ports[1], ports[2]


@dataclass
class Site:
    home: Path
    ports: tuple[int, int]
    tls: int
    environment: dict[str, str]

    def ask(
        self, method: str, path: str, *, source: str = "127.0.0.1", **headers: str
    ) -> http.client.HTTPResponse:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection = http.client.HTTPSConnection(
            "127.0.0.1", self.tls, context=context, timeout=20, source_address=(source, 0)
        )
        sent = {
            "Host": HOST,
            "Connection": "close",
            **{name.replace("_", "-"): text for name, text in headers.items()},
        }
        connection.request(method, path, body=b"" if method == "POST" else None, headers=sent)
        return connection.getresponse()

    def log_lines(self) -> list[dict]:
        lines = []
        for port in self.ports:
            for line in (self.home / f"{port}.log").read_text().splitlines():
                if line.startswith("{"):
                    lines.append(json.loads(line))
        return lines


def certificate(directory: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now).not_valid_after(now + dt.timedelta(days=2)).sign(key, hashes.SHA256())
    )  # fmt: skip
    (directory / "anquan.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (directory / "anquan.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )


def write_nginx(home: Path, ports: tuple[int, int], tls: int) -> Path:
    """The shipped files with the test's ports and paths."""
    shipped = ROOT / "deploy" / "nginx"
    upstream = (shipped / "bihuan-upstream.conf").read_text()
    for old, new in {8000: ports[0], 8001: ports[0] + 1, 8010: ports[1], 8011: ports[1] + 1}.items():
        upstream = upstream.replace(f"127.0.0.1:{old} ", f"127.0.0.1:{new} ")
    (home / "upstream.conf").write_text(upstream)
    site = (shipped / "bihuan.conf").read_text()
    for old, new in {
        "/etc/nginx/bihuan-upstream.conf": f"{home}/upstream.conf",
        "/etc/nginx/tls": str(home),
        "/var/lib/bihuan/static/": f"{home}/data/static/",
        "listen 443 ssl http2;": f"listen 127.0.0.1:{tls} ssl http2;",
        "    listen [::]:443 ssl http2;\n": "",
        "    listen [::]:80;\n": "",
        "listen 80;": f"listen unix:{home}/plain.sock;",
    }.items():
        assert old in site, old
        site = site.replace(old, new)
    (home / "site.conf").write_text(site)
    main = home / "nginx.conf"
    user = "user root;" if os.geteuid() == 0 else ""
    main.write_text(
        f"{user} pid {home}/nginx.pid; error_log {home}/error.log; worker_processes 2;\n"
        "events { worker_connections 512; }\n"
        f"http {{ access_log off; include /etc/nginx/mime.types; client_body_temp_path {home}/t1; proxy_temp_path {home}/t2;"
        f" fastcgi_temp_path {home}/t3; uwsgi_temp_path {home}/t4; scgi_temp_path {home}/t5; include {home}/site.conf; }}\n"
    )
    return main


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Iterator[Site]:
    home = tmp_path_factory.mktemp("rolling")
    first, second, tls = free_ports()
    ports = (first, second)
    certificate(home)
    environment = {
        "PATH": os.environ["PATH"], "BIHUAN_DATA": str(home / "data"), "BIHUAN_HOSTS": HOST + ",127.0.0.1",
        "BIHUAN_HTTPS": "1", "BIHUAN_TRUSTED_PROXIES": "127.0.0.1", "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    command = [sys.executable, "-m", "bihuan.config.cli", "migrate"]
    subprocess.run(command, env=environment, cwd=home, check=True, capture_output=True)
    restart = home / "restart"
    restart.write_text(RESTART % sys.executable)
    restart.chmod(0o755)
    main = write_nginx(home, ports, tls)
    checked = subprocess.run([NGINX, "-t", "-c", str(main)], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    site = Site(home, ports, tls, environment)
    try:
        for port in ports:
            subprocess.run([str(restart), f"bihuan-web@{port}"], env=environment, cwd=home, check=True)
        subprocess.run([NGINX, "-c", str(main)], check=True)
        for port in ports:
            wait_for(port)
        yield site
    finally:
        subprocess.run([NGINX, "-c", str(main), "-s", "quit"], check=False, capture_output=True)
        for port in ports:
            pid = int((home / f"{port}.pid").read_text())
            try:
                os.killpg(pid, signal.SIGTERM)
            except ProcessLookupError:
                continue


def wait_for(port: int) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
            connection.request("GET", "/readyz/", headers={"X-Forwarded-Proto": "https"})
            if connection.getresponse().status == 200:
                return
        except OSError:
            assert time.monotonic() < deadline
        threading.Event().wait(0.1)


def test_pages_and_static_files_through_the_proxy(site):
    page = site.ask("GET", "/accounts/login/")
    assert page.status == 200
    text = page.read().decode()
    style = text.split('rel="stylesheet" href="')[1].split('"')[0]
    served = site.ask("GET", style)
    assert served.status == 200
    assert "immutable" in served.headers["Cache-Control"]
    assert len(page.headers["X-Request-Id"]) == 32  # nginx's own id, kept by the service
    for hidden in ("/metrics", "/readyz/"):
        assert site.ask("GET", hidden).status == 404


def test_the_address_in_the_log_is_the_persons_and_cannot_be_claimed(site):
    answer = site.ask(
        "GET",
        "/",
        source="127.0.0.2",
        X_Forwarded_For="203.0.113.9",
        X_Real_IP="203.0.113.9",
        Forwarded="for=203.0.113.9",
    )
    wanted = answer.headers["X-Request-Id"]
    line = next(line for line in site.log_lines() if line.get("request_id") == wanted)
    assert line["ip"] == "127.0.0.2"
    assert (line["route"], line["status"]) == ("desk:home", 302)


def test_live_updates_arrive_as_they_are_sent(site):
    """A stream that stays open must not be held back: the first event arrives before the second is written."""
    go_on = threading.Event()
    listener = socket.create_server(("127.0.0.1", site.ports[0] + 1))
    other = socket.create_server(("127.0.0.1", site.ports[1] + 1))

    def stream(on: socket.socket) -> None:
        try:
            peer, _ = on.accept()
        except OSError:
            return
        peer.recv(65536)
        peer.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\ndata: 1\n\n"
        )
        go_on.wait(20)
        peer.sendall(b"data: 2\n\n")
        peer.close()

    threads = [threading.Thread(target=stream, args=(each,)) for each in (listener, other)]
    for thread in threads:
        thread.start()
    answer = site.ask("GET", "/live/events")
    assert answer.read(9) == b"data: 1\n\n"
    go_on.set()
    assert answer.read() == b"data: 2\n\n"
    for each in (listener, other):
        each.shutdown(socket.SHUT_RDWR)
        each.close()
    for thread in threads:
        thread.join(5)


def test_no_request_fails_while_every_instance_is_replaced(site):
    stop, answers, failures = threading.Event(), Counter(), []
    before = {port: (site.home / f"{port}.pid").read_text() for port in site.ports}

    def keep_asking(method: str, path: str, right: set[int]) -> None:
        while not stop.is_set():
            try:
                status = site.ask(method, path).status
            except (OSError, http.client.HTTPException) as error:
                failures.append(f"{method} {path}: {type(error).__name__} {error}")
                continue
            answers[status] += 1
            if status not in right:
                failures.append(f"{method} {path}: {status}")

    people = [
        threading.Thread(target=keep_asking, args=each)
        for each in (
            ("GET", "/", {302}),
            ("GET", "/healthz/", {200}),
            ("POST", "/api/v1/hazards", {401, 403, 422}),
        )
    ]
    for person in people:
        person.start()
    done = subprocess.run(
        [ROOT / "deploy" / "rolling-upgrade", *map(str, site.ports)],
        env=site.environment | {
            "UPSTREAM": str(site.home / "upstream.conf"), "RELOAD": f"{NGINX} -c {site.home}/nginx.conf -s reload",
            "RESTART": str(site.home / "restart"), "MIGRATE": f"{sys.executable} -m bihuan.config.cli migrate",
            "WORKER": "", "DRAIN": "1",
        },
        cwd=site.home, capture_output=True, text=True, check=False,
    )  # fmt: skip
    stop.set()
    for person in people:
        person.join(30)
    assert done.returncode == 0, done.stdout + done.stderr
    assert failures == []
    assert sum(answers.values()) > 50
    assert all((site.home / f"{port}.pid").read_text() != before[port] for port in site.ports)
    assert (
        " down"
        not in (site.home / "upstream.conf").read_text().split("# Live")[0].split("upstream bihuan_web")[1]
    )
