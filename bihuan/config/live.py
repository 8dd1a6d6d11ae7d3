"""Where pages find the live stream: beside the web service when people come straight to it, under /live/ behind a proxy."""

from __future__ import annotations

from urllib.parse import urlsplit

from bihuan.config import environment as env

PATH = "/live/"


def live_port() -> int:
    """The port of the live process: the one after the web service's unless BIHUAN_LIVE_PORT says otherwise."""
    return env.integer("BIHUAN_LIVE_PORT", env.integer("PORT", 8000) + 1)


def live_url(public_url: str) -> str:
    """The address pages open their stream at; "" when BIHUAN_LIVE=0 switches it off.

    BIHUAN_LIVE_URL decides when it is set. Otherwise an installation whose public address carries the service's own
    port is reached without a proxy, so the stream is on the same host at the live process's port.
    """
    if not env.flag("BIHUAN_LIVE", True):
        return ""
    given = env.text("BIHUAN_LIVE_URL")
    if given:
        return given.rstrip("/") + "/"
    public = urlsplit(public_url)
    if public.port == env.integer("PORT", 8000):
        return f"{public.scheme}://{public.hostname}:{live_port()}{PATH}"
    return PATH


def origin_of(url: str) -> str:
    """Scheme, host and port of an absolute address; "" for a path, which has the page's own origin."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
