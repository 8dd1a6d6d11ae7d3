"""The open streams of this process, and the one poller that feeds them."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import structlog
from django.db import close_old_connections, connections
from django.utils import timezone

from .admission import Listener
from .watching import Round, Watcher

log = structlog.get_logger("bihuan.live")
PER_USER = 6
PER_PROCESS = 2_000
# A reader that lets this many events pile up is cut off; its page opens a new stream.
BACKLOG = 64
SECONDS = 1.0
END = ""


class Full(Exception):
    """No further stream: of this person, or of this process."""


class Stream:
    """One open page: text to send, in order; `END` closes it."""

    def __init__(self, listener: Listener) -> None:
        self.listener = listener
        self.queue: asyncio.Queue[str] = asyncio.Queue(BACKLOG)

    def send(self, text: str) -> None:
        try:
            self.queue.put_nowait(text)
        except asyncio.QueueFull:
            self.end()

    def end(self) -> None:
        """Close it, whatever still waits to be sent."""
        while not self.queue.empty():
            self.queue.get_nowait()
        self.queue.put_nowait(END)


class Hub:
    """All streams of the process. Everything but `_look` runs in the event loop."""

    def __init__(self) -> None:
        self.streams: set[Stream] = set()
        self.watcher = Watcher()
        self.reader = ThreadPoolExecutor(1, "live-poller")
        self.poller: asyncio.Task[None] | None = None

    def open(self, listener: Listener) -> Stream:
        """A new stream. Raises Full beyond the limits."""
        own = sum(stream.listener.user_id == listener.user_id for stream in self.streams)
        if own >= PER_USER or len(self.streams) >= PER_PROCESS:
            raise Full
        stream = Stream(listener)
        self.streams.add(stream)
        # Told anew with the next look: what this page shows may be older than what other pages were told.
        self.watcher.forget(listener.user_id)
        if self.poller is None or self.poller.done():
            self.poller = asyncio.create_task(self._poll())
        return stream

    def close(self, stream: Stream) -> None:
        self.streams.discard(stream)

    def end_all(self) -> None:
        for stream in list(self.streams):
            stream.end()

    async def _poll(self) -> None:
        """Look once a second for as long as anybody listens."""
        loop = asyncio.get_running_loop()
        while self.streams:
            listeners = [stream.listener for stream in self.streams]
            try:
                found = await loop.run_in_executor(self.reader, self._look, listeners)
            except Exception:
                log.exception("live_poll_failed")
            else:
                self._deliver(found)
            await asyncio.sleep(SECONDS)
        self.watcher = Watcher()
        await loop.run_in_executor(self.reader, connections.close_all)

    def _look(self, listeners: list[Listener]) -> Round:
        close_old_connections()
        return self.watcher.look(listeners, timezone.now())

    def _deliver(self, found: Round) -> None:
        by_user: dict[int, list[Stream]] = {}
        for stream in list(self.streams):
            if stream.listener.session_key in found.over:
                stream.send(event("end", {}))
                stream.send(END)
                self.streams.discard(stream)
            else:
                by_user.setdefault(stream.listener.user_id, []).append(stream)
        for notice in found.notices:
            text = event(notice.event, notice.data)
            for stream in by_user.get(notice.user_id, ()):
                stream.send(text)


def event(name: str, data: dict[str, Any]) -> str:
    """One server-sent event."""
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False, separators=(',', ':'))}\n\n"
