"""Certificates of people: kept by the enterprise, sealed, owed in time, shown to whoever looks after it."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from bihuan.audit.models import Event
from bihuan.audit.queries import verify as verify_record
from bihuan.core.errors import IllegalMove, ReasonRequired, Refused
from bihuan.duties.models import Duty
from bihuan.notifications.models import Message
from bihuan.pledges import actions, queries
from bihuan.pledges.models import StaffCertificate

from .factories import ID_NUMBERS


def later(days: int) -> dt.date:
    return timezone.localdate() + dt.timedelta(days=days)


def make(world, *, by=None, enterprise=None, **changes) -> StaffCertificate:
    given = {
        "person_name": "罗守电", "kind": "special_operation", "name": "低压电工", "number": f"T{ID_NUMBERS[0]}",
        "issued_on": later(-900), "valid_to": later(1200), "review_by": later(190),
    }  # fmt: skip
    return actions.save_certificate(
        enterprise or world.enterprises.shop, by=by or world.people.shop, **(given | changes)
    )


def test_the_enterprise_and_who_keeps_its_record_write_it_down(world):
    mine = make(world)
    assert str(mine) == "罗守电特种作业操作证（低压电工）"
    assert mine.state(timezone.localdate()).key == "valid"
    make(world, by=world.people.qingshi_officer, person_name="石看瓶")
    for stranger in (
        world.people.station,
        world.people.market,
        world.people.inspector,
        world.people.outsider,
    ):
        with pytest.raises(PermissionDenied):
            make(world, by=stranger)
    assert StaffCertificate.objects.visible_to(world.people.housing).count() == 2
    assert not StaffCertificate.objects.visible_to(world.people.station).exists()
    assert verify_record(files=False).findings == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"kind": "chef"}, "证件种类"),
        ({"person_name": " "}, "持证人"),
        ({"valid_to": later(-901)}, "早于发证日期"),
        ({"issued_on": later(1)}, "在今天之后"),
        ({"valid_to": later(1400)}, "有效期为6年"),
        ({"review_by": later(1300)}, "晚于有效期止"),
    ],
)
def test_what_cannot_be_is_refused(world, changes, words):
    with pytest.raises(Refused, match=words):
        make(world, **changes)
    assert not StaffCertificate.objects.exists()


def test_the_number_is_sealed_masked_and_kept_when_left_empty(world, client):
    fresh = make(world, person_name="罗守电")
    actions.save_certificate(
        world.enterprises.shop, certificate=fresh, by=world.people.shop, person_name="罗守电",
        kind="special_operation", number="",
    )  # fmt: skip
    assert StaffCertificate.objects.get(pk=fresh.pk).number == f"T{ID_NUMBERS[0]}"
    client.force_login(world.people.shop)
    for address in ("/pledges/certificates/", f"/pledges/certificates/{fresh.pk}/"):
        page = client.get(address)
        assert page.status_code == 200
        assert ID_NUMBERS[0] not in page.content.decode()
    assert not any(ID_NUMBERS[0] in str(event.payload) + event.summary for event in Event.objects.all())


def test_what_runs_out_is_owed_once_reminded_once_and_settled_by_the_new_day(world):
    mine = make(world, review_by=later(50))
    now = timezone.now()
    assert actions.open_certificate_dues(now) == 1
    assert actions.open_certificate_dues(now) == 0
    duty = Duty.objects.get(kind="certificate")
    assert (duty.organization, duty.due_on) == (world.organizations.shop, later(50))
    assert duty.title == "“云溪区好味来面馆”罗守电特种作业操作证（低压电工）复审"
    actions.save_certificate(
        world.enterprises.shop, certificate=mine, by=world.people.shop, person_name="罗守电",
        kind="special_operation", issued_on=mine.issued_on, valid_to=mine.valid_to, review_by=None,
    )  # fmt: skip
    assert Duty.objects.get(kind="certificate").status == "done"


@pytest.mark.parametrize(("left", "told"), [(60, 1), (58, 1), (53, 1), (50, 0), (30, 1), (-1, 0)])
def test_a_reminder_reaches_the_holder_once_and_not_long_after_its_day(world, left, told):
    make(world, review_by=later(left))
    for _ in range(2):
        actions.open_certificate_dues(timezone.now())
    found = Message.objects.filter(category=Message.Category.REMINDER, recipient=world.people.shop)
    assert found.count() == told
    assert all("应在" in message.body for message in found)


def test_the_locality_owes_it_for_an_enterprise_without_account(world):
    shop = world.enterprises.shop
    shop.organization = None
    shop.save()
    make(world, by=world.people.qingshi_officer, review_by=later(-1))
    actions.open_certificate_dues(timezone.now())
    assert Duty.objects.get(kind="certificate").organization == world.organizations.qingshi


def test_leaving_needs_a_reason_and_ends_what_is_owed(world):
    mine = make(world, review_by=later(5))
    actions.open_certificate_dues(timezone.now())
    with pytest.raises(ReasonRequired):
        actions.retire_certificate(mine, reason=" ", by=world.people.shop)
    actions.retire_certificate(mine, reason="已离职", by=world.people.shop)
    assert Duty.objects.get(kind="certificate").status == "cancelled"
    with pytest.raises(IllegalMove):
        actions.retire_certificate(mine, reason="已离职", by=world.people.shop)
    with pytest.raises(IllegalMove, match="已经注销"):
        make(world, certificate=mine)
    assert actions.open_certificate_dues(timezone.now()) == 0


def test_states_of_the_list(world):
    past, soon = make(world, review_by=later(-1)), make(world, person_name="石看瓶", review_by=later(90))
    far = make(world, person_name="余管理", review_by=later(91))
    today, office = timezone.localdate(), world.people.office

    def found(state: str) -> set[int]:
        return set(queries.certificates(office, state=state, on=today).values_list("pk", flat=True))

    assert found("past") == {past.pk}
    assert found("ending") == {soon.pk}
    assert found("held") == {past.pk, soon.pk, far.pk}
    assert found("retired") == found("nonsense") == set()


def test_pages_work_out_end_and_review_and_ask_where_they_cannot(world, client):
    client.force_login(world.people.shop)
    new = f"/pledges/enterprises/{world.enterprises.shop.pk}/certificates/new/"
    assert "登记证件" in client.get("/pledges/certificates/").content.decode()
    issued = later(-400)
    sent = {"person_name": "罗守电", "kind": "special_operation", "issued_on": issued.isoformat()}
    assert client.post(new, sent)["Location"] == "/pledges/certificates/"
    mine = StaffCertificate.objects.get()
    assert mine.review_by == issued.replace(year=issued.year + 3) - dt.timedelta(days=1)
    assert mine.valid_to == issued.replace(year=issued.year + 6) - dt.timedelta(days=1)
    old = client.post(new, sent | {"issued_on": later(-1200).isoformat()})
    assert old.status_code == 422
    assert "已复审的填下一次" in old.content.decode()
    done = client.post(new, sent | {"issued_on": later(-1200).isoformat(), "no_review": "on"})
    assert done.status_code == 302
    edited = client.post(f"/pledges/certificates/{mine.pk}/", sent | {"kind": ""})
    assert edited.status_code == 422
    gone = client.post(f"/pledges/certificates/{mine.pk}/retirement/", {"reason": "已离职"}, follow=True)
    assert "已注销" in gone.content.decode()
    assert "已离职" in client.get(f"/pledges/certificates/{mine.pk}/").content.decode()


def test_officials_see_them_on_the_record_and_by_filter(world, client):
    make(world, review_by=later(-3))
    client.force_login(world.people.housing)
    assert "罗守电" in client.get("/pledges/certificates/").content.decode()
    record = client.get(f"/registry/{world.enterprises.shop.pk}/").content.decode()
    assert "人员证件" in record
    assert "罗守电" in record
    client.force_login(world.people.office)
    narrowed = client.get("/registry/?certificates=past").content.decode()
    assert "好味来面馆" in narrowed
    assert "平安液化气" not in narrowed
    client.force_login(world.people.station)
    assert "罗守电" not in client.get("/pledges/certificates/").content.decode()
    assert (
        client.get(f"/pledges/enterprises/{world.enterprises.shop.pk}/certificates/new/").status_code == 404
    )
