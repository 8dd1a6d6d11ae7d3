"""`bihuan audit verify`: whatever is changed behind the system's back is named."""

import datetime as dt
import json

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone

from bihuan.accounts.actions import people
from bihuan.accounts.models import Holding
from bihuan.accounts.tests.world import sign_in
from bihuan.audit import verification
from bihuan.audit.actions import pack_leaves, record, seal_day, seal_due, unpack_leaves
from bihuan.audit.jobs import start_verification
from bihuan.audit.models import Event, Head, Seal, Verification
from bihuan.audit.verification import verify
from bihuan.core.errors import IllegalMove, Refused
from bihuan.core.progress import Interrupted
from bihuan.jobs import actions, running
from bihuan.jobs.models import Job

FIRST = dt.datetime(2026, 11, 18, 9, 0, tzinfo=dt.UTC)
ZONE = dt.timezone(dt.timedelta(hours=8))


def sql(statement, *values):
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def messages():
    return [finding.message for finding in verify().findings]


@pytest.fixture
def history(world):
    """Three days: one post with four events, one holding with two, both signed; the first two days sealed."""
    post, by = world.posts["inspector"], world.people.sysadmin
    with time_machine.travel(FIRST, tick=False), transaction.atomic():
        for number in range(1, 3):
            record("test.act", post, by=by, summary=f"第{number}件事")
    with time_machine.travel(FIRST + dt.timedelta(days=1), tick=False):
        with transaction.atomic():
            record("test.act", post, by=by, summary="第3件事")
        holding = people.appoint(
            world.people.inspector2, post, from_on=dt.date(2026, 11, 19), reason="增援", by=by
        )
    with time_machine.travel(FIRST + dt.timedelta(days=2), tick=False):
        seal_due()
        with transaction.atomic():
            record("test.act", post, by=by, summary="第4件事")
            record("test.act", holding, by=by, summary="续")
    world.post, world.holding = post, holding
    world.chain = f"accounts.post:{post.pk}"
    return world


def event(history, seq):
    return Event.objects.get(chain=history.chain, seq=seq)


def test_an_untouched_record_is_clean(history):
    report = verify()
    assert report.is_clean
    assert (report.events, report.chains, report.subjects, report.seals) == (6, 2, 2, 2)


def test_one_changed_byte_of_a_signed_row_is_named(history):
    sql("UPDATE accounts_post SET title = 'X' || title WHERE id = %s", history.post.pk)
    assert messages() == [f"岗位 {history.chain} 内容与签署时不符"]


def test_a_row_nobody_signed_may_change(history):
    sql("UPDATE accounts_organization SET short_name = 'X' WHERE id = %s", history.organizations.qingshi.pk)
    assert messages() == []


def test_a_deleted_row_is_named(history):
    Holding.objects.filter(pk=history.holding.pk).delete()
    assert messages() == [f"任职 accounts.holding:{history.holding.pk} 已被删除，审计记录还有 2 条"]


@pytest.mark.parametrize(
    ("column", "value"),
    [("summary", "别的事"), ("actor_name", "别人"), ("payload", '{"x": 1}'), ("content_hash", "sm3:00"),
     ("previous_hash", "sm3:00"), ("ip", "10.0.0.9"), ("act", "test.other"), ("at", "2026-11-19 03:00:00")],
)  # fmt: skip
def test_any_changed_column_of_an_event_is_named(history, column, value):
    changed = event(history, 4)
    sql(f"UPDATE audit_event SET {column} = %s WHERE id = %s", value, changed.pk)
    assert any(f"#{changed.pk}（{history.chain} 第4条）被改动" in each for each in messages())


def test_a_changed_day_is_named(history):
    changed = event(history, 4)
    sql("UPDATE audit_event SET day = '2026-11-21' WHERE id = %s", changed.pk)
    assert messages() == [
        f"审计记录 #{changed.pk}（{history.chain} 第4条）的日期被改动：2026-11-21 与时间不符"
    ]


def test_an_event_rewritten_with_a_fitting_hash_is_caught_by_the_seal(history):
    """Whoever can write the database can also compute hashes; the sealed day still knows the old ones."""
    from bihuan.audit.actions import link_hash

    chain = list(Event.objects.filter(chain=history.chain).order_by("seq"))
    chain[0].summary = "从来不是这样"
    for previous, each in zip([None, *chain[:-1]], chain, strict=True):
        each.previous_hash = previous.hash if previous else ""
        each.hash = link_hash(each)
        each.save()
    Head.objects.filter(chain=history.chain).update(hash=chain[-1].hash)
    found = messages()
    assert found == [
        f"审计记录 #{each.pk}（{history.chain} 第{each.seq}条）与 {each.day} 封存时不符" for each in chain[:3]
    ]


def test_a_deleted_sealed_event_is_named_by_number_and_place(history):
    gone = event(history, 2)
    number = gone.pk
    gone.delete()
    assert f"审计记录 #{number}（{history.chain} 第2条）缺失" in messages()
    assert sum("缺失" in each for each in messages()) == 1


def test_a_deleted_unsealed_event_in_the_middle_is_named(history):
    with transaction.atomic():
        record("test.act", history.post, by=None, summary="第5件事")
    event(history, 4).delete()
    assert f"审计记录（{history.chain} 第4条）缺失" in messages()


def test_cutting_the_end_is_named(history):
    event(history, 4).delete()
    assert f"审计记录（{history.chain} 第4条）缺失" in messages()


def test_the_first_link_is_missed_too(history):
    number = event(history, 1).pk
    event(history, 1).delete()
    assert f"审计记录 #{number}（{history.chain} 第1条）缺失" in messages()


def test_a_deleted_head_is_named(history):
    Head.objects.filter(chain=history.chain).delete()
    assert messages() == [f"岗位 {history.chain} 的链条末端记录缺失"]


def test_a_changed_head_is_named(history):
    Head.objects.filter(chain=history.chain).update(hash="sm3:00")
    assert messages() == [f"岗位 {history.chain} 的链条末端与最后一条审计记录不符"]


def test_a_whole_lost_chain_is_named(history):
    Event.objects.filter(chain=history.chain).delete()
    found = messages()
    assert f"岗位 {history.chain} 的全部审计记录缺失，应有 4 条" in found
    assert f"审计记录 #{1}" in " ".join(found) or any("第1条）缺失" in each for each in found)


def test_two_swapped_events_are_named(history):
    third, fourth = event(history, 3), event(history, 4)
    sql("UPDATE audit_event SET seq = 99 WHERE id = %s", third.pk)
    sql("UPDATE audit_event SET seq = 3 WHERE id = %s", fourth.pk)
    sql("UPDATE audit_event SET seq = 4 WHERE id = %s", third.pk)
    found = " ".join(messages())
    assert f"#{fourth.pk}（{history.chain} 第3条）被改动" in found
    assert f"#{third.pk}" in found


def test_an_event_slipped_into_a_sealed_day_is_named(history):
    with time_machine.travel(FIRST + dt.timedelta(hours=1), tick=False), transaction.atomic():
        late = record("test.late", history.organizations.qingshi, by=None, summary="补记")
    assert any(f"#{late.pk}" in each and "不在 2026-11-18 的封存里" in each for each in messages())


@pytest.mark.parametrize("column", ["count", "root", "hash", "previous_hash", "sealed_at"])
def test_an_altered_seal_is_named(history, column):
    value = {"count": 7, "sealed_at": "2026-11-20 01:00:00+00:00"}.get(column, "sm3:" + "0" * 64)
    sql(f"UPDATE audit_seal SET {column} = %s WHERE day = '2026-11-18'", value)
    assert any("2026-11-18" in each or "2026-11-19" in each for each in messages())


def test_altered_leaves_are_named(history):
    seal = Seal.objects.get(day=dt.date(2026, 11, 18))
    leaves = unpack_leaves(seal.leaves)
    Seal.objects.filter(pk=seal.pk).update(leaves=pack_leaves(leaves[:1]))
    assert "2026-11-18 封存的清单与默克尔根不符，封存被改动" in messages()
    Seal.objects.filter(pk=seal.pk).update(leaves=b"rubbish")
    assert "2026-11-18 封存的清单已损坏，无法逐条对照" in messages()


def test_a_removed_seal_is_named(history):
    with time_machine.travel(FIRST + dt.timedelta(days=4), tick=False):
        seal_due()
    Seal.objects.filter(day=dt.date(2026, 11, 19)).delete()
    assert "2026-11-18 与 2026-11-20 之间的封存缺失" in messages()


def test_hashes_survive_a_change_of_the_setting(history, settings):
    settings.BIHUAN_HASH = "sha256"
    assert verify().is_clean
    with transaction.atomic():
        assert record("test.act", history.post, by=None, summary="新算法").hash.startswith("sha256:")
    assert verify().is_clean


# --- seals ---------------------------------------------------------------------------------------


def test_seals_are_contiguous_chained_and_made_once(history):
    first, second = Seal.objects.order_by("day")
    assert (first.day, first.count) == (dt.date(2026, 11, 18), 2)
    assert (second.day, second.count) == (dt.date(2026, 11, 19), 2)
    assert second.previous_hash == first.hash
    now = dt.datetime(2026, 11, 23, 0, 5, tzinfo=ZONE)
    assert [str(seal.day) for seal in seal_due(now)] == ["2026-11-20", "2026-11-21"]
    assert seal_due(now) == []
    assert [str(seal.day) for seal in seal_due(now + dt.timedelta(minutes=6))] == ["2026-11-22"]
    assert seal_day(dt.date(2026, 11, 18)) == first


def test_a_day_that_is_not_over_is_not_sealed(history):
    with pytest.raises(Refused, match="尚未结束"):
        seal_day(timezone.localdate())


def test_nothing_to_seal_before_the_first_event(db):
    assert seal_due() == []


# --- commands and pages --------------------------------------------------------------------------


def test_the_command_fails_with_findings(history, capsys):
    call_command("audit_verify")
    assert "未发现问题" in capsys.readouterr().out
    sql("UPDATE accounts_post SET title = 'X' WHERE id = %s", history.post.pk)
    with pytest.raises(SystemExit) as stopped:
        call_command("audit_verify")
    assert stopped.value.code == 1
    assert f"岗位 {history.chain} 内容与签署时不符" in capsys.readouterr().out


def test_the_seal_command_prints_roots(history, capsys):
    with time_machine.travel(FIRST + dt.timedelta(days=3), tick=False):
        call_command("audit_seal")
    assert Seal.objects.get(day=dt.date(2026, 11, 20)).root in capsys.readouterr().out


def test_the_audit_administrator_verifies_on_a_page(client, history, django_capture_on_commit_callbacks):
    sign_in(client, history.people.auditor)
    sql("UPDATE accounts_post SET title = 'X' WHERE id = %s", history.post.pk)
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(reverse("audit:verify"), {"files": "on"})
    page = client.get(answer.url).content.decode()
    assert f"岗位 {history.chain} 内容与签署时不符" in page
    run = Verification.objects.get()
    assert (run.status, run.with_files, run.asked_by_name) == ("findings", True, "尤审计")
    assert Event.objects.filter(act="audit.verify", actor_name="尤审计").exists()
    fragment = client.get(answer.url, headers={"HX-Request": "true"}).content.decode()
    assert fragment.strip().startswith(("<section", "{#", "\n")) or "<section" in fragment[:200]
    assert "<html" not in fragment


def test_events_are_filtered_and_one_record_is_read_whole(client, history):
    sign_in(client, history.people.auditor)
    page = client.get(reverse("audit:events"), {"act": "test.", "q": "第3件事"}).content.decode()
    assert "第3件事" in page
    assert "第4件事" not in page
    assert client.get(reverse("audit:events"), {"day_from": "0001-99-99"}).status_code == 200
    chain = client.get(reverse("audit:record", args=[history.chain])).content.decode()
    assert "共 4 条" in chain
    assert "链条完整" in chain
    sql("UPDATE audit_event SET summary = '改' WHERE id = %s", event(history, 2).pk)
    assert "链条有断点" in client.get(reverse("audit:record", args=[history.chain])).content.decode()
    assert client.get(reverse("audit:record", args=["hazards.hazard:1"])).status_code == 404


def test_a_seal_is_printed_with_its_root(client, history):
    sign_in(client, history.people.auditor)
    assert "2026-11-19" in client.get(reverse("audit:seals")).content.decode()
    seal = Seal.objects.get(day=dt.date(2026, 11, 19))
    sheet = client.get(reverse("audit:seal", args=[seal.day])).content.decode()
    assert seal.root in sheet
    assert "<svg" in sheet
    assert client.get("/audit/seals/2020-01-01/").status_code == 404
    assert client.get("/audit/seals/2020-13-41/").status_code == 404


# --- in pieces -----------------------------------------------------------------------------------


class Watcher:
    """Writes down what it is told; ends the check after so many steps."""

    def __init__(self, patience=1000):
        self.begun, self.steps, self.patience = [], [], patience

    def begin(self, stage, *, total, done=0):
        self.begun.append((stage, total, done))

    def step(self, done, checkpoint=None):
        self.steps.append((done, json.loads(json.dumps(checkpoint))))
        if len(self.steps) >= self.patience:
            raise Interrupted


@pytest.fixture(params=[1, 2, 3, 5])
def pieces(request, monkeypatch):
    """Pieces of one to five events: chains end within them, at their ends and beyond."""
    monkeypatch.setattr(verification, "READ", request.param)
    return request.param


DAMAGES = [
    [],
    ["UPDATE accounts_post SET title = 'X'"],
    ["DELETE FROM audit_event WHERE seq = 2"],
    ["DELETE FROM audit_event WHERE seq >= 2"],
    ["UPDATE audit_event SET summary = 'X' WHERE seq = 1"],
    ["DELETE FROM audit_head"],
    ["DELETE FROM audit_event"],
    ["DELETE FROM audit_event WHERE seq = 1", "UPDATE audit_seal SET root = 'sm3:00' WHERE day = '2026-11-19'"],
]  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES)
def test_the_size_of_pieces_and_interruptions_change_nothing_that_is_found(
    history, pieces, damage, monkeypatch
):
    for statement in damage:
        sql(statement)
    with monkeypatch.context() as large:
        large.setattr(verification, "READ", 1000)
        whole = verify()
    assert bool(whole.count) == bool(damage)
    for patience in range(1, 9):
        reached = {}
        while True:
            watcher = Watcher(patience)
            try:
                report = verify(watcher=watcher, reached=reached)
                break
            except Interrupted:
                reached = watcher.steps[-1][1]
        assert (report.events, report.chains, report.subjects, report.seals, report.count) == (
            whole.events, whole.chains, whole.subjects, whole.seals, whole.count,
        )  # fmt: skip
        assert set(report.findings) == set(whole.findings)


def test_progress_is_counted_in_events(history, pieces):
    watcher = Watcher()
    report = verify(watcher=watcher)
    assert watcher.begun == [("核对每日封存", 4, 0), ("核对每条记录", 6, 0)]
    assert [done for done, _ in watcher.steps][:2] == [2, 4]
    assert watcher.steps[-1][0] == 6
    assert report.last_event == Event.objects.order_by("-id").first().pk


def test_what_is_recorded_meanwhile_is_no_finding(history, pieces):
    class Busy(Watcher):
        def step(self, done, checkpoint=None):
            super().step(done, checkpoint)
            if len(self.steps) < 12:
                with transaction.atomic():
                    record("test.act", history.post, by=None, summary="忙")
                    record("test.act", history.holding, by=None, summary="忙")

    newest = Event.objects.order_by("-id").first().pk
    report = verify(watcher=Busy())
    assert report.findings == []
    assert report.last_event == newest
    assert report.events >= 6


def test_files_are_gone_on_with_as_well(history, monkeypatch):
    read = []

    def check(after):
        for number in range((after or 0) + 1, 8):
            read.append(number)
            yield number, verification.Finding("file_missing", f"a:{number}", "缺失") if number == 3 else None

    monkeypatch.setattr(verification, "_FILE_CHECKS", [verification.FileCheck(lambda: 7, check)])
    monkeypatch.setattr(verification, "FILES_AT_ONCE", 1)
    watcher = Watcher(patience=2 + 1 + 4)
    with pytest.raises(Interrupted):
        verify(files=True, watcher=watcher)
    report = verify(files=True, watcher=Watcher(), reached=watcher.steps[-1][1])
    assert read == [1, 2, 3, 4, 5, 6, 7]
    assert [finding.subject for finding in report.findings] == ["a:3"]
    assert watcher.begun[-1] == ("核对附件文件", 7, 0)


def test_a_check_is_stopped_and_gone_on_with(
    client, history, django_capture_on_commit_callbacks, monkeypatch
):
    monkeypatch.setattr(running, "WRITE_SECONDS", 0)
    monkeypatch.setattr(verification, "READ", 2)
    auditor = history.people.auditor
    sign_in(client, auditor)
    with django_capture_on_commit_callbacks() as queued:
        answer = client.post(reverse("audit:verify"))
    job = Job.objects.get(kind="audit.verify")
    assert "排队等候" in client.get(answer.url).content.decode()
    step = running.Progress.step

    def stopping(progress, done, checkpoint=None):
        if checkpoint and checkpoint["phase"] == "chains":
            Job.objects.update(cancel_wanted=True)
        step(progress, done, checkpoint)

    with monkeypatch.context() as patched:
        patched.setattr(running.Progress, "step", stopping)
        for run in queued:
            run()
    job.refresh_from_db()
    assert (job.state, job.stage, job.done) == ("stopped", "核对每条记录", 2)
    assert "还不能下结论" in job.message
    assert Verification.objects.get().status == "failed"
    page = client.get(answer.url).content.decode()
    assert "已按您的要求停止" in page
    with django_capture_on_commit_callbacks(execute=True):
        actions.resume(job, by=auditor)
    job.refresh_from_db()
    run = Verification.objects.get()
    asked = Event.objects.get(chain=f"audit.verification:{run.pk}")
    assert (job.state, run.status, run.finding_count) == ("done", "clean", 0)
    assert f"到 #{asked.pk} 为止：未发现问题" in job.message
    assert f"审计记录 #{asked.pk}" in client.get(answer.url).content.decode()
    with pytest.raises(IllegalMove):
        actions.resume(job, by=auditor)


def test_others_see_the_check_but_not_the_job(client, history, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks():
        run = start_verification(by=history.people.sysadmin)
    sign_in(client, history.people.auditor)
    page = client.get(reverse("audit:verify"), {"run": run.pk}).content.decode()
    assert "正在核验" in page
    assert "排队等候" not in page


def test_whoever_lost_the_permission_verifies_no_more(client, history, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        run = start_verification(by=history.people.inspector)
    run.refresh_from_db()
    assert run.status == "failed"
    assert Job.objects.get().message == "您的岗位已不能核验审计记录"
