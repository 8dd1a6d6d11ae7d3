"""The words of circulars and opinions, built from figures and plain facts in the sober tone of such papers."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from bihuan.core.dates import day_words
from bihuan.figures.gate import Verdict, judge
from bihuan.papers import documents as d

from .calendar import month_words
from .counting import causes_of, rate, whole_of
from .models import ConductMatter, WorkCircular, WorkItem
from .shipped import cause_labels

MOST_NAMED = 12


def _names(units: list[dict[str, Any]]) -> str:
    names = [unit["name"] for unit in units]
    return "、".join(names[:MOST_NAMED]) + (f"等{len(names)}个单位" if len(names) > MOST_NAMED else "")


def sections_of(figures: dict[str, Any]) -> list[dict[str, str]]:
    """The parts of a circular as the figures alone write them."""
    units, whole = figures["units"], whole_of(figures)
    number = {key: len(pks) for key, pks in whole.items()}
    month = month_words(dt.date.fromisoformat(figures["month"]))
    in_time = [unit for unit in units if unit["confirm"] == "in_time"]
    late = [unit for unit in units if unit["confirm"] == "late"]
    missing = [unit for unit in units if unit["confirm"] in ("missing", "open")]
    general = (
        f"{month}，应编制工作计划的单位{len(units)}个，其中按时确认{len(in_time)}个，逾期确认{len(late)}个，"
        f"尚未确认{len(missing)}个。"
    )
    rest = number["all"] - number["finished"]
    if number["all"]:
        general += (
            f"列入计划的事项共{number['all']}项，其中已完成{number['finished']}项，"
            f"完成率{rate(number['finished'], number['all'])}，尚未办结{rest}项。尚未办结的事项中，写明原因结转下月的{number['left']}项，"
            f"已自查待核查的{number['waiting']}项，没有自查的{number['silent']}项。"
        )
        if number["carried"]:
            general += f"计划中有结转事项{number['carried']}项。"
    return [
        {"key": "general", "heading": "总体情况", "text": general},
        {"key": "units", "heading": "各单位完成情况", "text": _units_text(units)},
        {"key": "causes", "heading": "未完成事项和原因", "text": _causes_text(figures, number["left"])},
        {"key": "discipline", "heading": "计划和核查纪律", "text": _discipline_text(units)},
        {"key": "demands", "heading": "下一步要求", "text": _demands_text(number)},
    ]


def _units_text(units: list[dict[str, Any]]) -> str:
    planned = [unit for unit in units if unit["cells"]["all"]]
    if not planned:
        return "各单位没有列入计划的事项。"
    full = [unit for unit in planned if len(unit["cells"]["finished"]) == len(unit["cells"]["all"])]
    words = f"{_names(full)}全部完成。" if full else ""
    rest = sorted(
        (unit for unit in planned if unit not in full),
        key=lambda unit: (len(unit["cells"]["finished"]) / len(unit["cells"]["all"]), unit["pk"]),
    )
    parts = []
    for unit in rest[:MOST_NAMED]:
        total, done = len(unit["cells"]["all"]), len(unit["cells"]["finished"])
        parts.append(f"{unit['name']}{total}项，已完成{done}项，完成率{rate(done, total)}")
    return words + ("没有全部完成的单位：" + "；".join(parts) + "。" if parts else "")


def _causes_text(figures: dict[str, Any], left: int) -> str:
    if not left:
        return "没有经核查认定未完成的事项。"
    labels = cause_labels()
    parts = [f"{labels.get(key, '其他')}{len(pks)}项" for key, pks in causes_of(figures)]
    words = f"未完成的事项均已写明原因、补救措施和新的完成日期，结转下月计划。原因分析：{'，'.join(parts)}。"
    repeated = [
        unit["name"] for unit in figures["units"] if unit["cells"]["carried"] and unit["cells"]["left"]
    ]
    if repeated:
        words += f"{'、'.join(repeated[:MOST_NAMED])}既有结转事项，又有新的未完成事项，应当逐项盘点。"
    return words


def _discipline_text(units: list[dict[str, Any]]) -> str:
    words = []
    if late := [unit for unit in units if unit["confirm"] == "late"]:
        words.append(f"逾期确认计划的：{_names(late)}。")
    if missing := [unit for unit in units if unit["confirm"] == "missing"]:
        words.append(f"没有确认计划的：{_names(missing)}。")
    if slow := [unit for unit in units if unit["check"] in ("late", "missing") and unit["plan"]]:
        words.append(f"没有按时完成核查的：{_names(slow)}。")
    if silent := [unit for unit in units if unit["cells"]["silent"]]:
        words.append(f"还有事项没有自查的：{_names(silent)}。")
    return "".join(words) or "各单位按时编制、确认、自查和核查。"


def _demands_text(number: dict[str, int]) -> str:
    if not (number["left"] or number["silent"] or number["waiting"]):
        return "各单位要保持做法，把下月计划定实定细，完成标志要能核对。"
    return (
        "有未完成事项的单位要逐项落实补救措施，在新的完成日期前办结，不得反复结转；没有自查、核查的单位要立即补办。"
        "下月计划应当把结转事项列在前面，明确责任人和完成标志。"
    )


def verdict_of(circular: WorkCircular) -> Verdict:
    """The figure check over title and words, beside the figures of the whole (D3)."""
    number = {key: len(pks) for key, pks in whole_of(circular.figures).items()}
    named = {
        "列入计划的事项": (Decimal(number["all"]), "项"),
        "已完成": (Decimal(number["finished"]), "项"),
        "应编制工作计划的单位": (Decimal(len(circular.figures["units"])), "个"),
    }
    parts = [("标题", circular.title), *((each["heading"], each["text"]) for each in circular.sections)]
    # Units are named one after the other; only the first part speaks of the whole.
    whole = judge(parts[:2], named)
    rest = judge(parts[2:])
    return Verdict(whole.problems + rest.problems, whole.confirmed + rest.confirmed)


def content_of(circular: WorkCircular, on: dt.date) -> dict[str, Any]:
    """The circular as a paper: words, the table of units, what is left with its causes."""
    units = circular.figures["units"]
    blocks = [d.recipients(*[unit["name"] for unit in units][:40] or ["各有关单位"])]
    for part in circular.sections:
        blocks.append(d.heading(part["heading"]))
        blocks += [d.text(words) for words in part["text"].splitlines() if words.strip()]
    left = (
        WorkItem.objects.filter(pk__in=whole_of(circular.figures)["left"])
        .select_related("plan__organization")
        .order_by("plan__organization_id", "position")
    )
    names = ["各单位工作计划完成情况表", *(["未完成事项和原因"] if left else [])]
    blocks += [d.enclosures(*names), d.closing(circular.organization.name, day_words(on))]
    rows = []
    for unit in units:
        size = {key: len(pks) for key, pks in unit["cells"].items()}
        rows.append(
            [
                unit["name"], str(size["all"]), str(size["finished"]), rate(size["finished"], size["all"]),
                str(size["left"]), str(size["waiting"] + size["silent"]), str(size["carried"]),
            ]
        )  # fmt: skip
    blocks.append(d.appendix(names[0], label="附件1" if left else "附件"))
    blocks.append(
        d.table(
            ["单位", "计划", "完成", "完成率", "未完成", "未核查", "结转"], rows or [["无", "0", "0", "—", "0", "0", "0"]],
            note="事项单位为项；未核查含没有自查的和自查后等待核查的事项。",
        )
    )  # fmt: skip
    labels = cause_labels()
    if left:
        blocks.append(d.appendix(names[1], label="附件2", landscape=True))
        blocks.append(
            d.table(
                ["单位", "事项", "原因类别", "原因分析", "补救措施", "新的完成日期"],
                [
                    [
                        each.plan.organization.short_name, each.text, labels.get(each.cause, "其他"), each.cause_words,
                        each.remedy, day_words(each.new_due_on) if each.new_due_on else "无",
                    ]
                    for each in left
                ],
                widths=[3, 5, 3, 6, 5, 3],
            )
        )  # fmt: skip
    return d.official(circular.title, blocks)


def opinion(matter: ConductMatter, *, by_name: str, on: dt.date, answer_by: dt.date) -> dict[str, Any]:
    """履职核查意见书: what was asked about, what was found, what is proposed, and until when it may be answered."""
    who = (
        f"{matter.person.full_name}（{matter.organization.short_name}）"
        if matter.person
        else matter.organization.name
    )
    notes = list(matter.notes.order_by("id"))
    blocks = [
        d.recipients(who),
        d.text(
            f"{matter.handler.name}对反映的{matter.get_misconduct_display()}问题进行了核查。现将核查意见送达如下。"
        ),
        d.heading("反映的情况"),
        d.text(matter.clue),
        d.heading("核查经过"),
        d.items([(f"{day_words(each.on)}{each.get_kind_display()}：{each.text}", []) for each in notes]),
        d.heading("核查认定"),
        d.text(matter.finding),
        d.heading("拟处理意见"),
        d.text(f"拟予以{matter.get_proposed_display()}。"),
        d.heading("申辩"),
        d.text(
            f"如有不同意见，可在{day_words(answer_by)}前提出书面申辩并附依据；逾期不提出的，按程序作出处理。"
        ),
        d.closing(matter.handler.name, day_words(on)),
        d.annotation(f"核查人：{by_name}"),
    ]
    return d.official("履职核查意见书", blocks)
