"""Two installations on one machine, and the wire between them, which can be cut."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from tests.field.server import ROOT, Server, free_port


class Installation(Server):
    """A web server over a data directory of its own, and somebody who acts in it."""

    def __init__(self, data: Path) -> None:
        super().__init__(data)
        self.actor: subprocess.Popen[str] | None = None

    def environment(self) -> dict[str, str]:
        return super().environment() | {"BIHUAN_EXCHANGE_LOOPBACK": "1"}

    def begin(self) -> None:
        """Start the actor; the answer is waited for by the first act."""
        self.actor = subprocess.Popen(
            [sys.executable, "-m", "tests.exchange.acting"], cwd=ROOT, env=self.environment(), text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def act(self, name: str, *arguments: Any) -> Any:
        """What came of an act in this installation."""
        assert self.actor is not None
        assert self.actor.stdin and self.actor.stdout  # noqa: PT018
        self.actor.stdin.write(json.dumps([name, *arguments], ensure_ascii=False) + "\n")
        self.actor.stdin.flush()
        line = self.actor.stdout.readline()
        if line == '"ready"\n':
            line = self.actor.stdout.readline()
        answer = json.loads(line or '{"failed": "the actor ended"}')
        assert "failed" not in answer, answer["failed"]
        return answer["is"]

    def end(self) -> None:
        self.kill()
        if self.actor is not None:
            self.actor.kill()
            self.actor.wait()
            for stream in (self.actor.stdin, self.actor.stdout):
                if stream is not None:
                    stream.close()


class Wire:
    """Passes bytes on to a port, until it is cut: at once, or when so many requests have passed whose answers are lost."""

    def __init__(self, target: int) -> None:
        self.port, self._target = free_port(), target
        self.is_cut = False
        self.lose_answer_of: int | None = (
            None  # the request, counted from 1, that arrives and whose answer does not
        )
        self._passed = 0
        self._heard: list[list[bytes]] = []  # what callers said, request by request
        self._door = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                caller, _ = self._door.accept()
            except OSError:
                return
            threading.Thread(target=self._pass_on, args=(caller,), daemon=True).start()

    def _pass_on(self, caller: socket.socket) -> None:
        with caller:
            if self.is_cut:
                return
            self._passed += 1
            loses = self._passed == self.lose_answer_of
            try:
                callee = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                return  # nobody there: the caller finds the line dead
            said: list[bytes] = []
            self._heard.append(said)
            with callee:
                threading.Thread(target=self._copy, args=(caller, callee, said), daemon=True).start()
                # With its answer lost, the request still gets there.
                while data := _read(callee):
                    if loses:
                        self.is_cut = True
                    else:
                        caller.sendall(data)

    @staticmethod
    def _copy(one: socket.socket, other: socket.socket, said: list[bytes]) -> None:
        try:
            while data := one.recv(65536):
                said.append(data)
                other.sendall(data)
            other.shutdown(socket.SHUT_WR)
        except OSError:
            return

    def say_again(self, number: int) -> tuple[int, str]:
        """A request as it was heard, counted from 1, byte for byte: the status of its answer, and what it says."""
        with socket.create_connection(("127.0.0.1", self._target), timeout=10) as callee:
            callee.sendall(b"".join(self._heard[number - 1]))
            answer = http.client.HTTPResponse(callee)
            answer.begin()
            return answer.status, json.loads(answer.read())["detail"]

    def mend(self) -> None:
        self.is_cut, self.lose_answer_of = False, None

    def close(self) -> None:
        self._door.close()


def _read(one: socket.socket) -> bytes:
    try:
        return one.recv(65536)
    except OSError:
        return b""
