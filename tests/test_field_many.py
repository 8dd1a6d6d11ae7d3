"""Fifty phones come back into the signal at once: every visit is there, every one once."""

from __future__ import annotations

import hashlib
import http.client
import json
import threading
import time
import uuid
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bihuan.field.tests.visits import deadline, visit
from bihuan.inspections.tests.factories import picture

from .field.server import Server

pytestmark = [pytest.mark.slow, pytest.mark.sqlite]
PHONES, PHOTOS, TRIES = 50, 2, 40


class Line:
    """One phone: sends what it has until it is told that it arrived, as the app does."""

    def __init__(self, port: int, key: str) -> None:
        self.port, self.key = port, key
        self.retries = 0

    def ask(
        self, method: str, path: str, body: bytes = b"", **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        for _ in range(TRIES):
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
            try:
                connection.request(method, path, body, {"Authorization": f"Device {self.key}", **headers})
                answer = connection.getresponse()
                content = answer.read()
                if answer.status < 500:
                    return answer.status, dict(answer.headers), content
            except (OSError, http.client.HTTPException):
                pass
            finally:
                connection.close()
            self.retries += 1
            time.sleep(0.2)
        raise AssertionError(f"{method} {path} never got through")

    def send_photo(self, photo: str, data: bytes) -> None:
        half, digest = len(data) // 2, hashlib.sha256(data).hexdigest()
        for start, end in ((0, half), (half, len(data))):
            status, _, content = self.ask(
                "PATCH", f"/field/photos/{photo}/", data[start:end],
                **{"Upload-Offset": str(start), "Upload-Length": str(len(data)), "Upload-Sha256": digest,
                   "Content-Type": "application/offset+octet-stream"},
            )  # fmt: skip
            assert status in {200, 201, 204, 409}, content

    def hand_in(self, sent: dict[str, Any]) -> int:
        status, _, content = self.ask(
            "POST", "/field/visits/", json.dumps(sent).encode(), **{"Content-Type": "application/json"}
        )
        assert status in {200, 201}, content.decode()
        return status


def test_fifty_phones_at_once(tmp_path: Path) -> None:
    server = Server(tmp_path)
    ids = server.do("city")
    keys = server.do("phones", str(PHONES))["phones"]
    world = SimpleNamespace(enterprises=SimpleNamespace(shop=SimpleNamespace(pk=ids["shop"])))
    gas = SimpleNamespace(
        task=SimpleNamespace(pk=ids["task"]), checklist=SimpleNamespace(pk=ids["checklist"])
    )
    errors: list[str] = []
    lines: list[Line] = []
    server.start()

    def work(number: int, phone: dict[str, Any]) -> None:
        try:
            line = Line(server.port, phone["key"])
            lines.append(line)
            status, _, content = line.ask("GET", "/field/sync/")
            assert status == 200
            assert json.loads(content)["whole"]
            photos = [str(uuid.uuid4()) for _ in range(PHOTOS)]
            for place, photo in enumerate(photos):
                line.send_photo(photo, picture(number * PHOTOS + place))
            by = SimpleNamespace(pk=phone["user"], full_name="", certificate_no="")
            sent = visit(world, gas, by, "ppfp", findings={3: deadline(photos[0])}, photos=photos[1:])
            assert line.hand_in(sent) in {200, 201}
            # The answer was lost on the way: the phone sends the same again.
            assert line.hand_in(sent) == 200
        except Exception as error:
            errors.append(f"{number}: {type(error).__name__} {error}")

    try:
        running = [threading.Thread(target=work, args=pair) for pair in enumerate(keys)]
        for thread in running:
            thread.start()
        for thread in running:
            thread.join()
    finally:
        server.kill()
    assert not errors, "\n".join(errors[:5])
    state = server.do("state")
    assert (len(state["visits"]), state["photos"], state["linked"]) == (
        PHONES,
        PHONES * PHOTOS,
        PHONES * PHOTOS,
    )
    assert state["hazards"] == ["rectifying"] * PHONES
