"""Only what policy permits goes, after a report and an approval, and only once it has been put aside."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import json

import pytest
from axes.models import AccessLog
from django.core.management import call_command
from django.utils import timezone
from django_otp.plugins.otp_totp.models import TOTPDevice

from bihuan.audit.models import Event
from bihuan.core.errors import IllegalMove, Refused
from bihuan.notifications.models import Message
from bihuan.operations.models import RetentionRun
from bihuan.operations.retention import policy, rounds
from bihuan.operations.retention.policy import permanent, policies

DAY = dt.timedelta(days=1)


@pytest.fixture
def old_logs(world, settings, tmp_path):
    """Logins 500, 401, 399 and 10 days ago; a message read 800 days ago and one never read."""
    settings.DATA_DIR = tmp_path
    now = timezone.now()
    for days in (500, 401, 399, 10):
        made = AccessLog.objects.create(
            username="old", ip_address="203.0.113.9", path_info="/accounts/login/"
        )
        AccessLog.objects.filter(pk=made.pk).update(attempt_time=now - days * DAY)
    person = world.people.office
    Message.objects.create(
        recipient=person, category="system", title="旧", created_at=now - 900 * DAY, read_at=now - 800 * DAY
    )
    Message.objects.create(recipient=person, category="system", title="未读", created_at=now - 900 * DAY)
    return tmp_path


def tonight(hour: int = 3) -> dt.datetime:
    """An hour of the coming night."""
    return (timezone.localtime() + DAY).replace(hour=hour, minute=0)


def counts(run: RetentionRun) -> dict[str, int]:
    return {line["key"]: line["count"] for line in run.lines}


def test_a_report_counts_and_deletes_nothing(old_logs):
    run = rounds.report()
    assert counts(run) == {"login_log": 2, "messages": 1, "job_results": 0, "web_sessions": 0}
    assert (run.total, run.status) == (3, "reported")
    assert (AccessLog.objects.count(), Message.objects.count()) == (4, 2)
    assert Event.objects.filter(act="operations.retention_report").count() == 1


def test_what_was_approved_goes_and_can_be_read_in_its_file(old_logs, people):
    run = rounds.report(tonight())
    rounds.approve(run, by=people.sysadmin)
    rounds.retention_due(tonight(hour=9))
    assert AccessLog.objects.count() == 4
    rounds.retention_due(tonight())
    run.refresh_from_db()
    assert run.status == "applied"
    assert {each["key"]: each["deleted"] for each in run.results} == {
        "login_log": 2, "messages": 1, "job_results": 0, "web_sessions": 0,
    }  # fmt: skip
    ages = [(timezone.now() - row.attempt_time).days for row in AccessLog.objects.order_by("-attempt_time")]
    assert ages == [10, 399]
    assert Message.objects.get().title == "未读"
    with gzip.open(old_logs / "retained" / f"login_log-{run.pk}-axes_accesslog.jsonl.gz", "rt") as file:
        kept = [json.loads(line) for line in file]
    assert [each["username"] for each in kept] == ["old", "old"]
    acts = Event.objects.filter(act__startswith="operations.retention").order_by("seq")
    assert [event.act for event in acts] == [
        "operations.retention_report", "operations.retention_approve", "operations.retention_apply",
    ]  # fmt: skip
    assert acts[1].actor_name == people.sysadmin.full_name


def test_what_the_archive_does_not_hold_safely_stays(old_logs, people, monkeypatch):
    """A rule that some day clears audit events is stopped by the archive, and the report says why."""
    logins = policy._ROWS["login_log"]
    events = Event.objects.order_by("pk")
    monkeypatch.setitem(policy._ROWS, "login_log", lambda cutoff: [*logins(cutoff), events])
    known = Event.objects.count()
    run = rounds.report(tonight())
    rounds.approve(run, by=people.sysadmin)
    rounds.retention_due(tonight())
    run.refresh_from_db()
    [done] = [each for each in run.results if each["key"] == "login_log"]
    assert done["deleted"] == 2
    assert f"{timezone.localdate():%Y-%m} 还没有过完，不能清理" in done["held"]
    assert Event.objects.count() >= known
    monkeypatch.setattr(rounds, "objections", lambda stream, month: [])
    assert rounds.objections_to(events) == []


def test_nothing_goes_without_approval_and_nothing_twice(old_logs, people):
    run = rounds.report()
    with pytest.raises(IllegalMove, match="没有批准"):
        rounds.carry_out(run)
    newer = rounds.report()
    with pytest.raises(IllegalMove, match="取代"):
        rounds.approve(run, by=people.sysadmin)
    rounds.approve(newer, by=people.sysadmin)
    with pytest.raises(IllegalMove):
        rounds.approve(newer, by=people.sysadmin)
    assert AccessLog.objects.count() == 4


def test_a_file_that_cannot_be_read_back_stops_the_clearing(old_logs, people, monkeypatch):
    run = rounds.report()
    rounds.approve(run, by=people.sysadmin)

    class Rotten(gzip.GzipFile):
        def __iter__(self):
            return iter([b"{}\n"])

    monkeypatch.setattr(rounds.gzip, "open", lambda path, mode: Rotten(path, mode))
    with pytest.raises(Refused, match="读不回原样"):
        rounds.carry_out(run)
    assert AccessLog.objects.count() == 4
    assert list((old_logs / "retained").glob("*.gz")) == []


def test_an_interrupted_clearing_is_finished_later(old_logs, people, monkeypatch):
    run = rounds.report()
    rounds.approve(run, by=people.sysadmin)
    real, calls = rounds._clear, []

    def dies(policy, cutoff, run):
        calls.append(policy.key)
        if policy.key == "messages":
            raise OSError("power")
        return real(policy, cutoff, run)

    monkeypatch.setattr(rounds, "_clear", dies)
    with pytest.raises(OSError, match="power"):
        rounds.carry_out(run)
    assert (AccessLog.objects.count(), Message.objects.count()) == (2, 2)
    monkeypatch.undo()
    rounds.carry_out(RetentionRun.objects.get(pk=run.pk))
    assert (AccessLog.objects.count(), Message.objects.count()) == (2, 1)


def test_the_law_sets_the_floor(settings):
    settings.RETENTION_DAYS = {"login_log": 90}
    with pytest.raises(Refused, match="短于规定的 180 天"):
        policies(dt.date(2026, 11, 22))
    settings.RETENTION_DAYS = {"logins": 900}
    with pytest.raises(Refused, match="没有这样的名称：logins"):
        policies(dt.date(2026, 11, 22))
    settings.RETENTION_DAYS = {"login_log": 900}
    assert {each.key: each.keep_days for each in policies(dt.date(2026, 11, 22))}["login_log"] == 900


def test_every_log_is_kept_half_a_year_at_least(settings):
    settings.RETENTION_DAYS = {}
    found = policies(dt.date(2026, 11, 22))
    assert all(each.keep_days >= each.at_least for each in found)
    assert {each.key for each in found if each.at_least < 180} == {"web_sessions"}
    assert policies(dt.date(2016, 1, 1)) == []  # before the law
    assert len(permanent()) == 4


def test_one_report_a_day_and_by_setting_its_own_approval(old_logs, settings):
    settings.RETENTION_AUTO = True
    rounds.retention_due(tonight())
    rounds.retention_due(tonight())
    run = RetentionRun.objects.get()
    assert (run.status, run.approved_by_name) == ("applied", "系统定时任务")
    assert AccessLog.objects.count() == 2


def test_the_command_reports_first(old_logs):
    out = io.StringIO()
    call_command("retention", stdout=out)
    assert "登录、退出和锁定记录：保存 400 天，到期 2 条" in out.getvalue()
    assert "隐患台账与流转：不清理" in out.getvalue()
    assert AccessLog.objects.count() == 4
    call_command("retention", "--apply", stdout=out)
    assert "已清理 登录、退出和锁定记录 2 条，另存于" in out.getvalue()


def test_the_page_approves(old_logs, client, people):

    device = TOTPDevice.objects.create(user=people.sysadmin, name="x", confirmed=True)
    client.force_login(people.sysadmin)
    session = client.session
    session["otp_device_id"] = device.persistent_id
    session.save()
    run = rounds.report()
    page = client.get("/operations/retention/")
    assert "批准清理这 3 条" in page.content.decode()
    client.post("/operations/retention/", {"run": run.pk})
    run.refresh_from_db()
    assert (run.status, run.approved_by_name) == ("approved", people.sysadmin.full_name)
