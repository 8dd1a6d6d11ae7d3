import datetime as dt
from decimal import Decimal

import pytest
from django.template import Context, Template
from django.test import RequestFactory

from bihuan.core.paging import KeysetPage
from bihuan.core.templatetags import bihuan as tags
from bihuan.rules.calendar import Calendar
from bihuan.rules.clocks import due, rule_for
from bihuan.rules.records import UnknownRule

TODAY = dt.date(2026, 11, 17)


def render(source, path="/", **context):
    return Template(source).render(Context({"request": RequestFactory().get(path), **context})).strip()


@pytest.mark.parametrize(
    ("due_on", "left", "words"),
    [
        (dt.date(2026, 11, 20), 3, "剩 3 天"),
        (dt.date(2026, 11, 17), 0, "今天到期"),
        (dt.date(2026, 11, 15), -2, "逾期 2 天"),
        (None, None, "未设期限"),
    ],
)
def test_days_left(due_on, left, words):
    assert tags.days_left(due_on, TODAY) == left
    assert tags.due_words(due_on, TODAY) == words


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.80604, "80.6%"), (Decimal("0.5"), "50%"), (1, "100%"), (0, "0%"), (0.9996, "100%"), (-0.435, "-43.5%"),
     (0.0625, "6.3%"), (None, "—"), ("", "—"), ("无", "—")],
)  # fmt: skip
def test_percent(value, text):
    assert tags.percent(value) == text


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [
        (62000, 76919, "80.6%"),
        (74775, 83786, "89.2%"),
        (393, 741, "53%"),
        (0, 5, "0%"),
        (3, 0, "—"),
        (None, 5, "—"),
    ],
)
def test_percent_of(part, whole, text):
    assert tags.percent_of(part, whole) == text


def test_figures_and_dates():
    assert tags.figure(83786) == "83,786"
    assert tags.figure(0) == "0"
    assert tags.figure(None) == "—"
    assert tags.cn_date(dt.date(2026, 3, 5)) == "2026年3月5日"
    assert tags.cn_date(dt.datetime(2026, 3, 4, 17, 5, tzinfo=dt.UTC)) == "2026年3月5日01:05"
    assert tags.cn_date(None) == "—"


def test_masks_accept_nothing():
    assert tags.mask_phone(None) == tags.mask_id(None) == tags.mask_name(None) == ""
    assert render("{{ n|mask_phone }}", n="19900001234") == "199****1234"


@pytest.mark.parametrize(
    ("due_on", "extra", "state", "words"),
    [
        (dt.date(2026, 11, 15), "", "overdue", "逾期 2 天"),
        (dt.date(2026, 11, 17), "", "urgent", "今天到期"),
        (dt.date(2026, 11, 18), "", "urgent", "剩 1 天"),
        (dt.date(2026, 11, 20), "", "soon", "剩 3 天"),
        (dt.date(2026, 11, 21), "", "normal", "剩 4 天"),
        (None, "", "normal", "未设期限"),
        (dt.date(2026, 11, 15), "paused=True", "paused", "暂停中"),
        (dt.date(2026, 11, 15), "held=False", "unheld", "无人承办"),
        (dt.date(2026, 11, 17), "done_on=today held=False", "done", "按期办结"),
        (dt.date(2026, 11, 15), "done_on=today", "done", "逾期办结"),
    ],
)
def test_clock_badge(due_on, extra, state, words):
    html = render(f"{{% clock_badge due_on today=today {extra} %}}", due_on=due_on, today=TODAY)
    assert f"clock-{state}" in html
    assert words in html


def test_clock_explain():
    start = dt.date(2026, 11, 2)
    answer = due(rule_for("hazard.rectify.general", start), start, Calendar())
    html = render("{% clock_explain d.explanation %}", d=answer)
    assert "期限 2026-11-17" in html
    assert "自2026-11-02责令限期整改之日起15个自然日，起算日不计入" in html
    assert "日历：2026年已公布" in html
    assert render("{{ d.explanation|clock_sentence }}", d=answer) == answer.sentence()
    assert render("{{ nothing|clock_sentence }}", nothing=None) == ""


def test_risk_badge():
    html = render("{% risk_badge 'orange' %}")
    assert "is-orange" in html
    assert "较大风险" in html
    assert "未评定风险" in render("{% risk_badge grade %}", grade="")
    with pytest.raises(UnknownRule):
        render("{% risk_badge 'green' %}")


@pytest.mark.parametrize(
    ("source", "path", "expected"),
    [
        ("{% querystring status='overdue' %}", "/?a=1&cursor=x", "?a=1&amp;status=overdue"),
        ("{% querystring a=None %}", "/?a=1", "?"),
        ("{% querystring a=None %}", "/?a=1&b=2&b=3", "?b=2&amp;b=3"),
        ("{% query_toggle 'b' 2 %}", "/?b=2&b=3", "?b=3"),
        ("{% query_toggle 'b' 4 %}", "/?b=3", "?b=3&amp;b=4"),
        ("{% querystring q='<\"&' %}", "/", "?q=%3C%22%26"),
    ],
)
def test_querystring(source, path, expected):
    assert render(source, path) == expected


def test_pager():
    page = KeysetPage([1], "NEXT", None, 1)
    html = render("{% pager page %}", "/?status=open&cursor=OLD", page=page)
    assert 'href="?status=open&amp;cursor=NEXT"' in html
    assert 'href="?status=open"' in html
    assert "上一页" not in html
    assert "下一页" not in render("{% pager page %}", page=KeysetPage([], None, None, 1))


def test_json_attr_cannot_break_out():
    html = render('<i data-x="{{ value|json_attr }}">', value={"名": '"><script>', "on": TODAY})
    assert "<script>" not in html
    assert (
        html
        == '<i data-x="{&quot;名&quot;: &quot;\\&quot;&gt;&lt;script&gt;&quot;, &quot;on&quot;: &quot;2026-11-17&quot;}">'
    )


def test_heat_cells_escape_and_link_what_they_are_given():
    class Cell:
        text, tone, url = "41", "bad", "/hazards/?task=1&region=2"

    html = tags.heat_cells([Cell(), {"text": "<b>", "tone": "none", "title": '"x"'}])
    assert html == (
        '<td class="heat-bad"><a href="/hazards/?task=1&amp;region=2">41</a></td>'
        '<td class="heat-none" title="&quot;x&quot;"><span>&lt;b&gt;</span></td>'
    )
