"""Rows written by functions: what they show, and that nothing in them is believed to be markup."""

import datetime as dt

import pytest

from bihuan.accounts.models import Region
from bihuan.hazards.markup import clock_cell, ledger_rows, status_badge
from bihuan.hazards.models import Hazard
from bihuan.registry.models import Enterprise

TODAY = dt.date(2026, 11, 20)
SCRIPT = "<script>alert('x')</script>"


def hazard(**changes) -> Hazard:
    given = {
        "pk": 7, "description": "软管老化", "level": "general", "status": "rectifying", "round": 1,
        "found_on": dt.date(2026, 11, 1), "due_on": dt.date(2026, 11, 18), "clock": {},
        "enterprise": Enterprise(pk=3, name="好味来面馆"), "locality": Region(code="539702001", short_name="青石街道"),
    }  # fmt: skip
    return Hazard(**(given | changes))


def rows(*hazards, waits_for=None, with_pick=False) -> str:
    return ledger_rows(hazards, waits_for or {}, today=TODAY, with_pick=with_pick)


def test_a_row_says_what_where_how_it_stands_and_who_acts():
    row = rows(hazard(), waits_for={7: "青石街道办"}, with_pick=True)
    for words in (
        'href="/hazards/7/">软管老化</a>', "2026-0000007", "好味来面馆", "青石街道", '<span class="badge is-blue">整改中</span>',
        "逾期 2 天", 'title="期限 2026年11月18日"', "青石街道办", "2026-11-01", 'name="pick" value="7"',
    ):  # fmt: skip
        assert words in row


def test_without_a_right_to_act_there_is_nothing_to_pick_and_nobody_waited_for_is_a_dash():
    row = rows(hazard())
    assert "checkbox" not in row
    assert '<span class="muted">—</span>' in row


def test_what_is_grave_is_said_in_words():
    row = rows(hazard(level="major", is_supervised=True, round=2))
    assert row.index("重大") < row.index("挂牌督办") < row.index("改后反弹")


def test_long_descriptions_are_cut():
    assert "长" * 60 not in rows(hazard(description="长" * 61))
    assert "长" * 60 + "<" in rows(hazard(description="长" * 60))


@pytest.mark.parametrize("with_pick", [True, False])
def test_every_text_of_a_row_is_escaped(with_pick):
    row = rows(
        hazard(
            description=SCRIPT,
            enterprise=Enterprise(pk=3, name=SCRIPT),
            locality=Region(code="539702001", short_name=SCRIPT),
        ),
        waits_for={7: SCRIPT},
        with_pick=with_pick,
    )
    assert "<script" not in row
    assert row.count("&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt;") == 4


@pytest.mark.parametrize(
    ("status", "markup"),
    [
        ("closed", "is-green"),
        ("planning", "is-blue"),
        ("dismissed", '"badge"'),
        ("reinspecting", "is-yellow"),
    ],
)
def test_the_status_has_its_colour(status, markup):
    assert markup in status_badge(hazard(status=status))


def test_a_closed_hazard_says_whether_it_was_in_time():
    assert "逾期办结" in clock_cell(hazard(status="closed", closed_on=dt.date(2026, 11, 19)), TODAY)
    assert "按期办结" in clock_cell(hazard(status="closed", closed_on=dt.date(2026, 11, 18)), TODAY)
    assert clock_cell(hazard(status="dismissed"), TODAY) == '<span class="muted">—</span>'
