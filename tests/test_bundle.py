"""The air-gapped bundle: made, installed in an empty directory without network, and serving a page from there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
pytestmark = [pytest.mark.slow, pytest.mark.sqlite]
UNREACHABLE = (
    "Temporary failure in name resolution",
    "Failed to establish a new connection",
    "error sending request",
)
# Loopback is the only network there is; without root the installer's own --no-index has to do.
ISOLATED = (
    ["unshare", "--net", sys.executable, "-c",
     "import fcntl,os,socket,struct,sys;s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM);"
     "fcntl.ioctl(s,0x8914,struct.pack('16sh',b'lo',1));os.execvp(sys.argv[1],sys.argv[1:])"]
    if os.geteuid() == 0
    else []
)  # fmt: skip


@pytest.fixture(scope="module")
def bundle(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("bundle") / "bihuan"
    made = subprocess.run(
        [ROOT / "scripts" / "bundle", out], env=os.environ | {"PYTHON": sys.executable},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if made.returncode and any(sign in made.stdout + made.stderr for sign in UNREACHABLE):
        pytest.skip("the package index cannot be reached from here")
    assert made.returncode == 0, made.stdout + made.stderr
    return out


def run(*command: str | Path, data: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*ISOLATED, *map(str, command)], env={"PATH": os.environ["PATH"], "BIHUAN_DATA": str(data), "HOME": str(data)},
        cwd=data, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_bundle_runs_where_there_is_no_network(bundle, tmp_path):
    data, prefix = tmp_path / "data", tmp_path / "opt"
    data.mkdir()
    names = {path.name for path in bundle.iterdir()}
    assert {"install.sh", "SHA256SUMS", "requirements.txt", "fonts.txt", "wheels", "deploy", "docs"} <= names
    about = json.loads((bundle / "about.json").read_text())

    done = run(bundle / "install.sh", "--prefix", prefix, "--python", sys.executable, data=data)
    assert done.returncode == 0, done.stdout + done.stderr
    command = prefix / "current" / "bin" / "bihuan"
    assert "backup" in run(command, "--help", data=data).stdout
    migrated = run(command, "migrate", data=data)
    assert migrated.returncode == 0, migrated.stdout + migrated.stderr

    # Served with the templates and static files the wheel brought along: in a network of its own, asked from within.
    asking = (
        "import os,signal,subprocess,sys,time,urllib.request\n"
        "service=subprocess.Popen([sys.argv[1],'serve','--no-worker'],env=os.environ|{'PORT':'8077'})\n"
        "try:\n"
        "    for _ in range(300):\n"
        "        try:\n"
        "            page=urllib.request.urlopen('http://127.0.0.1:8077/accounts/login/').read().decode(); break\n"
        "        except OSError: time.sleep(0.1)\n"
        "    style=page.split('rel=\"stylesheet\" href=\"')[1].split('\"')[0]\n"
        "    print(page.count('<form'), len(urllib.request.urlopen('http://127.0.0.1:8077'+style).read())>1000)\n"
        "finally:\n"
        "    service.send_signal(signal.SIGTERM); service.wait(30)\n"
    )
    asked = run(sys.executable, "-c", asking, command, data=data)
    assert asked.stdout.strip().endswith("True"), asked.stdout + asked.stderr
    assert not asked.stdout.startswith("0 ")
    assert (data / "bihuan.sqlite3").exists()
    wheel = f"bihuan-{about['version']}-py3-none-any.whl"
    assert (bundle / "wheels" / wheel).exists()

    # One changed byte, and nothing is installed.
    (bundle / "fonts.txt").write_text("changed\n")
    refused = run(bundle / "install.sh", "--prefix", tmp_path / "other", data=data)
    assert refused.returncode == 1
    assert "没有安装" in refused.stderr
    assert not (tmp_path / "other").exists()
