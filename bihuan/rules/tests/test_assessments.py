"""LEC, the risk matrix, risk points and enterprise grades, reckoned by hand."""

import datetime as dt
import json
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bihuan.rules.assessments import (
    PRODUCTS,
    AssessmentError,
    MatrixBand,
    assess_lec,
    assess_matrix,
    check_matrix_policy,
    direct_major,
    grade_risk_point,
    lec_policies,
    lec_policy,
    lec_scale,
    lec_scales,
    matrix_policies,
    matrix_policy,
    raise_directly,
    sentence,
)
from bihuan.rules.enterprisegrades import (
    EnterpriseFacts,
    diagnosis_rule,
    enterprise_policy,
    grade_diagnosis,
    grade_enterprise,
    grade_of_score,
)
from bihuan.rules.records import UnknownRule
from bihuan.rules.risk import risk_colour

D = dt.date.fromisoformat
TODAY = D("2026-11-22")


def lec(likelihood, exposure, consequence, policy=None):
    rule = lec_policy(policy, TODAY)
    return assess_lec(likelihood, exposure, consequence, policy=rule, scale=lec_scale(None, TODAY))


@pytest.mark.parametrize(
    ("values", "d", "word", "colour"),
    [
        ((10, 10, 100), "10000", "极其危险", "red"),
        ((3, 6, 40), "720", "极其危险", "red"),
        ((3, 6, 15), "270", "高度危险", "orange"),
        ((1, 6, 15), "90", "显著危险", "yellow"),
        ((1, 6, 7), "42", "一般危险", "blue"),
        (("0.5", 6, 3), "9", "稍有危险", "blue"),
        (("0.1", "0.5", 1), "0.05", "稍有危险", "blue"),
    ],
)
def test_lec(values, d, word, colour):
    result = lec(*values)
    assert (result.value, result.word, result.colour) == (Decimal(d), word, colour)


@pytest.mark.parametrize(
    ("values", "d", "upper", "lower"),
    [
        # No product of the scale is exactly 320, 160 or 70; 20 is (10×2×1).
        ((10, 2, 1), "20", "稍有危险", "一般危险"),
    ],
)
def test_an_end_point_falls_on_the_side_the_policy_says(values, d, upper, lower):
    assert lec(*values, policy="upper").value == Decimal(d)
    assert lec(*values, policy="upper").word == upper
    assert lec(*values, policy="lower").word == lower


def test_colour_end_points_follow_the_policy_too():
    # With a local cut-off at 90, D = 1×6×15 = 90 stands exactly on it.
    upper = replace(
        lec_policy("upper", TODAY),
        key="local",
        colours=((Decimal(300), "red"), (Decimal(90), "orange"), (Decimal(0), "blue")),
    )
    lower = replace(upper, inclusive_upper=False)
    scale = lec_scale(None, TODAY)
    assert assess_lec(1, 6, 15, policy=upper, scale=scale).colour == "blue"
    assert assess_lec(1, 6, 15, policy=lower, scale=scale).colour == "orange"
    assert lec_policy("local", TODAY, local=[upper]) is upper


def test_lec_explains_itself():
    assert lec(3, 6, 15).sentence() == (
        "可能性L=3（可能，但不经常），暴露频次E=6（每天工作时间内暴露），后果C=15（非常严重，一人死亡）；"
        "D=3×6×15=270，高度危险，橙色（口径：上端点归低一级，LEC五级合并四色的通行口径"
        "（D>320红，160<D≤320橙，70<D≤160黄，D≤70蓝），待核对原文）"
    )


def test_a_stored_assessment_reads_the_same():
    for result in (lec(3, 6, 15), raise_directly(lec(1, 6, 7), ["crowd"], TODAY)):
        assert sentence(json.loads(json.dumps(result.explanation))) == result.sentence()


def test_only_values_of_the_scale_are_taken():
    with pytest.raises(AssessmentError, match=r"暴露频次E不能取“5”，只能取10、6、3、2、1、0\.5"):
        lec(3, 5, 15)
    with pytest.raises(AssessmentError, match="可能性L不能取“常见”"):
        lec("常见", 6, 15)


def test_both_wordings_of_the_consequence_share_the_values():
    one, other = lec_scales()
    assert [step.value for step in one.consequence] == [step.value for step in other.consequence]
    assert other.consequence[0].label == "10人以上死亡"


def test_unordered_cut_offs_are_refused():
    broken = replace(
        lec_policy("upper", TODAY),
        colours=((Decimal(70), "red"), (Decimal(160), "blue"), (Decimal(0), "blue")),
    )
    with pytest.raises(AssessmentError, match="由高到低"):
        assess_lec(1, 1, 1, policy=broken, scale=lec_scale(None, TODAY))


MATRIX = {
    "common": "blue 1 2 3 4 5 6 8;yellow 9 10 12;orange 15 16;red 20 25",
    "seventeen": "blue 1 2 3 4 5 6;yellow 8 9 10 12;orange 15 16;red 20 25",
    "five": "blue 1 2 3 4 5 6 8;yellow 9 10 12;orange 15 16;red 20 25",
}


@pytest.mark.parametrize("key", MATRIX)
def test_every_product_of_the_matrix(key):
    policy = matrix_policy(key, TODAY)
    for part in MATRIX[key].split(";"):
        colour, *products = part.split()
        for product in map(int, products):
            pair = next((a, product // a) for a in range(1, 6) if product % a == 0 and product // a <= 5)
            assert assess_matrix(*pair, policy=policy).colour == colour


def test_words_of_the_five_grades():
    policy = matrix_policy("five", TODAY)
    words = [
        assess_matrix(left, right, policy=policy).word
        for left, right in ((5, 5), (3, 5), (3, 3), (2, 2), (1, 3))
    ]
    assert words == ["巨大风险", "重大风险", "中等风险", "可接受风险", "轻微风险"]


def test_legal_products():
    assert sorted(PRODUCTS) == [1, 2, 3, 4, 5, 6, 8, 9, 10, 12, 15, 16, 20, 25]


def test_the_matrix_explains_itself():
    text = assess_matrix(3, 4, policy=matrix_policy(None, TODAY)).sentence()
    assert text == (
        "R=L×S=3×4=12，9至12为一般风险，黄色（口径：常用切分（20、15、9），风险矩阵四级常用切分，待核对原文）"
    )


@pytest.mark.parametrize("pair", [(0, 3), (6, 1), (2.5, 2), (True, 3), ("3", 3)])
def test_the_matrix_takes_whole_numbers_from_1_to_5(pair):
    with pytest.raises(AssessmentError, match="应为1至5的整数"):
        assess_matrix(*pair, policy=matrix_policy(None, TODAY))


def test_a_policy_with_a_gap_is_refused():
    policy = matrix_policy(None, TODAY)
    with pytest.raises(AssessmentError, match="R=9没有归入任何一档"):
        check_matrix_policy(
            replace(policy, bands=(MatrixBand(10, 25, "重大", "red"), MatrixBand(1, 8, "低", "blue")))
        )
    with pytest.raises(AssessmentError, match="R=8同时归入几档"):
        check_matrix_policy(
            replace(policy, bands=(MatrixBand(8, 25, "重大", "red"), MatrixBand(1, 8, "低", "blue")))
        )


def test_seeded_policies_are_sound_and_have_one_default():
    for policies in (lec_policies(), matrix_policies()):
        assert sum(each.default for each in policies) == 1
    for policy in matrix_policies():
        check_matrix_policy(policy)


def test_unknown_policies_are_named():
    with pytest.raises(UnknownRule, match="可用：common、seventeen、five"):
        matrix_policy("shandong", TODAY)


def test_circumstances_raise_to_major():
    assert [each.key for each in direct_major(TODAY)] == [
        "breach",
        "repeat",
        "installation",
        "crowd",
        "highest",
    ]
    low = lec(1, 6, 7)
    raised = raise_directly(low, ["installation"], TODAY)
    assert (low.colour, raised.colour, raised.value) == ("blue", "red", Decimal(42))
    assert "计算结果为蓝，因构成危险化学品重大危险源，直接判定为重大风险，红色" in raised.sentence()
    assert raise_directly(low, [], TODAY) is low
    with pytest.raises(UnknownRule, match="可用：breach"):
        raise_directly(low, ["luck"], TODAY)


def test_a_risk_point_is_as_grave_as_its_gravest():
    assert grade_risk_point({"储罐泄漏": "orange", "滑跌": "blue", "装卸": "orange"}) == (
        "orange",
        "风险点等级取其中最高一级：储罐泄漏、装卸为较大风险（橙）",
    )
    assert grade_risk_point({})[0] is None


@given(st.integers(1, 5), st.integers(1, 5), st.integers(1, 5))
def test_more_is_never_milder(likelihood, severity, worse):
    for policy in matrix_policies():
        one = risk_colour(assess_matrix(likelihood, severity, policy=policy).colour).rank
        other = risk_colour(assess_matrix(max(likelihood, worse), severity, policy=policy).colour).rank
        assert other <= one


def grade(**facts):
    return grade_enterprise(EnterpriseFacts(**facts), policy=enterprise_policy(None, TODAY))


@pytest.mark.parametrize(
    ("facts", "score", "letter", "colour"),
    [
        ({"gravest_risk": "blue"}, 100, "A", "blue"),
        ({"gravest_risk": "blue", "standardization": 1}, 100, "A", "blue"),
        ({"gravest_risk": "yellow", "installation_grade": 4}, 90, "A", "blue"),
        ({"gravest_risk": "orange"}, 85, "B", "yellow"),
        ({}, 85, "B", "yellow"),  # not assessed weighs like orange
        ({"gravest_risk": "red"}, 75, "B", "yellow"),
        ({"gravest_risk": "red", "installation_grade": 3, "key_chemicals": True}, 60, "C", "orange"),
        ({"gravest_risk": "red", "installation_grade": 1, "standardization": 2}, 60, "C", "orange"),
        ({"gravest_risk": "red", "installation_grade": 1, "standardization": 3}, 57, "D", "red"),
        ({"gravest_risk": "blue", "open_major_hazards": 2}, 70, "C", "orange"),
        ({"gravest_risk": "blue", "open_major_hazards": 9}, 55, "D", "red"),  # at most 45 off
        ({"gravest_risk": "blue", "accidents": {"fatal": 1}}, 92, "A", "blue"),
        ({"gravest_risk": "blue", "accidents": {"fatal": 2}}, 84, "D", "red"),
        ({"gravest_risk": "blue", "accidents": {"larger": 1, "injury": 1}}, 87, "B", "yellow"),
        ({"gravest_risk": "red", "installation_grade": 1, "accidents": {"major": 1}}, 0, "D", "red"),
    ],
)
def test_enterprise_grades(facts, score, letter, colour):
    result = grade(**facts)
    assert (result.score, result.grade, result.colour) == (score, letter, colour)


def test_an_enterprise_grade_explains_its_sum():
    result = grade(
        gravest_risk="red",
        installation_grade=3,
        key_chemicals=True,
        open_major_hazards=1,
        standardization=2,
        accidents={"fatal": 2},
    )
    assert result.sentence() == (
        "基准100分，最高风险为重大（红）扣25分，有三级重大危险源扣10分，涉及重点监管危险化学品扣5分，"
        "未销号重大隐患1项扣15分，标准化二级达标加5分，12个月内有人死亡的一般事故2起扣16分，合计34分；"
        "因12个月内发生2起以上有人死亡的一般事故，直接定为D级，D级（红）"
        "（口径：本系统企业分级口径，本系统默认口径，可由本地规则替换"
        "（分档、标准化加分、死亡与较大事故扣分参照应急〔2018〕19号））"
    )


def test_the_shipped_enterprise_policy_says_it_is_our_own():
    policy = enterprise_policy(None, TODAY)
    assert (policy.doc_no, policy.verified) == ("自拟", False)


def test_a_sum_beyond_the_ends_is_kept_within_them():
    assert "合计115分，按100分封顶计" in grade(gravest_risk="blue", standardization=1).sentence()


@pytest.mark.parametrize(
    "facts",
    [
        {"installation_grade": 5},
        {"standardization": 0},
        {"accidents": {"huge": 1}},
        {"open_major_hazards": -1},
        {"accidents": {"fatal": -1}},
    ],
)
def test_impossible_facts_are_refused(facts):
    with pytest.raises(AssessmentError):
        grade(**facts)


@pytest.mark.parametrize(
    ("score", "letter"),
    [("100", "A"), ("90", "A"), ("89.9", "B"), ("75", "B"), ("74.9", "C"), ("60", "C"), ("59.9", "D")],
)
def test_experts_score_of_chemical_enterprises(score, letter):
    assert grade_of_score(Decimal(score), TODAY).grade == letter


def test_a_circumstance_of_the_guide_means_the_worst_grade_whatever_the_score():
    band, account = grade_diagnosis(Decimal(92), ["design"], TODAY)
    assert (band.grade, band.colour) == ("D", "red")
    assert account["direct"] == ["在役装置没有经过正规设计，也没有做安全设计诊断"]
    assert (account["doc_no"], account["verified"]) == ("应急〔2018〕19号", True)
    assert grade_diagnosis(Decimal(92), [], TODAY)[0].grade == "A"
    assert diagnosis_rule(TODAY).months == 36
    with pytest.raises(AssessmentError, match="没有名为“luck”"):
        grade_diagnosis(Decimal(92), ["luck"], TODAY)


def test_experts_score_is_dated():
    assert grade_of_score(95, TODAY).colour == "blue"
    with pytest.raises(UnknownRule):
        grade_of_score(95, D("2018-01-01"))
    with pytest.raises(AssessmentError):
        grade_of_score(-1, TODAY)


facts = st.fixed_dictionaries(
    {
        "gravest_risk": st.sampled_from([None, "red", "orange", "yellow", "blue"]),
        "installation_grade": st.sampled_from([None, 1, 2, 3, 4]),
        "key_chemicals": st.booleans(),
        "open_major_hazards": st.integers(0, 5),
        "standardization": st.sampled_from([None, 1, 2, 3]),
        "accidents": st.dictionaries(
            st.sampled_from(["injury", "fatal", "larger", "major"]), st.integers(0, 3)
        ),
    }
)


@given(facts)
def test_one_more_fault_never_improves_a_grade(known):
    before = grade(**known)
    for worse in (
        {**known, "open_major_hazards": known["open_major_hazards"] + 1},
        {**known, "key_chemicals": True},
        {**known, "standardization": None},
        {**known, "accidents": {**known["accidents"], "fatal": known["accidents"].get("fatal", 0) + 1}},
    ):
        after = grade(**worse)
        assert after.score <= before.score
        assert after.grade >= before.grade
