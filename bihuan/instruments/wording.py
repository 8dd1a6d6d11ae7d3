"""The words of supervision papers: what stands on them, built from the type's text and the paper's own facts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from bihuan.core.dates import day_words
from bihuan.papers import documents as d

from .models import Commitment, Instrument, InstrumentPoint, Talk
from .types import InstrumentType, filled
from .workflow import Level


def moment_words(at: dt.datetime) -> str:
    """2026年11月23日 9:30, local time."""
    here = timezone.localtime(at)
    return f"{day_words(here.date())} {here.hour}:{here.minute:02d}"


def meeting_words(instrument: Instrument) -> str:
    """When and where people are asked to come; "" when they are not."""
    if instrument.meet_at is None:
        return ""
    where = f"，地点：{instrument.meet_place}" if instrument.meet_place else ""
    return f"时间：{moment_words(instrument.meet_at)}{where}。"


def values_for(
    instrument: Instrument, *, count: int, receipt_due: dt.date | None, reply_due: dt.date | None
) -> dict[str, str]:
    """What stands for the placeholders of the type's text."""
    return {
        "count": str(count),
        "issuer": instrument.organization.name,
        "meeting": meeting_words(instrument),
        "receipt_due": day_words(receipt_due) if receipt_due else "规定时间",
        "reply_due": day_words(reply_due) if reply_due else "规定时间",
    }


def content(
    instrument: Instrument,
    kind: InstrumentType,
    *,
    on: dt.date,
    receipt_due: dt.date | None,
    reply_due: dt.date | None,
) -> dict[str, Any]:
    """Everything printed on the paper, in the official layout."""
    matters = [each.words for each in instrument.matters.all()]
    points = list(instrument.points.select_related("organization"))
    names = [each.organization.name for each in instrument.recipients.select_related("organization")]
    count = len(points) or len(matters) or 1
    values = values_for(instrument, count=count, receipt_due=receipt_due, reply_due=reply_due)
    blocks: list[d.Block] = [d.recipients(*names)]
    opening = filled(kind.opening, values)
    basis = (
        f"根据{instrument.basis}，"
        if instrument.basis and not instrument.basis.startswith("根据")
        else instrument.basis
    )
    blocks.append(d.text(f"{basis}{opening}"))
    if instrument.situation.strip():
        blocks += [d.heading("基本情况"), *(d.text(line) for line in _lines(instrument.situation))]
    if matters:
        blocks += [d.heading("所列事项"), d.items([(words, []) for words in matters])]
    if points:
        blocks += _points(points)
    blocks += [d.heading("工作要求"), *(d.text(filled(line, values)) for line in _lines(instrument.demand))]
    if kind.asks_reply:
        blocks.append(
            d.text(f"请于{values['receipt_due']}前签收，{values['reply_due']}前在系统中回复并上传证明材料。")
        )
    elif receipt_due:
        blocks.append(d.text(f"请于{values['receipt_due']}前签收。"))
    if kind.consequence:
        blocks.append(d.text(filled(kind.consequence, values)))
    blocks.append(d.closing(instrument.organization.name, day_words(on)))
    return d.official(instrument.title, blocks)


def _points(points: Sequence[InstrumentPoint]) -> list[d.Block]:
    """What each level must do (R065): one table a level, plain where nobody split them."""
    blocks: list[d.Block] = [d.heading("问题和责任")]
    for level, label in [*Level.choices, ("", "")]:
        rows = [each for each in points if each.level == level]
        if not rows:
            continue
        if label:
            blocks.append(d.heading(f"{label}（{len(rows)}项）", 2))
        blocks.append(
            d.table(
                ["序号", "问题", "责任单位", "要求", "期限"],
                [
                    [
                        str(number), each.text, each.organization.name if each.organization else "各收件单位",
                        each.demand or "整改", day_words(each.due_on) if each.due_on else "按回复期限",
                    ]
                    for number, each in enumerate(rows, start=1)
                ],
            )
        )  # fmt: skip
    return blocks


def minutes(
    instrument: Instrument, talk: Talk, commitments: Sequence[Commitment], absent: Sequence[str]
) -> dict[str, Any]:
    """约谈纪要: who came, what was said, what was promised by when."""
    number = instrument.paper.number if instrument.paper else ""
    blocks: list[d.Block] = [
        d.recipients(
            *[each.organization.name for each in instrument.recipients.select_related("organization")]
        ),
        d.text(
            f"{moment_words(talk.held_at)}，{instrument.organization.name}按照{number}，在{talk.place}进行了约谈，纪要如下。"
        ),
        d.facts(
            ("约谈时间", moment_words(talk.held_at)),
            ("约谈地点", talk.place),
            ("主持人", talk.chair),
            ("参加人员", talk.attendees),
            ("未到单位", "、".join(absent)),
        ),
        d.heading("约谈内容"),
        *(d.text(line) for line in _lines(talk.words)),
        d.heading("承诺事项"),
    ]
    if commitments:
        blocks.append(
            d.table(
                ["序号", "承诺单位", "承诺事项", "完成期限"],
                [
                    [str(number), each.recipient.organization.name, each.text, day_words(each.due_on)]
                    for number, each in enumerate(commitments, start=1)
                ],
            )
        )
        blocks.append(d.text("承诺单位应当按期完成，到期报告并附证明材料；制发单位逐项核实。"))
    else:
        blocks.append(d.text("本次约谈没有作出承诺事项。"))
    blocks.append(d.closing(instrument.organization.name, day_words(timezone.localdate(talk.held_at))))
    return d.official(f"{instrument.title}纪要"[:120], blocks)


def _lines(words: str) -> list[str]:
    return [line.strip() for line in words.splitlines() if line.strip()]
