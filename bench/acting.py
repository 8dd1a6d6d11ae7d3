"""Programs that act through the API while everything around them is killed, and remember what was acknowledged.

An act is sent again with the same Idempotency-Key until the house answers. What was answered with 201 must be there
afterwards, once; what never got an answer may be there, once, or not at all.
"""

from __future__ import annotations

import datetime as dt
import http.client
import json
import random
import threading
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

PATIENCE = 90.0  # seconds an act is tried before it is called unanswered
PAUSE = 0.25


@dataclass
class Journal:
    """What one program was told, and what it never learned."""

    photos: list[str] = field(default_factory=list)
    visits: dict[str, int] = field(default_factory=dict)  # client id: inspection
    hazards: dict[int, str] = field(default_factory=dict)  # hazard: its own description
    lines: dict[int, tuple[int, str]] = field(default_factory=dict)  # ledger line: (hazard, move)
    unanswered: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    repeats: int = 0

    @property
    def acts(self) -> int:
        """Acknowledged acts."""
        return len(self.photos) + len(self.visits) + len(self.hazards) + len(self.lines)


class Actor(threading.Thread):
    """One inspector's program: photo, visit or hazard, rectification, review, over and over."""

    def __init__(self, port: int, person: dict[str, Any], photo: bytes, ended: threading.Event) -> None:
        super().__init__(daemon=True)
        self.port, self.person, self.photo, self.ended = port, person, photo, ended
        self.journal = Journal()
        self.draw = random.Random(person["username"])
        self.today = dt.datetime.now(dt.timezone(dt.timedelta(hours=8))).date().isoformat()
        self._connection: http.client.HTTPConnection | None = None
        self._photo_type = "multipart/form-data; boundary=benchboundary"

    def run(self) -> None:
        while not self.ended.is_set():
            photo = self._upload()
            if photo is None:
                continue
            hazard = self._visit(photo) if self.draw.random() < 0.4 else self._hazard()
            for move in self._path():
                if hazard is None or self.ended.is_set():
                    break
                hazard = self._move(hazard, move)

    def _path(self) -> list[str]:
        return self.draw.choice([["submit"], ["submit", "close"], ["submit", "send_back", "submit", "close"]])

    # --- acts ---------------------------------------------------------------------------------

    def _upload(self) -> str | None:
        body = (
            b'--benchboundary\r\nContent-Disposition: form-data; name="file"; filename="photo.jpg"\r\n'
            b"Content-Type: image/jpeg\r\n\r\n" + self.photo + b"\r\n--benchboundary--\r\n"
        )
        answer = self._act("/api/v1/attachments", body, self._photo_type)
        if answer is None:
            return None
        self.journal.photos.append(answer["id"])
        return str(answer["id"])

    def _visit(self, photo: str) -> int | None:
        client_id = str(uuid.uuid4())
        now = dt.datetime.now(dt.UTC)
        words = f"灭火器压力不足 {client_id}"
        answer = self._act(
            "/api/v1/inspections",
            {
                "client_id": client_id, "kind": "routine", "enterprise": self.person["enterprise"],
                "started_at": (now - dt.timedelta(minutes=2)).isoformat(), "finished_at": now.isoformat(),
                "members": [
                    {"username": self.person["username"], "certificate_no": "YX900001", "signature": {"method": "login"}}
                ],
                "accompanying_name": "值班负责人",
                "accompanying_signature": {"method": "refused", "remark": "负责人外出，店员在场"},
                "others": [
                    {
                        "description": words, "outcome": "deadline", "responsible_person": "值班负责人", "measures": "更换",
                        "interim_measures": "停用该处", "funds": "0", "contingency": "断电并报告", "photos": [photo],
                    }
                ],
            },
        )  # fmt: skip
        if answer is None:
            return None
        self.journal.visits[client_id] = answer["id"]
        found = self._read(f"/api/v1/hazards?enterprise={self.person['enterprise']}&q={client_id[:8]}&size=5")
        for row in (found or {}).get("items", []):
            if client_id in row["description"]:
                self.journal.hazards[row["id"]] = words
                return int(row["id"])
        return None

    def _hazard(self) -> int | None:
        words = f"配电箱未加盖 {uuid.uuid4()}"
        answer = self._act(
            "/api/v1/hazards",
            {
                "enterprise": self.person["enterprise"], "source": "inspection", "description": words,
                "found_on": self.today, "responsible_person": "值班负责人", "measures": "更换", "funds": "0",
                "contingency": "断电并报告", "interim_measures": "停用该处", "client_id": str(uuid.uuid4()),
            },
        )  # fmt: skip
        if answer is None:
            return None
        self.journal.hazards[answer["id"]] = words
        return int(answer["id"])

    def _move(self, hazard: int, move: str) -> int | None:
        fields: dict[str, dict[str, object]] = {
            "submit": {"text": "已更换", "photos": []},
            "close": {"reason": "现场核对"},
            "send_back": {"reason_type": "not_rectified", "reason": "仍未更换到位"},
        }
        body = {"move": move, **fields[move]}
        if move == "submit":
            photo = self._upload()
            if photo is None:
                return None
            body["photos"] = [photo]
        token = self.person["token" if move == "submit" else "reviewer"]
        answer = self._act(f"/api/v1/hazards/{hazard}/moves", body, token=token)
        if answer is None:
            return None
        self.journal.lines[answer["id"]] = (hazard, move)
        return hazard

    # --- the wire -------------------------------------------------------------------------------

    def _act(
        self, path: str, body: Any, media_type: str = "application/json", *, token: str = ""
    ) -> dict[str, Any] | None:
        """Send until answered. None when refused for good, or when nobody answered in time."""
        key = str(uuid.uuid4())
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {
            "Authorization": f"Bearer {token or self.person['token']}", "Content-Type": media_type, "Idempotency-Key": key,
        }  # fmt: skip
        deadline = time.monotonic() + PATIENCE
        first = True
        while time.monotonic() < deadline:
            status, answer = self._send("POST", path, content, headers)
            if status == 201 and answer is not None:
                return answer
            if status and 400 <= status < 500:
                self.journal.refused.append(f"{path} {status} {json.dumps(answer, ensure_ascii=False)[:300]}")
                return None
            self.journal.repeats += first
            first = False
            time.sleep(PAUSE)
        self.journal.unanswered.append(f"{path} {key}")
        return None

    def _read(self, path: str) -> dict[str, Any] | None:
        headers = {"Authorization": f"Bearer {self.person['token']}"}
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            status, answer = self._send("GET", path, None, headers)
            if status == 200:
                return answer
            time.sleep(PAUSE)
        return None

    def _send(
        self, method: str, path: str, content: bytes | None, headers: dict[str, str]
    ) -> tuple[int, dict[str, Any] | None]:
        """One attempt; (0, None) when the connection broke or what came back is not whole."""
        try:
            if self._connection is None:
                self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
            self._connection.request(method, path, body=content, headers=headers)
            answer = self._connection.getresponse()
            return answer.status, json.loads(answer.read())
        except (OSError, http.client.HTTPException, ValueError):
            if self._connection is not None:
                self._connection.close()
            self._connection = None
            return 0, None
