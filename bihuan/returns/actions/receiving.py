"""What the collecting office does with returns: accept, send back by the figure, unlock, excuse, urge (U5, U6)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from functools import partial

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.accounts.queries import holders_of, leaders_of
from bihuan.accounts.scope import place_of
from bihuan.audit import moves
from bihuan.core.errors import IllegalMove, Refused
from bihuan.duties.actions import finish_duty, open_duty
from bihuan.duties.models import Duty
from bihuan.notifications.actions import notify
from bihuan.notifications.models import Message

from ..figures import figures_of
from ..models import CorrectionPoint, Return, ReturnTransition
from ..standing import collects
from ..workflow import OPEN, RULES, Move, Status


def _as_collector(by: User, record: Return) -> None:
    if not collects(by, record):
        raise PermissionDenied


def _as_seen(record: Return, signing: int | None) -> None:
    """Nobody accepts or sends back figures he has not seen: the signing on his page is still the last one."""
    if signing is not None and record.filings_count != signing:
        raise IllegalMove(f"“{record}”刚刚重新签报过（第{record.filings_count}次），请看过新的数字再办")


@transaction.atomic
def accept(record: Return, *, by: User, signing: int | None = None) -> Return:
    """Take a signed return into the sum; with `signing`, as seen in that one. Raises PermissionDenied, IllegalMove."""
    _as_collector(by, record)
    _as_seen(record, signing)
    moves.step(
        record, Move.ACCEPT, RULES[Move.ACCEPT], ReturnTransition, by=by, watched=("filings_count",), act="returns.accept"
    )  # fmt: skip
    return record


@transaction.atomic
def send_back(
    record: Return, reason: str, points: Mapping[str, str], *, by: User, signing: int | None = None
) -> Return:
    """Send a return back with the reason, and for each figure what is wrong with it (`points` by cell); with `signing`,
    as seen in that one.

    The body that owes it gets a duty with a clock of its own. Raises PermissionDenied, IllegalMove, ReasonRequired,
    Refused for a figure that is not there.
    """
    _as_collector(by, record)
    _as_seen(record, signing)
    said = {cell: text.strip()[:300] for cell, text in points.items() if text.strip()}
    filing = record.current
    labels = {}
    if said and filing is not None:
        sheet = figures_of(record, filing)
        labels = {each.cell: f"{each.row.label} {each.item.label}".strip()[:160] for each in sheet.figures()}
        if unknown := [cell for cell in said if cell not in labels]:
            raise Refused(f"报表里没有“{unknown[0][:40]}”这一项，请刷新后重选")
    whole = reason.strip() or "；".join(f"{labels[cell]}：{text}" for cell, text in said.items())
    record = reopen(
        record, Move.SEND_BACK, whole, by=by, changed={"sent_back_count": record.sent_back_count + 1}
    )
    line = record.transitions.filter(move=Move.SEND_BACK).order_by("-id").first()
    if said and filing is not None and line is not None:
        CorrectionPoint.objects.bulk_create(
            CorrectionPoint(transition=line, filing=filing, cell=cell, label=labels[cell], text=text)
            for cell, text in said.items()
        )
    return record


@transaction.atomic
def unlock(record: Return, reason: str, *, by: User) -> Return:
    """Let the body correct what it signed, with the reason on record. Raises PermissionDenied, IllegalMove, ReasonRequired."""
    _as_collector(by, record)
    return reopen(record, Move.UNLOCK, reason, by=by)


def reopen(
    record: Return, move: Move, reason: str, *, by: User, changed: Mapping[str, object] | None = None
) -> Return:
    """Back to the body that owes it, with the words and manual figures it signed as a beginning, and a duty."""
    filing = record.current
    draft: dict[str, object] = {}
    if filing is not None:
        content = filing.content
        manual = {
            item["key"]
            for item in content["spec"]["items"]
            if not item.get("measure") and not item.get("formula")
        }
        cells = {
            cell: value
            for cell, value in content["cells"].items()
            if value is not None and cell.rpartition("|")[2] in manual
        }
        draft = {"cells": cells, "words": content["words"], "explanations": content["explanations"]}
    moves.step(
        record, move, RULES[move], ReturnTransition, by=by, reason=reason, watched=("filings_count",),
        changed={"draft": draft, "draft_revision": record.draft_revision + 1, "restored_to": record.status, **(changed or {})}, act=f"returns.{move.value}",
    )  # fmt: skip
    open_duty(
        kind=Duty.Kind.RETURN_CORRECTION, subject=record, title=f"{move.label}更正：{record.period}",
        url=record.get_absolute_url(), organization=record.organization, place=place_of(record.organization.region),
        by=by, clock_rule="return.correction",
    )  # fmt: skip
    return record


@transaction.atomic
def relock(record: Return, reason: str, *, by: User) -> Return:
    """Nothing had to be corrected: what was signed stands again. Raises PermissionDenied, IllegalMove, ReasonRequired."""
    _as_collector(by, record)
    moves.step(
        record, Move.RELOCK, RULES[Move.RELOCK], ReturnTransition, by=by, reason=reason, watched=("filings_count",),
        changed={"draft": {}, "status": record.restored_to or Status.SIGNED, "restored_to": ""}, act="returns.relock",
    )  # fmt: skip
    finish_duty(record, Duty.Kind.RETURN_CORRECTION, by=by, cancelled=True)
    return record


@transaction.atomic
def waive(record: Return, reason: str, *, by: User) -> Return:
    """Excuse a body from this period. Raises PermissionDenied, IllegalMove, ReasonRequired."""
    _as_collector(by, record)
    moves.step(
        record,
        Move.WAIVE,
        RULES[Move.WAIVE],
        ReturnTransition,
        by=by,
        reason=reason,
        changed={"draft": {}},
        act="returns.waive",
    )
    finish_duty(record, Duty.Kind.RETURN, by=by, cancelled=True)
    return record


@transaction.atomic
def urge(records: Iterable[Return], *, by: User, today: dt.date | None = None) -> list[Return]:
    """Press those who have not reported: whoever sits in the chair and who leads the body, once a day each.

    Raises PermissionDenied when one of them is not one's own to collect. Returns those that were pressed.
    """
    day = today or timezone.localdate()
    pressed = []
    for record in records:
        _as_collector(by, record)
        if record.status not in OPEN:
            continue
        if record.transitions.filter(move=Move.URGE, at__date=day).exists():
            continue
        moves.step(record, Move.URGE, RULES[Move.URGE], ReturnTransition, by=by, act="returns.urge")
        transaction.on_commit(partial(_tell, record.pk, day))
        pressed.append(record)
    return pressed


def _tell(pk: int, day: dt.date) -> None:
    record = Return.objects.select_related("period__definition", "organization").get(pk=pk)
    post = record.organization.posts.filter(is_default=True, is_active=True).first()
    people = [*(holders_of(post, day) if post else []), *leaders_of(record.organization, day)]
    notify(
        people, category=Message.Category.DUTY, title=f"催报：{record.period}"[:120],
        body=f"报送截止{record.due_on}，请尽快填报；没有发生的也要签零报告。", url=record.get_absolute_url(),
        key=f"return:{pk}:urge:{day}",
    )  # fmt: skip
