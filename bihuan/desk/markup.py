"""Rows of the tables of a home page, written by functions because there are a hundred of them (core.markup)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.html import conditional_escape as escape
from django.utils.safestring import SafeString

from bihuan.core.markup import DASH, figure, percent_of


def standing_rows(rows: Iterable[Mapping[str, Any]]) -> SafeString:
    """Areas or departments with their figures, each a link to the rows behind it (`views._row`)."""
    return SafeString("".join(_standing(row) for row in rows))


def _standing(row: Mapping[str, Any]) -> str:
    return (
        f'<tr><th scope="row">{escape(row["label"])}</th>'
        f"{_figure(row['inspected_url'], figure(row['inspected']))}"
        f"{_figure(row['found_url'], figure(row['found']))}"
        f"{_figure(row['closed_url'], row['rate'])}"
        f"{_figure(row['open_url'], figure(row['open']))}"
        f"{_figure(row['overdue_url'], figure(row['overdue']), is_bad=bool(row['overdue']))}</tr>"
    )


def wall_shapes(areas: Iterable[Mapping[str, Any]]) -> SafeString:
    """The areas of the wall's map: links first, every name with its figure under it afterwards, so that no neighbour covers it."""
    shapes, words = [], []
    for area in areas:
        name, value = escape(area["name"]), escape(area["value"])
        said, x = f"{name}：{value}", escape(area["x"])
        shapes.append(
            f'<a href="{escape(area["url"])}" aria-label="{said}"><path class="heat-{escape(area["tone"])}" d="{escape(area["path"])}">'
            f"<title>{said}</title></path></a>"
        )
        words.append(
            f'<text x="{x}" y="{escape(area["y"])}"><tspan x="{x}" dy="-0.15em">{name}</tspan>'
            f'<tspan x="{x}" dy="1.05em" class="figure">{value}</tspan></text>'
        )
    return SafeString(f'{"".join(shapes)}<g aria-hidden="true">{"".join(words)}</g>')


def campaign_rows(rows: Iterable[Mapping[str, Any]]) -> SafeString:
    """Running campaigns with their open phase and figures (`queries.running_campaigns`)."""
    return SafeString("".join(_campaign(row) for row in rows))


def _campaign(row: Mapping[str, Any]) -> str:
    campaign, phase, figures, url = row["campaign"], row["phase"], row["figures"], row["url"]
    until = f'<span class="sub">至 {phase.ends_on.isoformat()}</span>' if phase and phase.ends_on else ""
    return (
        f'<tr><td data-label="行动"><a class="row-link" href="{escape(campaign.get_absolute_url())}">'
        f"{escape(campaign.short_title)}</a></td>"
        f'<td data-label="阶段">{escape(phase.name) if phase else DASH}{until}</td>'
        f"{_figure(url, figure(figures.found), '查出')}"
        f"{_figure(f'{url}&state=closed', percent_of(figures.closed, figures.found), '整改率')}"
        f"{_figure(f'{url}&state=overdue', figure(figures.overdue), '逾期', is_bad=bool(figures.overdue))}</tr>"
    )


def _figure(url: str, text: str, label: str = "", *, is_bad: bool = False) -> str:
    head = f' data-label="{label}"' if label else ""
    tone = ' class="tone-red"' if is_bad else ""
    return f'<td{head} class="num"><a href="{escape(url)}"{tone}>{escape(text)}</a></td>'
