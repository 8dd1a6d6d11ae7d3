"""Every page: the happy path, the outsider (404), the powerless (403), the stale page, htmx as page, no N+1."""

import datetime as dt
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from bihuan.accounts.scope import place_of
from bihuan.campaigns import actions
from bihuan.campaigns.board import Board, middle
from bihuan.campaigns.models import Assignment, Campaign, PlanDocument, Task
from bihuan.duties.actions import open_duty
from bihuan.duties.models import Duty
from bihuan.tally.actions import record as tally
from bihuan.tally.models import Delta

from .plans import TEXT, check_off, make_campaign, make_draft, task, unit

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def office(client, people):
    client.force_login(people.office)
    return client


def post(client, name, *args, data=None, htmx=False):
    return client.post(reverse(f"campaigns:{name}", args=args), data or {}, headers=HTMX if htmx else {})


# --- who may enter ---

PLAN_PAGES = ["workbench", "head", "publish"]


@pytest.mark.parametrize("page", PLAN_PAGES)
def test_plan_pages_by_person(client, draft, people, page):
    url = reverse(f"campaigns:{page}", args=[draft.pk])
    expected = {
        "office": 200,
        "county_office": 404,
        "housing": 403,
        "qingshi_officer": 403,
        "shop": 403,
    }
    for login, status in expected.items():
        client.force_login(getattr(people, login))
        assert client.get(url).status_code == status, login


@pytest.mark.parametrize("page", ["list", "import_plan", "plans"])
def test_entry_pages_by_person(client, people, world, page):
    url = reverse(f"campaigns:{page}")
    expected = {"office": 200, "housing": 200, "inspector": 200, "shop": 403}
    if page != "list":
        expected |= {"housing": 403, "inspector": 403}
    for login, status in expected.items():
        client.force_login(getattr(people, login))
        assert client.get(url).status_code == status, login


def test_running_pages_by_person(client, campaign, people):
    phase, found = campaign.phases.first(), campaign.tasks.first()
    urls = [
        campaign.get_absolute_url(),
        reverse("campaigns:tasks", args=[campaign.pk]),
        reverse("campaigns:breakdown", args=[campaign.pk]),
        phase.get_absolute_url(),
        found.get_absolute_url(),
    ]
    for login in (
        "office",
        "office_leader",
        "housing",
        "market",
        "qingshi_officer",
        "county_office",
        "inspectorate",
    ):
        client.force_login(getattr(people, login))
        for url in urls:
            assert client.get(url).status_code == 200, (login, url)
    client.force_login(people.shop)
    for url in urls:
        assert client.get(url).status_code == 403, url


def test_a_county_campaign_is_unknown_elsewhere(client, world, people):
    document = actions.import_plan(
        actions.read_plan(TEXT.encode(), "a.txt"), by=people.county_office, region=world.regions.yunxi
    )
    actions.match_unit(document.units.get(name="市燃气协会"), by=people.county_office, group="ignored")
    for item in document.items.filter(state="proposed"):
        actions.confirm_item(item, version=item.version, by=people.county_office)
    campaign = actions.publish(document, by=people.county_office)
    heyan = world.posts["outsider"]
    heyan.organization = world.organizations.heyan
    heyan.save()
    client.force_login(people.outsider)
    assert client.get(campaign.get_absolute_url()).status_code == 404
    assert client.get(campaign.tasks.first().get_absolute_url()).status_code == 404
    client.force_login(people.office)
    assert client.get(campaign.get_absolute_url()).status_code == 200


def test_acts_by_the_powerless_are_refused(client, campaign, people):
    phase, found = campaign.phases.first(), campaign.tasks.first()
    client.force_login(people.housing)
    assert post(client, "phase_move", phase.pk, "close").status_code == 403
    assert post(client, "gate", phase.pk).status_code == 403
    assert post(client, "confirm_reported", found.pk).status_code == 403
    assert client.get(reverse("campaigns:checklist", args=[found.pk])).status_code == 403
    client.force_login(people.county_office)
    assert post(client, "phase_move", phase.pk, "close").status_code == 403


# --- import ---


def test_a_dropped_file_opens_on_the_workbench(office):
    file = SimpleUploadedFile("方案.txt", TEXT.encode())
    answer = office.post(reverse("campaigns:import_plan"), {"file": file})
    document = PlanDocument.objects.get()
    assert answer["Location"] == document.get_absolute_url()


def test_pasted_text_works_like_a_file(office):
    office.post(reverse("campaigns:import_plan"), {"text": TEXT})
    assert PlanDocument.objects.get().file.name == "粘贴的方案.txt"


def test_nothing_given_and_nothing_readable_are_said_in_words(office):
    answer = post(office, "import_plan")
    assert (answer.status_code, "请选择一个方案文件" in answer.text) == (422, True)
    answer = office.post(
        reverse("campaigns:import_plan"), {"file": SimpleUploadedFile("a.docx", b"PK\x03\x04broken")}
    )
    assert (answer.status_code, "没有导入" in answer.text) == (422, True)
    assert not PlanDocument.objects.exists()


def test_the_same_file_twice_is_a_warning_with_a_link(office, draft):
    def send(**more):
        file = SimpleUploadedFile("方案.txt", TEXT.encode())
        return office.post(reverse("campaigns:import_plan"), {"file": file, **more})

    answer = send()
    assert answer.status_code == 422
    assert "已经导入过" in answer.text
    assert draft.get_absolute_url() in answer.text
    send(again="1")
    assert PlanDocument.objects.count() == 2


# --- workbench ---


def test_the_workbench_shows_source_and_structure_joined_by_spans(office, draft):
    page = office.get(draft.get_absolute_url()).text
    item = task(draft, "查充装管理")
    assert "5 项任务 · 已确认 <b>0</b>，" in page
    assert '<b class="down">1</b> 个单位未识别' in page
    assert (
        f'data-item-id="{item.pk}" data-kind="task" data-at="{item.whole[0]}" data-to="{item.whole[1]}"'
        in page
    )
    assert "牵头 市市场监管局" in page
    assert "属地 3 个乡镇街道" in page
    assert "配合 市燃气协会：待认定" in page


def form_of(client, draft, item) -> dict:
    """The edit form as a browser would send it back."""
    page = client.get(reverse("campaigns:item", args=[draft.pk, item.pk]))
    form, checks = page.context["form"], page.context["checks"]
    data = {name: form[name].value() for name in form.fields}
    data = {key: value for key, value in data.items() if value is not None}
    data |= {"version": page.context["version"]}
    if checks is not None:
        data |= {"checks-TOTAL_FORMS": len(checks.forms), "checks-INITIAL_FORMS": checks.initial_form_count()}
        for row in checks.forms:
            data |= {row.add_prefix(name): row[name].value() or "" for name in row.fields}
    return data


def test_an_edit_round_trips_and_confirms(office, draft):
    item = task(draft, "查充装管理")
    data = form_of(office, draft, item) | {"heading": "查充装站", "due": "2026-10-01", "confirm": "1"}
    answer = post(office, "item", draft.pk, item.pk, data=data)
    assert answer["Location"].endswith(f"#item-{item.pk}")
    before = item.data
    item.refresh_from_db()
    assert (item.data["heading"], item.data["due"], item.state) == ("查充装站", "2026-10-01", "confirmed")
    assert item.data["check_items"] == before["check_items"]
    assert item.data["territorial"] == before["territorial"]


@pytest.mark.parametrize("htmx", [True, False])
def test_a_stale_form_shows_both_versions_and_saves_nothing(office, draft, people, htmx):
    item = task(draft, "查充装管理")
    data = form_of(office, draft, item) | {"heading": "我的标题"}
    actions.edit_item(item, item.data | {"heading": "别人的标题"}, version=1, by=people.office)
    answer = post(office, "item", draft.pk, item.pk, data=data, htmx=htmx)
    assert answer.status_code == (422 if htmx else 409)
    assert "我的标题" in answer.text
    assert "别人的标题" in answer.text
    assert 'name="version" value="2"' in answer.text
    item.refresh_from_db()
    assert item.data["heading"] == "别人的标题"
    # Seen and meant: sent again with the version now shown, it is saved.
    post(office, "item", draft.pk, item.pk, data=data | {"version": 2})
    item.refresh_from_db()
    assert item.data["heading"] == "我的标题"


def card_of(page: str, item) -> str:
    found = re.search(rf'<article [^>]*id="item-{item.pk}".*?</article>', page, re.S)
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"| hx-swap-oob="true"', "", found[0])


def test_a_swapped_card_equals_the_card_on_the_page(office, draft):
    item = task(draft, "摸清底数")
    swapped = post(office, "move_item", draft.pk, item.pk, "confirm", data={"version": 1}, htmx=True).text
    assert "已确认" in card_of(swapped, item)
    assert 'id="progress"' in swapped
    assert card_of(swapped, item) == card_of(office.get(draft.get_absolute_url()).text, item)


def test_every_verb_works_as_a_plain_form(office, draft):
    install, filling = task(draft, "查违规安装"), task(draft, "查充装管理")
    survey = task(draft, "摸清底数")
    post(office, "move_item", draft.pk, survey.pk, "remove", data={"version": 1})
    survey.refresh_from_db()
    assert survey.state == "removed"
    post(office, "move_item", draft.pk, survey.pk, "restore", data={"version": 2})
    merge = {"version": 1, "other": filling.pk, "other_version": 1}
    post(office, "move_item", draft.pk, install.pk, "merge", data=merge)
    filling.refresh_from_db()
    assert filling.state == "removed"
    post(office, "move_item", draft.pk, install.pk, "split", data={"version": 2, "at": 1})
    assert draft.items.filter(kind="task").count() == 6
    answer = post(office, "add_item", draft.pk, data={"kind": "report", "passage": "每周五17时前"})
    added = draft.items.get(rule="hand")
    assert answer["Location"] == reverse("campaigns:item", args=[draft.pk, added.pk])


def test_a_stale_verb_is_said_and_changes_nothing(office, draft):
    item = task(draft, "摸清底数")
    answer = post(office, "move_item", draft.pk, item.pk, "remove", data={"version": 7}, htmx=True)
    assert "您的修改没有保存" in answer.text
    assert 'id="since"' in answer.text
    item.refresh_from_db()
    assert item.state == "proposed"


def test_units_are_identified_by_button_or_by_name(office, draft, world):
    name = unit(draft, "市燃气协会")
    post(office, "match_unit", draft.pk, name.pk, data={"meaning_words": "没有这个局"})
    name.refresh_from_db()
    assert not name.is_matched
    post(office, "match_unit", draft.pk, name.pk, data={"meaning_words": "云溪市市场监督管理局"})
    name.refresh_from_db()
    assert name.organization == world.organizations.market
    post(office, "match_unit", draft.pk, name.pk, data={"meaning": "ignored"})
    name.refresh_from_db()
    assert (name.group, name.organization) == ("ignored", None)


def test_the_workbench_works_the_whole_way_to_publishing(office, draft, world):
    page = office.get(reverse("campaigns:publish", args=[draft.pk])).text
    assert "10 项还没有人核对" in page
    titles = {"title": "云溪市餐饮整治", "short_title": "餐饮整治"}
    post(office, "publish", draft.pk, data=titles)
    assert not Campaign.objects.exists()
    check_off(draft, world)
    answer = post(office, "publish", draft.pk, data=titles)
    campaign = Campaign.objects.get()
    assert answer["Location"] == campaign.get_absolute_url()
    assert campaign.short_title == "餐饮整治"
    post(office, "publish", draft.pk, data=titles)
    assert Campaign.objects.count() == 1
    assert "只能查看" in office.get(draft.get_absolute_url()).text


# --- running ---


def count(campaign, work, locality="539702001", department=0, **metrics):
    tally(
        Delta(
            day=timezone.localdate(), campaign_id=campaign.pk, task_id=work.pk, department_id=department,
            city_id="5397", county_id=locality[:6], locality_id=locality, subject="test", **metrics,
        )
    )  # fmt: skip


def test_the_campaign_page_counts_and_every_number_opens(office, campaign):
    install = Task.objects.get(heading="查违规安装")
    count(campaign, install, covered=1, found=8, closed=6, overdue=1, found_major=2, closed_major=1)
    page = office.get(campaign.get_absolute_url()).text
    ledger = reverse("hazards:ledger")
    assert f'href="{ledger}?campaign={campaign.pk}&amp;state=overdue"' in page
    assert f"{ledger}?campaign={campaign.pk}&amp;region=539702001&amp;task={install.pk}" in page
    assert '<td class="heat-poor" title="查出 8 项，已改 6">' in page
    assert "目标 95% · 差 2 项" in page
    assert "关口：4 项未满足" in page
    covered = office.get(campaign.get_absolute_url(), {"metric": "coverage"}).text
    assert '<td class="heat-best" title="应查 1 户次，已查 1">' in covered


def owe(subject, title, days, world, *, kind=Duty.Kind.REPORT):
    """A duty of the city's housing bureau about `subject`, due in `days`."""
    bureau, today = world.organizations.housing, timezone.localdate()
    open_duty(
        kind=kind, subject=subject, title=title, url=f"/{title}/", organization=bureau, place=place_of(bureau.region),
        by=world.people.office, due_on=today + dt.timedelta(days=days),
    )  # fmt: skip


def test_whom_to_press_is_asked_of_this_campaign_alone(campaign, people, world):
    other = make_campaign(world, TEXT + "\n")
    assert other.pk != campaign.pk
    Duty.objects.open().update(due_on=timezone.localdate() + dt.timedelta(days=90))
    owe(Assignment.objects.filter(task__campaign=campaign).first(), "本行动的任务", -2, world)
    owe(campaign.phases.first(), "本行动的阶段", 0, world, kind=Duty.Kind.PHASE)
    owe(Assignment.objects.filter(task__campaign=campaign).last(), "本行动还早的任务", 8, world)
    owe(Assignment.objects.filter(task__campaign=other).first(), "别的行动的任务", -5, world)
    owe(other.phases.first(), "别的行动的阶段", -5, world, kind=Duty.Kind.PHASE)
    owe(world.enterprises.shop, "一家企业的事", -5, world)
    rows = Board(campaign, people.office, on=timezone.localdate()).pressing()
    owed = [(row["badge"], row["title"]) for row in rows if row.get("due") and row["badge"] != "无人承办"]
    assert owed == [("逾期 2 天", "本行动的任务"), ("今天到期", "本行动的阶段")]


def test_everyone_counts_their_own_part(campaign, people, world):
    install = Task.objects.get(heading="查违规安装")
    count(campaign, install, found=8, department=world.organizations.housing.pk)
    count(campaign, install, locality="539702101", found=3, department=world.organizations.market.pk)
    found = {
        login: Board(campaign, getattr(people, login), on=timezone.localdate()).figures.found
        for login in (
            "office",
            "county_office",
            "qingshi_officer",
            "outsider",
            "housing",
            "market",
            "inspectorate",
        )
    }
    assert found == {
        "office": 11, "county_office": 11, "qingshi_officer": 8, "outsider": 3, "housing": 8, "market": 3,
        "inspectorate": 11,
    }  # fmt: skip


def test_totals_of_the_whole_campaign_are_for_those_who_may_count_it(client, campaign, people):
    phase = campaign.phases.first()
    for login, sees in {
        "office": True,
        "inspectorate": True,
        "qingshi_officer": False,
        "housing": False,
    }.items():
        client.force_login(getattr(people, login))
        for url in (phase.get_absolute_url(), campaign.get_absolute_url()):
            assert ("应查 2 户次" in client.get(url).text) == sees, (login, url)


def test_localities_and_departments_see_their_own_shares_first(client, campaign, people):
    client.force_login(people.qingshi_officer)
    page = client.get(campaign.get_absolute_url()).text
    assert "本单位承担" in page
    assert "本单位要办的任务" in client.get(reverse("campaigns:list")).text


def test_reporting_confirming_and_sending_back_on_the_task_page(client, campaign, people, world):
    share = Assignment.objects.get(task__heading="查充装管理", organization=world.organizations.qingshi)
    url = share.task.get_absolute_url()
    client.force_login(people.qingshi_officer)
    assert reverse("campaigns:assignment", args=[share.pk, "report"]) in client.get(url).text
    post(client, "assignment", share.pk, "report", data={"note": "已查完"})
    share.refresh_from_db()
    assert share.status == "reported"
    assert post(client, "assignment", share.pk, "confirm").status_code == 403
    client.force_login(people.office)
    assert "1 个单位已报完成" in client.get(url).text
    post(client, "confirm_reported", share.task_id)
    share.refresh_from_db()
    assert share.status == "confirmed"


def test_a_wrong_person_on_a_share_gets_403_a_wrong_state_a_message(client, campaign, people, world):
    share = Assignment.objects.get(task__heading="查充装管理", organization=world.organizations.qingshi)
    client.force_login(people.market)
    assert post(client, "assignment", share.pk, "report", data={"note": "x"}).status_code == 403
    client.force_login(people.office)
    answer = client.post(reverse("campaigns:assignment", args=[share.pk, "confirm"]), follow=True)
    assert "状态已变化" in answer.text
    assert post(client, "assignment", share.pk, "destroy").status_code == 404


def test_the_phase_page_says_why_it_cannot_be_closed(office, campaign):
    phase = campaign.phases.first()
    page = office.get(phase.get_absolute_url()).text
    assert "覆盖率 0%，低于 100%：应查 2 户次，已查 0，还差 2" in page
    answer = office.post(reverse("campaigns:phase_move", args=[phase.pk, "close"]), follow=True)
    assert "关口还有 2 项未满足" in answer.text
    gate = {"coverage": "", "rectification": "95", "overdue": "0", "major_open": "", "tasks_done": ""}
    post(office, "gate", phase.pk, data=gate)
    office.post(reverse("campaigns:phase_move", args=[phase.pk, "close"]))
    phase.refresh_from_db()
    assert phase.status == "closed"
    assert post(office, "gate", phase.pk, data={"coverage": "-3"}).status_code == 422


def test_the_checklist_is_revised_from_the_one_in_force(office, campaign):
    found = Task.objects.get(heading="查违规安装")
    url = reverse("campaigns:checklist", args=[found.pk])
    assert "餐饮企业连接软管长度超过2米" in office.get(url).text
    data = {"version": 1, "checks-TOTAL_FORMS": 2, "checks-INITIAL_FORMS": 0}
    data |= {
        "checks-0-text": "软管不超过 2 米",
        "checks-0-dispositions": "限期改正 → 停业整顿",
        "checks-1-text": "",
    }
    assert office.post(url, data)["Location"] == found.get_absolute_url()
    latest = found.checklists.first()
    assert (latest.version, latest.items.get().dispositions) == (2, ["限期改正", "停业整顿"])
    assert office.post(url, data).status_code == 422  # version 1 is no longer the latest


def test_the_breakdown_is_a_workbook_and_on_record(office, campaign):
    answer = office.get(reverse("campaigns:breakdown", args=[campaign.pk]))
    assert answer.content.startswith(b"PK")
    assert "%E4%BB%BB%E5%8A%A1" in answer["Content-Disposition"]


def text_of(tasks: int) -> str:
    rows = "\n".join(
        f"{n}.查项目{n}。餐饮企业存在问题{n}的，责令限期改正。（市住房和城乡建设局牵头，各乡镇（街道）按职责分工负责）"
        for n in range(1, tasks + 1)
    )
    return f"云溪市测试{tasks}专项整治工作实施方案\n一、主要任务\n（一）排查整治\n{rows}\n2026年7月24日\n"


@pytest.mark.parametrize("name", ["detail", "tasks", "breakdown"])
def test_pages_take_as_many_queries_for_thirty_tasks_as_for_three(office, world, name):
    needed = []
    for number in (3, 30):
        campaign = make_campaign(world, text_of(number))
        assert campaign.tasks.count() == number
        url = reverse(f"campaigns:{name}", args=[campaign.pk])
        office.get(url)
        with CaptureQueriesContext(connection) as queries:
            assert office.get(url).status_code == 200
        needed.append(len(queries))
    assert needed[0] == needed[1]


def test_the_workbench_takes_as_many_queries_for_thirty_tasks_as_for_three(office, world):
    needed = []
    for number in (3, 30):
        document = make_draft(world, text_of(number))
        office.get(document.get_absolute_url())
        with CaptureQueriesContext(connection) as queries:
            office.get(document.get_absolute_url())
        needed.append(len(queries))
    assert needed[0] == needed[1]


def test_the_label_of_an_area_stands_in_its_middle():
    assert middle([[0, 0], [4, 0], [4, 2], [0, 2]]) == (2.0, 1.0)
    assert middle([[1, 1], [3, 3]]) == (2.0, 2.0)
