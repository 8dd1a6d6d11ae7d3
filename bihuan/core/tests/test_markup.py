"""Pieces of markup: nothing that comes from outside is believed to be markup."""

import datetime as dt

from django.template import engines

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
