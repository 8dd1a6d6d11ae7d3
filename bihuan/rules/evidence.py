"""When a visit or a photo deserves a second look (走过场 signals, U11, D8): thresholds as data, judgement in words.

A signal is a remark for the reviewer with its reason and its figures. It forbids nothing, and it may have a good
explanation: a new phone, a shop that moved, a short list walked by two.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from bihuan.rules.records import Provenance, UnknownRule, in_force, load, provenance


@dataclass(frozen=True)
class Threshold(Provenance):
    """One version of one threshold; a signal is given when it is passed."""

    key: str
    name: str
    value: int
    unit: str


@dataclass(frozen=True)
class Editors(Provenance):
    """One version of the names by which programs that retouch photos call themselves, in small letters."""

    words: tuple[str, ...]


@cache
def _editors() -> tuple[Editors, ...]:
    return tuple(Editors(tuple(row["words"]), **provenance(row)) for row in load("evidence")["editors"])


@cache
def thresholds() -> tuple[Threshold, ...]:
    """Return every version of every threshold."""
    return tuple(
        Threshold(row["key"], row["name"], row["value"], row["unit"], **provenance(row))
        for row in load("evidence")["thresholds"]
    )


def threshold(key: str, on: dt.date) -> int:
    """Return the value in force on the day of the visit. Raises UnknownRule for a key there is not."""
    versions = [each for each in thresholds() if each.key == key]
    if not versions:
        raise UnknownRule(f"规则库中没有名为“{key}”的佐证阈值")
    return in_force(versions, on, what=versions[0].name).value


def far_away(metres: float, on: dt.date, error: float = 0) -> str:
    """Words for a position far from where the place is registered, "" when near enough.

    ``error`` is how far off the phone itself believes it may be, in metres: it speaks for whoever was there.
    """
    most = threshold("place.visit", on)
    if metres - min(error, threshold("place.error", on)) <= most:
        return ""
    about = f"（手机估计误差{distance_words(error)}）" if error else ""
    return f"提交时的定位离登记位置{distance_words(metres)}{about}，超过 {most} 米"


def photo_far_away(metres: float, on: dt.date) -> str:
    """Words for a photo whose EXIF place is far from the place visited, "" when near enough."""
    most = threshold("place.photo", on)
    return f"照片自带的拍摄地离登记位置{distance_words(metres)}，超过 {most} 米" if metres > most else ""


def clock_off(seconds: int, on: dt.date) -> str:
    """Words for a phone whose clock runs ahead (positive) or behind the server, "" within the threshold."""
    if abs(seconds) <= threshold("clock.phone", on) * 60:
        return ""
    return f"手机时钟比服务器{'快' if seconds > 0 else '慢'}{_span(abs(seconds))}，记录的起止时间可能不准"


def photo_out_of_time(taken: dt.datetime, started: dt.datetime, finished: dt.datetime) -> str:
    """Words for a photo that says it was taken well before or after the visit, "" otherwise."""
    slack = dt.timedelta(minutes=threshold("clock.photo", started.date()))
    if taken < started - slack:
        return f"照片自带的拍摄时间早于检查开始{_span((started - taken).total_seconds())}"
    if taken > finished + slack:
        return f"照片自带的拍摄时间晚于检查结束{_span((taken - finished).total_seconds())}"
    return ""


def photo_too_early(taken: dt.datetime, found: dt.datetime) -> str:
    """Words for a photo of something put right that was taken before it was found wrong, "" otherwise."""
    slack = dt.timedelta(minutes=threshold("clock.photo", found.date()))
    if taken >= found - slack:
        return ""
    return f"整改后照片自带的拍摄时间早于发现隐患{_span((found - taken).total_seconds())}"


def edited(software: str, on: dt.date) -> str:
    """Words for a photo that names a program for retouching as its last one, "" for cameras and phones."""
    name = software.lower()
    if not any(word in name for word in in_force(_editors(), on, what="修图软件名称").words):
        return ""
    return f"照片经“{software[:40]}”处理过"


def too_fast(metres: float, seconds: float, on: dt.date) -> str:
    """Words for two visits of one person too far apart for the time between them, "" when it can be done.

    ``seconds`` between the end of one and the start of the next; zero or less means that they overlap.
    """
    if metres <= threshold("place.visit", on):
        return ""
    if seconds <= 0:
        return f"与另一次检查时间重叠，两处相距{distance_words(metres)}"
    speed = metres / 1000 / (seconds / 3600)
    if speed <= threshold("travel.speed", on):
        return ""
    return f"与另一次检查相距{distance_words(metres)}，间隔只有{_span(seconds)}，折合每小时 {speed:.0f} 公里"


def too_short(seconds: float, items: int, on: dt.date) -> str:
    """Words for a visit too short for the number of its items, "" when long enough."""
    each = threshold("duration.item", on)
    if not items or seconds >= items * each:
        return ""
    return f"{items} 项检查内容用时{_span(seconds)}，平均每项 {seconds / items:.0f} 秒，少于 {each} 秒"


def likeness(one: str, other: str) -> int:
    """How alike two texts are in percent: pairs of neighbouring characters in common (Jaccard); signs do not count."""
    first, second = _pairs(one), _pairs(other)
    return round(100 * len(first & second) / len(first | second)) if first and second else 0


def copied(text: str, others: Sequence[str], on: dt.date) -> int | None:
    """The place of the first text in ``others`` that ``text`` repeats all but word for word; None when there is none.

    Short texts repeat themselves and are not compared.
    """
    if len(_plain(text)) < threshold("words.least", on):
        return None
    most = threshold("words.alike", on)
    return next((no for no, other in enumerate(others) if likeness(text, other) >= most), None)


def distance_words(metres: float) -> str:
    """A distance as people say it: 320 米, 4.6 公里."""
    return f" {metres:.0f} 米" if metres < 1000 else f" {metres / 1000:.1f} 公里"


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", "", text)


def _pairs(text: str) -> set[str]:
    plain = _plain(text)
    return {plain[at : at + 2] for at in range(len(plain) - 1)}


def _span(seconds: float) -> str:
    minutes = seconds / 60
    if minutes < 1:
        return f" {seconds:.0f} 秒"
    if minutes < 120:
        return f" {minutes:.0f} 分钟"
    return f" {minutes / 60:.0f} 小时" if minutes < 72 * 60 else f" {minutes / 1440:.0f} 天"
