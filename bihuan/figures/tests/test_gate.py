"""The gate before a bulletin leaves: errors with place and remedy, and figures of the text beside those of the table."""

from __future__ import annotations

from decimal import Decimal as D

from bihuan.figures.gate import judge


def test_a_sound_text_leaves():
    verdict = judge([("总体情况", "全市共查出隐患83786项，已整改74775项，整改率89.2%。")])
    assert verdict.may_leave
    assert verdict.confirmed == 1


def test_a_wrong_rate_is_named_with_place_excerpt_and_remedy():
    text = "第一段没有数字。\n全市共查出隐患83786项，已整改74775项，整改率89.9%。"
    verdict = judge([("总体情况", text)])
    (problem,) = verdict.problems
    assert not verdict.may_leave
    assert problem.place == "“总体情况”第2段"
    assert "整改率89.9%" in problem.excerpt
    assert "89.2" in problem.statement
    assert problem.remedy == "按前面两个数重新计算比率，或者改正其中的数"


def test_a_sum_that_does_not_add_up_is_stopped():
    verdict = judge([("事故情况", "发生事故25起：甲县12起、乙县8起、丙县6起。")])
    assert [problem.kind for problem in verdict.problems] == ["sum"]


def test_a_figure_of_the_whole_must_be_that_of_the_table():
    figures = {"查出隐患": (D(120), "项"), "检查": (D(40), "次")}
    assert judge([("总体情况", "全市检查40次，查出隐患120项。")], figures).may_leave
    verdict = judge([("总体情况", "全市检查40次，查出隐患121项。")], figures)
    (problem,) = verdict.problems
    assert problem.kind == "table"
    assert problem.statement == "文中写查出隐患121项，所附数表为120项。"
    assert problem.to_json()["title"] == "文字与数表"


def test_rough_numbers_and_other_units_are_not_compared():
    figures = {"查出隐患": (D(120), "项")}
    assert judge([("总体情况", "查出隐患100余项。查出隐患30个单位。")], figures).may_leave


def test_a_part_or_another_count_is_not_taken_for_the_whole():
    figures = {"查出隐患": (D(24), "项"), "累计查出隐患": (D(130), "项"), "检查": (D(31), "次")}
    text = "检查31次，未发现隐患的检查19次；累计查出隐患130项。青石镇查出隐患9项，接受督导检查2次。"
    verdict = judge([("总体情况", text)], figures)
    assert verdict.may_leave, verdict.problems
    assert not judge([("总体情况", "累计查出隐患131项。")], figures).may_leave
