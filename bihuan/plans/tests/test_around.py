"""Searching around a core finds exactly what searching everywhere finds."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bihuan.plans.around import found_around
from bihuan.plans.dispositions import names_rung

_LABEL = re.compile(r"[甲乙丙]{1,4}\s?：(?P<blank>_{0,3})")
_COLON = re.compile("：")


@given(st.text("甲乙丙丁：_ \n", max_size=60), st.integers(0, 20))
def test_nothing_is_missed_and_nothing_added(text: str, start: int) -> None:
    everywhere = [match.span() for match in _LABEL.finditer(text, start)]
    around = [match.span() for match in found_around(_LABEL, _COLON, 5, text, start, len(text))]
    assert around == everywhere


def test_the_stretch_is_kept_to() -> None:
    text = "甲：乙：丙："
    assert [m.group() for m in found_around(_LABEL, _COLON, 5, text, 2, 4)] == ["乙："]


@pytest.mark.parametrize(
    "words",
    ["立即改正", "限期整改", "强制拆除", "撤出作业人员", "停止使用", "停产停业", "依法取缔", "查封", "没收", "给予警告",
     "从重处罚", "罚款", "暂扣许可证", "吊销", "列入黑名单", "移送司法", "抄告", "下架", "党纪政务处分", "问责"],
)  # fmt: skip
def test_every_rung_is_seen_at_first_look(words: str) -> None:
    text = f"对排查出的问题，{words}。"
    assert names_rung(text, 0, len(text))


def test_an_order_names_no_rung() -> None:
    text = "各单位要加强宣传，落实安全培训。"
    assert not names_rung(text, 0, len(text))
