"""The whole examination, in the order a person would ask. A question that fails to be asked is itself an answer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable

import structlog
from django.utils import timezone

from . import data, place
from .lines import Level, Line, bad

log = structlog.get_logger("bihuan.doctor")


def examine(now: dt.datetime | None = None, *, thorough: bool = False) -> list[Line]:
    """Ask everything; `thorough` also reads a large database file from end to end."""
    moment = now or timezone.now()
    questions: list[tuple[str, str, Callable[[], Iterable[Line]]]] = [
        ("configuration", "配置", place.configuration),
        ("clock", "时钟", place.clock),
        ("disk", "磁盘", place.disk),
        ("database", "数据库", lambda: data.database(thorough=thorough)),
        ("workers", "后台作业", lambda: data.workers(moment)),
        ("backups", "备份", lambda: data.backups(moment)),
        ("secrets", "密钥", place.secrets),
        ("certificates", "证书", lambda: place.certificate_lines(moment)),
        ("fonts", "字体", place.fonts),
        ("retention", "保存期限", lambda: data.keeping(moment)),
        ("samples", "抽查", data.samples),
    ]
    lines: list[Line] = []
    for key, area, ask in questions:
        try:
            lines += ask()
        except Exception as error:
            log.exception("doctor_question_failed", question=key)
            lines.append(
                bad(
                    f"{key}.failed",
                    area,
                    f"没有查成（{type(error).__name__}）",
                    "查日志中的 doctor_question_failed",
                )
            )
    return lines


def worst(lines: Iterable[Line]) -> Level:
    """The worst level among the lines."""
    order = [Level.GOOD, Level.WARNING, Level.BAD]
    return max((line.level for line in lines), key=order.index, default=Level.GOOD)
