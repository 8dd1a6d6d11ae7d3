"""What the machine itself answers: settings, clock, disk, secrets, fonts, certificates."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import stat
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlparse

from django.conf import settings
from django.db import connection
from django.utils import timezone

from bihuan.operations import certificates
from bihuan.operations.metrics.gauges import database_bytes
from bihuan.operations.models import Backup

from .lines import Line, bad, good, warning

GIGABYTE = 1024**3
CLOCK_SECONDS = 5.0
FUTURE_SECONDS = 120.0
DAYS_TO_END = 30
# GB/T 9704-2012 (党政机关公文格式): the families of an official paper, and what stands in for each.
FONTS = {
    "方正小标宋简体": "标题",
    "仿宋_GB2312": "正文",
    "楷体_GB2312": "二级标题",
    "黑体": "一级标题",
    "宋体": "表格",
}


def configuration() -> Iterator[Line]:
    area = "配置"
    if settings.DEBUG:
        yield bad(
            "configuration.debug", area, "正以调试方式运行，出错页会显示内部细节", "去掉 BIHUAN_DEBUG 后重启"
        )
    parts = urlparse(settings.PUBLIC_URL)
    hosts = settings.ALLOWED_HOSTS
    if parts.hostname not in hosts and "*" not in hosts:
        yield bad(
            "configuration.hosts", area, f"网址 {settings.PUBLIC_URL} 不在允许的主机名中",
            f"把 {parts.hostname} 加入 BIHUAN_HOSTS",
        )  # fmt: skip
    elif "*" in hosts:
        yield warning("configuration.hosts", area, "允许任何主机名", "在 BIHUAN_HOSTS 中只写本系统的域名")
    else:
        yield good("configuration.hosts", area, f"网址 {settings.PUBLIC_URL}")
    local = parts.hostname in {"127.0.0.1", "localhost", "::1"}
    if not settings.HTTPS and not local:
        yield bad(
            "configuration.https",
            area,
            "没有启用 HTTPS，口令会明文传输",
            "在代理上配置证书，设 BIHUAN_HTTPS=1",
        )
    elif settings.HTTPS and not settings.TRUSTED_PROXIES:
        yield warning(
            "configuration.proxies", area, "没有指明可信代理，来源地址会记成代理的地址",
            "设 BIHUAN_TRUSTED_PROXIES=127.0.0.1（代理所在地址）",
        )  # fmt: skip
    else:
        yield good(
            "configuration.https", area, "HTTPS 已启用" if settings.HTTPS else "仅供本机试用，未启用 HTTPS"
        )
    if settings.BIHUAN_HASH not in {"sm3", "sha256"}:
        yield bad(
            "configuration.hash",
            area,
            f"摘要算法 {settings.BIHUAN_HASH} 不认识",
            "BIHUAN_HASH 设为 sm3 或 sha256",
        )


def clock() -> Iterator[Line]:
    """Ours against the database's and against the newest file's; deadlines are days of Beijing time."""
    area = "时钟"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT extract(epoch FROM clock_timestamp())")
        else:
            cursor.execute("SELECT (julianday('now') - 2440587.5) * 86400.0")
        theirs = float(cursor.fetchone()[0])
    apart = abs(theirs - time.time())
    if apart > CLOCK_SECONDS:
        yield bad(
            "clock.database",
            area,
            f"本机与数据库的时钟相差 {apart:.0f} 秒",
            "两台机器都启用时间同步（chronyd），对准同一时间源",
        )
    else:
        yield good(
            "clock.database",
            area,
            f"与数据库相差 {apart:.1f} 秒，现在是 {timezone.localtime():%Y-%m-%d %H:%M}",
        )
    ahead = newest_mtime(Path(settings.DATA_DIR)) - time.time()
    if ahead > FUTURE_SECONDS:
        yield bad(
            "clock.files", area, f"数据目录里有 {ahead / 60:.0f} 分钟以后的文件，时钟可能被拨回过",
            "核对本机时间；期限和审计时间都以它为准",
        )  # fmt: skip
    if settings.TIME_ZONE != "Asia/Shanghai":
        yield bad("clock.zone", area, f"时区为 {settings.TIME_ZONE}", "时区应为 Asia/Shanghai")


def newest_mtime(directory: Path) -> float:
    """The newest modification among the entries directly in a directory; 0.0 for an empty one."""
    return max((entry.stat().st_mtime for entry in os.scandir(directory)), default=0.0)


def disk() -> Iterator[Line]:
    """Free space, and how long it lasts at the pace of the last backups."""
    area = "磁盘"
    usage = shutil.disk_usage(settings.DATA_DIR)
    share = 100 * usage.free / usage.total
    text = f"数据目录所在磁盘剩余 {usage.free / GIGABYTE:.1f} GB（{share:.0f}%）"
    lasting = days_left(usage.free)
    if lasting is not None:
        text += f"，按近期增长约可用 {lasting} 天"
    if share < 5 or usage.free < GIGABYTE:
        yield bad("disk.free", area, text, "立即扩容或清理；写满后无法登记任何内容")
    elif share < 15 or (lasting is not None and lasting < 60):
        yield warning("disk.free", area, text, "安排扩容，或把备份移到另一块磁盘")
    else:
        yield good("disk.free", area, text)
    yield good("disk.database", area, f"数据库 {database_bytes() / GIGABYTE:.2f} GB")


def days_left(free: int) -> int | None:
    """Days until `free` bytes are used up, from the sizes of good backups a week or more apart; None when unknown."""
    done = Backup.objects.filter(status=Backup.Status.DONE).order_by("started_at")
    first, last = done.first(), done.last()
    if first is None or last is None or last.started_at - first.started_at < dt.timedelta(days=7):
        return None
    days = (last.started_at - first.started_at).total_seconds() / 86400
    growth = (last.size - first.size) / days
    return int(free / growth) if growth > 0 else None


def secrets() -> Iterator[Line]:
    area = "密钥"
    wrong = []
    for name in ("secret.key", "field.key"):
        path = Path(settings.DATA_DIR) / name
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
            wrong.append(str(path))
    key = Path(settings.BACKUP_KEY_FILE or os.devnull)
    if key.is_file() and stat.S_IMODE(key.stat().st_mode) & 0o007:
        wrong.append(str(key))
    if wrong:
        yield bad("secrets.mode", area, f"{'、'.join(wrong)} 别人也能读", f"chmod 600 {' '.join(wrong)}")
    else:
        yield good("secrets.mode", area, "密钥文件只有本账号可读")


def fonts() -> Iterator[Line]:
    """Which families of official papers are here, and what is shown instead. Papers are printed by people's own
    browsers; this machine needs them only for converting and drawing."""
    area = "字体"
    if shutil.which("fc-match") is None:
        yield warning(
            "fonts.tool", area, "没有 fontconfig，无法检查字体", "安装 fontconfig 和 fonts-noto-cjk"
        )
        return
    instead = {family: used for family in FONTS if family not in (used := matched_family(family))}
    if not _asked("fc-list", ":lang=zh", "family"):
        yield bad(
            "fonts.chinese", area, "本机没有中文字体，转出的文书会是空框",
            "安装 fonts-noto-cjk，再放上 deploy/fonts/60-bihuan.conf",
        )  # fmt: skip
    elif instead:
        shown = "；".join(
            f"{family}（{FONTS[family]}）用 {used.split(',')[0]} 代替" for family, used in instead.items()
        )
        yield warning(
            "fonts.papers", area, shown, "有授权的公文字体请装到本机和各办公电脑；没有也可用，只是字形不同"
        )
    else:
        yield good("fonts.papers", area, "公文字体齐全")


def matched_family(family: str) -> str:
    """The family fontconfig would show for a name."""
    return _asked("fc-match", "--format=%{family}", family)


def _asked(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)  # noqa: S603
    return done.stdout.strip()


def certificate_lines(now: dt.datetime) -> Iterator[Line]:
    area = "证书"
    found = certificates.configured()
    if answered := certificates.of_address(settings.PUBLIC_URL):
        found.append(answered)
    if not found:
        yield good("certificates.none", area, "没有配置证书（仅本机使用，或由别处的代理管理）")
    for certificate in found:
        key = f"certificates.{certificate.name}"
        if certificate.ends_at is None:
            yield warning(
                key, area, certificate.problem, "核对 BIHUAN_CERTIFICATES 和网址；读得到才能提醒到期"
            )
            continue
        left = (certificate.ends_at - now).days
        text = f"{certificate.name} 有效期到 {timezone.localtime(certificate.ends_at):%Y-%m-%d}"
        if left < 0:
            yield bad(key, area, f"{text}，已过期", "立即更换证书并重新加载 nginx")
        elif left < DAYS_TO_END:
            yield warning(key, area, f"{text}，还有 {left} 天", "联系签发机构续期")
        else:
            yield good(key, area, f"{text}，还有 {left} 天")
