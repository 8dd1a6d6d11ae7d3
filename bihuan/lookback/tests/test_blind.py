"""A round over places nobody has been to (监管盲区, R099): what is drawn, who goes, which visit settles it."""

import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from bihuan.accounts.tests.world import sign_in
from bihuan.audit.actions import chain_of
from bihuan.core.errors import IllegalMove, Refused
from bihuan.core.tests.together import outcomes
from bihuan.duties.models import Duty
from bihuan.inspections.actions import submit_inspection
from bihuan.inspections.models import Inspection
from bihuan.inspections.tests.factories import fixed, make_campaign, visit
from bihuan.lookback import actions, queries
from bihuan.lookback.models import LookbackRound
from bihuan.registry.models import Enterprise
from bihuan.rules import sampling

from .factories import announced, closed

pytestmark = pytest.mark.django_db

BLIND = {"target": "blind", "closed_from": None, "closed_to": None, "stratify": "kind"}


def blind(world, *, months=0, **changes):
    """A round over the whole city's blind spots, drawn: the noodle shop and the filling station."""
    held = announced(world, **(BLIND | {"unseen_months": months} | changes))
    actions.draw_round(held, by=changes.get("by") or world.people.office)
    return LookbackRound.objects.get(pk=held.pk)


def check_of(held, enterprise):
    return held.checks.select_related("round__organization", "organization").get(enterprise=enterprise)


def owing(held):
    rows = Duty.objects.open().filter(subject=chain_of(held)).select_related("organization")
    return {duty.organization.short_name for duty in rows}


def moved(inspection, days):
    Inspection.objects.filter(pk=inspection.pk).update(
        inspected_on=timezone.localdate() - dt.timedelta(days=days)
    )


def test_what_is_a_blind_spot(world):
    gas = make_campaign(world)
    people, shop, station = world.people, world.enterprises.shop, world.enterprises.station

    def spots(months, **changes):
        body = changes.get("body", world.organizations.office)
        rows = actions.blind_spots(body, world.regions.city, months, campaign=changes.get("campaign"))
        return set(rows)

    assert spots(0) == spots(12) == {shop, station}
    own = submit_inspection(visit(world, gas, people.shop, kind="self_check"), by=people.shop)
    assert shop in spots(0), own  # what an enterprise looks at itself is no supervision
    seen = submit_inspection(visit(world, gas, people.inspector), by=people.inspector)
    assert spots(0) == spots(12) == {station}
    moved(seen, 300)
    assert spots(6) == {shop, station}
    assert spots(12) == {station}
    # A department sees its own line, a campaign what its tasks cover; what has closed for good is nobody's blind spot.
    assert spots(6, body=world.organizations.housing) == {shop}
    assert spots(6, campaign=gas.campaign) == {shop}
    Enterprise.objects.filter(pk=station.pk).update(status="closed")
    assert spots(12) == set()


def test_the_draw_can_be_repeated_and_whoever_asks_for_hazards_gets_none(world):
    held = blind(world, stratify="visited")
    told = sampling.Inputs.from_json(held.inputs)
    again = [int(pk) for ids in sampling.draw(told, held.seed, held.public_value).values() for pk in ids]
    assert again == held.result == [check.enterprise_id for check in held.checks.order_by("position")]
    assert [each.name for each in held.strata.all()] == ["从未检查"]
    assert owing(held) == {"市安委办"}
    with pytest.raises(Refused, match="没有监管盲区"):
        announced(world, region=world.regions.linjiang, **BLIND, unseen_months=0)
    for wrong in ({"unseen_months": 7}, {"unseen_months": 0, "stratify": "inspector"}, {"target": "other"}):
        with pytest.raises(Refused):
            announced(world, **(BLIND | {"unseen_months": 0} | wrong))
    with pytest.raises(Refused, match="检查记录"):
        actions.judge(
            check_of(held, world.enterprises.shop), status="held", found="好", checked_on=timezone.localdate(),
            by=world.people.office,
        )  # fmt: skip


def test_the_visit_of_the_body_asked_to_go_settles_it(world):
    gas, people, shop = make_campaign(world), world.people, world.enterprises.shop
    held = blind(world)
    assert actions.hand_to_localities(held, by=people.office) == 2
    assert owing(held) == {"青石街道", "白塔镇"}
    with pytest.raises(Refused, match="没有待抽查"):
        actions.hand_to_localities(held, by=people.office)

    own = submit_inspection(visit(world, gas, people.shop, kind="self_check"), by=people.shop)
    assert check_of(held, shop).status == "waiting", own
    found = submit_inspection(
        visit(world, gas, people.inspector, "ppfp", findings={3: fixed(people.inspector)}),
        by=people.inspector,
    )
    check = check_of(held, shop)
    assert (check.status, check.inspection_id, check.judged_by) == ("found", found.pk, people.inspector)
    assert check.found == "检查发现隐患 1 项"
    assert owing(held) == {"白塔镇"}
    assert actions.warrants(found)
    # The second visit changes nothing of it.
    submit_inspection(visit(world, gas, people.inspector2), by=people.inspector2)
    assert check_of(held, shop).inspection_id == found.pk

    actions.not_seen(
        check_of(held, world.enterprises.station), found="停业，门锁着，月底再去", by=people.office
    )
    assert owing(held) == set()
    _, whole = queries.rates_of(held)
    assert (whole.planned, whole.judged, whole.rebounded, whole.unclear) == (2, 1, 1, 1)
    actions.finish_round(held, conclusion="一家有隐患，已整改。", by=people.office)


def test_a_visit_before_the_draw_or_elsewhere_settles_nothing(world):
    gas, people, shop = make_campaign(world), world.people, world.enterprises.shop
    early = submit_inspection(visit(world, gas, people.inspector), by=people.inspector)
    moved(early, 400)
    held = blind(world, months=12)
    check = check_of(held, shop)
    with pytest.raises(Refused, match="抽取之后"):
        actions.look_at(check, early, by=people.office)
    # Another body's visit does not settle what the office was to look at; the office may take it.
    late = submit_inspection(visit(world, gas, people.inspector), by=people.inspector)
    assert check_of(held, shop).status == "waiting"
    for person in (people.outsider, people.shop, people.office_leader):
        with pytest.raises(PermissionDenied):
            actions.look_at(check, late, by=person)
    with pytest.raises(Refused, match="抽取之后"):
        actions.look_at(check_of(held, world.enterprises.station), late, by=people.office)
    actions.look_at(check, late, by=people.office)
    check = check_of(held, shop)
    assert (check.status, check.inspection_id) == ("clean", late.pk)
    with pytest.raises(IllegalMove):
        actions.look_at(check, late, by=people.office)


def test_what_could_not_be_seen_needs_its_reason(world):
    held = blind(world)
    check = check_of(held, world.enterprises.shop)
    with pytest.raises(Refused, match="为什么"):
        actions.not_seen(check, found="  ", by=world.people.office)
    with pytest.raises(PermissionDenied):
        actions.not_seen(check, found="停业", by=world.people.qingshi_officer)  # nobody asked the street yet
    actions.hand_checks(held, world.organizations.qingshi, by=world.people.office)
    assert check_of(held, world.enterprises.station).organization.short_name == "市安委办"
    check = check_of(held, world.enterprises.shop)
    actions.not_seen(check, found="停业，查无此户", by=world.people.qingshi_officer)
    with pytest.raises(IllegalMove):
        actions.not_seen(check, found="还是停业", by=world.people.qingshi_officer)


def test_localities_are_not_asked_about_what_they_closed(world):
    closed(world)
    held = announced(world)
    actions.draw_round(held, by=world.people.office)
    with pytest.raises(Refused, match="不交给属地"):
        actions.hand_to_localities(held, by=world.people.office)
    check = held.checks.select_related("round__organization", "organization").order_by("position")[0]
    with pytest.raises(Refused, match="现场"):
        actions.not_seen(check, found="没看到", by=world.people.office)


@pytest.mark.django_db(transaction=True)
def test_a_visit_and_a_reason_at_once(world):
    gas, people = make_campaign(world), world.people
    held = blind(world)
    late = submit_inspection(visit(world, gas, people.inspector), by=people.inspector)
    mine, theirs = check_of(held, world.enterprises.shop), check_of(held, world.enterprises.shop)
    assert outcomes(
        lambda: actions.look_at(mine, late, by=people.office),
        lambda: actions.not_seen(theirs, found="停业", by=people.office),
    ) == ["IllegalMove", "done"]
    assert mine.transitions.filter(move__in=["visit", "judge"]).count() == 1


def test_through_the_pages(client, world):
    gas, people = make_campaign(world), world.people
    sign_in(client, people.office)
    create = reverse("lookback:create")
    assert "监管盲区" in client.get(create, {"target": "blind"}).content.decode()
    given = {
        "target": "blind", "title": "盲区清零", "region": "5397", "campaign": "", "unseen_months": "0",
        "stratify": "locality", "method": "proportional", "confidence": "95", "margin": "5", "expected": "50",
        "minimum": "1",
    }  # fmt: skip
    tried = client.post(create, given | {"plan": "1"})
    assert tried.context["plan"].population == 2
    assert client.post(create, given | {"stratify": "inspector"}).status_code == 422
    client.post(create, given)
    held = LookbackRound.objects.get()
    act = "lookback:act"
    client.post(reverse(act, args=[held.pk, "draw"]))
    client.post(reverse(act, args=[held.pk, "hand"]), {"body": "", "locality": ""})
    assert owing(held) == {"青石街道", "白塔镇"}
    told = client.get(reverse("lookback:material", args=[held.pk])).json()
    assert told["target"] == "blind"
    assert sampling.verify(told) == []
    page = client.get(held.get_absolute_url()).content.decode()
    assert "整体问题率" in page
    assert "从未检查过的对象" in page
    assert "反弹率" not in page

    check = check_of(held, world.enterprises.shop)
    sign_in(client, people.qingshi_officer)
    mine = client.get(reverse("lookback:checks")).content.decode()
    assert "好味来面馆" in mine
    assert "平安液化气" not in mine
    assert "去检查" in client.get(check.get_absolute_url()).content.decode()
    assert client.post(check.get_absolute_url(), {"inspection": "", "found": ""}).status_code == 422
    assert client.get(check_of(held, world.enterprises.station).get_absolute_url()).status_code == 404
    submit_inspection(visit(world, gas, people.inspector), by=people.inspector)
    done = client.get(check.get_absolute_url()).content.decode()
    assert "未发现隐患" in done
    assert "按检查记录登记" in done
    sign_in(client, people.office)
    other = check_of(held, world.enterprises.station)
    answer = client.post(other.get_absolute_url(), {"inspection": "", "found": "查无此户"})
    assert answer.status_code == 302
    assert check_of(held, world.enterprises.station).status == "unclear"


def test_the_page_of_a_round_asks_as_much_of_many_as_of_few(client, world):
    def asked(held):
        with CaptureQueriesContext(
            connection,
        ) as seen:
            assert client.get(held.get_absolute_url()).status_code == 200
        return len(seen)

    sign_in(client, world.people.office)
    few = blind(world, minimum=1)
    shop = world.enterprises.shop
    for number in range(12):
        Enterprise.objects.create(
            name=f"云溪区面馆之{number}", kind=shop.kind, department=shop.department, city=shop.city, county=shop.county,
            locality=shop.locality, address=f"幸福路 {number} 号", risk="yellow",
        )  # fmt: skip
    many = blind(world, title="第二轮", minimum=12)
    assert few.size < many.size
    asked(few)
    assert asked(many) == asked(few)
