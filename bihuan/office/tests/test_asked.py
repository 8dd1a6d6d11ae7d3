"""Whoever is asked first answers for it until somebody has taken it over (R257); what officers promise (R259)."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.utils import timezone

from bihuan.accounts.tests.world import World
from bihuan.audit.models import Event
from bihuan.core.errors import IllegalMove, ReasonRequired, Refused
from bihuan.duties.models import Duty
from bihuan.office import actions
from bihuan.office.actions.committing import Judged, Promise
from bihuan.office.models import AskedMatter, OfficerCommitment
from bihuan.office.owing import open_due
from bihuan.office.tests import factories as make

pytestmark = pytest.mark.django_db


def owed(matter: AskedMatter) -> set[tuple[str, dt.date]]:
    rows = Duty.objects.open().filter(subject=f"office.askedmatter:{matter.pk}")
    return {(row.organization.short_name, row.due_on) for row in rows}


def test_who_is_asked_first_owes_the_answer_within_five_working_days(world: World) -> None:
    with make.on(dt.date(2026, 9, 1)):
        row = make.asked(world)
        slow = make.asked(world, is_complex=True)
    assert row.due_on == dt.date(2026, 9, 8)
    # The Sunday before National Day, 20 September, is worked.
    assert slow.due_on == dt.date(2026, 9, 21)
    assert owed(row) == {("青石街道", row.due_on)}
    assert Duty.objects.get(subject=f"office.askedmatter:{row.pk}").post == world.posts["qingshi_officer"]


def test_answered_on_the_spot(world: World) -> None:
    row = make.asked(world)
    with pytest.raises(Refused):
        actions.settle(row, result=" ", by=world.people.qingshi_officer)
    actions.settle(row, result="给了办事指南", by=world.people.inspector)
    row = make.again(row)
    assert (row.status, row.told_on) == ("closed", timezone.localdate())
    assert owed(row) == set()


def test_handed_on_stays_with_the_first_until_it_is_taken_over(world: World) -> None:
    people, housing = world.people, world.organizations.housing
    with make.on(dt.date(2026, 9, 1)):
        row = make.asked(world)
        with pytest.raises(ReasonRequired):
            actions.hand(row, to=housing, reason="", by=people.qingshi_officer)
        with pytest.raises(Refused):
            actions.hand(row, to=world.organizations.qingshi, reason="自己", by=people.qingshi_officer)
        with pytest.raises(PermissionDenied):
            actions.hand(row, to=housing, reason="燃气", by=people.housing)
        actions.hand(row, to=housing, reason="燃气补贴归住建", by=people.qingshi_officer)
        assert owed(row) == {("青石街道", row.due_on), ("市住建局", dt.date(2026, 9, 2))}
        assert make.again(row).answering_id == world.organizations.qingshi.pk
        with pytest.raises(PermissionDenied):
            actions.accept(row, by=people.qingshi_officer)
        actions.accept(row, by=people.housing)
        assert owed(row) == {("市住建局", row.due_on)}
        actions.answer(row, result="已发放补贴表", by=people.housing)
        assert owed(row) == {("青石街道", row.due_on)}
        with pytest.raises(PermissionDenied):
            actions.tell(row, how="电话", by=people.housing)
        actions.tell(row, how="电话告知，满意", by=people.qingshi_officer)
    assert make.again(row).status == "closed"
    assert owed(row) == set()


def test_given_back_with_a_reason_is_the_firsts_again_and_counted(world: World) -> None:
    people = world.people
    row = make.asked(world)
    actions.hand(row, to=world.organizations.housing, reason="燃气", by=people.qingshi_officer)
    with pytest.raises(ReasonRequired):
        actions.hand_back(row, reason=" ", by=people.housing)
    actions.hand_back(row, reason="补贴由市场监管局发放", by=people.housing)
    row = make.again(row)
    assert (row.status, row.bounces, row.handler) == ("received", 1, None)
    assert owed(row) == {("青石街道", row.due_on)}
    with pytest.raises(PermissionDenied):
        actions.accept(row, by=people.housing)
    actions.hand(row, to=world.organizations.market, reason="补贴", by=people.qingshi_officer)
    with pytest.raises(IllegalMove):
        actions.settle(row, result="答复了", by=people.qingshi_officer)


def test_the_person_is_sealed_and_every_opening_is_on_record(world: World) -> None:
    people = world.people
    row = make.asked(world)
    with connection.cursor() as cursor:
        cursor.execute("SELECT asker_name, asker_phone FROM office_askedmatter")
        stored = "".join(cursor.fetchone())
    assert "胡某来" not in stored
    assert "1990000" not in stored
    for stranger in (people.office, people.housing, people.inspectorate, people.baita_leader):
        with pytest.raises(PermissionDenied):
            actions.reveal(row, reason="看看", by=stranger)
    with pytest.raises(ReasonRequired):
        actions.reveal(row, reason="", by=people.qingshi_officer)
    assert actions.reveal(row, reason="回电", by=people.qingshi_officer) == ("胡某来", "19900001234")
    kept = Event.objects.get(act="office.reveal")
    assert kept.payload["reason"] == "回电"
    assert "胡某来" not in str(kept.summary)


def test_who_sees_a_matter(world: World) -> None:
    people = world.people
    row = make.asked(world)
    sees = AskedMatter.objects.visible_to
    for who in (people.inspector, people.county_office, people.office, people.inspectorate):
        assert sees(who).contains(row)
    for who in (people.housing, people.baita_leader, people.shop, people.expert):
        assert not sees(who).contains(row)
    actions.hand(row, to=world.organizations.housing, reason="燃气", by=people.qingshi_officer)
    assert sees(people.housing).contains(row)


# --- commitments -----------------------------------------------------------------------------


def test_a_commitment_is_written_published_and_judged_by_another(world: World) -> None:
    people = world.people
    with make.on(make.EARLY):
        row = make.commitment(world)
        assert not OfficerCommitment.objects.published().exists()
        with pytest.raises(PermissionDenied):
            actions.publish(row, by=people.qingshi_leader)
        actions.publish(row, by=people.qingshi_officer)
        with pytest.raises(IllegalMove):
            actions.edit_commitment(
                row, starts_on=row.starts_on, ends_on=row.ends_on, lines=[Promise("别的", "一", row.ends_on)],
                by=people.qingshi_officer,
            )  # fmt: skip
        given = {1: Judged("kept", "记录四份")}
        with pytest.raises(Refused, match="期满"):
            actions.judge_commitment(row, given, by=people.qingshi_leader)
    with make.on(make.AFTER):
        assert open_due(timezone.now()) >= 1
        assert Duty.objects.get(kind="public_commitment").post == world.posts["qingshi_leader"]
        with pytest.raises(PermissionDenied):
            actions.judge_commitment(row, given, by=people.qingshi_officer)
        with pytest.raises(Refused, match="依据"):
            actions.judge_commitment(row, {1: Judged("kept", "")}, by=people.qingshi_leader)
        with pytest.raises(Refused, match="没有评定"):
            actions.judge_commitment(row, {}, by=people.qingshi_leader)
        actions.judge_commitment(row, given, by=people.qingshi_leader)
    assert row.lines.get().keeping == "kept"
    assert Duty.objects.get(kind="public_commitment").status == "done"


def test_a_leaders_own_is_judged_from_above(world: World) -> None:
    people = world.people
    with make.on(make.EARLY):
        row = make.commitment(world, by=people.qingshi_leader)
        actions.publish(row, by=people.qingshi_leader)
    with make.on(make.AFTER):
        open_due(timezone.now())
        assert Duty.objects.get(kind="public_commitment").organization == world.organizations.county_office
        with pytest.raises(PermissionDenied):
            actions.judge_commitment(row, {1: Judged("kept", "看了")}, by=people.qingshi_leader)
        actions.judge_commitment(row, {1: Judged("broken", "只有一份")}, by=people.office_leader)


@pytest.mark.parametrize(
    "wrong",
    [
        {"lines": []},
        {"lines": [Promise("好好干", "", dt.date(2026, 10, 31))]},
        {"lines": [Promise("好好干", "四次", dt.date(2026, 11, 1))]},
        {"ends_on": dt.date(2026, 9, 1)},
        {"ends_on": dt.date(2028, 1, 1)},
    ],
)
def test_a_commitment_that_cannot_be_measured_is_refused(world: World, wrong) -> None:
    with pytest.raises(Refused):
        make.commitment(world, **wrong)
