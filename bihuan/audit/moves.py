"""What every door of a status has in common: the conditional update, the line, and the record of both.

Which moves are legal stands in a package's own table (`workflow.py`), who may make them in its `standing.py`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, ClassVar, Protocol, TypeVar

from django.conf import settings
from django.db import models
from django.db.models.enums import TextChoices
from django.utils import timezone

from bihuan.core.errors import IllegalMove, ReasonRequired

from .actions import Actor, record


class Rule(Protocol):
    """One row of a table of moves; `target` None keeps the status."""

    @property
    def sources(self) -> frozenset[str]: ...
    @property
    def target(self) -> str | None: ...
    @property
    def needs_reason(self) -> bool: ...


class Transition(models.Model):
    """One line per move of a record. Never rewritten.

    A subclass adds the foreign key to what moved, under the name `RECORD`, and the columns in `KEPT`, which are copied
    from it as the move left it.
    """

    RECORD: ClassVar[str]
    KEPT: ClassVar[tuple[str, ...]] = ()

    move = models.CharField("动作", max_length=20)
    from_status = models.CharField("原状态", max_length=20, blank=True)
    to_status = models.CharField("新状态", max_length=20)
    reason = models.CharField("说明", max_length=1000, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="办理人", related_name="+")
    at = models.DateTimeField("时间")

    class Meta:
        abstract = True
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{getattr(self, f'{self.RECORD}_id')} {self.move}"

    def signed_content(self) -> dict[str, object]:
        return {
            self.RECORD: getattr(self, f"{self.RECORD}_id"), "move": self.move, "from": self.from_status,
            "to": self.to_status, "reason": self.reason, "by": self.by_id, "at": self.at,
            **{name: getattr(self, name) for name in self.KEPT},
        }  # fmt: skip


Line = TypeVar("Line", bound=Transition)


def step(
    row: models.Model,
    move: TextChoices,
    rule: Rule,
    line: type[Line],
    *,
    by: Actor,
    reason: str = "",
    changed: Mapping[str, Any] | None = None,
    watched: tuple[str, ...] = (),
    at: dt.datetime | None = None,
    act: str = "",
) -> Line:
    """Make one move of `row`, write its line and record both; runs in the transaction of the verb that checked who may.

    The row must still stand as it was seen: its status, and each of the `watched` columns. `changed` is set along with
    the new status. `act` names the act in the record where the move alone would not. Raises ReasonRequired, and
    IllegalMove for the wrong state or when somebody was quicker.
    """
    if rule.needs_reason and not reason.strip():
        raise ReasonRequired(move.label)
    seen: str = row.status  # type: ignore[attr-defined]
    fields = {"status": rule.target or seen, **(changed or {})}
    as_seen = {name: getattr(row, name) for name in ("pk", "status", *watched)}
    if seen not in rule.sources or not type(row)._default_manager.filter(**as_seen).update(**fields):
        raise stale(row)
    for name, value in fields.items():
        setattr(row, name, value)
    return write_line(row, move, line, seen=seen, by=by, reason=reason, at=at, act=act)


def write_line(
    row: models.Model,
    move: TextChoices,
    line: type[Line],
    *,
    seen: str,
    by: Actor,
    reason: str = "",
    at: dt.datetime | None = None,
    act: str = "",
) -> Line:
    """The line of a move that was made, or of the row's beginning, and the record of both."""
    written = line._default_manager.create(
        move=move, from_status=seen, to_status=row.status, reason=reason.strip()[:1000], by=by,  # type: ignore[attr-defined]
        at=at or timezone.now(), **{line.RECORD: row}, **{name: getattr(row, name) for name in line.KEPT},
    )  # fmt: skip
    summary = f"{move.label}：{row}"
    payload = {"line": written.pk, "from": seen, "to": written.to_status, "reason": written.reason}
    act = act or f"{row._meta.app_label}.{move.value}"
    record(act, row, by=by, summary=summary, payload=payload)
    record(act, written, by=by, summary=summary)
    return written


def stale(row: models.Model) -> IllegalMove:
    """What to say when a row is no longer as it was seen."""
    now = type(row)._default_manager.filter(pk=row.pk).values_list("status", flat=True).first()
    words = dict(row._meta.get_field("status").flatchoices)  # type: ignore[union-attr]
    return IllegalMove(f"“{row}”的状态已变化（现为“{words[now] if now else '不存在'}”），请刷新后核对")
