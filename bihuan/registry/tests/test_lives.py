"""Whatever is stopped is gone back to: entered by a form or a table, found working again, stopped for long (R046)."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from bihuan.core.errors import Refused
from bihuan.duties.models import Duty
from bihuan.inspections.tests.factories import photo
from bihuan.notifications.models import Message
from bihuan.registry import lifecycle
from bihuan.registry.actions import change_status
from bihuan.registry.lives import settle_lives
from bihuan.registry.models import Enterprise, Recheck, StatusPeriod

from .sheets import code, good_row, run_import, workbook
from .test_views import new_form

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 11, 20)


@pytest.fixture
def shop(world):
    return world.enterprises.shop


@pytest.fixture
def run(django_capture_on_commit_callbacks):
    return django_capture_on_commit_callbacks


@pytest.fixture
def today(monkeypatch):
    """The twentieth of November, whatever the day is; the days of given moments are what they are."""
    real = timezone.localdate
    monkeypatch.setattr(
        timezone, "localdate", lambda value=None, zone=None: real(value, zone) if value else TODAY
    )


def closed(world, shop, status="closed", on=dt.date(2026, 9, 2), **more):
    Enterprise.objects.filter(pk=shop.pk).update(created_at="2026-01-01T00:00+08:00")
    shop.refresh_from_db()
    return change_status(shop, status, by=world.people.qingshi_officer, reason="关闭", on=on, **more)


def go_back(world, months, finding, on=TODAY, note=""):
    by = world.people.inspector
    lifecycle.record_recheck(
        Recheck.objects.get(months=months), finding=finding, note=note, photos=[photo(by)], by=by, on=on
    )


def open_ones():
    return list(Recheck.objects.open().order_by("due_on").values_list("months", "due_on"))


# --- what follows a finding ------------------------------------------------------------------------


def test_found_working_again_somebody_goes_monthly_and_those_in_charge_are_told(world, shop, today, run):
    closed(world, shop)
    with run(execute=True):
        go_back(world, 1, "revived", note="后门在营业")
    assert open_ones() == [
        (3, dt.date(2026, 12, 2)), (6, dt.date(2027, 3, 2)), (12, dt.date(2027, 9, 2)),
    ]  # fmt: skip
    told = Message.objects.filter(title="“云溪区好味来面馆”擅自恢复生产")
    assert {message.recipient.full_name for message in told} == {
        "李建明",
        "孙知远",
    }  # the bureau, the county's office
    assert "后门在营业" in told[0].body
    # The third month is laid down anyway; quiet once is not enough, so the fourth follows.
    go_back(world, 3, "still")
    assert [month for month, _ in open_ones()] == [4, 6, 12]
    duty = Duty.objects.open().get(kind=Duty.Kind.RECHECK, due_on=dt.date(2027, 1, 2))
    assert duty.organization == world.organizations.qingshi
    go_back(world, 4, "removed")
    assert [month for month, _ in open_ones()] == [6, 12]


def test_one_stopped_for_longer_than_a_year_is_still_looked_at(world, shop, today):
    closed(world, shop, "idle", on=dt.date(2025, 11, 1))
    assert [month for month, _ in open_ones()] == [1, 3, 6, 12]
    for month in (1, 3, 6, 12):
        go_back(world, month, "still")
    assert open_ones() == [(24, dt.date(2027, 11, 1))]


def test_a_closed_one_is_left_alone_after_a_year(world, shop, today):
    closed(world, shop, on=dt.date(2025, 11, 1))
    for month in (1, 3, 6, 12):
        go_back(world, month, "removed")
    assert open_ones() == []


def test_where_it_moved_to_is_kept_and_only_for_a_move(world, shop, today):
    with pytest.raises(Refused, match="只有改为“搬迁”"):
        closed(world, shop, moved_to="化工园区")
    period = closed(world, shop, "moved", moved_to="临江县化工园区2号")
    assert period.moved_to == "临江县化工园区2号"


# --- however the status came -----------------------------------------------------------------------


def test_one_entered_as_stopped_by_the_form_begins_its_period(client, world):
    client.force_login(world.people.qingshi_officer)
    assert client.post(reverse("registry:create"), new_form(status="closed")).status_code == 302
    entered = Enterprise.objects.get(name="云溪区新开面馆")
    period = StatusPeriod.objects.get(enterprise=entered)
    assert (period.status, period.from_on, period.by) == (
        "closed", timezone.localdate(), world.people.qingshi_officer,
    )  # fmt: skip
    assert Recheck.objects.open().filter(enterprise=entered).count() == 4
    assert settle_lives(timezone.now()) == 0


def test_one_entered_as_stopped_by_a_table_is_found_by_the_worker(world, run):
    rows = [good_row(1, 经营状态="停产"), good_row(2)]
    run_import(workbook(rows), by=world.people.qingshi_officer, run=run)
    stopped = Enterprise.objects.get(credit_code=code(1))
    assert not Recheck.objects.exists()
    assert settle_lives(timezone.now()) == 1
    assert {each.enterprise for each in Recheck.objects.open()} == {stopped}
    assert Duty.objects.open().filter(kind=Duty.Kind.RECHECK).count() == 4
    assert StatusPeriod.objects.get().by == world.people.robot
    assert settle_lives(timezone.now()) == 0


def test_nobody_is_sent_to_what_fell_due_before_it_was_entered(world, shop, today):
    """In the register as stopped for ten months: the twelfth is still to come; stopped for two years: next year's."""
    now = dt.datetime(2026, 11, 20, 4, tzinfo=dt.UTC)
    Enterprise.objects.filter(pk=shop.pk).update(status="idle", created_at="2026-01-10T00:00+08:00")
    settle_lives(now)
    assert open_ones() == [(12, dt.date(2027, 1, 10))]
    station = world.enterprises.station
    Enterprise.objects.filter(pk=station.pk).update(status="idle", created_at="2024-06-01T00:00+08:00")
    settle_lives(now)
    assert Recheck.objects.get(enterprise=station).due_on == dt.date(2027, 6, 1)


def test_a_table_cannot_let_a_stopped_one_work_again(world, shop, run, today):
    by = world.people.qingshi_officer
    run_import(workbook([good_row(1)]), by=by, run=run)
    row = Enterprise.objects.get(credit_code=code(1))
    Enterprise.objects.filter(pk=row.pk).update(created_at="2026-01-01T00:00+08:00")
    change_status(Enterprise.objects.get(pk=row.pk), "idle", by=by, reason="停业整顿")
    batch = run_import(workbook([good_row(1)]), by=by, run=run)
    ((column, words),) = batch.errors["4"]
    assert column == "经营状态"
    assert "复产验收" in words
    row.refresh_from_db()
    assert row.status == "idle"


def test_a_period_no_longer_true_is_ended(world, shop, today):
    """What a rule without acceptance lets a table do, or a hand in the database."""
    closed(world, shop, "idle")
    Enterprise.objects.filter(pk=shop.pk).update(status="operating")
    assert settle_lives(dt.datetime(2026, 11, 20, 4, tzinfo=dt.UTC)) == 1
    assert not Recheck.objects.open().exists()
    current = StatusPeriod.objects.get(enterprise=shop, to_on=None)
    assert (current.status, current.reason) == ("operating", "状态随导入的表改动")
    Enterprise.objects.filter(pk=shop.pk).update(status="closed")
    assert settle_lives(dt.datetime(2026, 11, 21, 4, tzinfo=dt.UTC)) == 1
    assert StatusPeriod.objects.get(enterprise=shop, to_on=None).status == "closed"
