"""What the database answers: itself, the workers, backups, retention, and samples of figures and search."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from django.conf import settings
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from bihuan.archive import nightly
from bihuan.audit.models import Event, Seal
from bihuan.core import replica
from bihuan.core.partitions import partitions_status
from bihuan.hazards.models import Hazard
from bihuan.operations.backup.schedule import last_due
from bihuan.operations.heartbeat import latest
from bihuan.operations.metrics.gauges import MANY
from bihuan.operations.models import Backup, RetentionRun
from bihuan.search.models import Entry, Kind
from bihuan.tally.models import Cell, Delta, Mark

from .lines import Line, bad, good, warning

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
# Reading a whole SQLite file takes a while: beyond this the check is left to the restore drill.
QUICK_CHECK_BYTES = 2 * 1024**3
LONG_TRANSACTION = 600  # seconds
SAMPLE = 20  # hazards looked for in the index of words


def database(*, thorough: bool) -> Iterator[Line]:
    area = "数据库"
    executor = MigrationExecutor(connection)
    pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if pending:
        yield bad(
            "database.migrations", area, f"有 {len(pending)} 项表结构升级没有执行", "执行 bihuan migrate"
        )
    else:
        yield good("database.migrations", area, "表结构是最新的")
    yield from _sqlite(area, thorough=thorough) if connection.vendor == "sqlite" else _postgresql(area)


def _value(sql: str) -> object:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        row = cursor.fetchone()
    return row[0] if row else None


def _sqlite(area: str, *, thorough: bool) -> Iterator[Line]:
    mode = str(_value("PRAGMA journal_mode"))
    if mode != "wal":
        yield bad(
            "database.wal", area, f"SQLite 日志方式为 {mode}", "停服务，确认数据目录不在网络盘上，再启动"
        )
    else:
        yield good("database.wal", area, f"SQLite {_value('SELECT sqlite_version()')}，WAL 方式")
    pages, size = int(str(_value("PRAGMA page_count"))), int(str(_value("PRAGMA page_size")))
    if pages * size > QUICK_CHECK_BYTES and not thorough:
        yield good(
            "database.check", area, "库较大，完整自检请用 bihuan doctor --thorough，或每月做一次恢复演练"
        )
        return
    found = str(_value("PRAGMA quick_check(1)"))
    if found == "ok":
        yield good("database.check", area, "数据库文件自检完好")
    else:
        yield bad(
            "database.check",
            area,
            f"数据库文件损坏：{found[:120]}",
            "立即停服务，保留现场，用最近的备份恢复（docs/how-to/backup.md）",
        )


def _postgresql(area: str) -> Iterator[Line]:
    version = int(str(_value("SHOW server_version_num")))
    if version < 140000:
        yield bad(
            "database.version", area, f"PostgreSQL {_value('SHOW server_version')} 过旧", "升级到 14 以上"
        )
    else:
        yield good("database.version", area, f"PostgreSQL {_value('SHOW server_version')}")
    if str(_value("SHOW server_encoding")) != "UTF8":
        yield bad("database.encoding", area, "数据库编码不是 UTF8", "以 UTF8 新建库后迁移")
    for name in ("fsync", "full_page_writes", "synchronous_commit"):
        if str(_value(f"SHOW {name}")) == "off":
            yield bad(
                f"database.{name}", area, f"{name} 已关闭，断电会丢数据", f"在 postgresql.conf 中打开 {name}"
            )
    old = _value(
        "SELECT max(extract(epoch FROM clock_timestamp() - xact_start)) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
    )
    if old is not None and float(str(old)) > LONG_TRANSACTION:
        yield warning(
            "database.transactions", area, f"有事务已开了 {float(str(old)) / 60:.0f} 分钟，表会膨胀",
            "在 pg_stat_activity 中查是哪个程序；备份、归档期间属正常",
        )  # fmt: skip
    problems = [problem for table in partitions_status() for problem in table.problems]
    if problems:
        yield warning(
            "database.partitions", area, "；".join(problems), "确认后台作业在运行；它每小时补建分区"
        )
    elif tables := partitions_status():
        yield good(
            "database.partitions",
            area,
            f"{len(tables)} 张大表按月分区，备到 {min(table.covered_until for table in tables)}",
        )
    if replica.is_configured():
        yield _replica(area)


def _replica(area: str) -> Line:
    try:
        with connections[replica.ALIAS].cursor() as cursor:
            cursor.execute(
                "SELECT pg_is_in_recovery(), coalesce(extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()), 0),"
                " pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn()"
            )
            standby, behind, level = cursor.fetchone()
    except Exception as error:
        return bad(
            "database.replica",
            area,
            f"只读副本连不上（{type(error).__name__}）",
            "检查副本；在此期间查询走主库",
        )
    if not standby:
        return bad("database.replica", area, "DATABASE_REPLICA_URL 指的不是副本", "它应指向流复制的备库")
    if not level and behind > 30:
        return warning("database.replica", area, f"副本落后约 {behind:.0f} 秒", "检查副本的网络和磁盘")
    return good("database.replica", area, "副本跟得上主库")


def workers(now: dt.datetime) -> Iterator[Line]:
    area = "后台作业"
    worker = latest()
    if worker is None or not worker.is_alive(now):
        seen = (
            f"最后一次活动在 {timezone.localtime(worker.seen_at):%Y-%m-%d %H:%M}" if worker else "从未运行过"
        )
        yield bad(
            "workers.alive",
            area,
            f"后台作业没有运行，{seen}",
            "启动 bihuan-worker（systemctl start bihuan-worker）",
        )
    else:
        yield good("workers.alive", area, f"{worker.worker} 正在运行")
        failing = [name for name, last in sorted(worker.rounds.items()) if last.get("error")]
        if failing:
            said = "、".join(f"{name}（{worker.rounds[name]['error']}）" for name in failing)
            yield bad("workers.rounds", area, f"定时工作出错：{said}", "按名称查日志中的 periodic_failed")
    waiting = DBTaskResult.objects.ready().order_by("enqueued_at").first()
    if waiting and now - waiting.enqueued_at > HOUR:
        hours = (now - waiting.enqueued_at) / HOUR
        yield bad(
            "workers.queue",
            area,
            f"有作业等了 {hours:.1f} 小时",
            "确认后台作业在运行；长时间导入会让后面的排队",
        )
    else:
        yield good("workers.queue", area, "没有久等的作业")
    failed = DBTaskResult.objects.failed().filter(finished_at__gte=now - DAY).count()
    if failed:
        yield warning("workers.failed", area, f"近一天有 {failed} 个作业失败", "查日志中同一作业编号的错误")
    pending = Delta.objects.order_by("pk").values("pk")[:MANY].count()
    if pending >= MANY:
        yield bad("workers.fold", area, "统计增量积压超过十万条，页面会变慢", "确认后台作业在运行")
    else:
        yield good("workers.fold", area, f"统计增量待汇总 {pending} 条")
    yield _seals(area, now)


def _seals(area: str, now: dt.datetime) -> Line:
    last = Seal.objects.order_by("-day").values_list("day", flat=True).first()
    first = Event.objects.order_by("pk").values_list("day", flat=True).first()
    today = timezone.localdate(now)
    since = last or (first - DAY if first else today - DAY)
    behind = (today - since).days - 1
    if behind > 1:
        return bad(
            "workers.seals",
            area,
            f"有 {behind} 天的审计记录没有封存",
            "执行 bihuan audit seal，并确认后台作业在运行",
        )
    return good("workers.seals", area, f"审计记录封存到 {last}" if last else "还没有需要封存的日子")


def backups(now: dt.datetime) -> Iterator[Line]:
    area = "备份"
    last = Backup.objects.filter(status=Backup.Status.DONE).order_by("-started_at").first()
    if last is None:
        yield bad(
            "backups.last", area, "从未备份", "设 BIHUAN_BACKUP_DIR 让后台每夜备份，或执行 bihuan backup 目录"
        )
        return
    text = f"最近一次 {timezone.localtime(last.started_at):%Y-%m-%d %H:%M}，在 {last.place}"
    if now - last.started_at > 2 * DAY:
        yield bad(
            "backups.last",
            area,
            f"{text}，已过 {(now - last.started_at).days} 天",
            "查日志中的 backup_failed，手工执行一次 bihuan backup",
        )
    elif settings.BACKUP_DIR and last.started_at < last_due(now):
        yield warning(
            "backups.last",
            area,
            f"{text}，此后应做的一次没有做，将在下一个夜里补做",
            "现在就要，执行 bihuan backup；机器夜里关机的，用 BIHUAN_BACKUP_AT 另定时刻",
        )
    elif last.message:
        yield warning(
            "backups.last", area, f"{text}：{last.message}", "执行 bihuan audit verify --files，看是哪些附件"
        )
    else:
        yield good("backups.last", area, text)
    newer_failed = (
        Backup.objects.filter(status=Backup.Status.FAILED, started_at__gt=last.started_at)
        .order_by("-id")
        .first()
    )
    if newer_failed:
        yield warning(
            "backups.failed",
            area,
            f"之后有一次没有完成：{newer_failed.message}",
            "照说明处理后再执行 bihuan backup",
        )
    proved = Backup.objects.exclude(verified_at=None).order_by("-verified_at").first()
    if proved is None or proved.verified_at is None:
        yield warning("backups.drill", area, "从未做过恢复演练", "执行 bihuan restore --verify 备份目录")
    elif now - proved.verified_at > 100 * DAY:
        yield warning(
            "backups.drill",
            area,
            f"上次恢复演练在 {timezone.localdate(proved.verified_at)}",
            "每季度执行一次 bihuan restore --verify",
        )
    else:
        yield good("backups.drill", area, f"恢复演练 {timezone.localdate(proved.verified_at)} 通过")


def keeping(now: dt.datetime) -> Iterator[Line]:
    area = "保存期限"
    run = RetentionRun.objects.order_by("-id").first()
    if run is None:
        yield warning(
            "retention.report",
            area,
            "还没有出过保存期限报告",
            "后台作业每夜出一次；也可执行 bihuan retention",
        )
    elif run.status == RetentionRun.Status.REPORTED and run.total and not settings.RETENTION_AUTO:
        yield warning(
            "retention.report", area, f"有 {run.total} 条到期记录待批准清理", "由系统管理员在“保存期限”页批准"
        )
    else:
        yield good("retention.report", area, f"最近一次报告在 {timezone.localdate(run.made_at)}")
    archived = nightly.age(now)
    first = Event.objects.order_by("pk").values_list("at", flat=True).first()
    missed = nightly.missed_since(now, first)
    if missed and (archived is None or archived <= 3 * DAY):
        yield warning(
            "retention.archive", area, f"{timezone.localdate(missed)} 夜里没有归档，将在下一个夜里补做",
            "确认后台作业夜里在运行；机器夜里关机的，用 BIHUAN_NIGHT 另定时段",
        )  # fmt: skip
    elif archived is not None and archived > 3 * DAY:
        yield warning(
            "retention.archive",
            area,
            f"历史归档已有 {archived.days} 天没有更新",
            "执行 bihuan archive run，看它说什么",
        )
    elif archived is not None:
        yield good("retention.archive", area, "历史归档在更新")


def samples() -> Iterator[Line]:
    """Small looks that would notice figures gone wrong; the whole proof is `bihuan tally verify`."""
    area = "抽查"
    if Mark.objects.filter(is_stale=True).exists():
        yield bad("samples.recount", area, "升级后统计还没有重算完，各页数字不全", "执行 bihuan migrate")
    negative = (
        Cell.objects.filter(span="all", found__lt=0).exists()
        or Cell.objects.filter(span="all", closed__lt=0).exists()
    )
    if negative:
        yield bad(
            "samples.tally", area, "累计统计出现负数", "执行 bihuan tally verify，再执行 bihuan tally rebuild"
        )
    else:
        yield good("samples.tally", area, "累计统计无异常")
    newest = list(Hazard.objects.order_by("-pk").values_list("pk", flat=True)[:SAMPLE])
    found = Entry.objects.filter(pk__in=[Kind.HAZARD.key(pk) for pk in newest]).count()
    if found < len(newest):
        yield bad(
            "samples.search",
            area,
            f"最近 {len(newest)} 条隐患中有 {len(newest) - found} 条查找不到",
            "执行 bihuan search check，再执行 bihuan search rebuild",
        )
    else:
        yield good("samples.search", area, "最近的隐患都能查找到")
