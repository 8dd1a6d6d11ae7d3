"""The situation in words (安全生产形势分析, R185): what happened, by sector and share of the province, larger accidents beside
last full year, and the main features, written from the figures alone.

A feature is a sentence that a rule found in the figures, with a weight that says how far it stands out; the three that
stand out most are told. With few accidents chance would be described as a feature, so below `FEW` none are told.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

from bihuan.core.dates import day_words
from bihuan.rules import accidents as rules

from .queries import Compared, Statistics, Sum4

FEW = 5  # accidents in the period below which no features are drawn; a convention of this software
MOST = 3
CONCENTRATED = 40  # per cent of all accidents in one sector
PLACE_HEAVY = 35  # per cent in one of at least three places
ORDINALS = ("一是", "二是", "三是")


@dataclass(frozen=True)
class Published:
    """What a higher level published for the same days: of everything, and by sector."""

    name: str
    document: str
    by_group: Mapping[str, tuple[int, int]]


@dataclass(frozen=True)
class Control:
    """A control number of the year and how much of it is used."""

    name: str
    value: int
    progress: rules.Progress
    more: Mapping[str, str] = field(
        default_factory=dict
    )  # which accidents count, as the register asks for them


@dataclass(frozen=True)
class Larger:
    """One larger accident of the period."""

    title: str
    day: dt.date
    place: str
    group: str
    deaths: int
    serious: int
    url: str


@dataclass(frozen=True)
class Told:
    """One sentence with the accidents behind it: parameters of the register (`more`)."""

    text: str
    more: Mapping[str, str] = field(default_factory=dict)
    period: str = "now"


@dataclass(frozen=True)
class Feature:
    """One feature: what it is about, how far it stands out, the sentence."""

    topic: str
    weight: float
    told: Told


@dataclass(frozen=True)
class Share:
    """One line of the sectors: its figures, and their share in what the higher level published."""

    row: Compared
    parts: list[Compared]
    accidents: str
    deaths: str
    above: str = ""


@dataclass(frozen=True)
class Situation:
    """Everything the page and the document say."""

    title: str
    overall: list[Told]
    sectors: list[Share]
    sector_words: str
    larger_words: list[Told]
    larger: Sequence[Larger]
    features: list[Told]
    why_none: str


def percent(part: int, whole: int) -> str:
    """One decimal, half up; nothing of nothing is no share."""
    if not whole:
        return ""
    return f"{(Decimal(part) / whole * 100).quantize(Decimal('0.1'), ROUND_HALF_UP).normalize():f}%"


def situation(
    found: Statistics,
    *,
    area: str,
    larger: Sequence[Larger],
    controls: Sequence[Control] = (),
    published: Published | None = None,
) -> Situation:
    """Write the situation of a period. Every sentence says only what is in the figures given."""
    sectors = [
        _share(row, found, published) for row in found.groups if row.now.accidents or row.before.accidents
    ]
    chosen = features(found, controls)
    enough = found.whole.now.accidents >= FEW
    return Situation(
        title=f"{period_words(found.start, found.end)}{area}安全生产形势分析",
        overall=_overall(found, area, controls, published),
        sectors=sectors,
        sector_words="；".join(_sector(each) for each in sectors if each.row.now.accidents),
        larger_words=_larger(found),
        larger=larger,
        features=[Told(f"{ORDINALS[n]}{each.told.text}", each.told.more, each.told.period) for n, each in enumerate(chosen)]
        if enough
        else [],
        why_none="" if enough else f"这段时间只有 {found.whole.now.accidents} 起，不足 {FEW} 起，不归纳特点，以免把偶然说成规律。",
    )  # fmt: skip


def period_words(start: dt.date, end: dt.date) -> str:
    """2026年1至9月, 2026年, 2026年7月, otherwise from day to day."""
    last_day = (end + dt.timedelta(days=1)).day == 1
    if start.year == end.year and start.day == 1 and last_day:
        if (start.month, end.month) == (1, 12):
            return f"{start.year}年"
        if start.month == end.month:
            return f"{start.year}年{start.month}月"
        return f"{start.year}年{start.month}至{end.month}月"
    return f"{day_words(start)}至{day_words(end)}"


def _four(now: Sum4) -> str:
    return f"{now.accidents}起，死亡{now.deaths}人，重伤{now.serious}人，直接经济损失{now.loss.normalize():f}万元"


def _overall(
    found: Statistics, area: str, controls: Sequence[Control], published: Published | None
) -> list[Told]:
    whole, change = found.whole, found.whole.changes
    told = [
        Told(f"{period_words(found.start, found.end)}，{area}共发生各类事故{_four(whole.now)}。"),
        Told(
            f"与上年同期（{whole.before.accidents}起、死亡{whole.before.deaths}人）相比，起数{change['accidents']}，"
            f"死亡人数{change['deaths']}，重伤人数{change['serious']}，直接经济损失{change['loss']}。", period="before",
        ),
        Told(
            f"其中生产安全事故{found.production.now.accidents}起，死亡{found.production.now.deaths}人。",
            {"scope": "production"},
        ),
    ]  # fmt: skip
    told += [
        Told(f"{each.name}占全年控制数{each.value}的{each.progress.share.normalize():f}%。", each.more)
        for each in controls
        if each.progress.share is not None
    ]
    if published and "" in published.by_group:
        accidents, deaths = published.by_group[""]
        told.append(
            Told(
                f"起数占{published.name}同期（{accidents}起）的{percent(whole.now.accidents, accidents) or '—'}，"
                f"死亡人数占{published.name}同期（{deaths}人）的{percent(whole.now.deaths, deaths) or '—'}"
                f"（{published.name}数来自{published.document}）。"
            )
        )  # fmt: skip
    return told


def _share(row: Compared, found: Statistics, published: Published | None) -> Share:
    accidents, deaths = published.by_group.get(row.key, (0, 0)) if published else (0, 0)
    names = {each.key for each in found.kinds}
    parts = [each for each in found.kinds if each.key in names and rules.kinds()[each.key].group == row.key]
    above = published.name if published else ""
    return Share(row, parts, percent(row.now.accidents, accidents), percent(row.now.deaths, deaths), above)


def _sector(each: Share) -> str:
    now = each.row.now
    parts = "、".join(
        f"{part.name}{part.now.accidents}起死亡{part.now.deaths}人"
        for part in each.parts
        if part.now.accidents
    )
    share = f"，占{each.above}同类的{each.accidents}" if each.accidents else ""
    return (
        f"{each.row.name}事故{now.accidents}起，死亡{now.deaths}人"
        + (f"（其中{parts}）" if parts else "")
        + share
    )


def _larger(found: Statistics) -> list[Told]:
    now, last = found.whole.now, found.larger_last_year
    year = found.start.year - 1
    more = {"grade": "larger_up"}
    if not now.larger:
        first = Told("没有发生较大及以上事故。")
    else:
        change = found.whole.changes["larger"]
        first = Told(f"发生较大及以上事故{now.larger}起，死亡{now.larger_deaths}人，起数同比{change}。", more)
    against = f"{year}年全年较大及以上事故{last.accidents}起，死亡{last.deaths}人"
    accidents, deaths = now.larger - last.accidents, now.larger_deaths - last.deaths
    words = f"比{year}年全年{_more(accidents, '起')}，死亡人数{_more(deaths, '人')}（{against}）。"
    return [first, Told(words, more, "last_year")]


def _more(difference: int, unit: str) -> str:
    if not difference:
        return "持平"
    return f"{'多' if difference > 0 else '少'}{abs(difference)}{unit}"


def features(found: Statistics, controls: Sequence[Control] = ()) -> list[Feature]:
    """What stands out, most first, at most three and one a topic."""
    best: dict[str, Feature] = {}
    for each in [
        *_trend(found), *_sectors(found), *_places(found), *_severity(found), *_months(found), *_ahead(controls),
    ]:  # fmt: skip
        if each.topic not in best or each.weight > best[each.topic].weight:
            best[each.topic] = each
    return sorted(best.values(), key=lambda each: (-each.weight, each.topic))[:MOST]


def _change(now: int, before: int) -> float:
    return 100.0 * (now - before) / before if before else (100.0 if now else 0.0)


def _trend(found: Statistics) -> list[Feature]:
    now, before, words = found.whole.now, found.whole.before, found.whole.changes
    if not before.accidents:
        return []
    accidents, deaths = now.accidents - before.accidents, now.deaths - before.deaths
    said = f"事故起数{words['accidents']}、死亡人数{words['deaths']}"
    size = max(abs(_change(now.accidents, before.accidents)), abs(_change(now.deaths, before.deaths)))
    if accidents < 0 and deaths < 0:
        text = f"总体形势趋稳，起数和死亡人数“双下降”，{said}。"
    elif accidents > 0 and deaths > 0:
        text = f"总体形势严峻，起数和死亡人数“双上升”，{said}。"
    elif not accidents and not deaths:
        text = "总量与上年同期持平。"
    else:
        text = f"总量有升有降，{said}。"
    return [Feature("trend", 60 + min(size, 100) / 2, Told(text, period="both"))]


def _sectors(found: Statistics) -> list[Feature]:
    whole, told = found.whole.now, list[Feature]()
    if not whole.accidents:
        return []
    top = max(found.groups, key=lambda row: (row.now.accidents, row.now.deaths))
    share = 100 * top.now.accidents / whole.accidents
    if share >= CONCENTRATED:
        deaths = (
            f"、死亡{top.now.deaths}人，占死亡总数的{percent(top.now.deaths, whole.deaths)}"
            if whole.deaths
            else ""
        )
        text = f"事故集中在{top.name}，{top.now.accidents}起，占总数的{percent(top.now.accidents, whole.accidents)}{deaths}。"
        told.append(Feature("sector", 40 + share / 2, Told(text, {"group": top.key})))
    rising = [
        row for row in found.groups if row.now.accidents - row.before.accidents >= 2 and row.before.accidents
    ]
    if rising:
        row = max(rising, key=lambda each: _change(each.now.accidents, each.before.accidents))
        size = _change(row.now.accidents, row.before.accidents)
        text = f"{row.name}事故反弹，{row.now.accidents}起，同比{row.changes['accidents']}，死亡{row.now.deaths}人。"
        told.append(Feature("rebound", 35 + min(size, 200) / 4, Told(text, {"group": row.key}, "both")))
    return told


def _places(found: Statistics) -> list[Feature]:
    rows = [row for row in found.regions if row.key]
    whole = found.whole.now.accidents
    if len(rows) < 3 or not whole:
        return []
    top = max(rows, key=lambda row: (row.now.accidents, row.now.deaths))
    share = 100 * top.now.accidents / whole
    if share < PLACE_HEAVY:
        return []
    quiet = sum(1 for row in rows if not row.now.accidents)
    text = f"地区分布不平衡，{top.name}{top.now.accidents}起，占总数的{percent(top.now.accidents, whole)}"
    text += f"；{quiet}个地区没有发生事故。" if quiet else "。"
    return [Feature("place", 30 + share / 2, Told(text, {"region": top.key}))]


def _severity(found: Statistics) -> list[Feature]:
    now, before = found.whole.now, found.whole.before
    more = {"grade": "larger_up"}
    if now.larger:
        share = percent(now.larger_deaths, now.deaths)
        text = f"较大及以上事故{now.larger}起、死亡{now.larger_deaths}人" + (
            f"，占死亡总数的{share}" if share else ""
        )
        text += f"，同比{found.whole.changes['larger']}。"
        return [Feature("larger", 70 + 10 * min(now.larger, 4), Told(text, more, "both"))]
    if before.larger:
        return [
            Feature(
                "larger", 65, Told(f"没有发生较大及以上事故，上年同期{before.larger}起。", more, "before")
            )
        ]
    return [Feature("larger", 25, Told("没有发生较大及以上事故，单起事故后果总体较轻。"))]


def _months(found: Statistics) -> list[Feature]:
    if found.start.year != found.end.year:
        return []
    months = [row for row in found.months if found.start.month <= row[0] <= found.end.month]
    total = sum(count for _, count, _ in months)
    if len(months) < 3 or not total:
        return []
    month, count, deaths = max(months, key=lambda row: (row[1], row[2]))
    times = count * len(months) / total
    if times < 1.5:
        return []
    text = f"时段分布不均，{month}月发生{count}起、死亡{deaths}人，是月均的{Decimal(times).quantize(Decimal('0.1'))}倍。"
    start = dt.date(found.start.year, month, 1)
    last = (start.replace(day=28) + dt.timedelta(days=4)).replace(day=1) - dt.timedelta(days=1)
    days = {"from": max(start, found.start).isoformat(), "to": min(last, found.end).isoformat()}
    return [Feature("month", 20 + min(times, 4) * 10, Told(text, days))]


def _ahead(controls: Sequence[Control]) -> list[Feature]:
    over = [each for each in controls if each.progress.ahead is not None and each.progress.ahead > 0]
    if not over:
        return []
    worst = max(over, key=lambda each: each.progress.ahead or Decimal(0))
    assert worst.progress.share is not None and worst.progress.ahead is not None  # noqa: PT018 - both or neither
    text = (
        f"控制数进度偏快，{worst.name}已占全年控制数的{worst.progress.share.normalize():f}%，"
        f"超过时间进度{worst.progress.ahead.normalize():f}个百分点。"
    )
    return [Feature("control", 55 + min(float(worst.progress.ahead), 40.0), Told(text, worst.more))]
