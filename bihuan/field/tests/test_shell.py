"""The app as one set of files: complete, without anything personal, named by what it consists of."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

from django.contrib.staticfiles import finders
from django.test import Client

from bihuan.field import shell

MODULES = Path(finders.find("js/field/app.mjs")).parent


def listed() -> dict:
    text = Client().get("/sw.js").content.decode()
    return json.loads(re.search(r"const LISTED = (.*);", text)[1])


def test_every_module_of_the_app_is_in_the_set():
    assert {f"js/field/{path.name}" for path in MODULES.glob("*.mjs")} == {
        name for name in shell.FILES if name.startswith("js/field/")
    }
    for name in shell.FILES:
        if not name.endswith(".mjs"):
            continue
        text = Path(finders.find(name)).read_text("utf-8")
        for each in re.findall(r'from "(\.[^"]+)"', text):
            target = (Path(finders.find(name)).parent / each).resolve()
            assert any(Path(finders.find(known)).resolve() == target for known in shell.FILES), (
                f"{name}: {each}"
            )


def test_the_digests_are_those_of_the_files():
    told = listed()
    files = dict(told["files"])
    assert files["/static/js/field/app.mjs"] == hashlib.sha256((MODULES / "app.mjs").read_bytes()).hexdigest()
    page = Client().get("/field/")
    assert files["/field/"] == hashlib.sha256(page.content).hexdigest()
    assert f'data-version="{told["version"]}"' in page.content.decode()


def test_the_page_is_the_same_for_everybody(client, people):
    anonymous = client.get("/field/").content
    client.force_login(people.inspector)
    assert client.get("/field/").content == anonymous
    assert b"csrf" not in anonymous


def test_the_worker_may_stand_at_the_root_and_the_policy_stays_strict():
    answer = Client().get("/sw.js")
    assert answer["Content-Type"].startswith("text/javascript")
    assert answer["Service-Worker-Allowed"] == "/"
    policy = Client().get("/field/")["Content-Security-Policy"]
    assert "worker-src 'self'" in policy
    assert "manifest-src 'self'" in policy
    assert "unsafe" not in policy


def test_the_manifest_makes_it_installable():
    told = Client().get("/field/manifest.webmanifest").json()
    assert (told["start_url"], told["display"], told["scope"]) == ("/field/", "standalone", "/field/")
    assert {"192x192", "512x512"} == {icon["sizes"] for icon in told["icons"]}
    for icon in told["icons"]:
        assert finders.find(icon["src"].removeprefix("/static/"))
