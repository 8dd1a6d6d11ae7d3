"""The archive counts what the figures count, once, and says so when anything differs."""

import datetime as dt
import os
from collections import Counter

import pytest
from django.db import connection
from django.utils import timezone

from bihuan.archive import manifest as lists
from bihuan.archive import retention, verification, writing
from bihuan.archive.layout import EVENT_COLUMNS, LINES
from bihuan.archive.verification import verify
from bihuan.archive.writing import run
from bihuan.audit.models import Event
from bihuan.core.errors import Refused
from bihuan.hazards.models import HazardTransition
from bihuan.hazards.tests.factories import make_hazard
from bihuan.tally.models import Delta

duckdb = pytest.importorskip("duckdb")
SUMS = ("found", "closed", "closed_late", "found_major", "closed_major")


def events(home, what="*", where="true"):
    names = [str(home / file.path) for file in lists.load(home).files if file.data == "events"]
    return duckdb.execute(
        f"SELECT {what} FROM read_parquet(?, hive_partitioning = false) WHERE {where} ORDER BY event, event_id, part",
        [names],
    ).fetchall()


def test_the_amounts_are_those_the_figures_were_given(archived, archive_dir):
    """The deltas of every day, as the acts wrote them, are the sums of the archive's rows."""
    theirs, ours = Counter(), Counter()
    for delta in Delta.objects.all():
        for metric in (*SUMS, "overdue"):
            theirs[delta.day, delta.locality_id, metric] += getattr(delta, metric)
    names = ("day", "locality", *SUMS, "overdue_starts_on", "overdue_ends_on")
    for row in events(archive_dir, ", ".join(names), "event = 'line'"):
        line = dict(zip(names, row, strict=True))
        for metric in SUMS:
            ours[line["day"], line["locality"], metric] += line[metric]
        ours[line["overdue_starts_on"], line["locality"], "overdue"] += line["overdue_starts_on"] is not None
        ours[line["overdue_ends_on"], line["locality"], "overdue"] -= line["overdue_ends_on"] is not None
    assert {key: amount for key, amount in ours.items() if amount} == {
        key: amount for key, amount in theirs.items() if amount
    }
    assert sum(1 for key in theirs if key[2] == "closed") >= 1


def test_an_imported_line_tells_both_of_its_days(lives, archive_dir, tomorrow):
    """An old ledger's row: found in March with a deadline of a week, closed four days late."""
    hazard = make_hazard(lives, description="旧台账")
    HazardTransition.objects.filter(hazard=hazard).update(
        move="import",
        to_status="closed",
        due_on=dt.date(2025, 3, 10),
        counted_on=dt.date(2025, 3, 14),
    )
    type(hazard).objects.filter(pk=hazard.pk).update(
        found_on=dt.date(2025, 3, 3), due_on=dt.date(2025, 3, 10)
    )
    run(tomorrow)
    assert events(
        archive_dir,
        "part, from_status, to_status, day, found, closed, closed_late, overdue_starts_on, overdue_ends_on, days_open",
        f"hazard_id = {hazard.pk}",
    ) == [
        (0, "", "rectifying", dt.date(2025, 3, 3), 1, 0, 0, dt.date(2025, 3, 11), None, None),
        (1, "rectifying", "closed", dt.date(2025, 3, 14), 0, 1, 1, None, dt.date(2025, 3, 14), 11),
    ]


def test_every_row_once_however_often_it_runs(archived, archive_dir, tomorrow):
    before = {path: path.read_bytes() for path in archive_dir.rglob("*.parquet")}
    report = run(tomorrow)
    assert report.sentence() == "没有新的记录需要归档"
    assert {path: path.read_bytes() for path in archive_dir.rglob("*.parquet")} == before
    assert (
        len(events(archive_dir, "event_id", "part = 0 AND event = 'line'"))
        == HazardTransition.objects.count()
    )
    assert lists.load(archive_dir).rows("acts") == Event.objects.count()


def test_what_is_younger_than_a_day_waits(lives, archive_dir):
    assert run(timezone.now()).rows == {"lines": 0, "visits": 0, "acts": 0}
    assert list(archive_dir.rglob("*.parquet")) == []


def test_files_lie_by_city_and_month_and_hold_every_column(archived, archive_dir):
    file = next(each for each in lists.load(archive_dir).files if each.stream == "lines")
    month = timezone.localdate().strftime("%Y-%m")
    assert file.path.startswith(f"events/region=5397/month={month}/lines-")
    described = duckdb.execute(
        f"DESCRIBE SELECT * FROM read_parquet('{archive_dir / file.path}', hive_partitioning = false)"
    ).fetchall()
    assert {name: kind for name, kind, *_ in described} == EVENT_COLUMNS
    assert (archive_dir / file.path).parent.stat().st_mode & 0o077 == 0


def test_a_row_that_commits_late_is_found(archived, archive_dir, tomorrow):
    """The line is taken out and put back: as if its transaction had been open while the run went past its id."""
    line = HazardTransition.objects.filter(hazard__description="通道堆物").get()
    manifest = lists.load(archive_dir)
    keep = [file for file in manifest.files if file.stream != "lines"]
    manifest.files = keep
    manifest.batches = [batch for batch in manifest.batches if batch.stream != "lines"]
    manifest.watermarks["lines"] = 0
    lists.save(archive_dir, manifest)
    columns = {field.attname: getattr(line, field.attname) for field in line._meta.concrete_fields}
    HazardTransition.objects.filter(pk=line.pk).delete()
    run(tomorrow)
    assert events(archive_dir, "event_id", f"event = 'line' AND event_id = {line.pk}") == []
    HazardTransition.objects.bulk_create([HazardTransition(**columns)])
    assert run(tomorrow).late == {"lines": 1, "visits": 0, "acts": 0}
    assert events(archive_dir, "event_id", f"event = 'line' AND event_id = {line.pk}") == [(line.pk,)]
    assert run(tomorrow).late["lines"] == 0
    assert verify().problems == []


def test_a_run_that_dies_leaves_nothing_that_counts(lives, archive_dir, tomorrow, monkeypatch):
    monkeypatch.setattr(lists, "save", lambda *_: (_ for _ in ()).throw(OSError("disk gone")))
    with pytest.raises(OSError, match="disk gone"):
        run(tomorrow)
    monkeypatch.undo()
    orphans = set(archive_dir.rglob("*.parquet"))
    assert orphans
    assert lists.load(archive_dir).files == []
    run(tomorrow)
    assert verify().problems == []


def test_many_small_files_become_one(lives, archive_dir, tomorrow, monkeypatch):
    monkeypatch.setattr(writing, "STRETCH", 2)
    monkeypatch.setattr(writing, "CHUNK", 2)
    run(tomorrow)
    manifest = lists.load(archive_dir)
    assert len(manifest.of("lines")) == 1
    assert len(list(archive_dir.rglob("lines-*.parquet"))) == 1
    assert manifest.rows("lines") == HazardTransition.objects.count()
    assert verify().problems == []


def test_two_runs_at_once_are_refused(lives, archive_dir, tomorrow):
    with lists.only_one(archive_dir), pytest.raises(Refused, match="另一个进程"):
        run(tomorrow)


class TestVerify:
    def test_clean(self, archived, archive_dir):
        findings = verify()
        assert findings.problems == []
        assert findings.rows >= HazardTransition.objects.count() + Event.objects.count()
        month = timezone.localdate().strftime("%Y-%m")
        assert set(lists.load(archive_dir).verified) == {f"lines {month}", f"acts {month}"}

    def test_a_changed_line_is_named(self, archived):
        line = HazardTransition.objects.order_by("pk").first()
        HazardTransition.objects.filter(pk=line.pk).update(due_on=dt.date(2030, 1, 1))
        (problem,) = verify().problems
        assert problem.startswith("隐患流转 ")
        assert "内容不符" in problem

    def test_a_changed_act_is_named(self, archived):
        Event.objects.filter(pk=Event.objects.order_by("pk").first().pk).update(summary="改过的话")
        (problem,) = verify().problems
        assert problem.startswith("审计记录 ")

    def test_a_changed_file_is_named(self, archived, archive_dir):
        file = lists.load(archive_dir).of("acts")[0]
        path = archive_dir / file.path
        path.write_bytes(path.read_bytes() + b"x")
        assert any("摘要与清单不符" in problem for problem in verify().problems)

    def test_a_missing_file_is_named(self, archived, archive_dir):
        file = lists.load(archive_dir).of("lines")[0]
        os.unlink(archive_dir / file.path)
        problems = verify().problems
        assert problems[0] == f"归档文件缺失：{file.path}（{file.rows} 条）"

    def test_a_damaged_list_is_refused(self, archived, archive_dir):
        (archive_dir / lists.NAME).write_text("{", "utf-8")
        with pytest.raises(Refused, match="已损坏"):
            verify()

    def test_a_line_whose_predecessor_left_the_database_still_verifies(self, archived, archive_dir, tmp_path):
        """The first line of the reopened hazard goes (with its month, in real life); the second reads as it was."""
        first, second = HazardTransition.objects.filter(hazard__description="气瓶间堆物").order_by("pk")[:2]
        HazardTransition.objects.filter(pk=first.pk).delete()
        stretch = (second.pk - 1, second.pk, tmp_path)
        held = verification._archived(archive_dir, LINES, lists.load(archive_dir).of("lines"), *stretch)
        assert verification._in_database(LINES, *stretch) == held

    def test_a_month_that_was_dropped_is_judged_by_its_files(self, archived, archive_dir):
        manifest = lists.load(archive_dir)
        manifest.dropped[f"lines {timezone.localdate():%Y-%m}"] = "2026-12-31"
        lists.save(archive_dir, manifest)
        HazardTransition.objects.all().delete()
        assert verify().problems == []


class TestRetention:
    def test_a_month_goes_when_over_archived_and_verified(self, archived, archive_dir):
        month = timezone.localdate().strftime("%Y-%m")
        later = timezone.now() + dt.timedelta(days=40)
        assert retention.objections("acts", month) == [f"{month} 还没有过完，不能清理"]
        assert retention.objections("acts", month, later)[0].endswith("请先执行 bihuan archive verify")
        verify()
        manifest = lists.load(archive_dir)
        manifest.verified[f"acts {month}"] = timezone.localdate(later).isoformat()
        lists.save(archive_dir, manifest)
        assert retention.objections("acts", month, later) == []
        assert "尚未销号" in retention.objections("lines", month, later)[-1]

    def test_a_month_is_a_month(self):
        with pytest.raises(Refused, match="2026-03"):
            retention.bounds("三月")


def test_sealed_columns_do_not_leave_the_database(archived, archive_dir):
    """Phones are sealed in the database; nothing in the archive, opened, holds one."""
    names = [str(path) for path in archive_dir.rglob("*.parquet") if "audit" in str(path)]
    (text,) = duckdb.execute(
        "SELECT string_agg(summary || payload || actor_name, ' ') FROM read_parquet(?)", [names]
    ).fetchone()
    phones = [person.phone for person in vars(archived.people).values() if person.phone]
    assert not [phone for phone in phones if phone in text]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="one plan of SQLite's")
def test_the_line_before_is_found_by_index(lives):
    from bihuan.archive.sources import _lines, rows_of

    plan = _lines(rows_of(LINES, 0, 100)).explain()
    assert "SCAN U0" not in plan
