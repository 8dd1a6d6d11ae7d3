"""The situation room: every number opens, the map says what its tones mean, the wall fits its people's area."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from bihuan.accounts.models import LoginSession, Region
from bihuan.accounts.tests.world import PASSWORD
from bihuan.audit.models import Event
from bihuan.desk.room.mapping import FIGURES, Scale, Standing, areas, frame, shown
from bihuan.hazards.models import Hazard
from bihuan.hazards.tests.factories import make_hazard, make_major
from bihuan.tally.actions import fold_all
from bihuan.tally.figures import Figures

TODAY = dt.date(2026, 11, 23)


def standing(name: str, **counts: int) -> Standing:
    return Standing(Region(code=name, name=name, short_name=name), Figures(**counts), Figures())


def test_tones_go_from_none_to_the_worst_and_the_legend_says_so():
    rows = [standing(str(number), overdue=number) for number in (0, 1, 2, 5, 8)]
    drawn, scale = areas(FIGURES["overdue"], rows, on=TODAY)
    assert [area["tone"] for area in drawn] == ["best", "good", "good", "poor", "bad"]
    assert [line["label"] for line in scale.legend()] == ["0 项", "1—2 项", "3—4 项", "5—6 项", "7—8 项"]


def test_few_values_have_few_classes():
    _, scale = areas(FIGURES["overdue"], [standing("a", overdue=2), standing("b")], on=TODAY)
    assert [line["label"] for line in scale.legend()] == ["0 项", "1 项", "2 项"]
    _, nothing = areas(FIGURES["overdue"], [standing("a")], on=TODAY)
    assert [line["label"] for line in nothing.legend()] == ["0 项"]


def test_a_rate_has_the_same_limits_every_day_and_none_is_no_zero():
    drawn, _ = areas(
        FIGURES["rate"],
        [standing("a"), standing("b", found=10, closed=10), standing("c", found=10, closed=5)],
        on=TODAY,
    )
    assert [(area["value"], area["tone"]) for area in drawn] == [
        ("—", "none"),
        ("100.0%", "best"),
        ("50.0%", "bad"),
    ]
    assert shown(FIGURES["rate"], None) == "—"


@given(st.lists(st.integers(0, 5000), min_size=1, max_size=40), st.sampled_from(["overdue", "open", "found"]))
def test_every_value_has_one_line_of_the_legend(values, key):
    scale = Scale(FIGURES[key], max(values))
    tones = {line["tone"] for line in scale.legend()}
    ranked = [scale.tone(value) for value in sorted(values)]
    order = ["best", "good", "fair", "poor", "bad"]
    assert set(ranked) <= tones
    assert ranked == sorted(ranked, key=order.index)


def test_the_map_is_looked_at_where_something_is_drawn():
    def drawn(*points: tuple[int, int]) -> Standing:
        return Standing(
            Region(code="1", name="a", short_name="a", outline=list(points)), Figures(), Figures()
        )

    county = frame([drawn((100, 200), (160, 200), (160, 290)), drawn((220, 240), (190, 300), (220, 300))])
    assert county["box"] == "88 188 144 124"
    assert 0 < county["letters"] < frame([drawn((0, 0), (1000, 0), (1000, 700))])["letters"]
    assert frame([standing("a")])["box"] == "0 0 1000 720"


in_database = pytest.mark.django_db


def late_hazards(world, count: int) -> None:
    for number in range(count):
        make_hazard(
            world, description=f"软管老化之{number}", found_on=timezone.localdate() - dt.timedelta(days=30)
        )
    Hazard.objects.filter(found_on__lt=timezone.localdate()).update(
        due_on=timezone.localdate() - dt.timedelta(days=3)
    )


@in_database
def test_every_number_on_the_wall_opens_what_it_counts(world, people, client):
    make_major(world, description="气瓶间与厨房连通")
    late_hazards(world, 2)
    client.force_login(people.county_office)
    page = client.get("/room/")
    text = page.content.decode()
    tiles = re.findall(r'<a class="room-tile[^"]*" href="([^"]+)"', text)
    assert len(tiles) == 6
    for url in tiles:
        assert client.get(url.replace("&amp;", "&")).status_code == 200
    assert "软管老化之0" in text
    assert "好味来面馆" in text


@in_database
def test_the_sums_under_the_chart_open_the_thirty_days(world, people, client):
    today = timezone.localdate()
    make_hazard(world, description="第一天", found_on=today - dt.timedelta(days=29))
    make_hazard(world, description="前一天", found_on=today - dt.timedelta(days=30))
    make_hazard(world, description="今天的", found_on=today)
    client.force_login(people.county_office)
    links = {
        words: url.replace("&amp;", "&")
        for url, words in re.findall(r'<a href="([^"]+)">([^<]+)</a>', client.get("/room/").content.decode())
    }
    assert "共销号 0 项" in links
    ledger = client.get(links["共查出 2 项"]).content.decode()
    assert "第一天" in ledger
    assert "今天的" in ledger
    assert "前一天" not in ledger


@in_database
def test_figures_and_themes_are_chosen_by_address_and_nonsense_falls_back(world, people, client):
    client.force_login(people.county_office)
    page = client.get("/room/?figure=rate&theme=projector").content.decode()
    assert 'data-theme="projector"' in page
    assert "各地整改率" in page
    page = client.get("/room/?figure=<script>&theme=pink").content.decode()
    assert 'data-theme="dark"' in page
    assert "<script>" not in page.replace("<script src", "").replace("<script type", "")


@in_database
@pytest.mark.parametrize("region", ["539703", "5398", "44", "539702999", "x" * 90])
def test_nobody_looks_into_other_regions(world, people, client, region):
    client.force_login(people.county_office)
    assert client.get("/room/", {"region": region}).status_code == 404


@in_database
def test_a_wall_of_more_hazards_asks_no_more_questions(world, people, client):
    client.force_login(people.office)
    late_hazards(world, 1)
    fold_all()
    client.get("/room/")
    with CaptureQueriesContext(connection) as few:
        client.get("/room/")
    late_hazards(world, 12)
    fold_all()
    with CaptureQueriesContext(connection) as many:
        client.get("/room/")
    assert len(many) <= len(few)


@in_database
def test_who_has_no_wall(world, people, client):
    client.force_login(people.inspector)
    assert client.get("/room/").status_code == 403
    client.force_login(people.housing)
    assert client.get("/room/").status_code == 403


def left_alone(minutes: int) -> None:
    LoginSession.objects.update(seen_at=timezone.now() - dt.timedelta(minutes=minutes))


BACKGROUND = {"X-Bihuan-Background": "1"}


@in_database
def test_a_wall_that_was_let_stand_stays_signed_in_and_shows_nothing_else(world, people, client):
    client.force_login(people.county_office)
    client.get("/room/")
    answer = client.post("/room/keep/", {"figure": "rate", "theme": "projector"})
    assert answer["Location"] == "/room/?figure=rate&theme=projector"
    assert Event.objects.filter(act="accounts.keep_open").count() == 1
    for _ in range(3):  # hours pass, and only the page itself asks
        left_alone(100)
        page = client.get("/room/?figure=rate&theme=projector", headers=BACKGROUND)
        assert page.status_code == 200
    assert "值守显示" in page.content.decode()
    for elsewhere in ("/", "/hazards/", "/morning/", "/accounts/profile/"):
        assert client.get(elsewhere)["Location"].startswith("/accounts/login/?next=")
    assert client.post("/room/keep/")["Location"].startswith("/accounts/login/")
    assert client.get("/room/").status_code == 200
    # Whoever wants more signs in, and that session is one like any other.
    given = {"username": "county_office", "password": PASSWORD}
    client.post("/accounts/login/?next=/hazards/", given)
    assert client.get("/hazards/").status_code == 200
    left_alone(100)
    client.get("/room/", headers=BACKGROUND)
    left_alone(130)
    assert client.get("/room/", headers=BACKGROUND).status_code == 302


@in_database
def test_a_wall_that_was_switched_off_for_hours_asks_to_sign_in(world, people, client):
    client.force_login(people.county_office)
    client.get("/room/")
    client.post("/room/keep/")
    left_alone(130)
    assert client.get("/room/", headers=BACKGROUND).status_code == 302
    assert client.get("/room/").status_code == 302
