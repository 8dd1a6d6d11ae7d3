"""Objects of which only the county is known, and those no department is in charge of: red, and given to somebody (R036)."""

import pytest
from django.urls import reverse
from django.utils import timezone

from bihuan.core.errors import Refused
from bihuan.registry import places
from bihuan.registry import responsibilities as r
from bihuan.registry.models import Enterprise

from .sheets import code, good_row, run_import, workbook
from .test_views import new_form

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(django_capture_on_commit_callbacks):
    return django_capture_on_commit_callbacks


@pytest.fixture
def finder(monkeypatch):
    """Somebody who knows that everything lies in Qingshi street."""
    monkeypatch.setattr(places, "_FINDER", [lambda longitude, latitude: "539702001"])


@pytest.fixture
def somewhere(client, world):
    """A shop in Yunxi, nobody knows in which street."""
    client.force_login(world.people.county_office)
    assert client.post(reverse("registry:create"), new_form(locality="539702")).status_code == 302
    return Enterprise.objects.get(name="云溪区新开面馆")


def test_the_form_takes_a_county_from_whoever_keeps_all_of_it(client, world, somewhere):
    assert (somewhere.city_id, somewhere.county_id, somewhere.locality_id) == ("5397", "539702", "539702")
    page = client.get(somewhere.get_absolute_url()).text
    assert "云溪区（乡镇街道待定）" in page
    listed = client.get(reverse("registry:list")).text
    assert "还不知道在哪个乡镇街道" in listed
    client.force_login(world.people.qingshi_officer)
    refused = client.post(reverse("registry:create"), new_form(name="别处面馆", locality="539702"))
    assert refused.status_code == 422
    assert client.get(somewhere.get_absolute_url()).status_code == 404


def test_it_stands_in_red_and_is_given_a_township(client, world, somewhere):
    page = client.get(reverse("registry:owners") + "?gap=locality")
    assert [row["gaps"][1] for row in page.context["rows"]] == ["乡镇街道待定"]
    sent = {
        "pick": [somewhere.pk],
        "locality": "539702001",
        "next": reverse("registry:owners") + "?gap=locality",
    }
    answer = client.post(reverse("registry:settle"), sent)
    assert answer.status_code == 302
    somewhere.refresh_from_db()
    assert (somewhere.county_id, somewhere.locality_id) == ("539702", "539702001")
    assert not client.get(reverse("registry:owners") + "?gap=locality").context["rows"]


def test_coordinates_say_where(client, world, somewhere, finder):
    sent = {"pick": [somewhere.pk], "locality": ""}
    client.post(reverse("registry:settle"), sent)
    somewhere.refresh_from_db()
    assert somewhere.locality_id == "539702"  # no coordinates, so nobody can say
    Enterprise.objects.filter(pk=somewhere.pk).update(longitude=103.55, latitude=30.25)
    page = client.get(reverse("registry:owners") + "?gap=locality").text
    assert "坐标在青石街道" in page
    client.post(reverse("registry:settle"), sent)
    somewhere.refresh_from_db()
    assert somewhere.locality_id == "539702001"


def test_a_street_gives_no_township_outside_its_own(client, world, somewhere):
    client.force_login(world.people.qingshi_officer)
    client.post(reverse("registry:settle"), {"pick": [somewhere.pk], "locality": "539702001"})
    somewhere.refresh_from_db()
    assert somewhere.locality_id == "539702"
    client.force_login(world.people.inspector)
    assert client.post(reverse("registry:settle"), {"pick": [somewhere.pk]}).status_code == 403


# --- tables ----------------------------------------------------------------------------------------


def rows_of(*places_said):
    rows = [
        good_row(number, **{"所属乡镇（街道）": place}) for number, place in enumerate(places_said, start=1)
    ]
    for row in rows:
        row[2] = ""  # small places have no code
    return workbook(rows)


def test_a_table_may_know_the_county_only_and_means_the_same_place_ever_after(world, run):
    by = world.people.county_office
    first = run_import(rows_of("云溪区"), by=by, run=run)
    assert (first.created, len(first.errors)) == (1, 0)
    row = Enterprise.objects.get(name="云溪区第1号面馆")
    assert row.locality_id == "539702"
    # A later table knows the street: the same record is completed, none is added.
    second = run_import(rows_of("青石街道"), by=by, run=run)
    assert (second.created, second.updated) == (0, 1)
    row.refresh_from_db()
    assert row.locality_id == "539702001"
    # The first table once more: what is known is not forgotten.
    third = run_import(rows_of("云溪区"), by=by, run=run)
    assert (third.created, third.updated, third.unchanged) == (0, 0, 1)
    row.refresh_from_db()
    assert row.locality_id == "539702001"


def test_a_code_finds_the_record_whose_township_is_known(world, run):
    by = world.people.county_office
    run_import(workbook([good_row(1)]), by=by, run=run)
    batch = run_import(workbook([good_row(1, **{"所属乡镇（街道）": "539702"})]), by=by, run=run)
    assert (batch.created, batch.updated, batch.unchanged) == (0, 0, 1)
    assert Enterprise.objects.get(credit_code=code(1)).locality_id == "539702001"


def test_a_county_is_no_answer_from_a_street(world, run):
    batch = run_import(rows_of("云溪区"), by=world.people.qingshi_officer, run=run)
    ((column, words),) = batch.errors["4"]
    assert column == "所属乡镇（街道）"
    assert "不在您的管理范围内" in words


# --- no department -----------------------------------------------------------------------------------


def test_where_no_department_is_in_charge_the_street_may_be_on_trial(client, world):
    shop, today, by = world.enterprises.shop, timezone.localdate(), world.people.county_office
    Enterprise.objects.filter(pk=shop.pk).update(department=None)
    shop.refresh_from_db()
    everything = Enterprise.objects.all()
    assert list(r.without(everything, "department", on=today)) == [shop]
    with pytest.raises(Refused, match="写明依据"):
        r.appoint("pilot", world.posts["qingshi_officer"], by=by, enterprise=shop)
    client.force_login(by)
    sent = {
        "pick": [shop.pk], "kind": "pilot", "post": world.posts["qingshi_officer"].pk, "remark": "区安委会会议纪要〔2026〕5号",
    }  # fmt: skip
    client.post(reverse("registry:name_many"), sent)
    assert not r.without(everything, "department", on=today).exists()
    (lacking,) = [r.gaps_of(row) for row in r.with_gaps(everything.filter(pk=shop.pk), on=today)]
    assert lacking == ["无包干领导"]
    page = client.get(shop.get_absolute_url()).text
    assert "没有部门主管，由青石街道办事处试点监管" in page
    assert "区安委会会议纪要〔2026〕5号" in client.get(reverse("registry:answering", args=[shop.pk])).text
