"""What people take away of a draft and of a campaign: sheets, Word files, JSON, calendar, the one-page chart."""

import datetime as dt
import io
import json

import icalendar
import openpyxl
import pytest
from django.urls import reverse
from django.utils import timezone
from docx import Document
from docx.oxml.ns import qn

from bihuan.accounts.tests.world import sign_in
from bihuan.audit.models import Event
from bihuan.campaigns import actions
from bihuan.campaigns.models import Assignment
from bihuan.campaigns.outputs import OUTPUTS, chart_of, content_of, export
from bihuan.campaigns.outputs.calendars import first_day
from bihuan.campaigns.outputs.chart import PAPERS, lay_out
from bihuan.campaigns.outputs.content import Content, Job, Span, Unit
from bihuan.campaigns.outputs.words import chinese_number

from .plans import check_off, make_draft

pytestmark = pytest.mark.django_db


def sheet(data: bytes) -> list[tuple]:
    rows = openpyxl.load_workbook(io.BytesIO(data)).active.iter_rows(values_only=True)
    return list(rows)


def taken(subject, what, world, unit=""):
    return export(subject, what, by=world.people.office, unit=unit).data


def key(body) -> str:
    return f"o{body.pk}"


def test_the_list_of_duties_is_unit_by_unit_with_role_deadline_and_reports(campaign, world):
    rows = sheet(taken(campaign, "duties.xlsx", world))
    assert "赵安和" in rows[0][0]
    street = [row for row in rows if row[0] == "青石街道"]
    assert [(row[1], row[4]) for row in street] == [
        ("任务", "查违规安装"),
        ("任务", "查充装管理"),
        ("报送", "报送"),
    ]
    assert street[1][2] == "属地"
    assert street[1][7].date() == dt.date(2026, 11, 30)
    assert "每周五17时前" in street[2][5]
    assert next(row[0] for row in rows[2:]) in {"市住建局", "市安委办"}  # departments before localities
    assert rows[-1][0] == "河沿镇"


def test_the_breakdown_in_word_lies_across_and_repeats_its_head(campaign, world):
    document = Document(io.BytesIO(taken(campaign, "breakdown.docx", world)))
    section = document.sections[0]
    assert round(section.page_width.mm) == 297
    table = document.tables[0]
    assert table.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None
    assert len(table.rows) == 1 + 5
    assert len({column.width for column in table.columns}) > 1  # the grid says what the cells say
    assert [cell.text for cell in table.rows[1].cells][1] == "摸清底数\n二/（一）/1"
    assert "2026-08-20" in table.rows[1].cells[5].text
    assert "青石街道" in table.rows[4].cells[4].text


def test_the_list_of_duties_in_word_has_the_look_of_an_official_paper(campaign, world):
    document = Document(io.BytesIO(taken(campaign, "duties.docx", world)))
    section = document.sections[0]
    margins = (section.top_margin, section.left_margin, section.bottom_margin, section.right_margin)
    assert [round(each.mm) for each in margins] == [37, 28, 35, 26]
    title = document.paragraphs[0].runs[0]
    assert (title.font.size.pt, title.font.name) == (22, "方正小标宋简体")
    headings = [each for each in document.paragraphs if each.style.name == "Heading 1"]
    assert [each.text for each in headings] == [
        "一、市安委办",
        "二、市住建局",
        "三、市市场监管局",
        "四、青石街道、白塔镇、河沿镇",
    ]
    assert {run.font.name for each in headings for run in each.runs} == {"黑体"}
    second = next(each for each in document.paragraphs if each.style.name == "Heading 2")
    assert second.runs[0].font.name == "楷体_GB2312"
    footer = section.footer.paragraphs[0]
    assert footer.text == "—  —"
    assert "PAGE" in footer._p.xml
    assert {run.font.size.pt for run in footer.runs} == {14}
    assert "导出" in section.header.paragraphs[0].text


def test_the_json_says_who_owes_what_when(campaign, world):
    data = json.loads(taken(campaign, "plan.json", world))
    assert data["schema"] == "bihuan.plan/1"
    assert [phase["ends_on"] for phase in data["phases"]] == ["2026-11-30", "2027-06-30"]
    task = data["tasks"][0]
    units = {unit["id"]: unit["name"] for unit in data["units"]}
    assert (task["no"], task["due_on"], task["phase"]) == ("二/（一）/1", "2026-08-20", 0)
    assert {(units[each["unit"]], each["role"]) for each in task["shares"]} == {
        ("云溪市住房和城乡建设局", "lead"),
        ("云溪市市场监督管理局", "support"),
    }
    assert data["reports"][0]["rrule"] == "FREQ=WEEKLY;BYDAY=FR"
    assert len(data["reports"][0]["units"]) == 3


def events(data: bytes) -> list:
    return list(icalendar.Calendar.from_ical(data).walk("VEVENT"))


def test_the_calendar_has_deadlines_phases_and_reporting_days(campaign, world):
    found = events(taken(campaign, "calendar.ics", world))
    by_uid = {str(event["uid"]).split("@")[0]: event for event in found}
    task = campaign.tasks.get(heading="摸清底数")
    deadline = by_uid[f"campaign-{campaign.pk}-task-{task.pk}"]
    assert deadline.decoded("dtstart") == dt.date(2026, 8, 20)
    assert deadline.decoded("dtend") == dt.date(2026, 8, 21)
    assert deadline.walk("VALARM")[0].decoded("trigger") == dt.timedelta(hours=-15)
    phase = by_uid[f"campaign-{campaign.pk}-phase-1"]
    assert (phase.decoded("dtstart"), phase.decoded("dtend")) == (dt.date(2026, 8, 1), dt.date(2026, 12, 1))
    report = by_uid[f"campaign-{campaign.pk}-report-{campaign.reporting_rules.get().pk}"]
    start = report.decoded("dtstart")
    # The campaign begins on Saturday 1 August: the first Friday is the 7th, 17:00 in China.
    assert (start.date(), start.hour, start.utcoffset()) == (dt.date(2026, 8, 7), 17, dt.timedelta(hours=8))
    assert report["rrule"]["FREQ"] == ["WEEKLY"]
    assert report["rrule"]["UNTIL"][0] == dt.datetime(2027, 6, 30, 15, 59, 59, tzinfo=dt.UTC)
    assert all(event["dtstamp"] for event in found)
    assert len(by_uid) == len(found)


def test_each_unit_gets_its_own_calendar_and_the_same_uids_again(campaign, world):
    market = key(world.organizations.market)
    words = {str(event["summary"]) for event in events(taken(campaign, "calendar.ics", world, market))}
    assert "牵头：查充装管理（截止）" in words
    assert not any("查违规安装" in each or "报送" in each for each in words)
    street = events(taken(campaign, "calendar.ics", world, key(world.organizations.qingshi)))
    assert any("报送：" in str(event["summary"]) for event in street)
    again = events(taken(campaign, "calendar.ics", world, key(world.organizations.qingshi)))
    assert [event["uid"] for event in street] == [event["uid"] for event in again]


def test_the_calendar_file_is_what_outlook_and_phones_read(campaign, world):
    data = taken(campaign, "calendar.ics", world)
    assert b"\r\n" in data
    assert max(len(line) for line in data.split(b"\r\n")) <= 75
    assert b"BEGIN:VTIMEZONE" in data
    assert b"DTSTART;TZID=Asia/Shanghai:20260807T170000" in data
    assert b"DTSTART;VALUE=DATE:20260820" in data


@pytest.mark.parametrize(
    ("rule", "first"),
    [
        ("FREQ=WEEKLY;BYDAY=FR", dt.date(2026, 8, 7)),
        ("FREQ=MONTHLY;BYMONTHDAY=25", dt.date(2026, 8, 25)),
        ("FREQ=DAILY", dt.date(2026, 8, 1)),
        ("每周五", None),
        ("FREQ=NEVER", None),
    ],
)
def test_the_first_day_of_a_recurrence(rule, first):
    assert first_day(rule, dt.date(2026, 8, 1)) == first


def test_a_draft_is_taken_away_as_it_stands(draft, world):
    content = content_of(draft)
    assert [job.heading for job in content.jobs] == [
        "摸清底数",
        "巩固提升阶段",
        "查违规安装",
        "查充装管理",
        "信息报送",
    ]
    filling = content.jobs[3]
    assert [unit.short for unit in filling.of("lead")] == ["市市场监管局"]
    assert "市燃气协会" in filling.names("support")  # not identified yet: as printed
    for what in OUTPUTS:
        assert export(draft, what, by=world.people.office).data


def test_every_export_is_on_record(campaign, world):
    taken(campaign, "duties.docx", world)
    chart_of(campaign, paper="a4", by=world.people.office)
    acts = set(Event.objects.filter(chain=f"campaigns.campaign:{campaign.pk}").values_list("act", flat=True))
    assert {"campaigns.export_duties", "campaigns.export_chart"} <= acts


def test_ended_tasks_and_shares_are_not_in_the_outputs(campaign, world):
    from .test_amending import revise

    amendment = revise(campaign, world.people.office)
    actions.decide_rest(amendment, by=world.people.office)
    actions.apply_amendment(amendment, by=world.people.office, reason="延长")
    campaign.refresh_from_db()
    content = content_of(campaign)
    assert "查违规安装" not in {job.heading for job in content.jobs}
    assert content.version == 2


@pytest.mark.parametrize("what", OUTPUTS)
def test_an_output_takes_the_same_queries_for_forty_tasks(world, what, django_assert_max_num_queries):
    many = "\n".join(
        f"{n}.查项目{n}。餐饮企业存在问题的，责令限期改正。（市住房和城乡建设局负责）" for n in range(1, 41)
    )
    document = make_draft(
        world, f"云溪市测试专项整治工作实施方案\n一、主要任务\n（一）排查整治\n{many}\n2026年7月24日\n"
    )
    check_off(document, world)
    campaign = actions.publish(document, by=world.people.office)
    with django_assert_max_num_queries(26):
        export(campaign, what, by=world.people.office)


# --- the chart ---


def big(tasks: int = 60, units: int = 20) -> Content:
    phases = [
        Span("动员部署阶段", dt.date(2026, 1, 5), dt.date(2026, 2, 28)),
        Span("集中攻坚阶段", dt.date(2026, 3, 1), dt.date(2026, 9, 30)),
        Span("巩固提升阶段", dt.date(2026, 10, 1), dt.date(2026, 12, 31)),
    ]
    bodies = [Unit((0, "5397", n), f"o{n}", f"云溪市第{n}管理局", f"市第{n}管理局") for n in range(units)]
    jobs = []
    for n in range(tasks):
        job = Job(
            f"t{n}",
            n + 1,
            f"三/{n}",
            f"排查整治第{n}类突出风险隐患",
            "……",
            n % 3,
            dt.date(2026, 2 + n % 10, 20),
            "任务自身",
        )
        job.shares = {
            bodies[n % units]: Assignment.Role.LEAD,
            bodies[(n + 3) % units]: Assignment.Role.RESPONSIBLE,
            bodies[(n + 7) % units]: Assignment.Role.SUPPORT,
            bodies[(n + 11) % units]: Assignment.Role.SUPPORT,
        }
        jobs.append(job)
    return Content(
        "campaign", "campaign-1", "云溪市测试专项整治", "测试专项整治", "云安委〔2026〕1号", "云溪市安委办",
        dt.date(2026, 1, 5), dt.date(2026, 12, 31), phases, jobs, [], [],
    )  # fmt: skip


def test_sixty_tasks_of_twenty_units_fit_one_page_in_readable_type():
    chart = lay_out(big(), paper="a3", on=dt.date(2026, 4, 1))
    assert f'viewBox="0 0 {PAPERS["a3"][0]} {PAPERS["a3"][1]}"' in chart.svg
    assert chart.size >= 6
    assert chart.rows == 20
    for n in (1, 30, 60):
        assert f">{n}</text>" in chart.svg


def test_the_same_plan_fits_a4_and_a_huge_one_is_never_cut():
    assert lay_out(big(), paper="a4", on=dt.date(2026, 4, 1)).size >= 4
    huge = lay_out(big(400, 60), paper="a3", on=dt.date(2026, 4, 1))
    assert ">400</text>" in huge.svg


def test_roles_differ_without_colour_and_days_are_said_where_they_differ_from_the_phase(campaign):
    chart = lay_out(content_of(campaign), paper="a3", on=dt.date(2026, 9, 1))
    for role in ("lead", "responsible", "support", "territorial"):
        assert f"battle-box is-{role}" in chart.svg
    assert "摸清底数▲" in chart.svg  # due 20 August, not confirmed
    assert ">08-20<" in chart.svg
    assert "青石街道、" in chart.svg  # alike, so in one row; the label is broken into lines
    assert chart.rows == 4
    assert "11-30" not in chart.svg.replace(
        "2026-11-30", ""
    )  # the last day of the phase stands over the column


def test_hostile_words_stay_words(campaign):
    campaign.tasks.filter(heading="摸清底数").update(heading="<script>x</script>")
    assert "<script>" not in lay_out(content_of(campaign), paper="a3", on=dt.date(2026, 9, 1)).svg


def test_numbers_of_headings():
    assert [chinese_number(n) for n in (1, 9, 10, 12, 20, 31)] == ["一", "九", "十", "十二", "二十", "三十一"]


# --- the pages ---


def test_the_menu_and_every_file_open_for_whoever_sees_the_campaign(client, campaign, world):
    market = sign_in(client, world.people.market)
    page = market.get(reverse("campaigns:outputs", args=[campaign.pk])).content.decode()
    assert "本单位的（市市场监管局）" in page
    for what, output in OUTPUTS.items():
        answer = market.get(reverse("campaigns:output", args=[campaign.pk, what]))
        assert answer.status_code == 200
        assert answer["Content-Type"] == output.content_type
    assert market.get(reverse("campaigns:output", args=[campaign.pk, "plan.exe"])).status_code == 404
    calendar = reverse("campaigns:output", args=[campaign.pk, "calendar.ics"])
    assert market.get(f"{calendar}?unit=o999999").status_code == 404
    chart = market.get(reverse("campaigns:chart", args=[campaign.pk]) + "?paper=a4").content.decode()
    assert "battle-sheet is-a4" in chart
    assert f"{timezone.localdate()}" in chart


def test_a_draft_is_taken_away_by_its_office_alone(client, draft, world):
    office = sign_in(client, world.people.office)
    assert "草稿" in office.get(reverse("campaigns:draft_outputs", args=[draft.pk])).content.decode()
    assert office.get(reverse("campaigns:draft_output", args=[draft.pk, "duties.xlsx"])).status_code == 200
    assert office.get(reverse("campaigns:draft_chart", args=[draft.pk])).status_code == 200
    county = sign_in(client, world.people.county_office)
    assert county.get(reverse("campaigns:draft_output", args=[draft.pk, "duties.xlsx"])).status_code == 404
    market = sign_in(client, world.people.market)
    assert market.get(reverse("campaigns:draft_outputs", args=[draft.pk])).status_code == 403
