"""The rule data: provenance everywhere, and the contents people rely on."""

import datetime as dt

import pytest

from bihuan.rules.hazards import all_criteria, criteria, criterion, domains, grade, grades, standards
from bihuan.rules.ladder import all_steps, ladder_for
from bihuan.rules.reasons import reason, send_back_reasons
from bihuan.rules.records import UnknownRule, load
from bihuan.rules.risk import gravest, risk_colour, risk_colours

D = dt.date.fromisoformat
TODAY = D("2026-11-21")
TABLES = [
    ("calendar", "years"),
    ("headduties", "duties"),
    ("headduties", "self_checks"),
    ("filereviews", "forms"),
    ("scoring", "measures_by_hand"),
    ("clocks", "clocks"),
    ("limits", "limits"),
    ("risk", "colours"),
    ("hazards", "grades"),
    ("ladder", "steps"),
    ("reasons", "send_back"),
    ("majorhazards", "sets"),
    ("assessments", "lec_scales"),
    ("assessments", "lec_policies"),
    ("assessments", "matrix_policies"),
    ("assessments", "direct_major"),
    ("assessments", "enterprise_policies"),
    ("assessments", "score_bands"),
    ("keysupervised", "chemicals"),
    ("keysupervised", "processes"),
    ("permits", "permits"),
    ("permits", "reminders"),
    ("certificates", "certificates"),
    ("visits", "visits"),
    ("gasusers", "criteria"),
    ("evidence", "thresholds"),
    ("evidence", "editors"),
    ("lifecycle", "rechecks"),
    ("lifecycle", "reevaluation"),
]


@pytest.mark.parametrize(("name", "table"), TABLES)
def test_every_record_carries_its_provenance(name, table):
    for record in load(name)[table]:
        assert record["source"].strip()
        assert record["doc_no"].strip()
        begins = D(record["effective_from"])
        assert record["effective_to"] is None or begins <= D(record["effective_to"])
        assert isinstance(record["verified"], bool)


def test_versions_of_one_key_never_overlap():
    for name in ("clocks", "limits"):
        seen: dict[str, str] = {}
        for record in load(name)[name]:
            assert record["effective_from"] > seen.get(record["key"], "")
            seen[record["key"]] = record["effective_to"] or "9999-12-31"


def test_criteria_codes():
    assert domains() == {
        "gas": "城镇燃气",
        "chemicals": "化工和危险化学品",
        "industry": "工贸",
        "fire": "消防",
        "construction": "房屋市政工程",
    }
    gas = [each.code for each in criteria("gas", TODAY)]
    assert len(gas) == 22
    assert gas[0] == "G4-1"
    assert gas[-1] == "G10"
    assert [each.code for each in criteria("chemicals", TODAY)] == [f"C{i}" for i in range(1, 21)]
    industry = [each.code for each in criteria("industry", TODAY)]
    assert len(industry) == 3 + 47 + 14
    assert industry[:4] == ["T3-1", "T3-2", "T3-3", "T4-1"]
    assert len([code for code in industry if code.startswith(("T11-", "T12-", "T13-"))]) == 14
    assert len(criteria("construction", TODAY)) == 53
    assert len({each.code for each in all_criteria()}) == len(all_criteria()) == 22 + 20 + 64 + 14 + 53
    assert all(len(each.text) <= 80 and len(each.code) <= 20 for each in all_criteria())


def test_the_fire_standard_of_2025_waits_to_be_entered():
    assert [each.code for each in criteria("fire", D("2025-10-31"))][:2] == ["F6-1", "F6-2"]
    assert len(criteria("fire", D("2025-10-31"))) == 14
    assert criteria("fire", D("2025-11-01")) == ()
    waiting = next(each for each in standards(TODAY) if each.key == "fire")
    assert (waiting.doc_no, waiting.criteria, waiting.verified) == ("GB 35181-2025", (), False)
    assert "待录入" in waiting.note
    with pytest.raises(UnknownRule, match="F6-1"):
        criterion("F6-1", TODAY)


def test_only_domains_with_something_to_choose_are_offered():
    assert list(domains(TODAY)) == ["gas", "chemicals", "industry", "construction"]
    assert list(domains(D("2024-06-01"))) == ["gas", "chemicals", "industry", "fire"]
    assert list(domains(D("2018-07-01"))) == ["chemicals", "fire"]
    assert domains(D("2010-01-01")) == {}


def test_a_document_is_checked_when_each_of_its_criteria_is():
    checked = {each.doc_no: each.verified for each in standards()}
    assert checked["安监总管三〔2017〕121号"] is False  # C1 to C14 only
    assert not any(checked.values())


def test_criteria_are_dated():
    assert criteria("gas", D("2023-01-01")) == ()
    assert criterion("C20", D("2018-01-01")).doc_no == "安监总管三〔2017〕121号"
    with pytest.raises(UnknownRule, match="G4-1"):
        criterion("G4-1", D("2023-01-01"))
    with pytest.raises(UnknownRule, match="可用：gas、chemicals"):
        criteria("mines", TODAY)


def test_unchecked_criteria_say_so():
    """Known by hearsay until somebody has compared them with the document; the first list was."""
    checked = {
        "gas": ["G4-1", "G4-2", "G4-3", "G4-4", "G4-5", "G5-1", "G5-2", "G9-1", "G9-2", "G9-3", "G9-4"]
    }
    checked["chemicals"] = [f"C{number}" for number in range(1, 15)]
    for domain in ("gas", "chemicals", "industry", "construction"):
        verified = [each.code for each in criteria(domain, TODAY) if each.verified]
        assert verified == checked.get(domain, []), domain


def test_grades():
    assert [(each.key, each.label) for each in grades()] == [("general", "一般"), ("major", "重大")]
    assert grade("major").doc_no.endswith("第16号")
    with pytest.raises(UnknownRule):
        grade("huge")


def test_risk_colours():
    assert [(each.key, each.label) for each in risk_colours()] == [
        ("red", "重大"),
        ("orange", "较大"),
        ("yellow", "一般"),
        ("blue", "低"),
    ]
    assert gravest(["blue", "orange", "yellow"]) == "orange"
    assert gravest([]) is None
    with pytest.raises(UnknownRule, match="green"):
        risk_colour("green")


def test_default_ladder():
    rungs = [(step.offset_days, step.action, step.audience) for step in ladder_for("task", TODAY)]
    assert rungs == [
        (-3, "remind", ("holder",)),
        (0, "remind", ("holder",)),
        (1, "urge", ("holder", "organization_leader")),
        (7, "report", ("organization_leader", "office")),
        (15, "escalate", ("office", "superior_office")),
    ]


def test_a_duty_nobody_holds_reaches_the_office_at_once():
    steps = ladder_for("hazard.major", TODAY, held=False)
    assert [step.offset_days for step in steps] == [-3, 0, 3]
    assert all("holder" not in step.audience and "office" in step.audience for step in steps)


def test_rungs_have_names_of_their_own():
    assert len({step.key for step in all_steps()}) == len(all_steps())


def test_send_back_reasons():
    assert [each.label for each in send_back_reasons(TODAY)] == [
        "照片不符",
        "未整改到位",
        "措施缺失",
        "材料不全",
        "责任人未签",
        "其他",
    ]
    assert reason("other").needs_text
    assert not reason("photo_mismatch").needs_text
    with pytest.raises(UnknownRule):
        reason("nonsense")
