"""Permits: validity by place, the last day for renewal, reminders and states counted by hand."""

import datetime as dt
import json
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bihuan.rules.permits import (
    LEVELS,
    STATE_LABELS,
    doubt_level,
    doubt_validity,
    find_permit_kind,
    names_of_kind,
    permit_kinds,
    permit_rule,
    permit_rules,
    permit_state,
    permits_needed,
    reminders,
    reminders_reached,
)
from bihuan.rules.records import UnknownRule

D = dt.date.fromisoformat
TODAY = D("2026-11-22")


@pytest.fixture(scope="module")
def licence():
    return permit_rule("production_safety", TODAY)


def test_validity_of_the_common_permits():
    months = {key: permit_rule(key, TODAY).months for key in permit_kinds() if key != "gas_site"}
    assert months == {
        "production_safety": 36,
        "chemical_trade": 36,
        "chemical_use": 36,
        "chemical_registration": 36,
        "fireworks_retail": 24,
        "fireworks_wholesale": 36,
        "cylinder_filling": 48,
        "gas_operation": None,
        "equipment_registration": None,
        "equipment_inspection": None,
        "dangerous_transport": 48,
        "installation_filing": 36,
        "standardization": 36,
        "food_operation": 60,
        "fire_opening_check": None,
        "special_trade": None,
        "construction_permit": None,
        "elderly_home_filing": None,
        "vessel_inspection": None,
        "vessel_nationality": 60,
    }


def test_issuing_levels():
    assert permit_rule("gas_operation", TODAY).issuer_level == "city"
    assert permit_rule("cylinder_filling", TODAY).issuer_level == "province"
    assert {rule.issuer_level for rule in permit_rules()} <= set(LEVELS)


@pytest.mark.parametrize(
    ("area", "months"),
    [("", None), ("5397", None), ("31", 96), ("310115", 96), ("4103", 60), ("410302", 60), ("41", None)],
)
def test_the_narrowest_area_decides(area, months):
    assert permit_rule("gas_operation", TODAY, area=area).months == months


def test_a_permit_only_one_city_knows():
    assert permit_rule("gas_site", TODAY, area="310115").months == 36
    with pytest.raises(UnknownRule, match="燃气供应站点许可证（区划5397）"):
        permit_rule("gas_site", TODAY, area="5397")
    assert "gas_site" not in {rule.key for rule in permits_needed("lpg_station", TODAY, area="5397")}
    assert "gas_site" in {rule.key for rule in permits_needed("lpg_station", TODAY, area="3101")}


def test_what_a_filling_station_needs():
    needed = permits_needed("lpg_filling", TODAY, area="539701")
    assert [rule.key for rule in needed] == [
        "cylinder_filling",
        "gas_operation",
        "equipment_registration",
        "equipment_inspection",
        "installation_filing",
    ]
    assert [rule.key for rule in needed if not rule.condition] == ["gas_operation"]
    assert permits_needed("school", TODAY) == ()


def test_every_kind_of_place_named_exists_in_the_registry():
    text = resources.files("bihuan.registry").joinpath("data", "kinds.json").read_text(encoding="utf-8")
    kinds = {row["key"] for row in json.loads(text)}
    assert {kind for rule in permit_rules() for kind in rule.needed_by} <= kinds


def test_rules_are_dated():
    assert permits_needed("lpg_filling", D("2005-01-01")) == ()
    with pytest.raises(UnknownRule, match="2005-01-01"):
        permit_rule("cylinder_filling", D("2005-01-01"))
    with pytest.raises(UnknownRule, match="可用：production_safety"):
        permit_rule("driving", TODAY)


def test_kinds_are_found_by_the_names_people_write():
    assert find_permit_kind("危化经营许可证") == "chemical_trade"
    assert find_permit_kind(" 燃气 经营许可证 ") == "gas_operation"
    assert find_permit_kind("gas_operation") == "gas_operation"
    assert find_permit_kind("营业执照") is None


def test_last_day_for_renewal(licence):
    assert licence.renew_by(D("2027-05-31")) == D("2027-02-28")
    assert permit_rule("gas_operation", TODAY).renew_by(D("2027-05-31")) == D("2027-05-01")
    assert permit_rule("cylinder_filling", TODAY).renew_by(D("2027-05-31")) == D("2026-11-30")
    assert permit_rule("standardization", TODAY).renew_by(D("2027-05-31")) is None


def test_reminders_of_expiry():
    found = [(each.on, each.days) for each in reminders(D("2027-03-31"), TODAY)]
    assert found == [
        (D("2026-12-31"), 90),
        (D("2027-01-30"), 60),
        (D("2027-03-01"), 30),
        (D("2027-03-24"), 7),
    ]


def test_reminders_of_renewal_come_before(licence):
    found = [(each.on, each.days, each.of) for each in reminders(D("2027-03-31"), TODAY, rule=licence)]
    assert found == [
        (D("2026-12-01"), 30, "renewal"),  # renewal is due by 2026-12-31
        (D("2026-12-24"), 7, "renewal"),
        (D("2026-12-31"), 90, "expiry"),
        (D("2027-01-30"), 60, "expiry"),
        (D("2027-03-01"), 30, "expiry"),
        (D("2027-03-24"), 7, "expiry"),
    ]
    assert len({each.key for each in reminders(D("2027-03-31"), TODAY, rule=licence)}) == 6


def test_reminders_reached():
    reached = [each.days for each in reminders_reached(D("2027-03-31"), D("2027-03-01"))]
    assert reached == [90, 60, 30]
    assert reminders_reached(D("2027-03-31"), D("2026-12-30")) == ()


@pytest.mark.parametrize(
    ("today", "state"),
    [
        ("2026-11-30", "有效"),
        ("2026-12-01", "临期"),
        ("2026-12-30", "临期"),
        ("2026-12-31", "应续"),
        ("2027-03-31", "应续"),
        ("2027-04-01", "过期"),
    ],
)
def test_states_of_a_licence(licence, today, state):
    assert permit_state(D("2027-03-31"), D(today), rule=licence).label == state


@pytest.mark.parametrize(
    ("today", "state"),
    [("2026-12-30", "有效"), ("2026-12-31", "临期"), ("2027-03-31", "临期"), ("2027-04-01", "过期")],
)
def test_states_without_a_renewal_rule(today, state):
    assert permit_state(D("2027-03-31"), D(today)).label == state


def test_whoever_has_asked_for_renewal_is_not_pressed(licence):
    state = permit_state(D("2027-03-31"), D("2027-01-15"), rule=licence, applied_on=D("2026-12-20"))
    assert state.label == "临期"
    assert "已于2026-12-20申请续期" in state.sentence()
    assert (
        permit_state(D("2027-03-31"), D("2027-04-01"), rule=licence, applied_on=D("2026-12-20")).key
        == "expired"
    )


def test_a_state_explains_itself(licence):
    assert permit_state(D("2027-03-31"), D("2027-01-15"), rule=licence).sentence() == (
        "应续：有效期至2027-03-31，还有75天，应在期满前3个月即2026-12-31前申请续期"
        "（依据：安全生产许可证条例第九条，国务院令第397号（第653号修订））"
    )
    assert permit_state(D("2026-11-22"), TODAY).sentence() == "临期：有效期至2026-11-22，今天到期"
    assert permit_state(D("2026-11-01"), TODAY).sentence() == "过期：有效期至2026-11-01，已过期21天"
    assert permit_state(None, TODAY).label == "有效"


def test_dates_that_cannot_be(licence):
    assert doubt_validity(licence, D("2024-05-10"), D("2027-05-09")) is None
    assert doubt_validity(licence, D("2024-05-10"), D("2027-05-10")) is None
    assert "有效期为3年" in doubt_validity(licence, D("2024-05-10"), D("2027-05-11"))
    assert "早于" in doubt_validity(licence, D("2024-05-10"), D("2024-05-09"))
    assert doubt_validity(licence, None, D("2027-05-09")) is None
    assert doubt_validity(permit_rule("gas_operation", TODAY), D("2020-01-01"), D("2050-01-01")) is None


def test_versions_of_one_permit_in_one_area_never_overlap():
    seen = {}
    for rule in permit_rules():
        assert rule.effective_from > seen.get((rule.key, rule.area), dt.date.min)
        seen[rule.key, rule.area] = rule.effective_to or dt.date.max


@given(st.dates(D("2026-01-01"), D("2028-12-31")), st.dates(D("2026-01-01"), D("2028-12-31")))
def test_a_permit_never_gets_younger(valid_to, today):
    order = list(STATE_LABELS)
    rule = permit_rule("production_safety", TODAY)
    now = permit_state(valid_to, today, rule=rule)
    tomorrow = permit_state(valid_to, today + dt.timedelta(days=1), rule=rule)
    assert order.index(now.key) <= order.index(tomorrow.key)


@pytest.mark.parametrize(
    ("key", "level", "doubted"),
    [
        ("gas_operation", "county", True),  # 州市级以上核发
        ("gas_operation", "city", False),
        ("gas_operation", "province", False),
        ("production_safety", "city", True),
        ("production_safety", "nation", False),
        ("food_operation", "county", False),
        ("gas_operation", "", False),
        ("gas_operation", "village", False),
    ],
)
def test_a_permit_issued_too_far_down_is_doubted(key, level, doubted):
    assert bool(doubt_level(permit_rule(key, TODAY), level)) == doubted


def test_the_doubt_names_who_issues_and_why():
    assert doubt_level(permit_rule("gas_operation", TODAY), "county") == (
        "燃气经营许可证由州市级以上燃气主管部门核发，登记为县级发证，请核对证件，确属委托下放的在发证机关栏写明"
        "（依据：城镇燃气管理条例第十五条（有效期由各地规定），国务院令第583号）"
    )


def test_a_kind_goes_by_several_names():
    assert names_of_kind("gas_operation") == ["燃气经营许可证", "城镇燃气经营许可证"]
    assert names_of_kind("nothing") == []
