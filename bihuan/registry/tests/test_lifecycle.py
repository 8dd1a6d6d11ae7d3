"""Stopped, closed and back: periods, going back, acceptance."""

import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from bihuan.attachments.models import Attachment
from bihuan.core.errors import IllegalMove, Refused
from bihuan.duties.models import Duty
from bihuan.inspections.tests.factories import photo
from bihuan.registry import lifecycle
from bihuan.registry.actions import change_status
from bihuan.registry.models import Enterprise, Recheck, Resumption, StatusPeriod

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(world):
    return world.enterprises.shop


@pytest.fixture
def stopped(world, shop):
    """Stopped since the second of last October, as if it had been there for long."""
    Enterprise.objects.filter(pk=shop.pk).update(created_at="2026-01-01T00:00+08:00")
    shop.refresh_from_db()
    change_status(
        shop, "idle", by=world.people.qingshi_officer, reason="停业整顿", on=dt.date(2026, 10, 2), document="青石停〔2026〕3号"
    )  # fmt: skip
    return shop


def test_a_stop_opens_four_times_of_going_back(world, stopped):
    days = list(Recheck.objects.values_list("months", "due_on"))
    assert days == [
        (1, dt.date(2026, 11, 2)), (3, dt.date(2027, 1, 2)), (6, dt.date(2027, 4, 2)), (12, dt.date(2027, 10, 2)),
    ]  # fmt: skip
    duties = Duty.objects.open().filter(kind=Duty.Kind.RECHECK)
    assert {duty.organization for duty in duties} == {world.organizations.qingshi}
    assert duties.earliest("due_on").clock["summary"] == "自2026-10-02起满1个月，至2026-11-02"
    periods = StatusPeriod.objects.order_by("id").values_list("status", "from_on", "to_on")
    assert list(periods) == [
        ("operating", dt.date(2026, 1, 1), dt.date(2026, 10, 2)), ("idle", dt.date(2026, 10, 2), None),
    ]  # fmt: skip


def test_going_back_needs_proof(world, stopped):
    first, by = Recheck.objects.first(), world.people.inspector
    today = timezone.localdate()
    given = {"finding": "still", "note": "", "by": by, "on": today}
    with pytest.raises(Refused, match="请附现场照片"):
        lifecycle.record_recheck(first, photos=[], **given)
    with pytest.raises(Refused, match="写明现场情况"):
        lifecycle.record_recheck(first, photos=[photo(by)], **given | {"finding": "revived"})
    with pytest.raises(Refused, match="复核日期应在"):
        lifecycle.record_recheck(first, photos=[photo(by)], **given | {"on": dt.date(2026, 10, 1)})
    lifecycle.record_recheck(first, photos=[photo(by)], **given)
    assert (first.status, first.finding, first.by) == ("done", "still", by)
    assert Duty.objects.open().filter(kind=Duty.Kind.RECHECK).count() == 3
    with pytest.raises(IllegalMove, match="已经办过"):
        lifecycle.record_recheck(first, photos=[photo(by)], **given)
    assert Attachment.objects.filter(links__subject=f"registry.recheck:{first.pk}").count() == 1


def test_a_visit_is_proof_as_well(world, stopped):
    first = Recheck.objects.first()
    lifecycle.record_recheck(
        first, finding="removed", note="灶台已拆", photos=[], by=world.people.inspector, on=timezone.localdate(),
        visit_url="/inspections/1/",
    )  # fmt: skip
    assert first.visit_url == "/inspections/1/"


@pytest.mark.parametrize("who", ["outsider", "shop", "market", "inspectorate"])
def test_who_may_not_go_back(world, stopped, who):
    with pytest.raises(PermissionDenied):
        lifecycle.record_recheck(
            Recheck.objects.first(), finding="still", note="", photos=["x"], by=getattr(world.people, who),
            on=timezone.localdate(),
        )  # fmt: skip


def accept(world, shop, **changes):
    by = world.people.qingshi_officer
    given = {
        "passed": True, "team": "郑守一、冯走访", "opinion": "隐患已消除", "checked_on": timezone.localdate(), "photos": [photo(by)], "by": by,
    }  # fmt: skip
    return lifecycle.record_resumption(shop, **given | changes)


def test_work_begins_again_only_after_acceptance(world, stopped):
    with pytest.raises(IllegalMove, match="须先验收"):
        change_status(stopped, "operating", by=world.people.office, reason="复工")
    accept(world, stopped, passed=False, photos=[])
    assert Enterprise.objects.get(pk=stopped.pk).status == "idle"
    with pytest.raises(Refused, match="须附现场照片"):
        accept(world, stopped, photos=[])
    accept(world, stopped)
    stopped.refresh_from_db()
    assert stopped.status == "operating"
    assert set(Recheck.objects.values_list("status", flat=True)) == {"cancelled"}
    assert not Duty.objects.open().filter(kind=Duty.Kind.RECHECK).exists()
    assert [row.passed for row in Resumption.objects.order_by("id")] == [False, True]
    with pytest.raises(IllegalMove, match="不需要复产验收"):
        accept(world, stopped)


def test_one_entered_as_stopped_by_a_table_is_accepted_too(world, shop):
    Enterprise.objects.filter(pk=shop.pk).update(status="idle")
    shop.refresh_from_db()
    accept(world, shop)
    assert shop.status == "operating"


def test_days_that_cannot_be_are_refused(world, shop):
    by = world.people.office
    tomorrow = timezone.localdate() + dt.timedelta(days=1)
    with pytest.raises(Refused, match="不能晚于今天"):
        change_status(shop, "idle", by=by, reason="装修", on=tomorrow)
    with pytest.raises(Refused, match="不能早于停产日期"):
        change_status(shop, "idle", by=by, reason="装修", expected_until=dt.date(2026, 1, 1))
    change_status(shop, "idle", by=by, reason="装修")
    with pytest.raises(Refused, match="早于"):
        change_status(shop, "closed", by=by, reason="注销", on=timezone.localdate() - dt.timedelta(days=3))


def test_closing_what_was_stopped_begins_the_going_back_anew(world, stopped):
    change_status(stopped, "closed", by=world.people.office, reason="吊销许可")
    assert Recheck.objects.filter(status="open").count() == 4
    assert Recheck.objects.filter(status="cancelled").count() == 4
