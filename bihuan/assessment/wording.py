"""The words of the papers of an assessment: the notice of a unit's result, and the letter both sides signed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from bihuan.attachments.models import Signature
from bihuan.campaigns.models import Campaign, Target, Task
from bihuan.core.dates import day_words
from bihuan.papers import documents as d
from bihuan.rules.headduties import head_duties
from bihuan.rules.scoring import plain

from .models import (
    AssessedUnit,
    Assessment,
    ItemScore,
    Letter,
    ScoreChange,
    SelfReport,
    UnitScore,
)
from .workflow import Audience, ItemKind, LetterKind


def points_words(row: ItemScore, got: object = None) -> str:
    """What an item gave, as it stands in a table."""
    value = row.got if got is None else got
    if row.item.kind == ItemKind.VETO:
        return "成立" if value else "未触发"
    if not row.applies and row.item.kind == ItemKind.BASIC and got is None:
        return "不适用"
    return plain(value)  # type: ignore[arg-type]


def result_notice(
    assessment: Assessment,
    unit: AssessedUnit,
    score: UnitScore,
    changes: Sequence[ScoreChange],
    *,
    of: int,
    on: dt.date,
    report: SelfReport | None = None,
) -> dict[str, Any]:
    """考核结果通知书: total, grade, rank, every item with its reason, what was changed on appeal, what follows; of the
    head of an enterprise with what was claimed, and until when to object."""
    of_head = assessment.audience == Audience.ENTERPRISES
    claims = {line.item_id: line.claimed for line in report.lines.all()} if report is not None else {}
    changed = {change.item_id: change for change in changes}
    place = f"{unit.get_tier_display()}单位第 {unit.rank} 名（共 {of} 个）" if assessment.sheet.has_tiers else f"第 {unit.rank} 名（共 {of} 个）"  # fmt: skip
    rows = []
    for row in score.items.all():
        change = changed.get(row.item_id)
        claimed = claims.get(row.item_id)
        rows.append(
            [
                row.item.section,
                row.item.name,
                plain(row.full) if row.full else "—",
                *([plain(claimed) if claimed is not None else "—"] if of_head else []),
                points_words(row, change.new if change else None),
                f"{row.words}；申辩后由 {plain(change.old)} 改为 {plain(change.new)}"
                if change
                else row.words,
            ]
        )
    facts: list[tuple[str, object]] = [
        ("考核对象", unit.organization.name if not unit.person_name else f"{unit.organization.name} {unit.person_name}"),
        ("考核期", f"{day_words(assessment.period_from)}至{day_words(assessment.period_to)}"),
        ("考核细则", str(assessment.sheet)),
        ("总分", plain(unit.score) if unit.score is not None else ""),
        ("等次", unit.grade),
        ("名次", place if unit.rank is not None else (unit.exclusion or "不参加排名")),
    ]  # fmt: skip
    if of_head:
        # The place among hundreds is nobody's business; what the head said and until when to object is.
        facts[-1] = ("自评", report.get_status_display() if report is not None else "没有自评")
        facts.insert(3, ("审核单位", unit.reviewer.name if unit.reviewer else assessment.organization.name))
    blocks = [
        d.text(f"{unit.organization.name}："),
        d.text(f"{assessment.title}的结果已经审定，现通知如下。"),
        d.facts(*facts),
        d.heading("得分情况"),
        d.text(unit.words),
        d.table(["类别", "考核内容", "分值", *(["自评"] if of_head else []), "得分", "怎么算的"], rows),
    ]
    if of_head:
        law = head_duties(on)
        if law:
            blocks.insert(3, d.text(f"依据：{law[0].source}（{law[0].doc_no}）。"))
        if assessment.appeal_by and on <= assessment.appeal_by:
            blocks.append(
                d.text(
                    f"对结果有异议的，请于{day_words(assessment.appeal_by)}前提出申辩；没有异议的，请签收。"
                )
            )
    if changes:
        blocks += [
            d.heading("申辩和变更"),
            d.items(
                [
                    (
                        f"“{change.item.name}”由 {plain(change.old)} 改为 {plain(change.new)}",
                        [f"{change.reason}（{day_words(timezone.localtime(change.at).date())}）"],
                    )
                    for change in changes
                ]
            ),
        ]
    follows = list(unit.recommendations.all())
    if follows:
        blocks += [
            d.heading("结果运用建议"),
            d.items(
                [
                    (
                        f"{each.label}：{each.text}",
                        [f"限制至{day_words(each.until)}"] if each.until else [],
                    )
                    for each in follows
                ]
            ),
        ]
    blocks.append(d.closing(assessment.organization.name, day_words(on)))
    title = "企业主要负责人履行安全生产职责考核结果通知书" if of_head else "考核结果通知书"
    return {"title": title, "blocks": blocks}


def letter_of_campaign(campaign: Campaign, *, year: int, most: int) -> dict[str, Any]:
    """What a letter about a campaign says to begin with: the plan's targets and its tasks, to be edited; three queries.

    Tasks stand in the plan's own words, or where those are longer than `most` characters, by their headings.
    """
    tasks = list(campaign.tasks.live().order_by("position"))
    whole = [_task_line(each, each.text) for each in tasks]
    short = [_task_line(each, each.heading) for each in tasks]
    return {
        "title": f"{year} 年{campaign.short_title}目标责任书",
        "targets": "\n".join(_target_line(each) for each in campaign.targets.order_by("pk")),
        "text": "\n".join(whole if sum(map(len, whole)) + len(whole) <= most else short)[:most],
    }


def _task_line(task: Task, words: str) -> str:
    said = " ".join(words.split())
    own = said if said.startswith(task.no) else f"{task.no} {said}"
    return own + (f"（{day_words(task.due_on)}前完成）" if task.due_on else "")


def _target_line(target: Target) -> str:
    name = "".join(target.text.split())
    return name if target.threshold is None else f"{name} 不低于 {plain(target.threshold)}%"


def letter_paper(letter: Letter, signatures: Sequence[Signature], *, on: dt.date) -> dict[str, Any]:
    """The signed letter: both sides, targets, duties, signatures."""
    form = letter.form
    commits = form.kind == LetterKind.COMMITMENT
    lower = letter.lower.name + (f"（{letter.post.title}）" if letter.post else "")
    blocks = [
        d.facts(
            ("年度", f"{form.year} 年"), ("上级（甲方）", letter.upper.name), ("下级（乙方）", lower),
            ("依据", str(form.parent) if form.parent else ""),
        ),
        d.heading("目标"),
        d.table(["指标", "目标值"], [list(row) for row in form.targets])
        if form.targets
        else d.text("按职责内容落实。"),
        d.heading("承诺事项" if commits else "职责"),
        *[d.text(line) for line in form.text.splitlines() if line.strip()],
        d.signatures(
            [
                d.SignatureLine(
                    role="下级（乙方）" if each.role == "lower" else "上级（甲方）", name=each.signer_name,
                    title=each.signer_title, method=each.get_method_display(),
                    image=str(each.image_id) if each.image_id else "", remark="",
                    at=f"{timezone.localtime(each.signed_at):%Y-%m-%d %H:%M}",
                )
                for each in signatures
            ]
        ),
        d.closing(letter.upper.name, day_words(on)),
    ]  # fmt: skip
    return {"title": form.title, "blocks": blocks}
