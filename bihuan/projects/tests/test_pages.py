"""Pages: figures open their rows, constant queries, bad input told in words, tables land whole, exports."""

from __future__ import annotations

import io
from decimal import Decimal

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bihuan.accounts.tests.world import World, sign_in
from bihuan.attachments.imports import begin, start_batch
from bihuan.batches.tests.factories import make_batch
from bihuan.campaigns.extras import extras_for
from bihuan.inspections.tests.factories import make_campaign
from bihuan.projects import actions
from bihuan.projects.importing import SPECS, ProjectImporter
from bihuan.projects.models import CareHousehold, Project
from bihuan.registry.panels import panels_for

from . import factories as made

pytestmark = pytest.mark.django_db
HEADINGS = ["项目名称", "项目种类", "地区", "牵头部门", "建设单位", "建设理由", "管道长度（公里）", "估算投资（元）", "市县财政（元）",
            "企业自筹（元）", "计划开工", "计划完工"]  # fmt: skip


def asked(client, world: World, name: str, who: str = "office", *args, **query) -> str:
    sign_in(client, getattr(world.people, who))
    response = client.get(reverse(name, args=args), query)
    assert response.status_code == 200, response
    return response.content.decode()


@pytest.mark.parametrize("name", ["projects:list", "projects:figures", "projects:reports", "projects:care"])
def test_queries_do_not_grow_with_the_rows(client, world: World, name: str) -> None:
    who = "housing"
    project = made.started(world)
    actions.mark_household(
        project, locality=world.regions.qingshi, name="潘某某", address="8 号", kinds=["elderly"], visitor="郑守一",
        by=world.people.housing,
    )  # fmt: skip
    actions.ask_report(project, made.today().replace(day=1), by=world.people.housing)
    asked(client, world, name, who)
    with CaptureQueriesContext(connection) as few:
        asked(client, world, name, who)
    for number in range(4):
        more = made.started(world, name=f"项目{number}")
        actions.mark_household(
            more, locality=world.regions.qingshi, name="潘某某", address="8 号", kinds=["elderly"], visitor="郑守一",
            by=world.people.housing,
        )  # fmt: skip
        actions.ask_report(more, made.today().replace(day=1), by=world.people.housing)
    with CaptureQueriesContext(connection) as many:
        asked(client, world, name, who)
    assert len(many) <= len(few) + 1


def test_a_fund_and_a_ledger_of_many_lines_ask_no_more(
    client, world: World, django_assert_max_num_queries
) -> None:
    account = made.fund(world, training=1000)
    for number in range(30):
        actions.grant(
            account,
            "training",
            Decimal(1),
            happened_on=made.today(),
            document=f"追加{number}",
            by=world.people.office,
        )
    project = made.funded(world)
    for number in range(30):
        made.line(world, project, "local", "receive", 10, document=f"凭{number}")
    sign_in(client, world.people.office)
    with django_assert_max_num_queries(45):
        client.get(account.get_absolute_url())
    with django_assert_max_num_queries(45):
        client.get(reverse("projects:money", args=[project.pk]))


def test_figures_of_the_list_open_their_rows(client, world: World) -> None:
    made.started(world)
    made.reserved(world, name="还在储备")
    page = asked(client, world, "projects:list")
    assert "?&amp;state=pool" in page or "state=pool" in page
    pool = asked(client, world, "projects:list", state="pool")
    assert "还在储备" in pool
    assert "幸福路中压管道更新" not in pool
    figures = asked(client, world, "projects:figures")
    assert "青石街道" in figures
    assert "state=live" in figures


def test_every_page_of_a_project_opens_for_whoever_is_concerned(client, world: World) -> None:
    project = made.handed(world)
    made.line(world, project, "local", "receive", 1000)
    actions.set_milestone(project, name="通气", due_on=made.later(5), by=world.people.housing)
    for who in (
        "office",
        "office_leader",
        "housing",
        "housing_leader",
        "qingshi_officer",
        "inspector",
        "shop",
        "inspectorate",
    ):
        page = asked(client, world, "projects:detail", who, project.pk)
        assert "通气条件" in page
        asked(client, world, "projects:money", who, project.pk)


def test_an_object_along_the_works_sees_no_money(client, world: World) -> None:
    project = made.reserved(world, owner=None, owner_name="建设中心", taker=None)
    actions.link_objects(project, [world.enterprises.shop], by=world.people.housing)
    page = asked(client, world, "projects:detail", "shop", project.pk)
    assert "1,000,000.00" not in page
    sign_in(client, world.people.shop)
    assert client.get(reverse("projects:money", args=[project.pk])).status_code == 403


def test_bad_input_is_told_in_words_and_kept(client, world: World) -> None:
    sign_in(client, world.people.housing)
    response = client.post(
        reverse("projects:create"), {"name": "甲", "estimate": "-1", "finish_on": "0001-01-01"}
    )
    assert response.status_code == 422
    project = made.funded(world)
    url = reverse("projects:money", args=[project.pk])
    source = project.sources.get(kind="local")
    wrong = {
        "source": source.pk,
        "kind": "spend",
        "amount": "10",
        "happened_on": made.today(),
        "document": "凭",
        "payee": "某",
    }
    response = client.post(url, wrong)
    assert response.status_code == 422
    assert "到位未支出的只有 0.00 元，不能支出 10.00 元" in response.content.decode()
    assert client.post(url, wrong | {"source": "9" * 30}).status_code == 422
    assert client.get(reverse("projects:list"), {"cursor": "xx"}).status_code == 400
    assert (
        client.get(reverse("projects:list"), {"campaign": "9" * 40, "kind": "?", "region": "x"}).status_code
        == 200
    )
    act = reverse("projects:act", args=[project.pk, "hazards"])
    assert client.post(act, {"numbers": "一二三"}).status_code == 422
    assert client.post(act, {"numbers": "987654"}).status_code == 422
    assert client.post(reverse("projects:act", args=[project.pk, "nothing"])).status_code == 404


def test_names_of_households_are_masked_everywhere(client, world: World) -> None:
    project = made.reserved(world)
    household = actions.mark_household(
        project, locality=world.regions.qingshi, name="潘守望", address="幸福路 8 号", kinds=["elderly"], visitor="郑守一",
        by=world.people.qingshi_officer,
    )  # fmt: skip
    for name, args in (("projects:care", ()), ("projects:household", (household.pk,))):
        page = asked(client, world, name, "inspector", *args)
        assert "潘守望" not in page
        assert "幸福路 8 号" not in page
    url = reverse("projects:care_name", args=[household.pk])
    assert "潘守望" not in client.get(url).content.decode()
    assert "潘守望" in client.post(url, {"reason": "上门走访"}).content.decode()
    stored = (
        CareHousehold.objects.filter(pk=household.pk)
        .extra(select={"raw": "name"})
        .values_list("raw", flat=True)
    )
    assert "潘守望" not in str(stored[0])


def sheet(*rows) -> SimpleUploadedFile:
    book = openpyxl.Workbook()
    for row in ([*HEADINGS], *rows):
        book.active.append(list(row))
    out = io.BytesIO()
    book.save(out)
    return SimpleUploadedFile("项目清单.xlsx", out.getvalue())


GOOD = ["文昌街管道更新", "管道更新改造", "青石街道", "市住建局", "云溪区好味来面馆", "老旧漏损", "2.6", "900000", "400000", "500000",
        "2026-12-01", "2027-06-30"]  # fmt: skip


def imported(world: World, *rows, run):
    batch = start_batch(ProjectImporter.target, sheet(*rows), by=world.people.housing)
    with run(execute=True):
        begin(batch, batch.mapping, by=world.people.housing)
    batch.refresh_from_db()
    return batch


def test_a_table_lands_row_by_row_and_twice_changes_nothing(
    world: World, django_capture_on_commit_callbacks
) -> None:
    bad = [
        [*GOOD[:1], "地铁", *GOOD[2:]],
        ["甲", *GOOD[1:2], "外省某镇", *GOOD[3:]],
        ["乙", *GOOD[1:7], "十万", *GOOD[8:]],
        ["丙", *GOOD[1:7], "100", *GOOD[8:]],
        ["丁", *GOOD[1:10], "2027-12-01", "2027-06-30"],
    ]
    batch = imported(world, GOOD, *bad, run=django_capture_on_commit_callbacks)
    assert (batch.created, len(batch.errors)) == (1, 5)
    said = str(batch.errors)
    for words in ("地铁", "外省某镇", "不是数字", "超过估算投资", "早于计划开工"):
        assert words in said
    project = Project.objects.get()
    assert (project.owner, project.estimate, actions.shares_gap(project)) == (
        world.enterprises.shop,
        900000,
        0,
    )
    again = imported(world, GOOD, run=django_capture_on_commit_callbacks)
    assert (again.created, again.updated, again.unchanged) == (0, 0, 1)
    changed = imported(
        world, [*GOOD[:7], "950000", "450000", *GOOD[9:]], run=django_capture_on_commit_callbacks
    )
    assert (changed.updated, Project.objects.get().estimate) == (1, 950000)


def test_the_blank_table_knows_every_column(client, world: World) -> None:
    sign_in(client, world.people.office)
    response = client.get(reverse("projects:template"))
    page = openpyxl.load_workbook(io.BytesIO(response.content)).active
    heads = [str(cell.value).rstrip("*") for cell in page[1]]
    assert heads == [spec.label for spec in SPECS]


def test_the_list_and_the_fund_leave_as_sheets(client, world: World) -> None:
    made.funded(world)
    account = made.fund(world, training=1000)
    sign_in(client, world.people.office)
    for url in (reverse("projects:export"), f"{reverse('projects:export_funds')}?fund={account.pk}"):
        response = client.get(url)
        content = b"".join(response.streaming_content)
        rows = list(openpyxl.load_workbook(io.BytesIO(content)).active.values)
        text = str(rows)
        assert "幸福路中压管道更新" in text or "教育培训" in text


def test_a_campaign_and_an_enterprise_say_their_projects(client, world: World) -> None:
    campaign = make_campaign(world).campaign
    made.started(world, campaign=campaign)
    said = extras_for(campaign, world.people.office)
    labels = [each["label"] for each in said.stats]
    assert "工程项目完工验收" in labels
    assert "管道更新改造" in labels
    assert ("工程项目", f"{reverse('projects:list')}?campaign={campaign.pk}") in said.links
    panel = next(
        each for each in panels_for(world.enterprises.shop, world.people.housing) if each.title == "工程项目"
    )
    assert panel.rows[0].label == "幸福路中压管道更新"
    batch = make_batch(world, campaign)
    page = asked(client, world, "batches:detail", "housing", batch.pk)
    assert f"{reverse('projects:care')}?batch={batch.pk}" in page
