"""Pages of returns: every one opens for those who may, filing through the form, the page behind a figure."""

from __future__ import annotations

import datetime as dt
import json
from importlib.resources import files

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from bihuan.accounts.actions.security import create_token
from bihuan.accounts.tests.world import sign_in
from bihuan.hazards.models import Hazard
from bihuan.hazards.tests.factories import make_closed, make_hazard, make_major
from bihuan.returns import actions
from bihuan.returns.figures import figures_of
from bihuan.returns.models import Definition
from bihuan.returns.shipped import shipped

from .factories import content, make_period, return_of

pytestmark = pytest.mark.django_db
SEPTEMBER = dt.datetime(2026, 9, 10, 10, tzinfo=dt.timezone(dt.timedelta(hours=8)))
OCTOBER = dt.datetime(2026, 10, 2, 9, tzinfo=dt.timezone(dt.timedelta(hours=8)))


@pytest.fixture
def period(world):
    with time_machine.travel(SEPTEMBER, tick=False):
        make_closed(world)
        make_major(world)
    with time_machine.travel(OCTOBER, tick=False):
        yield make_period(world, dt.date(2026, 9, 1))


@pytest.fixture
def record(world, period):
    return return_of(period, world.organizations.qingshi)


def test_filing_through_the_page(client, world, record):
    sign_in(client, world.people.qingshi_officer)
    assert record.period.label in client.get(reverse("returns:list")).content.decode()
    page = client.get(record.get_absolute_url()).content.decode()
    assert "查出隐患" in page
    assert "签字报送" in page
    wrong = client.post(reverse("returns:save", args=[record.pk]), {"figure.trained": "很多", "sign": "1"})
    assert wrong.status_code == 422
    assert "不是数" in wrong.content.decode()
    done = client.post(
        reverse("returns:save", args=[record.pk]),
        {"figure.trained": "12", "words": "本月培训", "sign": "1"},
        follow=True,
    )
    page = done.content.decode()
    assert "为什么锁定" in page
    assert "本月培训" in page
    sheet = figures_of(return_of(record.period, world.organizations.qingshi))
    behind = client.get(sheet.whole("found").url)
    assert "气瓶间与厨房连通" in behind.content.decode()
    assert "与报表的数一致" in behind.content.decode()
    assert client.get(sheet.whole("rate").url).status_code == 200
    assert client.get(sheet.whole("trained").url).status_code == 200


def test_evidence_goes_with_its_figure(client, world, period):
    definition = period.definition
    changed = content()
    changed["items"][-1] |= {"optional": False, "evidence": "required"}
    actions.publish_version(definition, changed, "培训要附签到表", by=world.people.office)
    with time_machine.travel(OCTOBER + dt.timedelta(days=31), tick=False):
        actions.open_due(dt.datetime(2026, 11, 2, tzinfo=dt.UTC))
        october = definition.periods.get(first=dt.date(2026, 10, 1))
        record = return_of(october, world.organizations.qingshi)
        sign_in(client, world.people.qingshi_officer)
        address = reverse("returns:save", args=[record.pk])
        missing = client.post(address, {"figure.trained": "12", "sign": "1"})
        assert "须附佐证材料" in missing.content.decode()
        paper = SimpleUploadedFile("签到表.csv", "姓名\n张三\n".encode(), "text/csv")
        client.post(address, {"figure.trained": "12", "evidence.trained": paper, "sign": "1"})
        record = return_of(october, world.organizations.qingshi)
        assert record.current is not None


def test_what_is_restated_is_said_on_the_page(client, world, record):
    actions.sign_return(record, by=world.people.qingshi_officer, now=OCTOBER - dt.timedelta(hours=1))
    make_hazard(world, found_on=dt.date(2026, 9, 29), description="后来补录的隐患")
    sign_in(client, world.people.office)
    page = client.get(record.get_absolute_url()).content.decode()
    assert "更正差异" in page
    sheet = figures_of(return_of(record.period, world.organizations.qingshi))
    address = sheet.whole("found").url
    assert "后来补录的隐患" not in client.get(address).content.decode()
    assert "后来补录的隐患" in client.get(f"{address}?side=added").content.decode()
    assert "后来补录的隐患" in client.get(f"{address}?side=now").content.decode()
    assert "没有记录" in client.get(f"{address}?side=gone").content.decode()
    client.post(reverse("returns:recheck", args=[record.pk]))
    period = client.get(record.period.get_absolute_url()).content.decode()
    assert "与台账有出入" in period


def test_the_office_collects_sends_back_and_accepts(client, world, period, record):
    actions.sign_return(record, by=world.people.qingshi_officer)
    sign_in(client, world.people.office)
    page = client.get(period.get_absolute_url()).content.decode()
    for words in ("待报（未到截止） 4", "乡镇街道合计", "1/3"):
        assert words in page
    assert client.get(reverse("returns:collecting")).status_code == 200
    back = client.post(reverse("returns:move", args=[record.pk, "send_back"]), {"point.|found": "漏了一条"})
    assert back.status_code == 302
    record = return_of(period, world.organizations.qingshi)
    assert record.status == "sent_back"
    sign_in(client, world.people.qingshi_officer)
    assert "漏了一条" in client.get(record.get_absolute_url()).content.decode()
    client.post(reverse("returns:save", args=[record.pk]), {"reason": "已补", "sign": "1"})
    sign_in(client, world.people.office)
    client.post(reverse("returns:accept", args=[period.pk]))
    assert return_of(period, world.organizations.qingshi).status == "accepted"
    client.post(reverse("returns:urge", args=[period.pk]))
    for name in ("compare", "print", "sheet"):
        assert client.get(reverse(f"returns:{name}", args=[record.pk])).status_code == 200
    assert client.get(reverse("returns:period_export", args=[period.pk])).status_code == 200


def test_a_sum_opens_the_bodies_it_is_made_of_and_the_own_figure_its_rows(client, world, period, record):
    filing = actions.sign_return(record, by=world.people.qingshi_officer)
    sign_in(client, world.people.office)
    shown = client.get(period.get_absolute_url()).content.decode()
    address = reverse("returns:summed", args=[period.pk])
    assert f"{address}?row=locality&amp;item=found" in shown
    summed = client.get(f"{address}?row=locality&item=found").content.decode()
    assert f"{filing.code}-" in summed
    assert summed.count("未计入") == 2  # the two localities that have not signed
    own = client.get(f"{address}?row=own&item=found")
    numbers = {each.number for each in Hazard.objects.filter(found_on__range=period.span)}
    assert numbers
    assert all(number in own.content.decode() for number in numbers)
    rate = client.get(f"{address}?row=own&item=rate").content.decode()
    assert "?row=own&amp;item=found" in rate
    for wrong in ("row=own&item=nothing", "row=nobody&item=found", ""):
        assert client.get(f"{address}?{wrong}").status_code == 404


def test_a_move_without_a_reason_keeps_the_page(client, world, record):
    actions.sign_return(record, by=world.people.qingshi_officer)
    sign_in(client, world.people.office)
    answer = client.post(reverse("returns:move", args=[record.pk, "unlock"]), {"reason": ""})
    assert answer.status_code == 422
    assert "须填写理由" in answer.content.decode()
    client.post(reverse("returns:move", args=[record.pk, "unlock"]), {"reason": "发现漏报"})
    assert "发现漏报" in client.get(record.get_absolute_url()).content.decode()
    client.post(reverse("returns:move", args=[record.pk, "relock"]), {"reason": "没有漏报"})
    assert client.post(reverse("returns:move", args=[record.pk, "sign"])).status_code == 404
    assert client.post(reverse("returns:move", args=[record.pk, "withdraw"])).status_code == 403


def test_upper_and_lower_that_contradict_each_other_are_named(client, world):
    with time_machine.travel(SEPTEMBER, tick=False):
        make_hazard(world)
    with time_machine.travel(OCTOBER, tick=False):
        period = make_period(world, dt.date(2026, 9, 1), owers=["locality", "office"])
        for name in ("qingshi", "baita"):
            record = return_of(period, getattr(world.organizations, name))
            actions.sign_return(record, by=getattr(world.people, f"{name}_leader"), zero=True)
        make_hazard(world, found_on=dt.date(2026, 9, 29))
        county = return_of(period, world.organizations.county_office)
        actions.sign_return(county, by=world.people.county_office)
        sign_in(client, world.people.office)
        page = client.get(period.get_absolute_url()).content.decode()
        assert "上下级不一致" in page
        assert "区安委办" in page


def test_definitions_by_hand_shipped_and_carried_over(client, world):
    sign_in(client, world.people.office)
    assert "日调度表" in client.get(reverse("returns:definitions")).content.decode()
    for spec in shipped():
        assert client.get(reverse("returns:shipped", args=[spec.key])).status_code == 200
        assert client.get(f"{reverse('returns:create')}?from={spec.key}").status_code == 200
    client.post(reverse("returns:shipped", args=["weekly.circular"]), {"starts_on": "2026-09-01"})
    definition = Definition.objects.get(key="weekly.circular")
    for name in ("definition", "trial", "edit", "layout"):
        assert client.get(reverse(f"returns:{name}", args=[definition.pk])).status_code == 200
    layout = json.loads(client.get(reverse("returns:layout", args=[definition.pk])).content)
    layout["key"], layout["name"] = "weekly.copy", "抄来的周报"
    file = SimpleUploadedFile("周报.json", json.dumps(layout).encode())
    client.post(reverse("returns:bring"), {"file": file})
    assert Definition.objects.get(key="weekly.copy").state == "draft"
    bad = SimpleUploadedFile("坏.json", b"[1, 2")
    assert (
        "不是报表定义文件"
        in client.post(reverse("returns:bring"), {"file": bad}, follow=True).content.decode()
    )
    posted = {
        "name": "自己的表", "key": "own.table", "period": "month", "anchor": "1", "owers": ["locality"], "days": "3",
        "unit": "working", "signer": "officer", "source": "本办要求", "lines": "2", "item.0.label": "查出", "item.0.key": "found",
        "item.0.measure": "hazards.found", "item.0.window": "period", "item.0.filter": "level=major", "item.1.label": "宣传",
        "item.1.key": "told", "item.1.unit": "次", "checks": "found >= 0 | 不为负 | 核对",
    }  # fmt: skip
    wrong = client.post(reverse("returns:create"), posted | {"checks": "found >= | 错"})
    assert wrong.status_code == 422
    assert "勾稽关系" in wrong.content.decode()
    client.post(reverse("returns:create"), posted)
    own = Definition.objects.get(key="own.table")
    spec = actions.spec_of_version(actions.current_version(own))
    assert [item.how for item in spec.items] == ["取数", "填报"]
    assert spec.items[0].filters == {"level": ("major",)}
    assert 'value="隐患等级：重大"' in client.get(reverse("returns:edit", args=[own.pk])).content.decode()
    client.post(reverse("returns:edit", args=[own.pk]), posted | {"note": "加一条", "days": "4"})
    assert own.versions.count() == 2
    client.post(reverse("returns:start", args=[own.pk]), {"starts_on": "2026-09-01"})
    own.refresh_from_db()
    assert own.state == "in_force"
    client.post(reverse("returns:stop", args=[own.pk]), {"reason": "并入月报"})
    own.refresh_from_db()
    assert own.state == "stopped"


def test_every_shipped_definition_can_be_tried_by_every_kind_of_body(client, world):
    sign_in(client, world.people.office)
    for spec in shipped():
        if spec.period == "campaign":
            continue
        definition = actions.adopt(spec.key, world.organizations.office, by=world.people.office)
        for body in (world.organizations.qingshi, world.organizations.housing, world.organizations.office):
            address = reverse("returns:trial", args=[definition.pk])
            assert client.get(address, {"body": body.pk}).status_code == 200, spec.key


def test_the_total_of_a_shipped_table_is_that_of_its_rows():
    """Who reads 合计 adds the rows up: every kind that is counted in the total stands in exactly one of them."""
    text = files("bihuan.registry").joinpath("data/kinds.json").read_text("utf-8")
    kinds = {row["key"] for row in json.loads(text)}
    tables = 0
    for spec in shipped():
        for block in spec.blocks:
            if block.dimension != "kind" or not block.groups:
                continue
            tables += 1
            shown = [kind for group in block.groups for kind in group.values]
            assert len(shown) == len(set(shown)), spec.key
            for item in spec.items:
                if item.measure:
                    assert set(item.filters.get("kind", kinds)) == set(shown), (spec.key, item.key)
    assert tables >= 6


def test_the_national_table_leaves_out_what_belongs_to_the_other_one(client, world, period):
    """Layout one is of industry: restaurants, of which both hazards are, stand in the other table."""
    definition = actions.adopt("hazards.national.1", world.organizations.office, by=world.people.office)
    sign_in(client, world.people.office)
    address = reverse("returns:trial", args=[definition.pk])
    kinds = set(Hazard.objects.values_list("kind", flat=True))
    sheet = client.get(address, {"body": world.organizations.office.pk}).context["sheet"]
    assert kinds == {"restaurant"}
    assert sheet.cells["total|major"] == sheet.cells["total|units"] == 0
    other = actions.adopt("hazards.national.2", world.organizations.office, by=world.people.office)
    address = reverse("returns:trial", args=[other.pk])
    sheet = client.get(address, {"body": world.organizations.office.pk}).context["sheet"]
    assert sheet.cells["total|major"] == sheet.cells["crowded|major"] == 1


def test_outsiders_see_nothing_and_the_powerless_are_told(client, world, record):
    sign_in(client, world.people.outsider)
    assert client.get(record.get_absolute_url()).status_code in (403, 404)
    sign_in(client, world.people.baita_leader)
    assert client.get(record.get_absolute_url()).status_code == 404
    assert client.get(reverse("returns:create")).status_code == 403
    sign_in(client, world.people.shop)
    assert client.get(reverse("returns:list")).status_code == 403


def test_the_list_and_the_period_cost_the_same_however_many(
    client, world, period, django_assert_max_num_queries
):
    sign_in(client, world.people.office)
    for address in (reverse("returns:list"), reverse("returns:collecting"), period.get_absolute_url()):
        client.get(address)
        with django_assert_max_num_queries(60):
            client.get(address)


def test_another_system_reads_returns_through_the_interface(client, world, record):
    actions.sign_return(record, by=world.people.qingshi_officer)
    _, token = create_token(world.people.office, name="上级平台", expires_on=dt.date(2026, 10, 30))
    read = {"headers": {"Authorization": f"Bearer {token}"}}
    rows = client.get("/api/v1/returns?status=signed", **read).json()["items"]
    assert [(row["id"], row["definition"], row["first"]) for row in rows] == [
        (record.pk, "test.month", "2026-09-01")
    ]
    found = client.get(f"/api/v1/returns/{record.pk}", **read).json()
    assert {each["item"]: each["value"] for each in found["figures"]}["found"] == "2"
    assert client.get("/api/v1/returns?late=true", **read).json()["items"] == []


def test_the_burden_tells_what_was_asked_and_what_the_ledger_knew(world, period, client):
    """Eight items, one of them written by hand; five bodies owe one return each."""
    client.force_login(world.people.office)
    address = reverse("returns:burden")
    text = client.get(f"{address}?month=2026-09").content.decode()
    assert "共 5 张表、40 项，其中自动取数 35 项（占 87.5%），要人写 5 项。" in text
    body = world.organizations.qingshi
    rows = client.get(f"{reverse('returns:list')}?whose=all&body={body.pk}&month=2026-09").content.decode()
    assert return_of(period, body).get_absolute_url() in rows
    assert return_of(period, world.organizations.baita).get_absolute_url() not in rows
    assert "这个月没有报送" in client.get(f"{address}?month=2026-08").content.decode()
    assert client.get(f"{address}?month=x").status_code == 200


def test_a_body_sees_its_own_burden_only(world, period, client):
    client.force_login(world.people.qingshi_officer)
    text = client.get(f"{reverse('returns:burden')}?month=2026-09").content.decode()
    assert "共 1 张表、8 项" in text
    assert "白塔镇" not in text
