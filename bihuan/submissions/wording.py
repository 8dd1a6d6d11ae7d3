"""The words of papers upward and of their answers, in the official layout (GB/T 9704-2012)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from bihuan.core.dates import day_words
from bihuan.papers import documents as d

from .models import Submission
from .workflow import CopyGround, Form, Outcome

REQUEST_ENDING = "妥否，请批示。"
REPORT_ENDING = "特此报告。"


def _lines(words: str) -> list[str]:
    return [line.strip() for line in words.splitlines() if line.strip()]


def copied(submission: Submission) -> list[str]:
    """Whom it is copied to, by full name."""
    return [each.organization.name for each in submission.copies.select_related("organization")]


def content(submission: Submission, *, on: dt.date, signer: str) -> dict[str, Any]:
    """Everything printed on a paper upward: one addressee, 签发人 beside the number, 联系人 in the note of a request."""
    asks = submission.form == Form.REQUEST
    blocks: list[d.Block] = [d.recipients(submission.addressee_name)]
    if submission.skip_reason.strip():
        over = [
            each.organization.name
            for each in submission.copies.select_related("organization")
            if each.ground == CopyGround.SKIPPED
        ]
        if over:
            blocks.append(
                d.text(f"因{submission.skip_reason.strip().removeprefix('因').rstrip('。')}，现直接向你单位{submission.label}，同时抄送{'、'.join(over)}。")
            )  # fmt: skip
    blocks += [d.heading("基本情况"), *(d.text(line) for line in _lines(submission.situation))]
    if submission.opinion.strip():
        blocks += [
            d.heading("我们的意见" if asks else "已开展的工作"),
            *(d.text(line) for line in _lines(submission.opinion)),
        ]
    if submission.ask.strip():
        blocks += [
            d.heading("请示事项" if asks else "下一步打算"),
            *(d.text(line) for line in _lines(submission.ask)),
        ]
    ending = REQUEST_ENDING if asks else REPORT_ENDING
    if not (asks and ("妥否" in submission.ask or "当否" in submission.ask)):
        blocks.append(d.text(ending))
    blocks.append(d.closing(submission.organization.name, day_words(on)))
    if submission.contact.strip():
        blocks.append(d.annotation(f"联系人：{submission.contact.strip()}"))
    blocks.append(d.imprint(submission.organization.name, day_words(on), cc=copied(submission)))
    return d.official(submission.title, blocks, signers=[signer] if signer else ["（待签发）"])


def answer(
    submission: Submission, *, outcome: str, text: str, conditions: Sequence[tuple[str, dt.date]], on: dt.date
) -> dict[str, Any]:
    """批复: names the paper it answers, says yes or no first, then what is required by when."""
    number = submission.paper.number if submission.paper else ""
    stem = submission.title.removesuffix("的请示").removeprefix("关于")
    blocks: list[d.Block] = [
        d.recipients(submission.organization.name),
        d.text(f"你单位《{submission.title}》（{number}）收悉。经研究，现批复如下："),
        *(d.text(line) for line in _lines(text)),
    ]
    if conditions:
        blocks += [
            d.heading("落实要求"),
            d.table(
                ["序号", "要求", "期限"],
                [[str(no), words, day_words(due)] for no, (words, due) in enumerate(conditions, start=1)],
                widths=[1, 7, 3],
            ),
        ]
    blocks.append(d.text("此复。"))
    issuer = submission.addressee.name if submission.addressee else submission.addressee_name
    blocks.append(d.closing(issuer, day_words(on)))
    blocks.append(d.imprint(issuer, day_words(on), cc=copied(submission)))
    return d.official(f"关于{stem}的批复"[:120], blocks)


def answer_draft(submission: Submission, outcome: str) -> str:
    """How an answer usually begins, for the leader to go on from; the proposal stands beside it."""
    stem = submission.title.removesuffix("的请示").removeprefix("关于")
    match outcome:
        case Outcome.REFUSE:
            return f"不同意{stem}。"
        case Outcome.CONDITIONAL:
            return f"原则同意{stem}，请按下列要求办理。"
        case _:
            return f"同意{stem}，请按规定抓好落实。"
