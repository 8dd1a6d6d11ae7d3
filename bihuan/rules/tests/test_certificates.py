"""Certificates of people: validity, review and states counted by hand."""

import datetime as dt

import pytest

from bihuan.rules.certificates import (
    certificate_kinds,
    certificate_rule,
    certificate_rules,
    certificate_state,
    doubt_certificate,
    find_certificate_kind,
    proposed_end,
    proposed_review,
)
from bihuan.rules.records import UnknownRule

D = dt.date.fromisoformat
TODAY = D("2026-11-22")


@pytest.fixture(scope="module")
def special():
    return certificate_rule("special_operation", TODAY)


def test_every_kind_is_known_by_its_label_and_other_names():
    assert list(certificate_kinds(TODAY)) == [
        "principal", "safety_officer", "special_operation", "special_equipment", "gas_staff", "dangerous_driver",
        "fire_control", "other",
    ]  # fmt: skip
    for rule in certificate_rules():
        assert find_certificate_kind(rule.label) == rule.key
        assert rule.source
        assert rule.doc_no
    assert find_certificate_kind("电工证") == "special_operation"
    assert find_certificate_kind("健身教练证") is None
    with pytest.raises(UnknownRule, match="没有名为"):
        certificate_rule("chef", TODAY)


def test_six_years_with_a_review_after_three(special):
    assert proposed_end(special, D("2025-03-01")) == D("2031-02-28")
    assert proposed_review(special, D("2025-03-01")) == D("2028-02-29")
    fire = certificate_rule("fire_control", TODAY)
    assert proposed_end(fire, D("2025-03-01")) is None
    assert proposed_review(fire, D("2025-03-01")) is None


@pytest.mark.parametrize(
    ("review_by", "valid_to", "key", "event", "left"),
    [
        ("2028-03-01", "2031-02-28", "valid", "review", 465),
        ("2027-02-20", "2030-02-19", "approaching", "review", 90),
        ("2027-01-21", "2030-01-20", "apply", "review", 60),
        ("2026-11-22", "2029-11-21", "apply", "review", 0),
        ("2026-11-21", "2029-11-20", "expired", "review", -1),
        (None, "2027-02-21", "valid", "expiry", 91),
        (None, "2026-11-21", "expired", "expiry", -1),
    ],
)
def test_the_nearer_day_counts(special, review_by, valid_to, key, event, left):
    state = certificate_state(
        special, TODAY, valid_to=D(valid_to), review_by=D(review_by) if review_by else None
    )
    assert (state.key, state.event, state.days_left) == (key, event, left)


def test_the_sentence_says_when_and_by_which_rule(special):
    state = certificate_state(special, TODAY, valid_to=D("2030-01-20"), review_by=D("2027-01-21"))
    assert state.sentence() == (
        "应在2027-01-21前复审，还有60天，期满前60日内申请复审"
        "（依据：特种作业人员安全技术培训考核管理规定，原国家安全生产监督管理总局令第30号）"
    )
    past = certificate_state(certificate_rule("principal", TODAY), TODAY, valid_to=D("2026-11-12"))
    assert past.sentence().startswith("有效期至2026-11-12，已过10天（依据：安全生产法第二十七条")
    assert past.sentence().endswith("待核对原文）")
    endless = certificate_state(certificate_rule("fire_control", TODAY), TODAY, valid_to=None)
    assert (endless.key, endless.sentence()) == ("valid", "没有填写到期日，按长期有效处理")


@pytest.mark.parametrize(
    ("issued", "valid_to", "review_by", "words"),
    [
        ("2025-03-01", "2024-03-01", None, "早于发证日期"),
        ("2025-03-01", "2031-02-28", "2024-03-01", "复审日期2024-03-01早于"),
        ("2025-03-01", "2027-02-28", "2028-03-01", "晚于有效期止"),
        ("2025-03-01", "2031-03-02", None, "有效期为6年"),
        ("2025-03-01", "2031-03-01", None, None),
        (None, None, None, None),
    ],
)
def test_dates_that_cannot_be(special, issued, valid_to, review_by, words):
    days = [D(each) if each else None for each in (issued, valid_to, review_by)]
    found = doubt_certificate(special, *days)
    assert found is None if words is None else words in found
