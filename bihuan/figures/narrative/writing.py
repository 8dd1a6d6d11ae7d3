"""The sentences. Each says what the numbers say and nothing else; who reads them can count every one again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal

from bihuan.figures.narrative.changes import Change, change, shown
from bihuan.figures.narrative.model import Measure, Report, Section, Unit

NAMED = 5  # names printed before 等N个单位
RANKED = 3
FEW = 2 * RANKED  # fewer units than this are not ranked at both ends


def narrate(report: Report) -> list[Section]:
    """The sections of a bulletin; what has nothing to say is left out."""
    written: list[tuple[str, str, list[str]]] = [
        ("overview", "总体情况", _overview(report)),
        ("units", "各地各单位进展情况", _ranking(report)),
        ("changes", "变化较大的情况", _changed(report)),
        ("problems", "存在的主要问题", [*_overdue(report), *_nothing_found(report)]),
        ("reporting", "信息报送情况", _reporting(report)),
        ("next", "下一步工作要求", _demands(report)),
    ]
    return [Section(key, heading, tuple(words)) for key, heading, words in written if words]


def listed(names: Sequence[str], *, most: int = NAMED, counted: str = "个单位") -> str:
    """Names one after the other; of many the first ones and how many there are (等12个单位)."""
    if len(names) <= most:
        return "、".join(names)
    return f"{'、'.join(names[:most])}等{len(names)}{counted}"


def phrase(label: str, value: Decimal, unit: str, digits: int = 0) -> str:
    """A count with what is counted: 检查次数 120 次 is read 检查120次."""
    words = label.partition("：")[2] or label
    if words.endswith("次数"):
        words = words.removesuffix("次数")
    elif unit and words.endswith(unit) and words != unit:
        words = words.removesuffix(unit)
    return f"{words}{shown(value, digits)}{unit}"


def _overview(report: Report) -> list[str]:
    known = [measure for measure in report.measures if measure.now is not None]
    counts = [measure for measure in known if not (measure.is_rate or measure.is_distance)]
    if not counts:
        return []
    if all(not measure.now for measure in counts):
        return [f"{report.period}，{report.area}各项统计数均为零。"]
    wholes = [measure for measure in counts if not measure.part_of]
    flows = [measure for measure in wholes if not measure.is_stock]
    stocks = [measure for measure in wholes if measure.is_stock]
    sentences = []
    if flows:
        sentences.append(f"{report.period}，{report.area}{_joined(report, flows, counts)}。")
    if stocks:
        sentences.append(f"截至{report.until}，{_joined(report, stocks, counts)}。")
    for each in known:
        assert each.now is not None
        if each.is_rate:
            sentences.append(f"{each.label}为{shown(each.now, each.digits or 1)}%{_compared(report, each)}。")
        elif each.is_distance:
            sentences.append(_apart(each.label, each.now, each.digits or 1))
    return ["".join(sentences)]


def _apart(label: str, distance: Decimal, digits: int) -> str:
    """较时间进度高5.3个百分点: how far one rate lies from another."""
    if not distance:
        return f"{label}持平。"
    return f"{label}{'高' if distance > 0 else '低'}{shown(abs(distance), digits)}个百分点。"


def _joined(report: Report, measures: list[Measure], counts: list[Measure]) -> str:
    return "；".join(_said(report, measure, counts) for measure in measures)


def _said(report: Report, measure: Measure, counts: list[Measure]) -> str:
    assert measure.now is not None
    parts = [each for each in counts if each.part_of == measure.key and each.now is not None and each.now > 0]
    inside = "、".join(
        phrase(each.label, each.now, each.unit, each.digits) for each in parts if each.now is not None
    )
    words = phrase(measure.label, measure.now, measure.unit, measure.digits)
    return f"{words}{f'（其中{inside}）' if inside else ''}{_compared(report, measure)}"


def _compared(report: Report, measure: Measure) -> str:
    """，同比上升12.5%、环比持平: percentages before numbers, so that no number is read as the base of the other's."""
    found: list[tuple[str, Change]] = []
    for name, before in (("同比", measure.year_ago), (report.before, measure.previous)):
        changed = change(measure.now, before, measure.unit)
        if changed is not None:
            found.append((name, changed))
    if len(found) == 2 and found[0][1].words == found[1][1].words == "持平":
        return f"，同比、{report.before}均持平"
    found.sort(key=lambda pair: not pair[1].is_percent)
    return "".join(f"，{name}{changed.words}" for name, changed in found)


def _ranking(report: Report) -> list[str]:
    measure = report.measure(report.rank_by)
    if measure is None:
        return []
    sentences = [
        _among(group, report) + words
        for group, units in report.groups.items()
        if (words := _ranked(measure, units))
    ]
    return ["".join(sentences)] if sentences else []


def _among(group: str, report: Report) -> str:
    """Says which group is spoken of, when there are several."""
    return f"{group}中，" if group and len(report.groups) > 1 else ""


def _ranked(measure: Measure, units: Iterable[Unit]) -> str:
    ranked = [(unit.name, value) for unit in units if (value := unit.now.get(measure.key)) is not None]
    ranked.sort(key=lambda pair: (-pair[1], pair[0]))
    if len(ranked) < 2 or ranked[0][1] == ranked[-1][1]:
        return ""
    digits = measure.digits or (1 if measure.is_rate else 0)

    def with_value(pair: tuple[str, Decimal]) -> str:
        return f"{pair[0]}（{shown(pair[1], digits)}{measure.unit}）"

    title = measure.label.partition("：")[2] or measure.label
    best, worst = ("较好", "较慢") if measure.is_rate or measure.more_is else ("较多", "较少")
    if measure.more_is == "bad":
        best, worst = worst, best
    if len(ranked) < FEW:
        return f"{title}最高的是{with_value(ranked[0])}，最低的是{with_value(ranked[-1])}。"
    top, bottom = ranked[:RANKED], ranked[-RANKED:]
    if top[-1][1] == bottom[0][1]:
        return f"{title}最高的是{with_value(ranked[0])}，最低的是{with_value(ranked[-1])}。"
    return (
        f"{title}{best}的是{'、'.join(map(with_value, top))}，"
        f"{worst}的是{'、'.join(map(with_value, bottom))}。"
    )


def _changed(report: Report) -> list[str]:
    sentences = []
    for measure in report.measures:
        if (
            measure.is_rate
            or measure.is_distance
            or measure.part_of
            or measure.key not in {report.found, report.overdue, report.checked}
        ):
            continue
        title = measure.label.partition("：")[2] or measure.label
        for group, units in report.groups.items():
            if words := _most_moved(measure, units):
                sentences.append(f"{_among(group, report)}{title}{words}。")
    return [f"与上期相比，{''.join(sentences)}"] if sentences else []


def _most_moved(measure: Measure, units: Iterable[Unit]) -> str:
    moved = _moves(units, measure.key)
    if not moved:
        return ""
    up, down = moved[0], moved[-1]
    parts = []
    if up[1] > 0:
        parts.append(f"增加最多的是{up[0]}（增加{shown(up[1])}{measure.unit}）")
    if down[1] < 0:
        parts.append(f"减少最多的是{down[0]}（减少{shown(-down[1])}{measure.unit}）")
    return "，".join(parts)


def _moves(units: Iterable[Unit], key: str) -> list[tuple[str, Decimal]]:
    moved = []
    for unit in units:
        now, before = unit.now.get(key), unit.previous.get(key)
        if now is not None and before is not None and now != before:
            moved.append((unit.name, now - before))
    return sorted(moved, key=lambda pair: (-pair[1], pair[0]))


def _overdue(report: Report) -> list[str]:
    measure = report.measure(report.overdue)
    if measure is None or not measure.now:
        return []
    words = f"逾期未整改仍较突出。截至{report.until}，{phrase(measure.label, measure.now, measure.unit)}"
    for group, units in report.groups.items():
        owed = _owing(report, units)
        if not owed:
            continue
        words += f"，{group if len(report.groups) > 1 else ''}涉及{listed([name for name, _ in owed])}"
        if len(owed) > 1 and owed[0][1] > owed[1][1]:
            words += f"，最多的是{owed[0][0]}（{shown(owed[0][1])}{measure.unit}）"
    words += "。"
    longest = sorted(report.longest, key=lambda each: (-each.days, each.unit, each.what))[:RANKED]
    if longest:
        named = "；".join(f"{each.unit}“{each.what}”，已逾期{each.days}天" for each in longest)
        words += f"逾期时间最长的是：{named}。" if len(longest) == 1 else f"逾期时间较长的有：{named}。"
    return [words]


def _owing(report: Report, units: Iterable[Unit]) -> list[tuple[str, Decimal]]:
    owed = [(unit.name, value) for unit in units if (value := unit.now.get(report.overdue))]
    return sorted(owed, key=lambda pair: (-pair[1], pair[0]))


def _nothing_found(report: Report) -> list[str]:
    """Who went and found nothing, more than once: to be asked whether the search was a real one (R109 排查不实)."""
    if not report.found or not report.checked:
        return []
    names = [
        unit.name
        for unit in report.units
        if (unit.now.get(report.checked) or 0) > 1 and unit.now.get(report.found) == 0
    ]
    if not names:
        return []
    return [f"个别单位排查质量需要核实。{listed(names)}本期多次开展检查，均未查出隐患，请核实排查是否到位。"]


def _reporting(report: Report) -> list[str]:
    if not report.owing:
        return []
    troubles: list[tuple[str, tuple[str, ...]]] = [
        ("未报送的", report.missing),
        ("截止日未到、待报送的", report.waiting),
        ("迟报的", report.late),
        ("退回后尚未重报的", report.sent_back),
        ("报送后与台账出现出入的", report.restated),
    ]
    words = f"应报送{report.owing}个单位"
    if not any(names for _, names in troubles):
        return [f"{words}，均按时报送。"]
    return [f"{words}。{'；'.join(f'{what}有{listed(names)}' for what, names in troubles if names)}。"]


def _demands(report: Report) -> list[str]:
    """Whom it concerns and what is asked: no demand without its reason in the numbers above."""
    asked: list[str] = []

    def ask(names: Sequence[str], words: Callable[[str], str]) -> None:
        if names:
            asked.append(words(listed(names)))

    ask(
        [name for units in report.groups.values() for name, _ in _owing(report, units)],
        lambda who: f"{who}要逐项落实责任、资金、时限和防范措施，抓紧整改逾期隐患",
    )
    ask(report.missing, lambda who: f"{who}要尽快补报，并说明未报送的原因")
    ask(report.sent_back, lambda who: f"{who}要按退回意见核实更正后重新报送")
    ask(report.restated, lambda who: f"{who}要核对台账，办理更正报送")
    ask(report.late, lambda who: f"{who}要按规定时限报送，避免再次迟报")
    return [f"{'；'.join(asked)}。"] if asked else []
