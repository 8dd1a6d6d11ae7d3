"""Visits as a phone writes them."""

from __future__ import annotations

import uuid
from typing import Any

from bihuan.inspections.tests.factories import ink, lately


def drawn() -> dict[str, str]:
    return {"method": "drawn", "image": ink(), "remark": ""}


def visit(world: Any, gas: Any, by: Any, verdicts: str = "pppp", **changes: Any) -> dict[str, Any]:
    """A visit to the noodle shop; p pass, f fail, n not applicable. `findings` by position."""
    words = {"p": "pass", "f": "fail", "n": "na"}
    findings = changes.pop("findings", {})
    started, finished = lately()
    return {
        "schema": 1, "client_id": str(uuid.uuid4()), "kind": "campaign", "enterprise": world.enterprises.shop.pk,
        "premises": None, "task": gas.task.pk, "checklist": gas.checklist.pk, "started_at": started.isoformat(),
        "finished_at": finished.isoformat(),
        "members": [{"user": by.pk, "name": by.full_name, "certificate_no": by.certificate_no, "signature": drawn()}],
        "accompanying": {"name": "蒋好味", "title": "店长", "signature": drawn()},
        "answers": [
            {"position": position, "verdict": words[letter], "finding": findings.get(position)}
            for position, letter in enumerate(verdicts, start=1)
        ],
        "others": [], "opinion": "", "photos": [], "longitude": 100.2, "latitude": 25.6, "seq": 1,
    } | changes  # fmt: skip


def deadline(photo: str, **changes: Any) -> dict[str, Any]:
    return {
        "description": "未安装可燃气体探测器", "outcome": "deadline", "location": "后厨", "photos": [photo],
        "responsible_person": "蒋好味", "measures": "购置并安装", "funds": "1800", "contingency": "关阀、撤人、报警",
        "interim_measures": "停用后厨燃气",
    } | changes  # fmt: skip
