"""`bihuan archive run`: what is older than a day goes into Parquet files, once, whole, and looked at again.

A run reads by id from where the last one stopped, stretch by stretch, so memory does not depend on how much there
is. Files are written beside, checked, moved to their place, and begin to count when the list is replaced. A row
whose transaction took so long that the run went past its id is found by counting the stretches of the last week
again.
"""
# ruff: noqa: S608 - DuckDB is given our own file names, ids and constants only

from __future__ import annotations

import datetime as dt
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
from django.conf import settings
from django.utils import timezone

from bihuan.core.errors import Refused

from . import manifest as lists
from . import sources
from .engine import database
from .layout import COLUMNS, STREAMS, Stream, extract_sql, folder, quoted
from .manifest import ArchiveFile, Batch, Manifest

if TYPE_CHECKING:
    import duckdb

log = structlog.get_logger("bihuan.archive")
SETTLED = dt.timedelta(days=1)
LOOK_BACK = dt.timedelta(days=7)
STRETCH = 200_000  # rows read at a time
CHUNK = 2_000_000  # rows written and listed at a time
# More small files than this in one partition are put together.
MAX_FILES = 8
ROW_GROUP = 122_880


@dataclass
class Report:
    """What a run did: rows per stream, files written, files put together, rows found late."""

    rows: dict[str, int] = field(default_factory=dict)
    late: dict[str, int] = field(default_factory=dict)
    files: int = 0
    compacted: int = 0

    def sentence(self) -> str:
        words = "，".join(f"{STREAMS[name].label} {rows} 条" for name, rows in self.rows.items() if rows)
        late = sum(self.late.values())
        text = f"已归档：{words}，写入 {self.files} 个文件" if words else "没有新的记录需要归档"
        text += f"；补归迟到记录 {late} 条" if late else ""
        return text + (f"；合并 {self.compacted} 处小文件" if self.compacted else "")


def root() -> Path:
    """The archive directory (BIHUAN_ARCHIVE)."""
    return Path(settings.ARCHIVE_DIR)


def run(now: dt.datetime | None = None) -> Report:
    """Archive everything older than a day. Run again it finds nothing to do. Raises Refused when another run is on."""
    moment = now or timezone.now()
    home = root()
    report = Report()
    with lists.only_one(home):
        manifest = lists.load(home)
        for path in lists.unlisted(home, manifest):
            path.unlink()
        for leftover in home.glob("tmp-*"):
            shutil.rmtree(leftover, ignore_errors=True)
        for stream in STREAMS.values():
            report.late[stream.name] = _late(home, manifest, stream, moment, report)
            report.rows[stream.name] = _follow(home, manifest, stream, moment, report)
        report.compacted = _compact(home, manifest)
        # Also when there was nothing to do: health checks ask when it last ran.
        _commit(home, manifest, moment)
    log.info("archive_run", rows=report.rows, late=report.late, files=report.files)
    return report


def _follow(home: Path, manifest: Manifest, stream: Stream, moment: dt.datetime, report: Report) -> int:
    """Read on from the watermark; returns the rows archived."""
    done = 0
    start = manifest.watermarks.get(stream.name, 0)
    top = sources.newest_before(stream, moment - SETTLED, start)
    low = start
    while low < top:
        with _workshop(home) as work:
            parts: list[Path] = []
            batches: list[Batch] = []
            rows, first = 0, low
            while low < top and rows < CHUNK:
                high = sources.step(stream, low, STRETCH, top)
                part, found = _stage(stream, sources.rows_of(stream, low, high), work, len(parts))
                if found != sources.count(stream, low, high):
                    raise Refused(f"{stream.label} {low + 1}—{high} 在归档时有变动，请稍后重试")
                parts.append(part)
                batches.append(Batch(stream.name, low, high, found, _day(moment)))
                rows, low = rows + found, high
            files = _write(home, stream, parts, work, f"{first + 1}-{low}") if rows else []
        manifest.files += files
        manifest.batches = lists.merged(manifest.batches + batches, _day(moment - LOOK_BACK))
        manifest.watermarks[stream.name] = low
        _commit(home, manifest, moment)
        report.files += len(files)
        done += rows
    return done


def _late(home: Path, manifest: Manifest, stream: Stream, moment: dt.datetime, report: Report) -> int:
    """Rows that came to light after their stretch was read; returns how many were added."""
    since = _day(moment - LOOK_BACK)
    added = 0
    for batch in [each for each in manifest.batches if each.stream == stream.name and each.on >= since]:
        now_there = sources.count(stream, batch.low, batch.high)
        if now_there <= batch.rows:
            continue
        with _workshop(home) as work:
            ids = missing_ids(home, manifest, stream, batch.low, batch.high, work)
            if not ids:
                continue
            rows = sources.rows_of(stream, batch.low, batch.high).filter(pk__in=ids)
            part, found = _stage(stream, rows, work, 0)
            files = _write(home, stream, [part], work, f"late-{ids[0]}-{ids[-1]}-{len(manifest.files)}")
        manifest.files += files
        manifest.batches.remove(batch)
        manifest.batches.append(Batch(batch.stream, batch.low, batch.high, now_there, batch.on))
        _commit(home, manifest, moment)
        report.files += len(files)
        added += found
    return added


def missing_ids(
    home: Path, manifest: Manifest, stream: Stream, low: int, high: int, work: Path, at_most: int = 20_000
) -> list[int]:
    """Ids the database has in a stretch and the archive has not, the first `at_most` of them."""
    listing = work / "ids.csv"
    if not sources.extract_ids(stream, low, high, listing):
        return []
    files = [file for file in manifest.of(stream.name) if file.low <= high and file.high > low]
    with database(work) as duck:
        held = reading(home, files, ["event_id"]) if files else "SELECT CAST(NULL AS BIGINT) AS event_id"
        found = duck.execute(
            f"SELECT id FROM read_csv('{quoted(str(listing))}', header = false, auto_detect = false, "
            "columns = {'id': 'BIGINT'}) "
            f"WHERE id NOT IN (SELECT event_id FROM ({held}) WHERE event_id > {low} AND event_id <= {high}) "
            f"ORDER BY id LIMIT {at_most}"
        ).fetchall()
    return [row[0] for row in found]


def reading(home: Path, files: Sequence[ArchiveFile], columns: Sequence[str]) -> str:
    """A SELECT over listed files."""
    names = ", ".join(f"'{quoted(str(home / file.path))}'" for file in files)
    return f"SELECT {', '.join(columns)} FROM read_parquet([{names}], hive_partitioning = false)"


class _workshop:
    """A directory of its own inside the archive (the same disk, so that moving is renaming), gone afterwards."""

    def __init__(self, home: Path) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="tmp-", dir=home))

    def __enter__(self) -> Path:
        return self.path

    def __exit__(self, *error: object) -> None:
        shutil.rmtree(self.path, ignore_errors=True)


def _stage(stream: Stream, rows: object, work: Path, number: int) -> tuple[Path, int]:
    """One stretch from the database as a sorted Parquet file in the workshop; returns it and its distinct ids."""
    extract, part = work / "extract.csv", work / f"part-{number}.parquet"
    sources.extract(stream, rows, extract)  # type: ignore[arg-type]
    with database(work) as duck:
        duck.execute(
            f"COPY (SELECT * FROM ({extract_sql(stream, str(extract))}) ORDER BY region, month, event_id) "
            f"TO '{quoted(str(part))}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 20480)"
        )
        found = duck.execute(f"SELECT count(DISTINCT event_id) FROM '{quoted(str(part))}'").fetchone()
    extract.unlink()
    return part, int(found[0]) if found else 0


def _write(home: Path, stream: Stream, parts: list[Path], work: Path, name: str) -> list[ArchiveFile]:
    """Divide staged rows by region and month, one file each, moved to its place when all are written and right."""
    files: list[ArchiveFile] = []
    staged = "[" + ", ".join(f"'{quoted(str(part))}'" for part in parts) + "]"
    with database(work) as duck:
        groups = duck.execute(
            f"SELECT region, month, count(*) FROM read_parquet({staged}) GROUP BY ALL ORDER BY ALL"
        ).fetchall()
        ready: list[tuple[Path, ArchiveFile]] = []
        for number, (region, month, rows) in enumerate(groups):
            target = f"{folder(stream.data, region, month)}/{stream.name}-{name}.parquet"
            source = (
                f"SELECT {', '.join(COLUMNS[stream.data])} FROM read_parquet({staged}) "
                f"WHERE region = '{quoted(region)}' AND month = '{quoted(month)}'"
            )
            beside = work / f"ready-{number}.parquet"
            ready.append((beside, _copy(duck, source, beside, stream, region, month, target)))
            if ready[-1][1].rows != rows:
                raise Refused(f"归档文件 {target} 写入后行数不符，未采用，请检查磁盘后重试")
    for beside, file in ready:
        place = home / file.path
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.replace(beside, place)
        lists.sync_directory(place.parent)
        files.append(file)
    return files


def _copy(
    duck: duckdb.DuckDBPyConnection,
    source: str,
    beside: Path,
    stream: Stream,
    region: str,
    month: str,
    target: str,
) -> ArchiveFile:
    """Write one file and read it back: its rows, ids and days are what the list will say."""
    duck.execute(
        f"COPY ({source} ORDER BY event_id{', part' if stream.data == 'events' else ''}) TO '{quoted(str(beside))}' "
        f"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP})"
    )
    found = duck.execute(
        f"SELECT count(*), min(event_id), max(event_id), min(day), max(day) FROM '{quoted(str(beside))}'"
    ).fetchone()
    assert found is not None
    rows, low, high, first, last = found
    with beside.open("rb") as handle:
        os.fsync(handle.fileno())
    return ArchiveFile(
        target, stream.data, stream.name, region, month, rows, low, high, first.isoformat(), last.isoformat(),
        beside.stat().st_size, lists.sha256_of(beside),
    )  # fmt: skip


def _compact(home: Path, manifest: Manifest) -> int:
    """Put the many small files of a partition together; the old ones go once the list no longer names them."""
    groups: dict[tuple[str, str, str], list[ArchiveFile]] = {}
    for file in manifest.files:
        groups.setdefault((file.stream, file.region, file.month), []).append(file)
    done = 0
    for (name, region, month), files in groups.items():
        if len(files) <= MAX_FILES:
            continue
        stream = STREAMS[name]
        with _workshop(home) as work, database(work) as duck:
            beside = work / "together.parquet"
            low, high = min(file.low for file in files), max(file.high for file in files)
            target = f"{folder(stream.data, region, month)}/{name}-{low}-{high}-of-{len(files)}.parquet"
            merged = _copy(
                duck, reading(home, files, list(COLUMNS[stream.data])), beside, stream, region, month, target
            )
            if merged.rows != sum(file.rows for file in files):
                raise Refused(f"合并 {target} 时行数不符，原文件保留未动")
            os.replace(beside, home / target)
        manifest.files = [file for file in manifest.files if file not in files] + [merged]
        lists.save(home, manifest)
        for file in files:
            if file.path != target:
                (home / file.path).unlink(missing_ok=True)
        done += 1
    return done


def _commit(home: Path, manifest: Manifest, moment: dt.datetime) -> None:
    manifest.written_at = moment.isoformat(timespec="seconds")
    lists.save(home, manifest)


def _day(moment: dt.datetime) -> str:
    return timezone.localdate(moment).isoformat()
