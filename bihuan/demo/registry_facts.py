"""What the demo city's offices know of their enterprises beyond the record: risks, who answers, stops, twins, lists."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from bihuan.accounts.models import Organization, Post
from bihuan.accounts.roles import Role
from bihuan.core.errors import Refused
from bihuan.registry import diagnoses, duplicates, grading, plates, policies, responsibilities, risks
from bihuan.registry.actions import change_status, save_enterprise
from bihuan.registry.models import Enterprise, MajorUnit
from bihuan.registry.standardlists import make_standard
from bihuan.rules.regions import is_within

from .city import City
from .moments import as_of, at_hour

BEFORE = 24  # days ago most of it was entered
STOPPED = 47  # days ago two places stopped: their first going back is overdue
# kind: unit, what it holds (name, state, tonnes, key chemical), people nearby, a risk point with its danger and L, E, C
HOLDINGS: dict[str, tuple[str, str, list[tuple[str, str, str, bool]], int, tuple[str, str, str, str, str]]] = {
    "lpg_filling": (
        "液化气储罐区", "storage", [("液化石油气", "liquid", "120", True)], 65, ("装卸台", "软管脱落泄漏", "3", "6", "15"),
    ),
    "chemical_plant": (
        "原料罐区", "storage", [("甲醇", "liquid", "900", True), ("苯", "liquid", "80", True)], 20, ("反应釜", "超温超压", "1", "6", "40"),
    ),
    "gas_station": (
        "埋地油罐", "storage", [("汽油", "liquid", "60", True)], 120, ("卸油口", "静电火花", "1", "3", "15"),
    ),
}  # fmt: skip
EACH = 6  # so many of each kind


def enter(city: City) -> None:
    """Enter it all as the office's officer would have, through the real actions."""
    office = city.users["office"]
    with as_of(at_hour(city.today - dt.timedelta(days=BEFORE), 10)):
        _cut_offs(city)
        _leaders(city)
        for kind in HOLDINGS:
            for enterprise in [each for each in city.enterprises if each.kind_id == kind][:EACH]:
                _risks(Enterprise.objects.get(pk=enterprise.pk), city)
        _watchers(city)
    with as_of(at_hour(city.today - dt.timedelta(days=STOPPED), 15)):
        _stops(city)
    with as_of(at_hour(city.today - dt.timedelta(days=3), 11)):
        _twin(city)
        _newcomers(city)
        make_standard(by=office)
        for enterprise in city.enterprises[:3]:
            plates.plates_for(Enterprise.objects.get(pk=enterprise.pk), by=office)


def _cut_offs(city: City) -> None:
    """The city has laid down how its risk matrix is cut; for LEC and grades it goes by what is shipped."""
    office = city.users["office"]
    bands = [
        {"least": 20, "most": 25, "word": "重大风险", "colour": "red"},
        {"least": 12, "most": 16, "word": "较大风险", "colour": "orange"},
        {"least": 6, "most": 10, "word": "一般风险", "colour": "yellow"},
        {"least": 1, "most": 5, "word": "低风险", "colour": "blue"},
    ]
    policies.set_policy(
        "LS", office.posts[0].organization.region, {"bands": bands}, label="云溪市风险矩阵口径",
        source="云溪市双重预防机制建设实施细则", doc_no="云安委〔2026〕6号", by=office,
        from_on=city.today - dt.timedelta(days=BEFORE),
    )  # fmt: skip


def _leaders(city: City) -> None:
    """Every locality but each fifth has a leader in charge; the rest stand in red."""
    leading = Post.objects.filter(
        role=Role.LOCALITY_LEADER, is_active=True, organization__kind=Organization.Kind.LOCALITY
    )
    posts = leading.select_related("organization__region").order_by("organization__region_id", "id")
    taken: set[str] = set()
    for number, post in enumerate(posts, start=1):
        region = post.organization.region
        if number % 5 == 0 or region.pk in taken:
            continue
        taken.add(region.pk)
        responsibilities.appoint("leader", post, by=city.users["office"], region=region)


def _risks(enterprise: Enterprise, city: City) -> None:
    by = city.users["office"]
    name, unit_kind, holdings, people, (place, danger, likelihood, exposure, consequence) = HOLDINGS[
        enterprise.kind_id
    ]
    evaluated = city.today - dt.timedelta(days=400 + city.turns[enterprise.pk] % 500)
    values: dict[str, Any] = {
        "name": name, "kind": unit_kind, "population": people, "evaluated_on": evaluated,
        "filed_on": evaluated + dt.timedelta(days=9) if city.turns[enterprise.pk] % 3 else None,
        "filing_no": f"BA云{city.turns[enterprise.pk]:05d}" if city.turns[enterprise.pk] % 3 else "", "filed_with": "",
    }  # fmt: skip
    persons = [
        {"role": "principal", "name": city.safety.get(enterprise.pk, ""), "title": "总经理", "phone": ""}
    ]
    unit: MajorUnit = risks.save_unit(enterprise, values, by=by, guardians=persons)
    for chemical, state, tonnes, is_key in holdings:
        risks.save_chemical(
            enterprise,
            {
                "unit": unit, "name": chemical, "state": state, "categories": [], "design_maximum": Decimal(tonnes),
                "actual": Decimal(tonnes) / 2, "place": name, "is_key": is_key,
            },
            by=by,
        )  # fmt: skip
    point = risks.save_point(
        enterprise, {"name": place, "kind": "place", "outcome": "火灾、爆炸", "measures": "专人值守，每班巡检，报警联锁"}, by=by
    )  # fmt: skip
    risks.assess(
        point, danger=danger, method="LEC", policy="", direct=[], by=by, on=city.today - dt.timedelta(days=BEFORE),
        values={"likelihood": likelihood, "exposure": exposure, "consequence": consequence},
    )  # fmt: skip
    grading.regrade(enterprise, by=by)
    state = ("running", "built", "idle", "building")[city.turns[enterprise.pk] % 4]
    checked = city.today - dt.timedelta(days=90) if state in ("running", "idle") else None
    risks.save_profile(
        enterprise,
        {"scale": "above" if enterprise.kind_id == "chemical_plant" else "small", "dual_prevention": state, "dual_checked_on": checked},
        by=by,
    )  # fmt: skip
    _diagnosis(enterprise, city)


def _diagnosis(enterprise: Enterprise, city: City) -> None:
    """Experts have been to two in three of the dangerous places, to some of them too long ago."""
    turn = city.turns[enterprise.pk] % 3
    if turn == 0:
        return
    score = Decimal(58 + city.turns[enterprise.pk] % 40)
    diagnoses.record_diagnosis(
        enterprise, on=city.today - dt.timedelta(days=260 if turn == 1 else 1180), score=score, direct=[],
        experts="纪明理、裴细究", institution="云溪安全技术服务中心", conclusion="报警联锁未全部投用，巡检记录不完整，限期整改后复评",
        by=city.users["office"],
    )  # fmt: skip


def _watchers(city: City) -> None:
    """Inspectors watch every second of the most dangerous places of their street by name."""
    inspectors = Post.objects.filter(role=Role.INSPECTOR, is_active=True).select_related("organization")
    watched = Enterprise.objects.filter(risk__in=responsibilities.WATCHED_RISKS).order_by("id")[:40]
    for number, enterprise in enumerate(watched):
        post = next(
            (each for each in inspectors if is_within(enterprise.locality_id, each.organization.region_id)),
            None,
        )
        if post is not None and number % 2 == 0:
            responsibilities.appoint("watcher", post, by=city.users["office"], enterprise=enterprise)


def _stops(city: City) -> None:
    """Two eating houses without an account have stopped, away from the street whose visits are acted out in full."""
    acted_out = city.users["jiedao"].posts[0].organization.region_id
    quiet = Enterprise.objects.filter(kind_id="restaurant", organization=None, status="operating")
    quiet = quiet.exclude(locality=acted_out)
    for enterprise in quiet.order_by("-id")[:2]:
        try:
            change_status(
                enterprise, "idle", by=city.users["office"], reason="停业整顿，气瓶间不合格", document="现场处理措施决定",
                expected_until=city.today + dt.timedelta(days=20),
            )  # fmt: skip
        except Refused:
            continue


def _twin(city: City) -> None:
    """One place was registered twice, once by its sign and once by its licence; the search has found it."""
    original = Enterprise.objects.filter(kind_id="restaurant").select_related("kind", "locality").first()
    if original is None:
        return
    values = {
        "name": f"{original.name}（分店登记）",
        "credit_code": None,
        "kind": original.kind,
        "locality": original.locality,
        "department": original.department,
        "address": original.address,
        "risk": original.risk,
        "status": "operating",
    }
    save_enterprise(values, by=city.users["office"])
    found = [
        each
        for each in duplicates.search_in(original.locality_id)
        if original.pk in (each.first, each.second)
    ]
    duplicates.keep(found, at=at_hour(city.today - dt.timedelta(days=3), 11))


def _newcomers(city: City) -> None:
    """Two of a new sort: one of which a table knew the county only, one that no department is in charge of."""
    office, street = city.users["office"], city.users["jiedao"].posts[0]
    example = Enterprise.objects.filter(
        locality=street.organization.region, longitude__isnull=False, kind_id="restaurant"
    ).first()
    if example is None:
        return
    known = {
        "credit_code": None, "kind": example.kind, "department": None, "address": "", "risk": "yellow", "status": "operating",
        "source_crs": "cgcs2000",
    }  # fmt: skip
    county = city.regions[street.organization.region_id[:6]]
    place = {"longitude": example.longitude, "latitude": example.latitude}
    save_enterprise(known | place | {"name": "云溪夜市流动烧烤餐车", "locality": county}, by=office)
    found = save_enterprise(known | {"name": "云溪沉浸剧场体验馆", "locality": example.locality}, by=office)
    responsibilities.appoint(
        "pilot",
        street,
        by=office,
        enterprise=found,
        remark="市安委会专题会议纪要〔2026〕6号，所在街道试点监管",
    )
