"""The ASGI application of the live process: `GET /live/stream` (server-sent events) and `GET /live/healthz`.

Raw ASGI, no Django request cycle: a stream costs a queue and a task, nothing more. Pages are served by the WSGI
processes; without this process they fall back to asking now and then (static/js/live.mjs).
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bihuan.config.settings")
django.setup()

from django.conf import settings  # noqa: E402 - the settings first
from django.db import close_old_connections  # noqa: E402
from django.utils import timezone  # noqa: E402

from bihuan.core.orphans import end_with_server  # noqa: E402

from .admission import Door, Listener  # noqa: E402
from .hub import END, Full, Hub, Stream  # noqa: E402

Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]
HEARTBEAT = 15.0
RETRY_MS = 4_000
# A header longer than any browser of ours sends is not parsed.
MAX_COOKIES = 8_192

hub = Hub()
_door, _doorkeepers = Door(), ThreadPoolExecutor(2, "live-door")
# As in config/wsgi.py: it ends with its server. What is loaded stays, the collector need not walk through it again.
end_with_server()
gc.collect()
gc.freeze()


async def application(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
        return
    if scope["type"] != "http":
        return
    headers = {key.decode("latin-1").lower(): value.decode("latin-1") for key, value in scope["headers"]}
    if scope["method"] != "GET":
        await _answer(send, 405, {"detail": "只接受 GET"})
    elif scope["path"] == "/live/healthz":
        await _answer(send, 200, {"streams": len(hub.streams)})
    elif scope["path"] == "/live/stream":
        await _stream(headers, receive, send)
    else:
        await _answer(send, 404, {"detail": "没有这个地址"})


async def _stream(headers: dict[str, str], receive: Receive, send: Send) -> None:
    origin = headers.get("origin", "")
    if origin and origin not in (public_origin(), f"{_scheme()}://{headers.get('host', '')}"):
        await _answer(send, 403, {"detail": "来源不符"})
        return
    cookies = headers.get("cookie", "")
    loop = asyncio.get_running_loop()
    listener = (
        await loop.run_in_executor(_doorkeepers, _admit, cookies) if len(cookies) <= MAX_COOKIES else None
    )
    if listener is None:
        await _answer(send, 401, {"detail": "请先登录"}, origin)
        return
    try:
        stream = hub.open(listener)
    except Full:
        await _answer(send, 429, {"detail": "打开的页面太多"}, origin)
        return
    try:
        await _serve(stream, receive, send, origin)
    finally:
        hub.close(stream)


async def _serve(stream: Stream, receive: Receive, send: Send, origin: str) -> None:
    """Send what comes until the page leaves or the stream is ended."""
    heads = [
        (b"content-type", b"text/event-stream; charset=utf-8"),
        (b"cache-control", b"no-store"),
        (b"x-accel-buffering", b"no"),  # nginx must pass every event on at once
        *_cors(origin),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": heads})
    await _chunk(send, f"retry: {RETRY_MS}\n\n")
    gone = asyncio.create_task(_until_gone(receive))
    try:
        while not gone.done():
            waiting = asyncio.create_task(stream.queue.get())
            await asyncio.wait({waiting, gone}, timeout=HEARTBEAT, return_when=asyncio.FIRST_COMPLETED)
            if not waiting.done():
                waiting.cancel()
                if not gone.done():
                    await _chunk(send, ": still here\n\n")
            elif waiting.result() == END:
                break
            else:
                await _chunk(send, waiting.result())
        with contextlib.suppress(OSError, RuntimeError):
            await send({"type": "http.response.body", "body": b"", "more_body": False})
    except (OSError, RuntimeError):
        return  # the connection broke while we were writing
    finally:
        gone.cancel()


def _admit(cookies: str) -> Listener | None:
    close_old_connections()
    return _door.admit(cookies, timezone.now())


def public_origin() -> str:
    """The origin pages have, from BIHUAN_PUBLIC_URL."""
    scheme, _, rest = settings.PUBLIC_URL.partition("://")
    return f"{scheme}://{rest.split('/')[0]}"


def _scheme() -> str:
    return "https" if settings.HTTPS else "http"


def _cors(origin: str) -> list[tuple[bytes, bytes]]:
    if origin != public_origin():
        return []
    return [
        (b"access-control-allow-origin", origin.encode("latin-1")),
        (b"access-control-allow-credentials", b"true"),
        (b"vary", b"Origin"),
    ]


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _chunk(send: Send, text: str) -> None:
    await send({"type": "http.response.body", "body": text.encode(), "more_body": True})


async def _answer(send: Send, status: int, body: dict[str, Any], origin: str = "") -> None:
    heads = [
        (b"content-type", b"application/json; charset=utf-8"),
        (b"cache-control", b"no-store"),
        *_cors(origin),
    ]
    await send({"type": "http.response.start", "status": status, "headers": heads})
    await send({"type": "http.response.body", "body": json.dumps(body, ensure_ascii=False).encode()})


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            hub.end_all()
            await send({"type": "lifespan.shutdown.complete"})
            return
