"""Rows of a home page written by functions: what they show, and that nothing in them is believed to be markup."""

import datetime as dt
from types import SimpleNamespace

import pytest

from bihuan.desk.markup import campaign_rows, standing_rows, wall_shapes
from bihuan.tally.figures import Figures

SCRIPT = "<script>alert('x')</script>"
ADDRESS = '/hazards/?region=5397"><script>alert(1)</script>'


def area(**changes):
    row = {
        "label": "青石街道", "rate": "75.0%", "found": 1200, "found_url": "/hazards/?region=1", "closed_url": "/hazards/?state=closed",
        "open": 300, "open_url": "/hazards/?state=open", "overdue": 7, "overdue_url": "/hazards/?state=overdue",
        "inspected": 80, "inspected_url": "/inspections/",
    }  # fmt: skip
    return row | changes


def campaign(
    short_title="燃气安全",
    phase="集中攻坚",
    ends_on=dt.date(2026, 12, 31),
    url="/hazards/?campaign=3",
    **figures,
):
    return {
        "campaign": SimpleNamespace(short_title=short_title, get_absolute_url=lambda: url),
        "phase": SimpleNamespace(name=phase, ends_on=ends_on) if phase else None,
        "figures": Figures(**figures),
        "url": url,
    }  # fmt: skip


def test_a_standing_row_links_every_figure_to_the_rows_behind_it():
    row = standing_rows([area()])
    assert row.startswith('<tr><th scope="row">青石街道</th>')
    for cell in (
        '<a href="/inspections/">80</a>', '<a href="/hazards/?region=1">1,200</a>', '<a href="/hazards/?state=closed">75.0%</a>',
        '<a href="/hazards/?state=open">300</a>', '<a href="/hazards/?state=overdue" class="tone-red">7</a>',
    ):  # fmt: skip
        assert cell in row
    assert "tone-red" not in standing_rows([area(overdue=0)])


def test_a_campaign_row_says_its_phase_and_figures():
    row = campaign_rows([campaign(found=4, closed=3, overdue=1)])
    for piece in (
        '<a class="row-link" href="/hazards/?campaign=3">燃气安全</a>', '集中攻坚<span class="sub">至 2026-12-31</span>',
        '<a href="/hazards/?campaign=3&amp;state=closed">75%</a>', 'class="tone-red">1</a>',
    ):  # fmt: skip
        assert piece in row
    assert '<td data-label="阶段">—</td>' in campaign_rows([campaign(phase="")])
    assert "至 " not in campaign_rows([campaign(ends_on=None)])


@pytest.mark.parametrize("name", ["label", "rate"])
def test_every_text_of_a_standing_row_is_escaped(name):
    row = standing_rows([area(**{name: SCRIPT})])
    assert "<script" not in row
    assert "&lt;script&gt;" in row


@pytest.mark.parametrize("name", ["inspected_url", "found_url", "closed_url", "open_url", "overdue_url"])
def test_no_address_of_a_standing_row_breaks_out(name):
    row = standing_rows([area(**{name: ADDRESS})])
    assert 'region=5397"' not in row
    assert "<script" not in row


@pytest.mark.parametrize("given", [{"short_title": SCRIPT}, {"phase": SCRIPT}, {"url": ADDRESS}])
def test_every_text_and_address_of_a_campaign_row_is_escaped(given):
    row = campaign_rows([campaign(**given)])
    assert "<script" not in row
    assert "&lt;script&gt;" in row
    assert 'region=5397"' not in row


def test_nothing_is_nothing():
    assert (standing_rows([]), campaign_rows([])) == ("", "")


def test_every_name_of_the_wall_is_drawn_after_every_shape_and_believed_to_be_words():
    areas = [
        {
            "name": name,
            "value": "78.9%",
            "url": ADDRESS,
            "tone": "fair",
            "path": "M1 2 L3 4 Z",
            "x": 1.5,
            "y": 2.5,
        }
        for name in ("望湖", SCRIPT)
    ]
    drawn = wall_shapes(areas)
    assert drawn.rindex("<path") < drawn.index("<text")
    assert 'aria-label="望湖：78.9%"' in drawn
    assert "<script" not in drawn
