"""Pages of the register: what each person finds, figures that open their rows, bad input, constant queries."""

import datetime as dt
from decimal import Decimal
from io import BytesIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from bihuan.accidents import actions
from bihuan.accidents.models import Accident
from bihuan.accounts.tests.world import sign_in
from bihuan.rules.accidents import Toll

from .factories import TOLD, ago, approved, fresh, reported, settled, under_inquiry

pytestmark = pytest.mark.django_db


def moment(at: dt.datetime) -> str:
    return timezone.localtime(at).strftime("%Y-%m-%dT%H:%M")


def test_a_shop_reports_from_its_phone(client, world):
    sign_in(client, world.people.shop)
    page = client.get(reverse("accidents:create"))
    assert "1 小时内报" in page.content.decode()
    assert 'name="region"' not in page.content.decode()
    sent = {
        "title": "后厨闪燃", "kind": "gas", "occurred_at": moment(ago(hours=2)), "known_at": moment(ago(hours=1)),
        "place": "后厨", "deaths": 0, "serious": 1, "minor": 0, "missing": 0, "loss": "3.5", "course": "软管脱落", "moved": 0,
    }  # fmt: skip
    answer = client.post(reverse("accidents:create"), sent)
    accident = Accident.objects.get()
    assert answer.status_code == 302
    assert answer["Location"] == accident.get_absolute_url()
    assert (accident.serious, accident.enterprise) == (1, world.enterprises.shop)
    shown = client.get(accident.get_absolute_url()).content.decode()
    assert "好味来面馆" in shown
    assert "四不放过" not in shown


def test_a_township_names_the_unit_and_finds_the_enterprise(client, world):
    sign_in(client, world.people.qingshi_officer)
    sent = {
        "title": "面馆闪燃", "kind": "gas", "occurred_at": moment(ago(hours=2)), "known_at": moment(ago(hours=1)),
        "region": "539702001", "place": "后厨", "unit": "云溪区好味来面馆", "deaths": 0, "serious": 0, "minor": 0, "missing": 0,
        "loss": "0", "course": "软管脱落", "moved": 0,
    }  # fmt: skip
    client.post(reverse("accidents:create"), sent)
    assert Accident.objects.get().enterprise == world.enterprises.shop
    wrong = client.post(reverse("accidents:create"), sent | {"region": "539702101", "deaths": "一"})
    assert wrong.status_code == 422
    assert Accident.objects.count() == 1


def test_an_outsider_finds_nothing_and_an_insider_without_power_is_refused(client, world):
    accident = reported(world)
    page = accident.get_absolute_url()
    sign_in(client, world.people.station)
    assert client.get(page).status_code == 404
    sign_in(client, world.people.market)
    assert client.get(page).status_code == 404
    sign_in(client, world.people.inspector)
    assert client.get(page).status_code == 403
    sign_in(client, world.people.qingshi_officer)
    assert client.get(page).status_code == 200
    assert client.post(reverse("accidents:act", args=[accident.pk, "verify"])).status_code == 403
    assert client.post(reverse("accidents:act", args=[accident.pk, "nonsense"])).status_code == 404


def test_the_office_verifies_on_the_page(client, world):
    accident = reported(world)
    sign_in(client, world.people.county_office)
    address = reverse("accidents:act", args=[accident.pk, "verify"])
    bad = client.post(address, {"deaths": -1})
    assert bad.status_code == 422
    good = {
        "deaths": 1, "serious": 3, "minor": 0, "missing": 0, "loss": "40", "is_production": "on",
        "as_of": timezone.localdate().isoformat(), "note": "医院核实",
    }  # fmt: skip
    assert client.post(address, good).status_code == 302
    assert (fresh(accident).status, fresh(accident).serious) == ("verified", 3)


def test_the_whole_story_through_pages(client, world):
    inquiry = under_inquiry(world)
    accident = inquiry.accident
    sign_in(client, world.people.county_office)

    def post(key, **sent):
        return client.post(reverse("accidents:act", args=[accident.pk, key]), sent)

    today = timezone.localdate().isoformat()
    measure = {
        "kind": "rectify",
        "treatment": "none",
        "text": "换软管",
        "organization": world.organizations.shop.pk,
    }
    assert post("measure", **measure).status_code == 302
    assert post("measure", kind="rectify", treatment="none", text="", organization="").status_code == 422
    sent = {"direct_cause": "老化", "nature": "责任事故", "lesson": "要换", "submitted_on": today}
    assert post("submit", **sent).status_code == 302
    assert post("approve", approved_on=today, document="云区政〔2026〕1号").status_code == 302
    assert post("settle").status_code == 422
    for item in accident.no_pass.all():
        assert post("meet", item=item.key, note="已落实", met_on=today).status_code == 302
    assert post("settle").status_code == 302
    assert fresh(accident).status == "settled"
    shown = client.get(accident.get_absolute_url()).content.decode()
    assert "已结案" in shown
    assert "云区政〔2026〕1号" in shown


def test_every_figure_opens_its_rows(client, world):
    reported(world, toll=Toll(2, 1, 0, 0, Decimal(10)))
    reported(world, title="化工事故", kind="chemical", toll=Toll(4, 0, 0, 0, Decimal(5)))
    reported(world, title="不算的", toll=Toll(9))
    dismissed = Accident.objects.get(title="不算的")
    actions.dismiss(dismissed, reason="刑事案件", by=world.people.county_office)
    sign_in(client, world.people.office)
    context = client.get(reverse("accidents:statistics")).context
    whole = context["whole"][0]
    assert (whole["now"].accidents, whole["now"].deaths, whole["now"].larger) == (2, 6, 1)
    rows = client.get(whole["url"]).context
    assert (rows["total"].accidents, rows["total"].deaths) == (2, 6)
    larger = client.get(whole["larger_url"]).context["page"].items
    assert [line.accident.title for line in larger] == ["化工事故"]
    for _, _, table in context["tables"]:
        for row in table:
            if row["url"]:
                opened = client.get(row["url"]).context["total"]
                assert (opened.accidents, opened.deaths) == (row["now"].accidents, row["now"].deaths), row[
                    "name"
                ]


def test_links_keep_their_moment(client, world):
    accident = reported(world, toll=Toll(1))
    sign_in(client, world.people.office)
    link = client.get(reverse("accidents:statistics")).context["whole"][0]["url"]
    actions.follow_up(
        accident,
        known_at=timezone.now(),
        as_of=timezone.localdate(),
        toll=Toll(2),
        told=TOLD,
        by=world.people.shop,
    )
    assert client.get(link).context["total"].deaths == 1
    assert client.get(reverse("accidents:list")).context["total"].deaths == 2


def test_the_sheet_holds_what_the_list_holds(client, world):
    reported(world)
    sign_in(client, world.people.office)
    answer = client.get(reverse("accidents:export"))
    body = b"".join(answer.streaming_content)
    sheet = load_workbook(BytesIO(body)).active
    told = [cell for row in sheet.iter_rows(values_only=True) for cell in row]
    assert "好味来面馆燃气爆燃事故" in told
    assert "一般事故" in told


def test_names_open_for_a_reason(client, world):
    inquiry = approved(world)
    measure = inquiry.measures.get(kind="person")
    sign_in(client, world.people.county_office)
    page = client.get(measure.get_absolute_url()).content.decode()
    assert "某某人" not in page
    address = reverse("accidents:measure_name", args=[measure.pk])
    assert client.post(address, {"reason": ""}).status_code == 422
    opened = client.post(address, {"reason": "核对处罚文书"})
    assert "某某人" in opened.content.decode()
    assert opened["Cache-Control"] == "no-store"


def test_who_owes_a_measure_of_another_line_sees_it_without_the_name(client, world):
    measure = approved(world).measures.get(kind="person")
    sign_in(client, world.people.market)
    assert "某某人" not in client.get(measure.get_absolute_url()).content.decode()
    address = reverse("accidents:measure_name", args=[measure.pk])
    assert client.get(address).status_code == 403
    assert client.post(address, {"reason": "处罚"}).status_code == 403


def test_the_shop_reads_what_is_proposed_about_it_once_it_is_approved(client, world):
    inquiry, office = under_inquiry(world), world.people.county_office
    today = timezone.localdate()
    actions.add_measure(
        inquiry, kind="unit", treatment="penalty", target="好味来面馆", text="拟罚款五十万元",
        organization=world.organizations.market, by=office,
    )  # fmt: skip
    actions.pause_inquiry(inquiry, reason="送检残留软管", on=today, by=office)
    measure, page = inquiry.measures.get(), inquiry.accident.get_absolute_url()
    sign_in(client, world.people.shop)
    assert client.get(measure.get_absolute_url()).status_code == 404
    assert measure.get_absolute_url() not in client.get(reverse("accidents:measures")).content.decode()
    assert "送检残留软管" not in client.get(page).content.decode()
    sign_in(client, office)
    assert client.get(measure.get_absolute_url()).status_code == 200
    assert "送检残留软管" in client.get(page).content.decode()
    done = approved(world, title="另一起事故").measures.get(kind="person")
    sign_in(client, world.people.shop)
    assert client.get(done.get_absolute_url()).status_code == 200


def test_a_measure_is_reported_by_whoever_owes_it(client, world):
    inquiry = approved(world)
    measure = inquiry.measures.get(kind="rectify")
    sign_in(client, world.people.shop)
    address = reverse("accidents:measure_act", args=[measure.pk, "report_done"])
    assert client.post(address, {"result": "已更换"}).status_code == 302
    measure.refresh_from_db()
    assert measure.status == "reported"
    assert client.post(reverse("accidents:measure_act", args=[measure.pk, "confirm"])).status_code == 403


def test_lessons_are_collected(client, world):
    settled(world)
    sign_in(client, world.people.housing)
    assert "软管要按期更换" in client.get(reverse("accidents:cases")).content.decode()


def test_controls_are_set_by_offices_only(client, world):
    address = reverse("accidents:controls")
    sent = {
        "what": "control", "control-region": "5397", "control-year": timezone.localdate().year, "control-item": "deaths",
        "control-group": "", "control-value": 12, "control-document": "云安委〔2026〕1号",
    }  # fmt: skip
    sign_in(client, world.people.qingshi_officer)
    assert client.post(address, sent).status_code == 403
    sign_in(client, world.people.office)
    assert client.post(address, sent | {"control-value": "很多"}).status_code == 422
    assert client.post(address, sent).status_code == 302
    assert "云安委〔2026〕1号" in client.get(address).content.decode()


@pytest.mark.parametrize(
    "query", ["from=x&to=y&at=z&region=abc&department=99999999999999999999&cursor=1", "at=9999-99-99"]
)
def test_nonsense_in_the_address_is_left_out(client, world, query):
    sign_in(client, world.people.office)
    assert client.get(f"{reverse('accidents:list')}?{query}").status_code in {200, 400}
    assert client.get(f"{reverse('accidents:statistics')}?{query}").status_code == 200


@pytest.mark.parametrize("query", ["from=0001-01-01", "to=9999-12-31", "from=0001-01-01&to=9999-12-31"])
def test_a_period_no_calendar_reaches_is_refused_in_words(client, world, query):
    sign_in(client, world.people.office)
    answer = client.get(f"{reverse('accidents:statistics')}?{query}")
    assert answer.status_code == 422
    assert "请核对年份是否录错" in answer.content.decode()
    assert client.get(f"{reverse('accidents:list')}?{query}").status_code == 200


@pytest.mark.parametrize("at", ["0001-01-01", "9999-12-31", "0001-01-01T00:00:00%2B14:00"])
def test_a_moment_no_calendar_reaches_is_left_out(client, world, at):
    sign_in(client, world.people.office)
    for page in ("accidents:list", "accidents:statistics"):
        assert client.get(f"{reverse(page)}?at={at}").status_code == 200


def test_pages_ask_as_much_of_many_as_of_few(client, world):
    sign_in(client, world.people.office)
    pages = [reverse("accidents:list"), reverse("accidents:measures"), reverse("accidents:cases")]

    def asked(page):

        with CaptureQueriesContext(connection) as found:
            assert client.get(page).status_code == 200
        return len(found)

    approved(world)
    asked(pages[0])  # whatever a process keeps for the next page
    few = [asked(page) for page in pages]
    for number in range(5):
        approved(world, title=f"事故{number}")
    assert [asked(page) for page in pages] == few


def test_units_of_fatal_accidents_are_found_while_they_are_followed(client, world):
    """R102: at least a year after a death; an accident without a death is not followed."""
    past = reported(world, title="前年的爆燃", occurred_at=ago(days=400))
    dead = reported(world)
    hurt = reported(world, title="后厨烫伤", toll=Toll(0, 1, 0, 0, Decimal(0)))
    sign_in(client, world.people.county_office)
    rows = client.get(f"{reverse('accidents:list')}?tracked=1").content.decode()
    assert [each.get_absolute_url() in rows for each in (dead, hurt, past)] == [True, False, False]
    everything = client.get(reverse("accidents:list")).content.decode()
    assert all(each.get_absolute_url() in everything for each in (dead, hurt, past))
