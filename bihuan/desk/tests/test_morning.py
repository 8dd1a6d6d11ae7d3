"""The office's morning: since the last working day, what is late and whom to press."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bihuan.accidents.tests.factories import reported
from bihuan.desk.morning import last_working_day, morning
from bihuan.duties.models import Duty
from bihuan.hazards.tests.factories import make_hazard, make_major

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("today", "since"),
    [((2026, 11, 23), (2026, 11, 20)), ((2026, 11, 24), (2026, 11, 23)), ((2026, 11, 22), (2026, 11, 20))],
)
def test_monday_looks_back_to_friday(db, today, since):
    assert last_working_day(dt.date(*today)) == dt.date(*since)


def numbers(rows) -> dict[str, int]:
    return {row.label: row.count for row in rows}


def test_what_came_in_is_counted_and_what_came_earlier_is_not(world, people):
    with time_machine.travel(timezone.now() - dt.timedelta(days=30)):
        make_hazard(world, description="早先的")
    make_hazard(world, description="新的")
    make_major(world, description="新的重大")
    page = morning(people.county_office, world.regions.yunxi, now=timezone.now())
    [new] = [row for row in page.arrived if row.label == "新登记隐患"]
    assert (new.count, new.note, new.tone) == (2, "其中重大 1 项", "red")


def test_the_street_is_named_among_whom_to_press(world, people, client):
    make_hazard(world)
    duty = Duty.objects.get(kind=Duty.Kind.HAZARD_RECTIFY)
    Duty.objects.filter(pk=duty.pk).update(due_on=timezone.localdate() - dt.timedelta(days=2))
    client.force_login(people.county_office)
    text = client.get("/morning/").content.decode()
    assert duty.organization.short_name in text
    assert "最长逾期" in text
    assert numbers(morning(people.county_office, world.regions.yunxi, now=timezone.now()).late) == {
        "隐患整改": 1
    }
    assert (
        client.post(f"/duties/late/{duty.organization_id}/press/", {"next": "/morning/"}).url == "/morning/"
    )
    assert "今天已催" in client.get("/morning/").content.decode()


def test_nothing_elsewhere_is_counted(world, people):
    make_hazard(world)
    page = morning(people.county_office, world.regions.linjiang, now=timezone.now())
    assert numbers(page.arrived)["新登记隐患"] == 0


def test_an_empty_morning_says_what_will_stand_there(world, people, client):
    client.force_login(people.county_office)
    text = client.get("/morning/").content.decode()
    for words in ("没有逾期的单位", "没有待您签发的文稿", "没有在办的文稿", "没有逾期的事"):
        assert words in text


def test_more_rows_ask_no_more_questions(world, people, client):
    client.force_login(people.county_office)
    make_hazard(world)
    client.get("/morning/")
    with CaptureQueriesContext(connection) as few:
        client.get("/morning/")
    for number in range(9):
        make_hazard(world, description=f"另一处{number}")
    with CaptureQueriesContext(connection) as many:
        client.get("/morning/")
    assert len(many) == len(few)


def test_who_has_no_such_morning(world, people, client):
    client.force_login(people.housing)
    assert client.get("/morning/").status_code == 403


def test_a_return_signed_and_an_accident_told_since_are_the_rows_their_numbers_open(world, people, client):
    told = []
    for days, title in ((40, "早先的事故"), (0, "昨夜的事故")):
        with time_machine.travel(timezone.now() - dt.timedelta(days=days)):
            told.append(reported(world, title=title))
    client.force_login(people.county_office)
    page = morning(people.county_office, world.regions.yunxi, now=timezone.now())
    [number] = [each for each in page.arrived if each.label == "事故报告"]
    rows = client.get(number.url).content.decode()
    assert number.count == 1
    assert (told[1].get_absolute_url() in rows, told[0].get_absolute_url() in rows) == (True, False)
    [number] = [each for each in page.arrived if each.label == "新报送"]
    assert "whose=all" in number.url
    assert "没有报送" in client.get(number.url).content.decode()
    for number in page.today:
        assert "?" in number.url, number.label


def test_every_number_of_the_morning_opens_and_what_falls_due_today_is_listed_there(world, people, client):
    make_hazard(world)
    duty = Duty.objects.get(kind=Duty.Kind.HAZARD_RECTIFY)
    Duty.objects.filter(pk=duty.pk).update(due_on=timezone.localdate())
    client.force_login(people.county_office)
    page = morning(people.county_office, world.regions.yunxi, now=timezone.now())
    for number in [*page.today, *page.arrived, *page.late, *page.more_drafts]:
        assert client.get(number.url).status_code == 200, number.label
    [coming] = [each for each in page.today if each.label == "辖区今天到期"]
    assert coming.count == 1
    listed = client.get(coming.url).content.decode()
    assert duty.title in listed
    assert "今天到期的事" in listed
    Duty.objects.filter(pk=duty.pk).update(due_on=timezone.localdate() + dt.timedelta(days=1))
    assert "今天没有到期的事" in client.get(coming.url).content.decode()
