"""A hazard's life as people read it: every ledger line with what it stood on, round by round."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from django.db import models
from django.utils import timezone

from bihuan.attachments.queries import of_many, photo_items
from bihuan.audit.actions import chain_of
from bihuan.registry.models import RiskColour
from bihuan.rules.reasons import reason as reason_of

from .models import (
    Acceptance,
    EffectEvaluation,
    Extension,
    Hazard,
    MajorPlan,
    MajorReport,
    Rectification,
    Reinspection,
)
from .workflow import ExtensionStatus, Move

_RED = frozenset({Move.SEND_BACK, Move.REOPEN, Move.GRADE_MAJOR, Move.RETURN_PLAN, Move.REFUSE_ACCEPTANCE,
                  Move.FAIL_EVALUATION, Move.PLACE_UNDER_SUPERVISION})  # fmt: skip
_GREEN = frozenset({Move.CLOSE, Move.CLOSE_MAJOR, Move.FIX_ON_SPOT})


@dataclass
class Round:
    """One round of rectification and what happened in it, newest first."""

    number: int
    events: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class History:
    """Everything the detail page shows of the past."""

    rounds: list[Round]
    before_photos: list[dict[str, object]]
    after_photos: list[dict[str, object]]
    extensions: list[Extension]
    last_line: int
    plan: MajorPlan | None


_LINE = ("hazard", "move", "evidence", "reason", "at", "round")


def history(hazard: Hazard) -> History:
    """Read a hazard's life with one query for each kind of evidence its lines name, however long it was."""
    lines = list(hazard.transitions.select_related("by").only(*_LINE, "by__full_name"))
    named = {line.evidence.partition(":")[0] for line in lines}
    evidence: dict[str, models.Model] = {}
    for related in (
        hazard.rectifications, hazard.reinspections, hazard.major_reports, hazard.major_plans, hazard.acceptances,
        hazard.evaluations,
    ):  # fmt: skip
        if related.model._meta.label_lower in named:
            evidence |= {chain_of(row): row for row in related.all()}
    extensions = list(hazard.extensions.select_related("requested_by", "decided_by"))
    files = of_many([hazard, *evidence.values()])
    events: list[tuple[dt.datetime, int, dict[str, Any]]] = []
    for line in lines:
        row = evidence.get(line.evidence)
        event = _event(
            Move(line.move).label, line.at, line.by.full_name, _told(row, Move(line.move)) or line.reason
        )
        if line.move in _RED:
            event["tone"] = "red"
        elif line.move in _GREEN:
            event["tone"] = "green"
        photos = photo_items(
            [each for role in files.get(line.evidence, {}).values() for each in role] if line.evidence else []
        )
        if photos:
            event["photos"] = photos
        events.append((line.at, line.round, event))
    for extension in extensions:
        events += _extension_events(extension)
    rounds: dict[int, Round] = {}
    # Of two at one moment the later line stands above, as everywhere.
    for _, number, event in sorted(events, key=lambda entry: entry[0])[::-1]:
        rounds.setdefault(number, Round(number)).events.append(event)
    handed_in = [
        row for row in evidence.values() if isinstance(row, Rectification) and row.round == hazard.round
    ]
    plans = [row for row in evidence.values() if isinstance(row, MajorPlan)]
    return History(
        rounds=[rounds[number] for number in sorted(rounds, reverse=True)],
        before_photos=photo_items(files[chain_of(hazard)].get("before", [])),
        after_photos=photo_items(files[chain_of(handed_in[-1])].get("after", [])) if handed_in else [],
        extensions=extensions,
        last_line=lines[-1].pk if lines else 0,
        plan=plans[-1] if plans else None,
    )


def last_line_of(hazard: Hazard) -> int:
    """The ledger line a page was drawn after; a form sent from an older page is refused."""
    return hazard.transitions.order_by("-pk").values_list("pk", flat=True).first() or 0


def _event(what: str, at: dt.datetime, who: str, note: str = "") -> dict[str, Any]:
    event: dict[str, Any] = {"what": what, "at": f"{timezone.localtime(at):%Y-%m-%d %H:%M}", "who": who}
    if note:
        event["note"] = note
    return event


def _told(row: models.Model | None, move: Move) -> str:
    """What the evidence says, in one paragraph."""
    match row:
        case Rectification():
            spent = f"；实际投入 {row.funds_spent:.2f} 元" if row.funds_spent is not None else ""
            behalf = "（代企业填报）" if row.on_behalf and move != Move.FIX_ON_SPOT else ""
            return f"{row.text.rstrip('。；')}{behalf}；完成日期 {row.finished_on.isoformat()}{spent}"
        case Reinspection() if not row.passed:
            typed = reason_of(row.reason_type)
            words = "" if row.text == typed.remedy else f"{row.text}。"
            return f"{typed.label}。{words}{typed.remedy}"
        case Reinspection():
            return row.text
        case MajorReport():
            return f"现状及原因：{row.causes}；危害和难易：{row.danger}"
        case MajorPlan() if move == Move.SUBMIT_PLAN:
            return f"治理完成期限 {row.due_on.isoformat()}；{row.goals}"
        case MajorPlan():
            return row.opinion
        case Acceptance():
            return f"验收组：{row.team}；{row.opinion}"
        case EffectEvaluation():
            colours = dict(RiskColour.choices)
            return (
                f"{row.evaluator}：{row.conclusion}；风险由{colours.get(row.risk_before, row.risk_before)}"
                f"降为{colours.get(row.risk_after, row.risk_after)}"
                if row.passed
                else f"{row.evaluator}：{row.conclusion}"
            )
    return ""


def _extension_events(extension: Extension) -> list[tuple[dt.datetime, int, dict[str, Any]]]:
    """Asking, and an answer that left no ledger line of its own."""
    found = []
    if not extension.ex_officio:
        asked = (
            f"由 {extension.old_due_on.isoformat()} 延至 {extension.requested_due_on.isoformat()}；"
            f"理由：{extension.reason}；期间管控：{extension.interim_measures}"
        )
        event = _event("申请延期", extension.requested_at, extension.requested_by.full_name, asked)
        found.append((extension.requested_at, extension.round, event))
    if extension.status in (ExtensionStatus.REJECTED, ExtensionStatus.WITHDRAWN) and extension.decided_at:
        what = "不同意延期" if extension.status == ExtensionStatus.REJECTED else "撤回延期申请"
        who = extension.decided_by.full_name if extension.decided_by else ""
        found.append(
            (
                extension.decided_at,
                extension.round,
                _event(what, extension.decided_at, who, extension.decision_note),
            )
        )
    return found
