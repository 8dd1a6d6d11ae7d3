"""Every page opens, says what is wrong in words, and costs the same whatever is in it."""

from __future__ import annotations

import io

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from bihuan.accounts.tests.world import sign_in
from bihuan.inspections.tests.factories import photo
from bihuan.oversight import actions
from bihuan.oversight.models import (
    DistrictVisit,
    Meeting,
    OversightFinding,
    OversightRound,
    OversightVisit,
    Resolution,
)

from .factories import (
    answers,
    handed_over,
    issued,
    later,
    make_district,
    make_series,
    minuted,
    month,
    published,
    submit,
    today,
    under_way,
    visit_of,
    walked,
    with_teams,
)


@pytest.fixture
def office(world, client):
    return sign_in(client, world.people.office)


def get(client, name, *args, query=""):
    answer = client.get(reverse(f"oversight:{name}", args=args) + query)
    assert answer.status_code == 200, answer.content[:500]
    return answer.content.decode()


def test_every_page_of_supervision(world, office):
    assert "还没有督导轮次" in get(office, "overview")
    finding = handed_over(world)
    visit, row = finding.visit, finding.visit.round
    text = get(office, "overview")
    assert "青石街道" in text
    for name, args in (
        ("round", [row.pk]), ("feedback", [row.pk]), ("visit", [visit.pk]), ("finding", [finding.pk]),
        ("findings", []), ("coverage", []), ("recurrent", []), ("create_round", []),
    ):  # fmt: skip
        get(office, name, *args)
    assert "乡镇街道层面1项" in get(office, "feedback", row.pk)
    assert "青石街道" in get(office, "findings", query="?state=open&level=locality")
    assert "没有符合条件" in get(office, "findings", query="?state=closed")


def test_a_round_is_put_together_on_pages(world, office):
    answer = office.post(
        reverse("oversight:create_round"),
        {"kind": "monthly", "starts_on": month().first, "ends_on": month().last, "sites": 1, "per_day": 2},
    )
    row = OversightRound.objects.get()
    assert answer.url == reverse("oversight:team", args=[row.pk])
    people = world.people
    assert "周为民" in get(office, "team", row.pk)
    given = {"leader": people.housing_leader.pk, "member1": people.housing.pk, "expert1": people.expert.pk}
    assert office.post(answer.url, given).status_code == 302
    again = office.post(answer.url, {"leader": people.housing_leader.pk})
    assert (again.status_code, "一个轮次只能参加一个组" in again.content.decode()) == (422, True)
    for key in ("lay_out", "issue"):
        assert office.post(reverse("oversight:round_act", args=[row.pk, key])).status_code == 302
    row.refresh_from_db()
    assert row.status == "running"
    visit = row.visits.first()
    url = reverse("oversight:arrange", args=[visit.pk])
    wrong = office.post(url, {"team": visit.team_id, "planned_on": "2026-13-40"})
    assert (wrong.status_code, "请填写日期" in wrong.content.decode()) == (422, True)
    bare = office.post(url, {"team": visit.team_id, "planned_on": month().last})
    assert (bare.status_code, "须填写理由" in bare.content.decode()) == (422, True)
    closing = office.post(reverse("oversight:round_act", args=[row.pk, "close"]), {"summary": "好"})
    assert (closing.status_code, "还有 3 个属地没有督导" in closing.content.decode()) == (422, True)


def test_a_visit_is_filled_in_on_its_page(world, client):
    visit = under_way(world)
    team = sign_in(client, world.people.housing)

    def act(key, given=None):
        return team.post(reverse("oversight:visit_act", args=[visit.pk, key]), given or {})

    text = get(team, "visit", visit.pk)
    assert "查档案" in text
    assert visit.draw_commitment in text
    wrong = act("answers", {"a-lead.study": "no", "n-lead.study": ""})
    assert (wrong.status_code, "请写明看到的情况" in wrong.content.decode()) == (422, True)
    given = answers(visit, report_time="晚报两天")
    sent = {f"a-{code}": answer for code, (answer, _) in given.items()}
    sent |= {f"n-{code}": note for code, (_, note) in given.items()}
    assert act("answers", sent).status_code == 302
    pick = visit.picks.get()
    bad = act("finding", {"level": "enterprise", "code": "现场状况", "description": "软管过长"})
    assert (bad.status_code, "选择是哪一家" in bad.content.decode()) == (422, True)
    told = {
        "level": "enterprise", "code": "现场状况", "description": "软管过长", "enterprise": pick.enterprise_id,
        "location": "后厨",
    }  # fmt: skip
    assert act("finding", told).status_code == 302
    assert OversightFinding.objects.get().hazard.location == "后厨"
    signed = act("submit", {"visited_on": today(), "overall": "较好", "signature_typed": "1"})
    assert signed.status_code == 302
    assert OversightVisit.objects.get(pk=visit.pk).status == "done"
    statement = team.get(reverse("oversight:statement", args=[visit.pk]))
    assert statement.json()["commitment"] == visit.draw_commitment
    assert act("nonsense").status_code == 404


def test_a_street_told_of_a_visit_is_not_told_where_it_goes(world, client):
    visit = under_way(world, is_announced=True)
    site = visit.picks.select_related("enterprise").first().enterprise.name
    page, draw = visit.get_absolute_url(), reverse("oversight:statement", args=[visit.pk])
    street = sign_in(client, world.people.qingshi_officer)
    assert site not in street.get(page).content.decode()
    assert street.get(draw).status_code == 403
    boss = sign_in(client, world.people.office_leader)
    assert site in boss.get(page).content.decode()
    assert boss.get(draw).status_code == 200
    submit(world, visit)
    street = sign_in(client, world.people.qingshi_officer)
    assert site in street.get(page).content.decode()
    assert street.get(draw).status_code == 200


def test_a_street_told_of_a_visit_opens_no_photo_of_where_it_goes(world, client):
    visit = under_way(world, is_announced=True)
    team, street = world.people.housing, world.people.qingshi_officer
    taken = photo(team)
    actions.see_site(visit.picks.get(), result="clean", photos=[taken], by=team)
    place = reverse("attachments:file", args=[taken])
    assert sign_in(client, street).get(place).status_code == 404
    assert sign_in(client, world.people.expert).get(place).status_code == 200
    assert sign_in(client, world.people.office_leader).get(place).status_code == 200
    submit(world, visit)
    assert sign_in(client, street).get(place).status_code == 200


def test_a_hazard_says_which_round_found_it(world, client):
    visit = under_way(world)
    finding = actions.record_finding(
        visit, level="enterprise", code="现场状况", description="软管过长", enterprise=world.enterprises.shop,
        by=world.people.housing,
    )  # fmt: skip
    text = sign_in(client, world.people.office).get(finding.hazard.get_absolute_url()).content.decode()
    assert "督导发现" in text
    assert visit.get_absolute_url() in text


def test_every_page_of_meetings(world, office):
    assert "还没有会议" in get(office, "meetings")
    row = published(world)
    meeting = row.meeting
    for name, args in (
        ("meetings", []), ("meeting", [meeting.pk]), ("series", [meeting.series_id]), ("resolutions", []),
        ("resolution", [row.pk]), ("create_meeting", []), ("create_series", []), ("edit_series", [meeting.series_id]),
    ):  # fmt: skip
        get(office, name, *args)
    assert "冯代会" in get(office, "meeting", meeting.pk)
    assert "上次议定事项" not in get(office, "create_meeting", query=f"?series={meeting.series_id}")


def test_a_meeting_is_held_on_its_pages(world, office):
    series = make_series(world)
    given = {
        "title": "十一月调度会", "kind": "dispatch", "held_on": today(), "held_time": "09:00", "place": "会议室",
        "chair_name": "钱立行", "item1-title": "近期工作", "item1-presenter": world.organizations.housing.pk,
        "item1-minutes": "15", "seat": [world.organizations.housing.pk, world.organizations.qingshi.pk],
        f"name-{world.organizations.housing.pk}": "周为民",
    }  # fmt: skip
    answer = office.post(reverse("oversight:create_meeting") + f"?series={series.pk}", given)
    meeting = Meeting.objects.get()
    assert answer.url == meeting.get_absolute_url()
    assert [each.minutes for each in meeting.agenda.all()] == [15]

    def act(key, more=None):
        return office.post(reverse("oversight:meeting_act", args=[meeting.pk, key]), more or {})

    get(office, "edit_meeting", meeting.pk)
    assert act("convene").status_code == 302
    rows = list(meeting.attendances.order_by("position"))
    bad = act("hold", {f"state-{rows[0].pk}": "present", f"state-{rows[1].pk}": "deputy"})
    assert (bad.status_code, "委托谁参会" in bad.content.decode()) == (422, True)
    assert act("hold", {f"state-{each.pk}": "present" for each in rows}).status_code == 302
    assert "近期工作" in get(office, "meeting", meeting.pk)
    decided = {
        "text": "月底前完成排查",
        "lead": world.organizations.housing.pk,
        "support1": world.organizations.market.pk,
    }
    assert act("resolution", decided).status_code == 302
    assert act("minutes", {"minutes": "会议研究了工作。"}).status_code == 302
    assert act("submit").status_code == 302
    assert act("confirm").status_code == 403
    boss = sign_in(office, world.people.office_leader)
    assert "会议研究了工作" in get(boss, "meeting", meeting.pk)
    assert boss.post(reverse("oversight:meeting_act", args=[meeting.pk, "confirm"])).status_code == 302
    again = sign_in(boss, world.people.office)
    assert again.post(reverse("oversight:meeting_act", args=[meeting.pk, "issue"])).status_code == 302
    row = Resolution.objects.get()
    url = reverse("oversight:resolution_act", args=[row.pk, "report"])
    assert again.post(url, {"text": "完成"}).status_code == 403
    lead = sign_in(again, world.people.housing)
    assert lead.post(url, {"text": "完成"}).status_code == 302
    assert again.get(row.get_absolute_url()).status_code == 200


def test_minutes_are_not_seen_before_they_are_out(world, client):
    meeting = minuted(world)
    text = get(sign_in(client, world.people.housing), "meeting", meeting.pk)
    assert "会议分析了三季度形势" not in text
    assert "月底前完成餐饮用户" not in text


def test_every_page_of_districts(world, office):
    assert "还没有包干片区" in get(office, "districts")
    row = make_district(world)
    bare = make_district(world, led=False, region=world.regions.baita)
    made = walked(world, row)
    for name, args in (
        ("districts", []), ("district", [row.pk]), ("district_visit", [made.pk]), ("create_district", []),
    ):  # fmt: skip
        get(office, name, *args)
    assert "无人包干" in get(office, "districts", query="?state=unled")
    assert bare.name in get(office, "districts", query="?state=unled")
    leader = sign_in(office, world.people.office_leader)
    assert "青石街道" in get(leader, "mine")
    assert "登记走访" in get(leader, "visit_district", row.pk)


def test_a_visit_is_told_from_the_phone(world, client):
    row = make_district(world)
    leader = sign_in(client, world.people.office_leader)
    url = reverse("oversight:visit_district", args=[row.pk])
    given = {
        "client_id": "5f0c1c52-0d7e-4a0e-9a35-0a4d3a8a6c11", "visited_on": today(), "place": "幸福路", "seen": "四家餐馆",
        "decided": "一周内清理", "longitude": "102.123456", "latitude": "25.1", "f1-level": "locality",
        "f1-code": "排查整改", "f1-description": "占道堆放", "f1-organization": world.organizations.qingshi.pk,
        "f2-level": "",
    }  # fmt: skip
    bad = leader.post(url, given | {"f2-description": "写了问题没选层面"})
    assert (bad.status_code, "第 2 个问题请选择" in bad.content.decode()) == (422, True)
    assert not DistrictVisit.objects.exists()
    assert leader.post(url, given).status_code == 302
    assert leader.post(url, given).status_code == 302
    visit = DistrictVisit.objects.get()
    assert (visit.longitude, visit.findings.get().status) == (102.123456, "rectifying")
    unknown = leader.post(url, given | {"client_id": "x"})
    assert (unknown.status_code, "表单已过期" in unknown.content.decode()) == (422, True)


@pytest.mark.parametrize(
    "name", ["export_findings", "export_resolutions", "export_districts", "export_coverage"]
)
def test_sheets_to_take_away(world, office, name):
    handed_over(world)
    published(world)
    make_district(world)
    answer = office.get(reverse(f"oversight:{name}"))
    assert answer.status_code == 200
    book = load_workbook(io.BytesIO(b"".join(answer.streaming_content)), read_only=True)
    cells = [str(cell) for row in book.worksheets[0].iter_rows(values_only=True) for cell in row if cell]
    assert any("青石街道" in cell or "市住建局" in cell for cell in cells)


def test_lists_cost_the_same_whatever_is_in_them(world, office):
    finding = handed_over(world)
    row = published(world)
    make_district(world)
    make_district(world, led=False, region=world.regions.heyan)

    def cost(name, query=""):
        with CaptureQueriesContext(
            connection,
        ) as counted:
            get(office, name, query=query)
        return len(counted)

    names = ("overview", "findings", "resolutions", "districts", "coverage", "meetings")
    for name in names:
        get(office, name)
    before = {name: cost(name) for name in names}
    for number in range(6):
        twin = OversightFinding.objects.get(pk=finding.pk)
        twin.pk = None
        twin.save(force_insert=True)
        other = Resolution.objects.get(pk=row.pk)
        other.pk, other.position = None, 10 + number
        other.save(force_insert=True)
    make_district(world, region=world.regions.baita)
    make_district(world, led=False, region=world.regions.linjiang)
    assert {name: cost(name) for name in names} == before


def test_nothing_breaks_on_nonsense_in_addresses(world, office):
    for query in (
        "?month=2026-99",
        "?month=abc",
        "?month=9999-01",
        "?round=99999999999999999999",
        "?state=x&level=y",
    ):
        for name in ("overview", "coverage", "findings", "resolutions", "meetings", "districts"):
            get(office, name, query=query)
    assert office.get(reverse("oversight:overview") + "?cursor=zzz").status_code == 400
    for number in (0, 999999):
        assert office.get(reverse("oversight:round", args=[number])).status_code == 404
    issued(world)
    assert later(0) == today()
    assert visit_of(OversightRound.objects.get(), world).status == "planned"
    assert with_teams(world, kind="special", localities=[world.organizations.baita]).teams.count() == 2
