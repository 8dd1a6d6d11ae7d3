"""Registered twice: one stays, the other leads to it, both keep their course; and many are closed with one opinion."""

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from bihuan.core.errors import IllegalMove, ReasonRequired, Refused
from bihuan.core.tests.together import outcomes
from bihuan.duties.models import Duty
from bihuan.hazards import actions
from bihuan.hazards.models import Hazard
from bihuan.hazards.queries import Filters, ledger, total
from bihuan.tally.actions import fold_all

from .factories import make_hazard, make_major, make_submitted

pytestmark = pytest.mark.django_db


def fresh(hazard):
    return Hazard.objects.select_related("enterprise").get(pk=hazard.pk)


def test_a_twin_counts_no_more_and_owes_nothing_and_keeps_its_course(client, world):
    kept, twin = make_hazard(world), make_hazard(world, description="气瓶间没有隔开")
    actions.merge(twin, into=kept, reason="同一面墙", by=world.people.qingshi_officer)
    twin, office = fresh(twin), world.people.office
    fold_all()
    assert twin.status == "dismissed"
    assert [each.pk for each in ledger(office, Filters())] == [kept.pk]
    assert total(office, Filters()) == 1
    assert not Duty.objects.open().filter(subject=f"hazards.hazard:{twin.pk}").exists()
    assert Duty.objects.open().filter(subject=f"hazards.hazard:{kept.pk}").exists()
    assert [line.move for line in twin.transitions.order_by("id")] == ["record", "merge"]
    client.force_login(world.people.qingshi_officer)
    page = client.get(twin.get_absolute_url()).content.decode()
    assert "已并入" in page
    assert kept.get_absolute_url() in page
    assert "同一面墙" in page
    page = client.get(kept.get_absolute_url()).content.decode()
    assert "并入的重复登记" in page
    assert twin.get_absolute_url() in page


def test_what_may_not_be_merged(world):
    kept, twin, major = make_hazard(world), make_hazard(world), make_major(world)
    other = make_hazard(world)
    Hazard.objects.filter(pk=other.pk).update(enterprise=world.enterprises.station)
    officer = world.people.qingshi_officer
    for into in (twin, other):
        with pytest.raises(Refused, match="同一家企业"):
            actions.merge(twin, into=into, reason="重复", by=officer)
    with pytest.raises(ReasonRequired):
        actions.merge(twin, into=kept, reason=" ", by=officer)
    with pytest.raises(PermissionDenied):
        actions.merge(twin, into=kept, reason="重复", by=world.people.shop)
    with pytest.raises(IllegalMove):
        actions.merge(major, into=kept, reason="重复", by=officer)
    # A general one may lead to a major one; what led elsewhere can no longer be led to.
    actions.merge(twin, into=major, reason="重复", by=officer)
    with pytest.raises(Refused):
        actions.merge(kept, into=twin, reason="重复", by=officer)


@pytest.mark.django_db(transaction=True)
def test_two_that_are_merged_into_each_other_at_once_do_not_both_vanish(world):
    one, two = make_hazard(world), make_hazard(world)

    def merging(hazard, into):
        return lambda: actions.merge(
            fresh(hazard), into=fresh(into), reason="重复", by=world.people.qingshi_officer
        )

    said = outcomes(merging(one, two), merging(two, one))
    assert said.count("done") == 1, said
    assert Hazard.objects.exclude(status="dismissed").count() == 1


def test_through_the_page(client, world):
    kept, twin = make_hazard(world), make_hazard(world)
    client.force_login(world.people.qingshi_officer)
    seen = twin.transitions.order_by("-pk").first().pk
    sent = {"seen": seen, "merging-into": kept.pk, "merging-reason": "同一处"}
    assert client.post(reverse("hazards:act", args=[twin.pk, "merging"]), sent).status_code in (200, 302)
    assert fresh(twin).status == "dismissed"


def test_many_are_closed_with_one_opinion_and_what_cannot_be_is_told(client, world):
    waiting = [make_submitted(world) for _ in range(2)]
    running = make_hazard(world)
    client.force_login(world.people.qingshi_officer)
    picked = {"action": "close", "pick": [each.pk for each in (*waiting, running)]}
    page = client.post(reverse("hazards:bulk"), picked).content.decode()
    for words in ("已砌墙隔开", "现为“整改中”", "我已逐项看过"):
        assert words in page
    unread = client.post(reverse("hazards:bulk"), picked | {"confirmed": "1", "text": "合格"})
    assert fresh(waiting[0]).status == "reinspecting", "nothing is closed that nobody says to have looked at"
    assert unread.status_code == 200
    done = client.post(
        reverse("hazards:bulk"), picked | {"confirmed": "1", "text": "合格", "looked": "on"}, follow=True
    )
    assert [fresh(each).status for each in (*waiting, running)] == ["closed", "closed", "rectifying"]
    assert running.number in done.content.decode() or "状态" in done.content.decode()
    assert fresh(waiting[0]).reinspections.get().text == "合格"


def test_an_enterprise_closes_nothing_in_bulk(client, world):
    hazard = make_submitted(world)
    client.force_login(world.people.shop)
    sent = {"action": "close", "pick": [hazard.pk], "confirmed": "1", "text": "合格", "looked": "on"}
    assert client.post(reverse("hazards:bulk"), sent).status_code == 403
