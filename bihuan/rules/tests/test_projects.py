"""The lists of projects: provenance, plain keys, and the figures reckoned from them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from bihuan.rules import projects

TODAY = dt.date(2026, 11, 23)


@pytest.mark.parametrize("name", projects.LISTS)
def test_keys_stand_once_and_carry_their_source(name: str) -> None:
    rows = projects.every(name)
    assert len({each.key for each in rows}) == len(rows) > 3
    assert all(each.source and each.doc_no and each.label for each in rows)


def test_every_source_stands_on_a_side() -> None:
    sides = {each.key: each.side for each in projects.every("sources")}
    assert [key for key, side in sides.items() if side == "public"] == [
        "central",
        "province",
        "local",
        "bond",
    ]
    assert [key for key, side in sides.items() if side == "enterprise"] == ["enterprise"]
    assert {each.side for each in projects.every("sources")} == set(projects.SIDES)


def test_the_purposes_are_the_four_of_the_document() -> None:
    assert [label for _, label in projects.choices("purposes", TODAY)] == [
        "风险评估",
        "隐患排查治理",
        "技术改造",
        "教育培训",
    ]


def test_pipelines_ask_for_gas_conditions_and_monitoring_does_not() -> None:
    pipeline, monitoring = projects.row("kinds", "pipeline"), projects.row("kinds", "monitoring")
    assert pipeline is not None
    assert monitoring is not None
    assert (pipeline.gas_on, pipeline.unit, monitoring.gas_on) == (True, "公里", False)
    assert projects.label("kinds", "gone") == "gone"


def test_leverage_is_own_money_beside_one_public_yuan() -> None:
    assert projects.leverage(Decimal(300), Decimal(1000)) == Decimal("3.33")
    assert projects.leverage(Decimal(0), Decimal(1000)) is None
