"""Small charts as SVG text, made on the server: no script, no inline style, legible in black and white.

Colours come from CSS classes (chart-line-1 … chart-line-6, chart-bar, chart-axis, chart-grid, chart-text);
without the style sheet, and on paper, lines still differ by dash and bars by their printed values.
A chart never stands alone: print its numbers as a table beside it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

Number = int | float
Values = Sequence[Number | None]
Across = Callable[[int], float]  # place of the n-th label
Upward = Callable[[Number], float]  # place of a value

SHADES = ("1", "0.45", "0.75", "0.25", "0.6", "0.12")
DASHES = ("", "6 3", "2 3", "8 3 2 3", "12 4", "1 4")
TEXT_HEIGHT = 12


@dataclass(frozen=True)
class Series:
    """A named line; None is a gap (not reported), never zero."""

    name: str
    values: Values


@dataclass(frozen=True)
class Bar:
    """A labelled bar; ``url`` opens the rows behind it."""

    label: str
    value: Number
    url: str = ""


def line_chart(
    series: Sequence[Series],
    labels: Sequence[str],
    *,
    title: str,
    description: str = "",
    unit: str = "",
    width: int = 720,
    height: int = 240,
) -> SafeString:
    """Return lines over ``labels`` (days, weeks) with axis, legend and last values.

    The vertical axis begins at zero unless there are negative values. Raises ValueError for a series whose
    length differs from ``labels`` or for more than six series.
    """
    if len(series) > len(DASHES):
        raise ValueError("a chart of more than six lines cannot be read")
    if any(len(line.values) != len(labels) for line in series):
        raise ValueError("every series needs one value, or None, per label")
    known = [value for line in series for value in line.values if value is not None]
    if not known:
        return _empty(title, width, height)
    ticks = nice_ticks(min(known), max(known), whole=all(float(value).is_integer() for value in known))
    left, right, top, bottom = 14 + 8 * max(len(_number(tick)) for tick in ticks), width - 56, 34, height - 28

    def x(index: int) -> float:
        return (left + right) / 2 if len(labels) == 1 else left + (right - left) * index / (len(labels) - 1)

    def y(value: Number) -> float:
        return bottom - (bottom - top) * (value - ticks[0]) / (ticks[-1] - ticks[0])

    parts = [_axis(ticks, y, left, right), _time_labels(labels, x, bottom + 18)]
    if unit:
        parts.append(_text(left, 12, f"单位：{unit}", "start"))
    offset = float(width - 8)
    for number, line in reversed(list(enumerate(series, start=1))):
        offset -= 13 * len(line.name) + 34
        parts.append(_legend_entry(number, line.name, offset))
    for number, line in enumerate(series, start=1):
        parts.append(_line(number, line, labels, unit, x, y))
    words = description or _describe(series, labels, unit)
    return _svg("chart chart-lines", title, words, width, height, parts)


def sparkline(values: Values, *, title: str, width: int = 96, height: int = 24) -> SafeString:
    """Return one small line without axis, its last point marked; for table rows and figures."""
    known = [value for value in values if value is not None]
    if not known:
        return _empty(title, width, height)
    low, high = min(known), max(known)
    span = (high - low) or 1

    def x(index: int) -> float:
        return width / 2 if len(values) == 1 else 3 + (width - 6) * index / (len(values) - 1)

    def y(value: Number) -> float:
        return height - 3 - (height - 6) * (value - low) / span

    last = max(index for index, value in enumerate(values) if value is not None)
    end = values[last]
    parts = [_path(1, values, x, y)]
    if end is not None:
        parts.append(
            format_html('<circle class="chart-dot-1" cx="{}" cy="{}" r="2.5"/>', _at(x(last)), _at(y(end)))
        )
    words = f"从{_number(known[0])}到{_number(known[-1])}，最低{_number(low)}，最高{_number(high)}"
    return _svg("sparkline", title, words, width, height, parts)


def bar_chart(bars: Sequence[Bar], *, title: str, unit: str = "", width: int = 480) -> SafeString:
    """Return horizontal bars, one per line, each with its label and value. Negative values are refused."""
    if any(bar.value < 0 for bar in bars):
        raise ValueError("bars show amounts; they cannot be negative")
    if not bars:
        return _empty(title, width, 60)
    step, gap = 28, 10
    left = min(width * 0.45, gap + 13 * max(len(bar.label) for bar in bars))
    room = width - left - 20 - 8 * max(len(_number(bar.value)) for bar in bars)
    most = max(bar.value for bar in bars) or 1
    parts: list[str] = []
    for index, bar in enumerate(bars):
        top = index * step + 6
        length = room * bar.value / most
        drawn = "".join(
            (
                _text(left - gap, top + TEXT_HEIGHT + 1, bar.label, "end"),
                format_html(
                    '<rect class="chart-bar" x="{}" y="{}" width="{}" height="16" rx="2"/>',
                    _at(left),
                    _at(top),
                    _at(length),
                ),
                _text(left + length + 6, top + TEXT_HEIGHT + 1, _number(bar.value), "start", "chart-value"),
            )
        )
        if bar.url:
            label = f"{bar.label}：{_number(bar.value)}{unit}"
            parts.append(
                format_html('<a href="{}" aria-label="{}">{}</a>', bar.url, label, mark_safe(drawn))  # noqa: S308
            )
        else:
            parts.append(drawn)
    words = "；".join(f"{bar.label}{_number(bar.value)}{unit}" for bar in bars)
    linked = any(bar.url for bar in bars)
    return _svg("chart chart-bars", title, words, width, len(bars) * step + 4, parts, linked=linked)


def grouped_bars(
    series: Sequence[Series], labels: Sequence[str], *, title: str, unit: str = "", width: int = 560
) -> SafeString:
    """Return horizontal bars, for every label one of each series, with a legend; None is a gap. Negative values are refused."""
    _check_bars(series, labels)
    room_for_names = min(width * 0.4, 10 + 13 * max((len(label) for label in labels), default=0))
    known = [value for line in series for value in line.values if value is not None]
    if not known:
        return _empty(title, width, 60)
    thick, gap = (16, 12) if len(series) == 1 else (13, 12)
    left = room_for_names + 10
    room = width - left - 14 - 8 * max(len(_number(value)) for value in known)
    most = max(known) or 1
    top = 24.0 if len(series) > 1 else 4.0
    parts = [_shade_legend(series, width)] if len(series) > 1 else []
    for index, label in enumerate(labels):
        middle = top + thick * len(series) / 2 + 4
        parts.append(_text(room_for_names, middle, label, "end"))
        for number, line in enumerate(series, start=1):
            value = line.values[index]
            words = "无" if value is None else _number(value)
            length = room * (value or 0) / most
            if value is not None:
                parts.append(_rect(number, left, top, length, thick - 2))
            parts.append(_text(left + length + 5, top + thick - 3, words, "start", "chart-value"))
            top += thick
        top += gap
    return _svg("chart chart-bars", title, _describe_bars(series, labels, unit), width, top - gap + 6, parts)


def column_chart(
    series: Sequence[Series],
    labels: Sequence[str],
    *,
    title: str,
    unit: str = "",
    width: int = 560,
    height: int = 240,
) -> SafeString:
    """Return upright bars over ``labels`` (months, levels), one of each series, their values above them."""
    _check_bars(series, labels)
    known = [value for line in series for value in line.values if value is not None]
    if not known:
        return _empty(title, width, height)
    ticks = nice_ticks(0, max(known), whole=all(float(value).is_integer() for value in known))
    left, right, top, bottom = 14 + 8 * max(len(_number(tick)) for tick in ticks), width - 8, 34, height - 26

    def y(value: Number) -> float:
        return bottom - (bottom - top) * value / ticks[-1]

    parts = [_axis(ticks, y, left, right)]
    if len(series) > 1:
        parts.append(_shade_legend(series, width))
    room = (right - left) / len(labels)
    thick = min(34.0, room * 0.7 / len(series))
    every = max(1, math.ceil(13 * max(len(label) for label in labels) / room))
    for index, label in enumerate(labels):
        start = left + room * index + (room - thick * len(series)) / 2
        if index % every == 0:
            parts.append(_text(left + room * (index + 0.5), bottom + 18, label, "middle"))
        for number, line in enumerate(series, start=1):
            value = line.values[index]
            if value is not None:
                x = start + thick * (number - 1)
                parts.append(_rect(number, x + 1, y(value), thick - 2, bottom - y(value)))
                if thick >= 14:
                    parts.append(_text(x + thick / 2, y(value) - 4, _number(value), "middle", "chart-value"))
    return _svg("chart chart-columns", title, _describe_bars(series, labels, unit), width, height, parts)


def _check_bars(series: Sequence[Series], labels: Sequence[str]) -> None:
    if len(series) > len(SHADES):
        raise ValueError("a chart of more than six series cannot be read")
    if any(len(line.values) != len(labels) for line in series):
        raise ValueError("every series needs one value, or None, per label")
    if any(value is not None and value < 0 for line in series for value in line.values):
        raise ValueError("bars show amounts; they cannot be negative")


def _rect(number: int, x: float, y: float, width: float, height: float) -> str:
    return format_html(
        '<rect class="chart-bar chart-shade-{}" x="{}" y="{}" width="{}" height="{}" fill="currentColor" fill-opacity="{}" '
        'stroke="currentColor" stroke-width="0.5"/>',
        number,
        _at(x),
        _at(y),
        _at(width),
        _at(max(height, 0)),
        SHADES[number - 1],
    )


def _shade_legend(series: Sequence[Series], width: float) -> str:
    parts, offset = [], float(width - 8)
    for number, line in reversed(list(enumerate(series, start=1))):
        offset -= 13 * len(line.name) + 30
        parts.append(_rect(number, offset, 4, 16, 10) + _text(offset + 22, 14, line.name, "start"))
    return "".join(parts)


def _describe_bars(series: Sequence[Series], labels: Sequence[str], unit: str) -> str:
    return "；".join(
        f"{label}{line.name if len(series) > 1 else ''}{_number(value)}{unit}"
        for line in series
        for label, value in zip(labels, line.values, strict=True)
        if value is not None
    )


def nice_ticks(low: Number, high: Number, wanted: int = 4, *, whole: bool = False) -> list[Number]:
    """Return round axis values from at most ``low`` (or zero) to at least ``high``, about ``wanted`` steps.

    ``whole`` for things that are counted: half a hazard is no tick.
    """
    low, high = min(low, 0), max(high, 0)
    if high - low < 1e-6:
        low, high = 0, 1
    rough = (high - low) / wanted
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)
    step = max(step, 1) if whole else step
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    values = [round(index * step, 10) for index in range(first, last + 1)]
    return [int(value) if float(value).is_integer() else value for value in values]


def _svg(
    css: str,
    title: str,
    description: str,
    width: float,
    height: float,
    parts: list[str],
    *,
    linked: bool = False,
) -> SafeString:
    # An img has no parts for assistive technology; a chart with links must be a group to keep them.
    return format_html(
        '<svg class="{}" role="{}" aria-label="{}" viewBox="0 0 {} {}" width="{}" height="{}" '
        'xmlns="http://www.w3.org/2000/svg"><title>{}</title><desc>{}</desc>{}</svg>',
        css,
        "group" if linked else "img",
        title,
        width,
        height,
        width,
        height,
        title,
        description,
        mark_safe("".join(parts)),  # noqa: S308 -- every part was built by format_html
    )


def _empty(title: str, width: int, height: int) -> SafeString:
    return _svg(
        "chart chart-empty",
        title,
        "暂无数据",
        width,
        height,
        [_text(width / 2, height / 2, "暂无数据", "middle")],
    )


def _text(x: float, y: float, words: str, anchor: str, css: str = "chart-text") -> str:
    return format_html(
        '<text class="{}" x="{}" y="{}" font-size="12" text-anchor="{}">{}</text>',
        css,
        _at(x),
        _at(y),
        anchor,
        words,
    )


def _axis(ticks: Sequence[Number], y: Upward, left: float, right: float) -> str:
    rules = [
        format_html(
            '<line class="{}" x1="{}" x2="{}" y1="{}" y2="{}" stroke="currentColor" stroke-opacity="{}"/>',
            "chart-axis" if tick == 0 else "chart-grid",
            _at(left),
            _at(right),
            _at(y(tick)),
            _at(y(tick)),
            "0.6" if tick == 0 else "0.15",
        )
        + _text(left - 6, y(tick) + 4, _number(tick), "end")
        for tick in ticks
    ]
    return "".join(rules)


def _time_labels(labels: Sequence[str], x: Across, y: float) -> str:
    every = max(1, math.ceil(len(labels) / 8))
    return "".join(_text(x(i), y, str(labels[i]), "middle") for i in range(0, len(labels), every))


def _legend_entry(number: int, name: str, x: float) -> str:
    return format_html(
        '<line class="chart-line-{}" x1="{}" x2="{}" y1="12" y2="12" fill="none" stroke="currentColor" '
        'stroke-width="2" stroke-dasharray="{}"/>',
        number,
        _at(x),
        _at(x + 22),
        DASHES[number - 1],
    ) + _text(x + 27, 16, name, "start")


def _line(number: int, line: Series, labels: Sequence[str], unit: str, x: Across, y: Upward) -> str:
    parts = [_path(number, line.values, x, y)]
    for index, value in enumerate(line.values):
        if value is not None:
            parts.append(
                format_html(
                    '<circle class="chart-dot-{}" cx="{}" cy="{}" r="2.5"><title>{}</title></circle>',
                    number,
                    _at(x(index)),
                    _at(y(value)),
                    f"{labels[index]} {line.name}：{_number(value)}{unit}",
                )
            )
    if line.values and line.values[-1] is not None:
        last = line.values[-1]
        parts.append(
            _text(
                x(len(line.values) - 1) + 7,
                y(last) + 4,
                _number(last),
                "start",
                f"chart-value chart-value-{number}",
            )
        )
    return "".join(parts)


def _path(number: int, values: Values, x: Across, y: Upward) -> str:
    steps, pen_down = [], False
    for index, value in enumerate(values):
        if value is None:
            pen_down = False
            continue
        steps.append(f"{'L' if pen_down else 'M'}{_at(x(index))} {_at(y(value))}")
        pen_down = True
    return format_html(
        '<path class="chart-line-{}" d="{}" fill="none" stroke="currentColor" stroke-width="2" stroke-dasharray="{}"/>',
        number,
        " ".join(steps),
        DASHES[number - 1],
    )


def _describe(series: Sequence[Series], labels: Sequence[str], unit: str) -> str:
    words = []
    for line in series:
        known = [
            (label, value) for label, value in zip(labels, line.values, strict=True) if value is not None
        ]
        if known:
            words.append(
                f"{line.name}{known[0][0]}为{_number(known[0][1])}{unit}，{known[-1][0]}为{_number(known[-1][1])}{unit}"
            )
    return "；".join(words)


def _at(position: float) -> str:
    """Return a coordinate with at most one decimal: half the bytes, no visible difference."""
    return f"{position:.1f}".removesuffix(".0")


def _number(value: Number) -> str:
    if isinstance(value, float) and not value.is_integer():
        return f"{value:,.1f}"
    return f"{int(value):,}"
