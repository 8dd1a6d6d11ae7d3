"""Lists: pages that hold still, filters that mean what the ledger page means, and a number of queries that does not grow."""

import datetime as dt
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bihuan.accidents.tests.factories import reported
from bihuan.assessment.tests.factories import make_assessment
from bihuan.hazards import actions
from bihuan.hazards.tests.factories import make_closed, make_hazard, make_major, make_submitted
from bihuan.inspections.actions import submit_inspection
from bihuan.inspections.tests.factories import make_campaign, visit
from bihuan.instruments.tests.factories import issued
from bihuan.listings.tests.factories import listed
from bihuan.office.models import OfficerCommitment, WorkItem, WorkPlan
from bihuan.oversight.models import OversightFinding
from bihuan.oversight.tests.factories import published
from bihuan.registry.models import Enterprise
from bihuan.returns.tests.factories import make_period


def ids(response) -> list[int]:
    assert response.status_code == 200, response.content.decode()
    return [row["id"] for row in response.json()["items"]]


def test_pages_hold_still_while_rows_are_inserted(world, call):
    today = timezone.localdate()
    old = [make_hazard(world, found_on=today - dt.timedelta(days=ago)).pk for ago in (0, 1, 2, 3, 4)]
    caller = call("office")
    first = caller.get("/hazards", {"size": 2})
    newer = make_hazard(world)
    second = caller.get("/hazards", {"size": 2, "cursor": first.json()["next"]})
    make_hazard(world, found_on=today - dt.timedelta(days=1))
    third = caller.get("/hazards", {"size": 2, "cursor": second.json()["next"]})
    assert ids(first) + ids(second) + ids(third) == old
    assert third.json()["next"] is None
    back = caller.get("/hazards", {"size": 2, "cursor": second.json()["previous"]})
    assert newer.pk not in ids(second)
    assert len(ids(back)) == 2


@pytest.mark.parametrize("cursor", ["x", "Zm9v", "%%%", "A" * 900, "甲"])
def test_an_altered_cursor_is_400(world, call, cursor):
    response = call("office").get("/hazards", {"cursor": cursor})
    assert response.status_code == 400
    assert "第一页" in response.json()["detail"]


def test_a_cursor_of_another_list_is_400(world, call):
    for _ in range(3):
        make_hazard(world)
    cursor = call("office").get("/hazards", {"size": 1}).json()["next"]
    assert call("office").get("/enterprises", {"cursor": cursor}).status_code == 400


def test_filters_mean_what_the_ledger_means(world, call):
    today = timezone.localdate()
    late = make_hazard(world, found_on=today - dt.timedelta(days=40))
    submitted, closed = make_submitted(world), make_closed(world)
    elsewhere = make_hazard(
        world, by=world.people.outsider, enterprise=world.enterprises.station, description="储罐仪表失灵"
    )
    get = call("office").get

    def found(**query) -> set[int]:
        return set(ids(get("/hazards", query)))

    assert found() == {late.pk, submitted.pk, closed.pk, elsewhere.pk}
    assert found(state="overdue") == {late.pk}
    assert found(state="closed") == {closed.pk}
    assert found(status="reinspecting") == {submitted.pk}
    assert found(region="539702101") == {elsewhere.pk}
    assert found(kind="lpg_filling") == {elsewhere.pk}
    assert found(q="仪表") == {elsewhere.pk}
    assert found(q=late.number) == {late.pk}
    assert found(found_to=(today - dt.timedelta(days=1)).isoformat()) == {late.pk}
    assert found(closed_from=today.isoformat()) == {closed.pk}
    assert found(department=world.organizations.market.pk) == {elsewhere.pk}
    assert found(enterprise=world.enterprises.shop.pk, level="general", source="inspection") == {
        late.pk,
        submitted.pk,
        closed.pk,
    }
    assert found(found_from="0001-01-01", found_to="9999-12-31") == found()
    assert found(found_from="9999-12-31") == set()


def test_filters_of_inspections(world, call):
    gas = make_campaign(world)
    by = world.people.inspector
    clean = submit_inspection(visit(world, gas, by), by=by)
    get = call("office").get
    today = timezone.localdate().isoformat()
    assert ids(get("/inspections", {"clean": "1", "from": today, "to": today, "task": gas.task.pk})) == [
        clean.pk
    ]
    assert ids(get("/inspections", {"clean": "0"})) == []
    assert ids(get("/inspections", {"to": "0001-01-01"})) == []


def test_a_department_sees_its_line_and_an_inspector_his_street(world, call):
    shop, station = make_hazard(world), make_hazard(
        world, by=world.people.outsider, enterprise=world.enterprises.station
    )  # fmt: skip
    assert ids(call("housing").get("/hazards")) == [shop.pk]
    assert ids(call("market").get("/hazards")) == [station.pk]
    assert ids(call("inspector").get("/hazards")) == [shop.pk]
    assert ids(call("outsider").get("/hazards")) == [station.pk]
    assert set(ids(call("office").get("/hazards"))) == {shop.pk, station.pk}


def test_phones_are_masked(stage, call):
    response = call("office").get(f"/enterprises/{stage.stall.pk}")
    assert response.json()["contacts"] == [{"role": "principal", "name": "许小摊", "phone": "199****1234"}]
    assert "19900001234" not in response.content.decode()
    assert [row["name"] for row in response.json()["premises"]] == ["二号摊位"]
    assert [row["number"] for row in response.json()["permits"]] == ["YX-1"]


def test_the_directory_names_public_bodies_only(world, call):
    kinds = {row["kind"] for row in call("office").get("/organizations", {"size": 200}).json()["items"]}
    assert kinds == {"office", "department", "locality", "experts", "inspectorate"}
    assert call("office").get(f"/organizations/{world.organizations.shop.pk}").status_code == 404


def test_the_inbox_is_ones_own(stage, call):
    own = call("inspector").get("/duties").json()["items"]
    whole = call("office").get("/duties", {"scope": "visible", "size": 200}).json()["items"]
    assert stage.duty.pk not in [row["id"] for row in own]
    assert {row["kind"] for row in whole} >= {"hazard_rectify", "hazard_review", "extension"}


LISTS = [
    "/hazards", "/hazards?state=open", "/enterprises", "/inspections", "/papers", "/duties?scope=visible", "/campaigns",
    "/phases", "/tasks", "/assignments", "/checklists", "/regions", "/organizations",
    "/accidents", "/listings", "/oversight-findings", "/resolutions", "/returns", "/assessments", "/instruments",
    "/work-plans", "/work-items", "/officer-commitments",
    "/hazards/{hazard}/transitions", "/hazards/{hazard}/rectifications", "/hazards/{hazard}/reinspections",
]  # fmt: skip


def queries(caller, path: str) -> int:
    caller.get("/regions")  # so that noting the token's use is behind us
    with CaptureQueriesContext(
        connection,
    ) as seen:
        response = caller.get(path)
    assert response.status_code == 200
    assert response.json()["items"]
    return len(seen)


def test_the_number_of_queries_does_not_grow(stage, call):
    caller = call("office")
    paths = [path.format(hazard=stage.submitted.pk) for path in LISTS]
    _grow(stage, 9)  # something of each, so that every list has its rows
    before = {path: queries(caller, path) for path in paths}
    for no in range(4):
        _grow(stage, no)
    after = {path: queries(caller, path) for path in paths}
    assert after == before
    assert max(after.values()) <= 7


def _grow(stage, no: int) -> None:
    """More of everything."""
    world, people = stage.world, stage.world.people
    Enterprise.objects.create(
        name=f"青石小吃摊{no}", kind=world.kinds.filling, department=world.organizations.market,
        city=world.city, county=world.regions.linjiang, locality=world.regions.heyan,
    )  # fmt: skip
    submit_inspection(visit(world, stage.gas, people.inspector), by=people.inspector)
    make_hazard(world, enterprise=stage.stall)
    actions.reinspect(
        stage.submitted, passed=False, reason_type="other", text="照片看不清", by=people.qingshi_officer
    )
    stage.submitted.refresh_from_db()
    actions.submit_rectification(stage.submitted, text="重拍", by=people.shop)
    stage.submitted.refresh_from_db()
    task = stage.campaign.tasks.create(
        no=str(no), heading="夜市", text="夜市", position=10 + no, phase=stage.phase
    )
    task.kinds.add(world.kinds.restaurant, world.kinds.filling)
    task.assignments.create(organization=world.organizations.qingshi, role="lead")
    task.checklists.create(version=1, created_by=people.office, created_at=timezone.now())
    phase = stage.campaign.phases.create(name=f"阶段{no}", position=10 + no)
    phase.conditions.create(metric="overdue", threshold=no)
    reported(world, title=f"后厨闪燃{no}")
    listed(world, hazard=make_major(world, description=f"软管穿墙{no}"))
    finding = OversightFinding.objects.get(pk=stage.finding.pk)
    finding.pk = None
    finding.save(force_insert=True)
    published(world, series=stage.resolution.meeting.series, title=f"第{no}次会议")
    make_period(world, timezone.localdate(), key=f"test.month{no}")
    make_assessment(world, sheet=stage.assessment.sheet, title=f"考核{no}")
    issued(world, title=f"督办第{no}件")
    plan = WorkPlan.objects.get(pk=stage.work_plan.pk)
    plan.pk, plan.month = None, dt.date(2010 + no, 1, 1)
    plan.save(force_insert=True)
    item = WorkItem.objects.get(pk=stage.work_item.pk)
    item.pk, item.plan = None, plan
    item.save(force_insert=True)
    promise = OfficerCommitment.objects.get(pk=stage.promise.pk)
    line = promise.lines.get()
    promise.pk, promise.code = None, uuid.uuid4()
    promise.save(force_insert=True)
    line.pk, line.commitment = None, promise
    line.save(force_insert=True)


def test_figures_are_those_of_the_tally(world, call):
    make_hazard(world)
    make_closed(world)
    day = timezone.localdate().isoformat()
    told = call("office").get("/figures/totals").json()
    assert told["region"] == {"code": "5397", "name": "云溪市"}
    assert {name: told["figures"][name] for name in ("found", "closed", "open", "rectification_rate")} == {
        "found": 2, "closed": 1, "open": 1, "rectification_rate": 50.0,
    }  # fmt: skip
    rows = call("office").get("/figures/by-region", {"region": "539702"}).json()["rows"]
    assert [(row["region"]["code"], row["figures"]["found"]) for row in rows] == [
        ("539702001", 2),
        ("539702101", 0),
    ]
    days = call("office").get("/figures/daily", {"since": day, "until": day}).json()["rows"]
    assert [(row["day"], row["figures"]["found"]) for row in days] == [(day, 2)]


@pytest.mark.parametrize(
    ("who", "query", "status"),
    [
        ("inspector", {}, 200),
        ("inspector", {"region": "539702"}, 404),
        ("inspector", {"region": "539702101"}, 404),
        ("outsider", {"region": "539702001"}, 404),
        ("housing", {}, 200),
        ("housing", {"region": "539702001"}, 200),
        ("housing", {"department": "market"}, 404),
        ("office", {"region": "5301"}, 404),
        ("office", {"region": "539799"}, 404),
        ("office", {"department": "market"}, 200),
        ("office", {"campaign": 999}, 404),
        ("office", {"task": 999}, 404),
        ("housing", {"task": 1}, 422),
        ("office", {"on": "9999-12-31"}, 422),
        ("office", {"since": "0001-01-01"}, 422),
        ("office", {"since": "2026-02-02", "on": "2026-02-01"}, 422),
    ],
)
def test_figures_stay_within_what_one_may_see(world, call, who, query, status):
    if "department" in query:
        query = query | {"department": getattr(world.organizations, query["department"]).pk}
    response = call(who).get("/figures/totals", query)
    assert response.status_code == status, response.content.decode()


def test_a_department_counts_its_own_line(world, call):
    make_hazard(world)
    assert call("housing").get("/figures/totals").json()["figures"]["found"] == 1
    assert call("market").get("/figures/totals").json()["figures"]["found"] == 0
    assert call("market").get("/figures/totals", {"region": "539702001"}).json()["figures"]["found"] == 0


@pytest.mark.parametrize(
    ("since", "until"),
    [("0001-01-01", "2026-01-01"), ("2026-01-01", "9999-12-31"), ("2025-01-01", "2026-01-02"), ("2026-01-02", "2026-01-01")],
)  # fmt: skip
def test_daily_figures_have_an_end(world, call, since, until):
    assert call("office").get("/figures/daily", {"since": since, "until": until}).status_code == 422


def test_plans_of_a_month_are_read_by_month_and_state(stage, call):
    caller = call("office")
    month = f"{stage.work_plan.month:%Y-%m}"
    told = caller.get(f"/work-plans/{stage.work_plan.pk}").json()
    assert (told["month"], told["status"], told["organization"]["name"]) == (
        month,
        "confirmed",
        "青石街道办事处",
    )
    assert [(each["text"], each["status"], each["post"]) for each in told["items"]] == [
        ("核查报警器", "open", stage.work_item.post.title)
    ]
    assert [row["id"] for row in caller.get("/work-plans", {"month": month}).json()["items"]] == [
        stage.work_plan.pk
    ]
    assert caller.get("/work-plans", {"month": "2010-01"}).json()["items"] == []
    assert caller.get("/work-plans", {"month": "2026-13"}).status_code == 422
    assert [row["id"] for row in caller.get("/work-items", {"month": month}).json()["items"]] == [
        stage.work_item.pk
    ]
    assert caller.get("/work-items", {"overdue": "true"}).json()["items"] == []
    WorkItem.objects.update(due_on=dt.date(2020, 1, 1))
    assert [row["is_overdue"] for row in caller.get("/work-items", {"overdue": "true"}).json()["items"]] == [
        True
    ]


def test_commitments_are_those_of_the_public_page(stage, call):
    rows = call("office").get("/officer-commitments").json()["items"]
    assert [(row["id"], row["status"], [line["text"] for line in row["lines"]]) for row in rows] == [
        (stage.promise.pk, "published", ["当日回复来电"])
    ]
    OfficerCommitment.objects.update(status="withdrawn")
    assert call("office").get("/officer-commitments").json()["items"] == []
    assert call("office").get(f"/officer-commitments/{stage.promise.pk}").status_code == 404
