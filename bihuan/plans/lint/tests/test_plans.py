"""Invented plans of many hands: a county's, a bureau's notice, a company's, a township's. What they lack, and no more."""

from pathlib import Path

import pytest

from bihuan.plans import compile_text
from bihuan.plans.lint import lint

PLANS = Path(__file__).with_name("plans")

# File: the findings a careful reader would make, by code and the first quoted words.
EXPECTED = {
    "company": [("body.no_office", "办公室设在")],
    "confined_space": [],
    "dust": [],
    "fireworks": [("report.no_receiver", "11月10日前")],
    "forest": [
        ("body.idle_member", "派出所"),
        ("body.idle_member", "农业农村办"),
        ("body.no_office", "下设办公室"),
    ],
    "highrise": [
        ("body.no_office", "下设办公室"),
        ("task.no_deadline", "三、治理内容"),
        ("task.no_lead", "市住建局、市消防救援支队"),
    ],
    "inspection": [("task.no_lead", "县应急局、县自然资源局"), ("task.no_deadline", "7、其他行业领域")],
    "schools": [],
    "traffic": [("task.no_deadline", "3.严把客货运输企业")],
}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_careful_reader_would_say_this(name):
    text = (PLANS / f"{name}.txt").read_text("utf-8")
    found = [(f.code, f.span.of(text)) for f in lint(compile_text(text))]
    assert [code for code, _ in found] == [code for code, _ in EXPECTED[name]]
    for (_, words), (_, expected) in zip(found, EXPECTED[name], strict=True):
        assert words.startswith(expected)


def test_every_plan_is_read():
    assert {path.stem for path in PLANS.glob("*.txt")} == set(EXPECTED)
