"""The app as one set of files: named by the digest of them all, so that a phone never mixes two versions."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.urls import reverse

MODULES = (
    "api", "app", "card", "conditions", "crypto", "data", "dom", "drafts", "finding", "judging", "lock", "migrations", "outbox", "photos",
    "places", "search", "settings", "signing", "store", "sync", "today", "updates", "upload", "walk",
)  # fmt: skip
SHARED = ("js/image.mjs", "js/ids.mjs", "js/signature.mjs", "js/early.js", "vendor/idb/idb.mjs")
STYLES = ("css/tokens.css", "css/field.css")
ICONS = (
    "field/icon-192.png",
    "field/icon-512.png",
    "field/icon-maskable-512.png",
    "icons.svg",
    "favicon.svg",
)
FILES = (*(f"js/field/{name}.mjs" for name in MODULES), *SHARED, *STYLES, *ICONS)


def address(name: str) -> str:
    """The plain address of a static file: modules name each other so, hashed names would load everything twice."""
    return f"{settings.STATIC_URL}{name}"


def page() -> str:
    """The HTML of the app; the same for everybody."""
    return _made()["page"]


def version() -> str:
    """The digest of page and files, shortened."""
    return _made()["version"]


def worker() -> str:
    """The service worker with its list of files and digests."""
    return _made()["worker"]


def manifest() -> str:
    """The web app manifest."""
    icons = [
        {"src": address("field/icon-192.png"), "sizes": "192x192", "type": "image/png"},
        {"src": address("field/icon-512.png"), "sizes": "512x512", "type": "image/png"},
        {
            "src": address("field/icon-maskable-512.png"), "sizes": "512x512", "type": "image/png", "purpose": "maskable",
        },
    ]  # fmt: skip
    start = reverse("field:app")
    told = {
        "id": start,
        "name": "闭环 现场检查",
        "short_name": "现场检查",
        "description": "没有信号也能检查：带着底册和检查表下去，回来自动上传",
        "lang": "zh-CN",
        "start_url": start,
        "scope": start,
        "display": "standalone",
        "orientation": "portrait",
        "background_color": "#ffffff",
        "theme_color": "#10243a",
        "icons": icons,
    }
    return json.dumps(told, ensure_ascii=False, indent=1)


def _made() -> dict[str, str]:
    # While developing, a saved file is a new version; in use nothing changes while a process runs.
    return _make() if settings.DEBUG else _made_once()


@cache
def _made_once() -> dict[str, str]:
    return _make()


def forget() -> None:
    """Read the files again at the next request."""
    _made_once.cache_clear()


def _make() -> dict[str, str]:
    digests: dict[str, str] = {}
    for name in FILES:
        found = finders.find(name)
        if not isinstance(found, str):
            raise FileNotFoundError(f"离线程序缺少文件 {name}")
        digests[address(name)] = hashlib.sha256(Path(found).read_bytes()).hexdigest()
    start = reverse("field:app")
    made_of = render_to_string("field/app.html", _context(""))
    name = hashlib.sha256(json.dumps([made_of, digests], sort_keys=True).encode()).hexdigest()[:12]
    html = render_to_string("field/app.html", _context(name))
    digests[start] = hashlib.sha256(html.encode()).hexdigest()
    listed = {"version": name, "start": start, "files": sorted(digests.items())}
    words = render_to_string("field/worker.js", {"listed": json.dumps(listed, separators=(",", ":"))})
    return {"page": html, "version": name, "worker": words}


def _context(name: str) -> dict[str, Any]:
    return {
        "version": name,
        "modules": [address(f"js/field/{each}.mjs") for each in MODULES],
        "entry": address("js/field/app.mjs"),
        "early": address("js/early.js"),
        "styles": [address(each) for each in STYLES],
        "icon": address("field/icon-192.png"),
        "favicon": address("favicon.svg"),
        "sprite": address("icons.svg"),
    }
