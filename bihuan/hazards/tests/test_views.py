"""The pages: who gets in, what they show, and that a form acts once."""

import datetime as dt
import io
import re
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook
from PIL import Image

from bihuan.audit.models import Event
from bihuan.hazards import actions
from bihuan.hazards.models import Hazard
from bihuan.hazards.tests.factories import (
    SIX_PARTS,
    make_accepting,
    make_closed,
    make_hazard,
    make_major,
    make_submitted,
)
from bihuan.tally.actions import fold_all

DAY = dt.timedelta(days=1)


def photo(name="after.jpg", colour="green"):
    out = io.BytesIO()
    Image.new("RGB", (64, 48), colour).save(out, "JPEG")
    return SimpleUploadedFile(name, out.getvalue(), "image/jpeg")


def act(client, hazard, key, data=None, *, seen=None, htmx=False, **files):
    """Send one form of the page as the browser would."""
    fields = {f"{key}-{name}": value for name, value in (data or {}).items()}
    fields["seen"] = seen if seen is not None else hazard.transitions.order_by("-pk").first().pk
    headers = {"HX-Request": "true"} if htmx else {}
    return client.post(reverse("hazards:act", args=[hazard.pk, key]), fields | files, headers=headers)


def part(response, marker='id="hazard"'):
    """The swapped region, without what differs by request (tokens) or stands outside it (messages)."""
    text = response.content.decode()
    start = text.index(f"<div {marker}")
    end = text.find('<div class="messages"', start)
    end = end if end > 0 else text.index("</main>", start)
    text = re.sub(r'value="[A-Za-z0-9]{64}"', "", text[start:end])
    return re.sub(r"\s+", " ", text).strip()


# --- who gets in -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("office", 200), ("office_leader", 200), ("county_office", 200), ("housing", 200), ("market", 404),
        ("qingshi_officer", 200), ("inspector", 200), ("outsider", 404), ("baita_leader", 404), ("shop", 200),
        ("station", 404), ("expert", 404), ("inspectorate", 200), ("sysadmin", 302), ("auditor", 302),
    ],
)  # fmt: skip
def test_a_hazard_is_seen_by_its_area_its_line_and_its_enterprise(world, client, who, status):
    """Administrators are stopped before: they have yet to pass their second factor."""
    hazard = make_hazard(world)
    client.force_login(getattr(world.people, who))
    assert client.get(hazard.get_absolute_url()).status_code == status


@pytest.mark.parametrize(
    ("name", "who", "status"),
    [
        ("ledger", "office", 200), ("ledger", "shop", 200), ("ledger", "expert", 200), ("ledger", "inspectorate", 200),
        ("create", "inspector", 200), ("create", "shop", 200), ("create", "office_leader", 403),
        ("create", "inspectorate", 403), ("create", "expert", 403),
        ("export", "qingshi_officer", 200), ("export", "inspector", 403), ("export", "shop", 403),
        ("import", "office", 200), ("import", "qingshi_officer", 403), ("import", "office_leader", 403),
    ],
)  # fmt: skip
def test_doors(world, client, name, who, status):
    client.force_login(getattr(world.people, who))
    response = client.get(reverse(f"hazards:{name}"))
    assert response.status_code == status
    response.close()


def test_strangers_are_sent_to_the_login(world, client):
    hazard = make_hazard(world)
    for url in (reverse("hazards:ledger"), hazard.get_absolute_url()):
        assert client.get(url).status_code == 302


@pytest.mark.parametrize(
    ("key", "who"),
    [
        ("reinspection", "shop"), ("reinspection", "qingshi_leader"), ("reinspection", "inspectorate"),
        ("rectification", "inspector"), ("rectification", "office"), ("lifting", "housing"),
        ("ex-officio", "qingshi_leader"), ("assignment", "inspector"), ("reopen", "inspector"),
    ],
)  # fmt: skip
def test_an_insider_without_the_power_gets_403(world, client, key, who):
    hazard = make_submitted(world)
    client.force_login(getattr(world.people, who))
    assert act(client, hazard, key, {"reason": "无"}).status_code == 403


def test_an_outsider_gets_404_for_acts_too(world, client):
    hazard = make_submitted(world)
    client.force_login(world.people.outsider)
    assert act(client, hazard, "reinspection", {"passed": "yes"}).status_code == 404


# --- the loop in pages -------------------------------------------------------------------------


def test_the_loop_through_pages(world, client):
    hazard = make_hazard(world)
    client.force_login(world.people.shop)
    page = client.get(hazard.get_absolute_url())
    assert "您要知道的四件事" in page.content.decode()
    assert "好味来面馆（蒋好味）</strong> 须在" in page.content.decode()
    handed = {"text": "已砌墙隔开", "finished_on": timezone.localdate().isoformat()}
    without = act(client, hazard, "rectification", handed)
    assert "请附整改后照片" in without.content.decode()
    assert act(client, hazard, "rectification", handed, photos_files=photo()).status_code == 302
    hazard.refresh_from_db()
    assert hazard.status == "reinspecting"

    client.force_login(world.people.inspector2)
    page = client.get(hazard.get_absolute_url()).content.decode()
    assert "已砌墙隔开" in page
    assert 'class="photos"' in page
    sent = act(
        client, hazard, "reinspection", {"passed": "no", "reason_type": "photo_mismatch", "text": "角度不同"}
    )
    assert sent.status_code == 302
    hazard.refresh_from_db()
    assert hazard.status == "rectifying"

    client.force_login(world.people.shop)
    page = client.get(hazard.get_absolute_url()).content.decode()
    assert "照片不符。角度不同。按整改前的位置和角度重新拍摄整改后照片" in page
    act(client, hazard, "rectification", handed | {"text": "重拍"}, photos_files=photo("again.jpg", "blue"))
    client.force_login(world.people.qingshi_officer)
    hazard.refresh_from_db()
    act(client, hazard, "reinspection", {"passed": "yes"})
    hazard.refresh_from_db()
    assert hazard.status == "closed"
    assert "没有待办事项" in client.get(hazard.get_absolute_url()).content.decode()


def test_a_double_submit_acts_once_and_says_so(world, client):
    hazard = make_submitted(world)
    seen = hazard.transitions.order_by("-pk").first().pk
    client.force_login(world.people.qingshi_officer)
    first = act(client, hazard, "reinspection", {"passed": "yes"}, seen=seen)
    second = act(client, hazard, "reinspection", {"passed": "yes"}, seen=seen)
    assert (first.status_code, second.status_code) == (302, 302)
    assert hazard.reinspections.count() == 1
    page = client.get(hazard.get_absolute_url()).content.decode()
    assert "页面已过期：隐患现为“已销号”" in page


def test_a_page_from_before_a_resubmission_does_not_close_it(world, client):
    """Same status, other evidence: the reviewer has not seen what he would be judging."""
    hazard = make_submitted(world)
    seen = hazard.transitions.order_by("-pk").first().pk
    actions.reinspect(hazard, passed=False, reason_type="not_rectified", by=world.people.inspector2)
    actions.submit_rectification(hazard, text="再改", by=world.people.shop)
    client.force_login(world.people.qingshi_officer)
    answer = act(client, hazard, "reinspection", {"passed": "yes"}, seen=seen, htmx=True)
    assert "页面已过期" in answer.content.decode()
    hazard.refresh_from_db()
    assert hazard.status == "reinspecting"


def test_htmx_swap_equals_the_full_page(world, client):
    hazard = make_submitted(world)
    client.force_login(world.people.qingshi_officer)
    swapped = act(client, hazard, "reinspection", {"passed": "yes"}, htmx=True)
    assert "复查结论已记入台账" in swapped.content.decode()
    assert part(swapped) == part(client.get(hazard.get_absolute_url()))


def test_a_refusal_keeps_what_was_typed(world, client):
    hazard = make_submitted(world)
    client.force_login(world.people.qingshi_officer)
    answer = act(client, hazard, "reinspection", {"passed": "no", "text": "墙没砌到顶"})
    text = answer.content.decode()
    assert "“退回整改”须填写理由" in text
    assert "墙没砌到顶" in text


def test_the_long_path_through_pages(world, client):
    hazard = make_major(world)
    people = world.people
    client.force_login(people.shop)
    act(client, hazard, "report-major", {"causes": "占压", "danger": "泄漏"})
    act(client, hazard, "plan", SIX_PARTS | {"due_on": (timezone.localdate() + 30 * DAY).isoformat()})
    client.force_login(people.housing_leader)
    assert "拆除占压管道的彩钢棚" in client.get(hazard.get_absolute_url()).content.decode()
    act(client, hazard, "plan-review", {"approved": "yes", "opinion": ""})
    client.force_login(people.office)
    assert (
        act(client, hazard, "supervision", {"reason": "市级挂牌"}).status_code == 404
    )  # only through listings
    hazard.refresh_from_db()
    actions.place_under_supervision(hazard, reason="历史导入的标记", by=people.office)
    client.force_login(people.shop)
    handed = {"text": "已拆除", "finished_on": timezone.localdate().isoformat()}
    act(client, hazard, "rectification", handed, photos_files=photo())
    client.force_login(people.housing_leader)
    act(client, hazard, "acceptance", {"team": "三人", "passed": "yes", "opinion": ""})
    evaluation = {
        "evaluator": "评价中心", "measures_done": "on", "funds_in_place": "on", "staff_informed": "on",
        "risk_before": "red", "risk_after": "blue", "conclusion": "已消除", "passed": "yes",
    }  # fmt: skip
    act(client, hazard, "evaluation", evaluation)
    client.force_login(people.office)
    act(client, hazard, "lifting", {"reason": "验收合格"})
    hazard.refresh_from_db()
    assert (hazard.status, hazard.is_supervised) == ("closed", False)


def test_an_extension_through_pages(world, client):
    hazard = make_hazard(world)
    to = (hazard.due_on + 7 * DAY).isoformat()
    client.force_login(world.people.shop)
    asked = {"requested_due_on": to, "reason": "等货", "interim_measures": "停用"}
    assert act(client, hazard, "extension", asked).status_code == 302
    assert "撤回延期申请" in client.get(hazard.get_absolute_url()).content.decode()
    client.force_login(world.people.qingshi_leader)
    assert "审批延期" in client.get(hazard.get_absolute_url()).content.decode()
    act(client, hazard, "extension-decision", {"approved": "yes", "opinion": ""})
    hazard.refresh_from_db()
    assert hazard.due_on >= dt.date.fromisoformat(to)
    assert "批准延期至" in client.get(hazard.get_absolute_url()).content.decode()


def test_a_major_hazard_waiting_for_acceptance_prints(world, client):
    hazard = make_accepting(world)
    client.force_login(world.people.office)
    page = client.get(reverse("hazards:print", args=[hazard.pk])).content.decode()
    assert "治理完成期限" in page
    assert hazard.number in page


# --- the ledger --------------------------------------------------------------------------------


@pytest.fixture
def ledgered(world):
    """Three in the shop (overdue, closed, tip dismissed), one in the station of Baita."""
    today = timezone.localdate()
    overdue = make_hazard(world, found_on=today - 60 * DAY, description="报警器未接电")
    closed = make_closed(world)
    tip = make_hazard(world, source=Hazard.Source.TIP, description="有人反映气味")
    actions.dismiss(tip, reason="查无此事", by=world.people.qingshi_officer)
    station = make_hazard(
        world,
        by=world.people.outsider,
        enterprise=world.enterprises.station,
        description="充装枪老化",
        level="major",
    )
    return {"overdue": overdue, "closed": closed, "tip": tip, "station": station}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", {"overdue", "closed", "station"}),
        ("state=overdue", {"overdue"}),
        ("state=open", {"overdue", "station"}),
        ("state=closed", {"closed"}),
        ("state=approaching", set()),
        ("status=dismissed", {"tip"}),
        ("level=major", {"station"}),
        ("region=539702001", {"overdue", "closed"}),
        ("region=539721", set()),
        ("kind=lpg_filling", {"station"}),
        ("q=报警器", {"overdue"}),
        ("q=平安", {"station"}),
        ("source=tip", set()),
        ("found_to=2000-01-01", set()),
        ("closed_from=2000-01-02", {"closed"}),
        ("campaign=999", set()),
        ("q=%27%20OR%201%3D1", set()),
    ],
)
def test_filters_of_the_address(ledgered, world, client, query, expected):
    client.force_login(world.people.office)
    page = client.get(f"{reverse('hazards:ledger')}?{query}")
    shown = {
        name
        for name, hazard in ledgered.items()
        if hazard.pk in {each.pk for each in page.context["page"].items}
    }
    assert shown == expected


@pytest.mark.parametrize(
    ("query", "total"),
    [("", 3), ("state=overdue", 1), ("state=open", 2), ("state=closed", 1), ("level=major", 1),
     ("region=539702001", 2), ("state=open&level=major", 1), ("status=dismissed", None), ("q=报警器", None),
     ("kind=lpg_filling", 1), ("source=inspection", 3), ("level=general", 2), ("task=999999", 0),
     ("kind=lpg_filling&source=inspection", None), ("state=approaching", None)],
)  # fmt: skip
def test_the_total_comes_from_the_tally_or_is_left_out(ledgered, world, client, query, total):
    fold_all()
    client.force_login(world.people.office)
    page = client.get(f"{reverse('hazards:ledger')}?{query}")
    assert page.context["total"] == (None if total is None else f"共 {total} 项")


def test_what_is_not_understood_is_said(world, client):
    client.force_login(world.people.office)
    page = client.get(
        f"{reverse('hazards:ledger')}?found_from=昨天&campaign=abc&state=late&region=12345&found_to=0001-01-01"
    )
    text = page.content.decode()
    for words in ("发现自“昨天”", "专项整治“abc”", "情形“late”", "区划“12345”", "发现至“0001-01-01”"):
        assert words in text


def test_a_forged_cursor_is_a_bad_request(world, client):
    client.force_login(world.people.office)
    assert client.get(f"{reverse('hazards:ledger')}?cursor=AAAA").status_code == 400


def test_overdue_is_the_same_word_on_ledger_page_and_for_the_enterprise(ledgered, world, client):
    hazard = ledgered["overdue"]
    late = (timezone.localdate() - hazard.due_on).days
    for who in (world.people.office, world.people.shop):
        client.force_login(who)
        for url in (reverse("hazards:ledger"), hazard.get_absolute_url()):
            assert f"逾期 {late} 天" in client.get(url).content.decode()


def test_queries_do_not_grow_with_rows(world, client, django_assert_max_num_queries):
    make_hazard(world)
    client.force_login(world.people.office)
    url = reverse("hazards:ledger")
    client.get(url)
    with django_assert_max_num_queries(40) as first:
        client.get(url)
    for number in range(6):
        make_hazard(world, description=f"软管老化 {number}")
    with django_assert_max_num_queries(len(first.captured_queries)):
        client.get(url)


def test_queries_do_not_grow_with_history(world, client, django_assert_max_num_queries):
    hazard = make_submitted(world)
    client.force_login(world.people.office)
    # One query for each kind of evidence there is: these are all kinds of an ordinary hazard.
    actions.reinspect(hazard, passed=False, reason_type="not_rectified", by=world.people.inspector2)
    actions.submit_rectification(hazard, text="再改", by=world.people.shop)
    client.get(hazard.get_absolute_url())
    with django_assert_max_num_queries(60) as first:
        client.get(hazard.get_absolute_url())
    for _ in range(3):
        actions.reinspect(hazard, passed=False, reason_type="not_rectified", by=world.people.inspector2)
        actions.submit_rectification(hazard, text="再改", by=world.people.shop)
    with django_assert_max_num_queries(len(first.captured_queries)):
        client.get(hazard.get_absolute_url())


def test_saved_views_are_offered(world, client):
    world.people.office.saved_views.create(
        page="hazards:ledger", name="白塔重大", query="region=539702101&level=major"
    )
    client.force_login(world.people.office)
    page = client.get(f"{reverse('hazards:ledger')}?level=major&region=539702101")
    mine = next(view for view in page.context["views"] if view["label"] == "白塔重大")
    assert mine["active"]


# --- many at once ------------------------------------------------------------------------------


def test_bulk_extension_answers_row_by_row(world, client):
    running, closed = make_hazard(world), make_closed(world)
    client.force_login(world.people.office)
    url = reverse("hazards:bulk")
    picked = {"action": "extend", "pick": [running.pk, closed.pk]}
    assert "已选 2 项" in client.post(url, picked).content.decode()
    to = (running.due_on + 5 * DAY).isoformat()
    page = client.post(url, picked | {"confirmed": "1", "to": to, "reason": "雨灾"}, follow=True)
    before = running.due_on
    running.refresh_from_db()
    assert running.due_on >= before + 5 * DAY  # a working day
    job = page.context["job"]
    assert (job.state, job.message) == ("done", "办成 1 项，未办成 1 项")
    assert [each["url"] for each in job.problems] == [closed.get_absolute_url()]
    assert "不再计时" in page.content.decode()


def test_bulk_assignment_and_its_limits(world, client):
    hazard = make_hazard(world)
    client.force_login(world.people.qingshi_officer)
    url = reverse("hazards:bulk")
    assert client.post(url, {"action": "extend", "pick": [hazard.pk]}).status_code == 403
    assert client.post(url, {"action": "assign"}).status_code == 302
    data = {"action": "assign", "pick": [hazard.pk], "confirmed": "1", "reason": "特种设备",
            "organization": world.organizations.market.pk}  # fmt: skip
    client.post(url, data)
    hazard.refresh_from_db()
    assert hazard.reviewing_organization == world.organizations.market
    client.force_login(world.people.inspectorate)
    assert client.post(url, data).status_code == 403


# --- entering ----------------------------------------------------------------------------------


def entry(**fields):
    return {
        "client_id": str(uuid.uuid4()), "source": "inspection", "description": "配电箱无门", "level": "general",
        "found_on": timezone.localdate().isoformat(),
    } | fields  # fmt: skip


def test_an_officer_enters_a_hazard_once_however_often_he_presses(world, client):
    client.force_login(world.people.qingshi_officer)
    choose = client.get(reverse("hazards:create"), {"q": "好味来"}).content.decode()
    url = f"{reverse('hazards:create')}?enterprise={world.enterprises.shop.pk}"
    assert url in choose
    assert client.get(url).status_code == 200
    data = entry()
    first = client.post(url, data | {"photos_files": photo("before.jpg")})
    second = client.post(url, data)
    assert first["Location"] == second["Location"]
    hazard = Hazard.objects.get()
    assert hazard.found_organization == world.organizations.qingshi
    assert "整改前照片" in client.get(first["Location"]).content.decode()


def test_an_enterprise_enters_its_own_self_check(world, client):
    client.force_login(world.people.shop)
    page = client.get(reverse("hazards:create"))
    assert "自查发现" in page.content.decode()
    client.post(reverse("hazards:create"), entry(source="self_check"))
    hazard = Hazard.objects.get()
    assert (hazard.source, hazard.enterprise) == ("self_check", world.enterprises.shop)
    bad = client.post(reverse("hazards:create"), entry(source="inspection"))
    assert bad.status_code == 200
    assert Hazard.objects.count() == 1


def test_an_enterprise_elsewhere_is_not_found(world, client):
    client.force_login(world.people.outsider)
    assert (
        client.get(f"{reverse('hazards:create')}?enterprise={world.enterprises.shop.pk}").status_code == 404
    )


def test_script_in_a_description_stays_text(world, client):
    hazard = make_hazard(world, description="<script>alert(1)</script>")
    client.force_login(world.people.office)
    for url in (
        hazard.get_absolute_url(),
        reverse("hazards:ledger"),
        reverse("hazards:print", args=[hazard.pk]),
    ):
        assert "<script>alert(1)" not in client.get(url).content.decode()


# --- the way out -------------------------------------------------------------------------------


def test_the_export_holds_exactly_the_filtered_and_no_formula(world, client):
    make_hazard(world, description='=HYPERLINK("http://x","点我")', location="+1", responsible_person="@张")
    make_closed(world)
    client.force_login(world.people.office)
    response = client.get(f"{reverse('hazards:export')}?state=open")
    data = b"".join(response.streaming_content)
    page = load_workbook(io.BytesIO(data)).active
    rows = list(page.iter_rows(values_only=True))
    assert "赵安和" in rows[0][0]
    assert "情形：未销号" in rows[0][0]
    assert len(rows) == 3  # title, headings, one hazard
    assert all(cell.data_type != "f" for row in page.iter_rows() for cell in row)
    assert rows[2][11] == '=HYPERLINK("http://x","点我")'
    event = Event.objects.get(act="hazards.export")
    assert event.payload == {"query": "state=open", "rows": 1}
    response.close()


def test_an_export_shows_only_what_the_person_may_see(world, client):
    make_hazard(world, by=world.people.outsider, enterprise=world.enterprises.station)
    client.force_login(world.people.qingshi_officer)
    response = client.get(reverse("hazards:export"))
    page = load_workbook(io.BytesIO(b"".join(response.streaming_content))).active
    response.close()
    assert page.max_row == 2
