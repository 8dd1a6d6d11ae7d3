"""The step every door shares, asked of objects of a batch."""

import datetime as dt

import pytest
from django.db import transaction

from bihuan.audit.models import Event
from bihuan.audit.moves import stale, step
from bihuan.batches.models import BatchObject, BatchTransition
from bihuan.batches.tests.factories import later, notified
from bihuan.batches.workflow import OBJECT_RULES, ObjectMove
from bihuan.core.digest import matches
from bihuan.core.errors import IllegalMove, ReasonRequired
from bihuan.inspections.tests.factories import make_campaign

pytestmark = pytest.mark.django_db


@pytest.fixture
def member(world):
    return notified(world, make_campaign(world).campaign)


def make(member, move, by, **given):
    with transaction.atomic():
        return step(member, move, OBJECT_RULES[move], BatchTransition, by=by, **given)


def test_a_step_moves_the_row_writes_its_line_and_records_both(world, member):
    by, due_on = world.people.housing, member.due_on
    line = make(member, ObjectMove.APPLY, by, reason=" 已换燃气锅炉 ")
    assert BatchObject.objects.get().status == "applied"
    assert (line.move, line.from_status, line.to_status) == ("apply", "notified", "applied")
    assert (line.reason, line.by, line.due_on, line.member) == ("已换燃气锅炉", by, due_on, member)
    told = Event.objects.filter(act="batches.apply").order_by("id")
    assert [event.chain for event in told] == [
        f"batches.batchobject:{member.pk}",
        f"batches.batchtransition:{line.pk}",
    ]
    assert told[1].summary == f"申请联合验收：{member}"
    assert matches(line.signed_content(), told[1].content_hash)


def test_what_a_move_changes_is_changed_with_it_and_kept_in_the_line(world, member):
    line = make(
        member, ObjectMove.EXTEND, world.people.housing, reason="配件未到", changed={"due_on": later(40)}
    )
    assert BatchObject.objects.values_list("status", "due_on").get() == ("notified", later(40))
    assert line.due_on == later(40)
    assert (line.from_status, line.to_status) == ("notified", "notified")


def test_who_was_quicker_is_named_by_the_state(world, member):
    second = BatchObject.objects.get(pk=member.pk)
    make(member, ObjectMove.APPLY, world.people.housing)
    with pytest.raises(IllegalMove, match="状态已变化（现为“待联合验收”）"):
        make(second, ObjectMove.TRANSFER, world.people.housing, reason="逾期")
    assert second.status == "notified"
    assert BatchTransition.objects.filter(move="transfer").count() == 0


def test_a_watched_column_that_moved_on_refuses_the_step(world, member):
    second = BatchObject.objects.get(pk=member.pk)
    BatchObject.objects.filter(pk=member.pk).update(due_on=member.due_on + dt.timedelta(days=1))
    with pytest.raises(IllegalMove):
        make(second, ObjectMove.APPLY, world.people.housing, watched=("due_on",))
    assert make(second, ObjectMove.APPLY, world.people.housing).to_status == "applied"


def test_a_move_that_owes_a_reason_asks_for_it(world, member):
    with pytest.raises(ReasonRequired):
        make(member, ObjectMove.EXTEND, world.people.housing, reason="  ")
    assert BatchObject.objects.get().status == "notified"


def test_a_row_that_is_gone_is_said_to_be_gone(member):
    gone = BatchObject(pk=member.pk + 1, batch=member.batch, enterprise=member.enterprise)
    assert "不存在" in str(stale(gone))
