"""Pieces of markup: nothing that comes from outside is believed to be markup."""

import datetime as dt

import pytest
from django.template import engines
from lxml import etree

from bihuan.core import markup

SCRIPT = "<script>alert('x')</script>"
TODAY = dt.date(2026, 11, 20)


def rendered(source: str, **context) -> str:
    return engines["django"].from_string(source).render(context)


def test_everything_given_is_escaped():
    pieces = [
        markup.icon(SCRIPT),
        markup.badge(SCRIPT, tone=SCRIPT, icon=SCRIPT, title=SCRIPT),
        markup.clock(SCRIPT, SCRIPT, SCRIPT),
        markup.options([(SCRIPT, SCRIPT)]),
        rendered("{% badge x %}{% icon x %}{{ c|options:x }}", x=SCRIPT, c=[(SCRIPT, SCRIPT)]),
    ]
    for piece in pieces:
        assert "<script" not in piece
        assert "&lt;script&gt;" in piece


def test_a_badge_has_tone_icon_and_title_where_given():
    assert markup.badge("已销号") == '<span class="badge">已销号</span>'
    shown = markup.badge("重大", "red", "alert-octagon", "市级督办")
    assert shown.startswith('<span class="badge is-red" title="市级督办"><svg class="icon"')
    assert "#alert-octagon" in shown


def test_a_clock_nobody_holds_says_so_first_unless_it_is_done():
    due = dt.date(2026, 11, 18)
    assert "clock-unheld" in markup.clock_of(due, held=False, today=TODAY)
    assert "逾期办结" in markup.clock_of(due, done_on=dt.date(2026, 11, 19), held=False, today=TODAY)
    assert "clock-pause" in markup.clock_of(due, paused=True, today=TODAY)
    assert markup.clock_of(due, today=TODAY) == (
        '<span class="badge clock clock-overdue" title="期限 2026年11月18日">逾期 2 天</span>'
    )
    assert "clock-urgent" in markup.clock_of(TODAY, today=TODAY)
    assert markup.clock_of(None, today=TODAY) == '<span class="badge clock clock-normal">未设期限</span>'


def test_options_mark_the_chosen_one():
    shown = rendered("{{ c|options:2 }}", c=[(1, "甲"), (2, "乙")])
    assert shown == '<option value="1">甲</option><option value="2" selected>乙</option>'


AREA = {
    "name": "青石",
    "value": "3",
    "url": "/hazards/?a=1&b=2",
    "tone": "fair",
    "path": "M1 2 L3 4 Z",
    "x": 1.5,
    "y": 2.5,
}


def test_a_map_says_each_area_as_a_shape_and_as_a_row():
    shape, row = markup.map_shapes([AREA]), markup.map_rows([AREA])
    assert shape.startswith(
        '<a href="/hazards/?a=1&amp;b=2" aria-label="青石：3"><path class="heat-fair" d="M1 2 L3 4 Z">'
    )
    assert "<title>青石：3</title>" in shape
    assert '<text x="1.5" y="2.5" aria-hidden="true">青石 3</text>' in shape
    assert ">&lt;青石</text>" in markup.map_shapes([AREA | {"text": "<青石"}])
    assert row == (
        '<tr><th scope="row"><a href="/hazards/?a=1&amp;b=2">青石</a></th><td class="num">3</td></tr>'
    )


@pytest.mark.parametrize("evil", [SCRIPT, '"><script>alert(1)</script>', "' onload='alert(1)"])
@pytest.mark.parametrize("name", AREA)
def test_no_part_of_a_map_is_believed_to_be_markup(name, evil):
    """Each is parsed as XML, so that whatever broke out would show as an element or attribute of its own."""
    areas = [AREA | {name: evil}]
    shape = etree.fromstring(f"<svg>{markup.map_shapes(areas)}</svg>")
    assert [element.tag for element in shape.iter()] == ["svg", "a", "path", "title", "text"]
    assert [sorted(element.attrib) for element in shape.iter()] == [
        [], ["aria-label", "href"], ["class", "d"], [], ["aria-hidden", "x", "y"],
    ]  # fmt: skip
    row = etree.fromstring(str(markup.map_rows(areas)))
    assert [(element.tag, sorted(element.attrib)) for element in row.iter()] == [
        ("tr", []), ("th", ["scope"]), ("a", ["href"]), ("td", ["class"]),
    ]  # fmt: skip
    if name == "name":
        assert evil in (row.findtext("th/a") or "")
        assert evil in (shape.find("a").get("aria-label") or "")


def test_the_components_of_a_map_and_a_matrix_escape_as_well():
    areas = [AREA | {"name": SCRIPT, "value": SCRIPT}]
    cells = [{"text": SCRIPT, "title": SCRIPT, "url": SCRIPT, "tone": SCRIPT}]
    for piece in (
        rendered("{{ areas|map_shapes }}{{ areas|map_rows }}", areas=areas),
        rendered("{{ cells|heat_cells }}", cells=cells),
    ):
        assert "<script" not in piece
        assert "&lt;script&gt;" in piece
