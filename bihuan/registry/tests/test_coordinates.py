"""Places are kept in CGCS2000 and converted once, at the border: the form, its premises, the imported table."""

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from bihuan.registry import cleaning, places
from bihuan.registry.actions import save_enterprise
from bihuan.registry.changes import apply_values
from bihuan.registry.models import Enterprise

# The documented pair: shown by AMap at the first, in truth at the second.
SHOWN = (100.230699, 25.586376)
TRUE = (100.2296, 25.5894)


def near(found, wanted):
    return found == (pytest.approx(wanted[0], abs=2e-6), pytest.approx(wanted[1], abs=2e-6))


def test_degrees_of_another_map_come_home():
    longitude, latitude, source = cleaning.place_given(*SHOWN, "gcj02", (None, None, ""))
    assert near((longitude, latitude), TRUE)
    assert source == "gcj02"


def test_numbers_left_alone_stay_as_they_are():
    home = cleaning.place_given(*SHOWN, "gcj02", (None, None, ""))
    assert cleaning.place_given(*home[:2], "cgcs2000", home) == home


def test_numbers_already_converted_are_not_converted_again():
    home = cleaning.place_given(*SHOWN, "gcj02", (None, None, ""))
    with pytest.raises(ValidationError, match="不能再换算一次"):
        cleaning.place_given(*home[:2], "gcj02", home)


def test_numbers_found_out_to_be_of_another_map_may_be_put_right():
    assert near(cleaning.place_given(*SHOWN, "gcj02", (*SHOWN, ""))[:2], TRUE)
    assert near(cleaning.place_given(*SHOWN, "gcj02", (*SHOWN, "cgcs2000"))[:2], TRUE)


def test_without_numbers_there_is_no_source():
    assert cleaning.place_given(None, None, "bd09", (1.0, 2.0, "bd09")) == (None, None, "")


@pytest.mark.parametrize(("text", "crs"), [("高德", "gcj02"), ("BD-09", "bd09"), ("天地图", "cgcs2000")])
def test_a_table_names_its_system(text, crs):
    assert cleaning.clean_crs(text) == crs


def test_a_table_with_an_unknown_system_is_told():
    with pytest.raises(ValidationError, match="看不懂坐标系"):
        cleaning.clean_crs("西安80")


def test_the_source_follows_the_numbers():
    shop = Enterprise(longitude=100.0, latitude=25.0, source_crs="gcj02")
    apply_values(shop, {"longitude": 100.0, "latitude": 25.0, "source_crs": "cgcs2000"})
    assert shop.source_crs == "gcj02"
    apply_values(shop, {"longitude": 100.1, "latitude": 25.0, "source_crs": "cgcs2000"})
    assert shop.source_crs == "cgcs2000"


def form_of(shop, **changes):
    sent = {"name": shop.name, "credit_code": shop.credit_code or "", "kind": shop.kind_id, "risk": shop.risk}
    sent |= {"release_code": "on", "code_unchecked_reason": "执照原件如此"}
    sent |= {"locality": shop.locality_id, "department": shop.department_id or "", "address": shop.address}
    for prefix in ("contacts", "permits", "premises"):
        sent |= {f"{prefix}-TOTAL_FORMS": "0", f"{prefix}-INITIAL_FORMS": "0"}
    return sent | changes


@pytest.mark.django_db
def test_the_form_converts_and_shows_the_record_and_its_source(client, world):
    shop = world.enterprises.shop
    client.force_login(world.people.qingshi_officer)
    page = reverse("registry:edit", args=[shop.pk])
    first = form_of(shop, longitude=SHOWN[0], latitude=SHOWN[1], source_crs="gcj02")
    assert client.post(page, first).status_code == 302
    shop.refresh_from_db()
    assert near((shop.longitude, shop.latitude), TRUE)
    assert shop.source_crs == "gcj02"
    assert "由GCJ-02（高德、腾讯）换算" in client.get(shop.get_absolute_url()).text

    # The page shows the record's own numbers; sending them back changes nothing.
    kept = (shop.longitude, shop.latitude)
    again = form_of(shop, longitude=shop.longitude, latitude=shop.latitude, source_crs="cgcs2000")
    assert client.post(page, again).status_code == 302
    shop.refresh_from_db()
    assert (shop.longitude, shop.latitude, shop.source_crs) == (*kept, "gcj02")

    twice = form_of(shop, longitude=shop.longitude, latitude=shop.latitude, source_crs="gcj02")
    answer = client.post(page, twice)
    assert answer.status_code == 422
    assert "不能再换算一次" in answer.text


@pytest.mark.django_db
def test_whoever_keeps_account_of_places_hears_of_a_move_and_of_nothing_else(world):
    shop, officer, heard = world.enterprises.shop, world.people.qingshi_officer, []
    places.on_moved("test", heard.extend)
    try:
        save_enterprise({"remark": "门面朝东"}, by=officer, enterprise=shop)
        assert heard == []
        save_enterprise({"longitude": 103.5, "latitude": 30.2}, by=officer, enterprise=shop)
        assert heard == [shop.pk]
    finally:
        places.unregister("test")
