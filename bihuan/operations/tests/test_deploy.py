"""The shipped files an engine or init system would read. No such engine runs here: they are parsed and held against
each other; nginx and the rolling upgrade are tested at work in tests/test_rolling_upgrade.py."""

from __future__ import annotations

import configparser
import json
import re
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

from bihuan.operations.doctor.place import FONTS

ROOT = Path(__file__).resolve().parents[3]
DEPLOY = ROOT / "deploy"
HARDENED = {
    "NoNewPrivileges": "yes", "ProtectSystem": "strict", "ProtectHome": "yes", "PrivateTmp": "yes",
    "PrivateDevices": "yes", "CapabilityBoundingSet": "", "RestrictSUIDSGID": "yes", "LockPersonality": "yes",
    "ProtectKernelTunables": "yes", "ProtectControlGroups": "yes", "User": "bihuan",
}  # fmt: skip


@pytest.mark.parametrize("path", sorted((DEPLOY / "systemd").glob("*.service")), ids=lambda path: path.name)
def test_units_are_hardened_and_start_our_command(path):
    unit = configparser.ConfigParser(
        strict=False, interpolation=None, delimiters=("=",), comment_prefixes=("#",)
    )
    unit.optionxform = str
    unit.read_string(path.read_text("utf-8"))
    service = dict(unit["Service"])
    assert {name: service.get(name) for name in HARDENED} == HARDENED
    assert re.fullmatch(r"/opt/bihuan/current/bin/bihuan (serve --no-worker|worker)", service["ExecStart"])
    assert int(service["TimeoutStopSec"]) > 40  # longer than the grace of `bihuan serve`
    assert unit["Install"]["WantedBy"] == "bihuan.target"


def test_the_target_starts_what_there_is():
    wants = re.search(r"Wants=(.*)", (DEPLOY / "systemd/bihuan.target").read_text()).group(1).split()
    assert wants == ["bihuan-web@8000.service", "bihuan-web@8010.service", "bihuan-worker.service"]
    for name in wants:
        assert (DEPLOY / "systemd" / re.sub(r"@\d+", "@", name)).exists()
    upstream = (DEPLOY / "nginx/bihuan-upstream.conf").read_text()
    assert re.findall(r"127\.0\.0\.1:(\d+)", upstream) == ["8000", "8010", "8001", "8011"]


def test_every_setting_in_the_shipped_files_is_described():
    described = (ROOT / "docs/how-to/configure.md").read_text("utf-8")
    settings_text = (ROOT / "bihuan/config/settings.py").read_text("utf-8")
    for path in (DEPLOY / "systemd/bihuan.env", DEPLOY / "compose.yaml", DEPLOY / "Dockerfile"):
        for name in set(re.findall(r"\bBIHUAN_[A-Z_]+", path.read_text("utf-8"))) - {"BIHUAN_DB_PASSWORD"}:
            assert f"`{name}`" in described, name
    for name in set(re.findall(r'env\.\w+\(\s*"(BIHUAN_\w+)"', settings_text)):
        assert f"`{name}`" in described, name


def test_compose_services_depend_on_what_exists():
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
    services = compose["services"]
    assert set(services) == {"database", "migrate", "web", "web2", "worker"}
    for name, service in services.items():
        assert set(service.get("depends_on", {})) <= set(services), name
        for volume in service["volumes"]:
            assert volume.split(":")[0] in compose["volumes"]
    for name in ("web", "web2", "worker"):
        assert services[name]["cap_drop"] == ["ALL"]
        assert services[name]["read_only"] is True
    assert all(port.startswith("127.0.0.1:") for name in ("web", "web2") for port in services[name]["ports"])


def test_the_dockerfile_installs_the_bundle_and_gives_up_root():
    lines = (DEPLOY / "Dockerfile").read_text("utf-8").replace("\\\n", " ").splitlines()
    steps = [line.split(maxsplit=1) for line in lines if line and not line.startswith("#")]
    words = [step[0] for step in steps]
    assert words[0] == "FROM"
    assert set(words) <= {
        "FROM",
        "RUN",
        "COPY",
        "ENV",
        "USER",
        "VOLUME",
        "EXPOSE",
        "STOPSIGNAL",
        "HEALTHCHECK",
        "ENTRYPOINT",
        "CMD",
    }
    assert ["USER", "bihuan"] in steps
    assert words.index("USER") > max(number for number, word in enumerate(words) if word == "RUN")
    assert json.loads(steps[words.index("CMD")][1]) == ["serve", "--no-worker"]
    assert any("install.sh" in step[1] for step in steps)


@pytest.mark.parametrize("name", ["install.sh", "rolling-upgrade", "../scripts/bundle"])
def test_scripts_are_executable_and_parse(name):
    path = DEPLOY / name
    assert path.stat().st_mode & 0o111
    assert subprocess.run(["bash", "-n", path], check=False).returncode == 0


def test_aliases_cover_every_family_of_official_papers():
    tree = ElementTree.parse(DEPLOY / "fonts/60-bihuan.conf")
    aliased = {alias.findtext("family") for alias in tree.iter("alias")}
    listed = {
        line.split("\t")[0]
        for line in (DEPLOY / "fonts/fonts.txt").read_text("utf-8").splitlines()
        if line and line[0] != "#"
    }
    assert listed == set(FONTS)
    assert listed <= aliased


def test_units_of_the_machine_name_no_other_place():
    """journald keeps at least half a year."""
    text = (DEPLOY / "systemd/journald-bihuan.conf").read_text()
    assert int(re.search(r"MaxRetentionSec=(\d+)month", text).group(1)) >= 6
    assert int(re.search(r"rotate (\d+)", (DEPLOY / "logrotate/bihuan").read_text()).group(1)) >= 180
