"""The command line of a move."""

from __future__ import annotations

import sys
from pathlib import Path

import django
from django.core.exceptions import ImproperlyConfigured

USAGE = "用法：bihuan migrate-database postgresql://用户@主机/空库（口令可写在环境变量 BIHUAN_MOVE_TO 的地址中，代替参数）\n"


def main(arguments: list[str]) -> int:
    """Move this installation's SQLite database to an empty PostgreSQL database; 0 only when all of it is proved."""
    from bihuan.config import environment as env
    from bihuan.config.databases import postgresql

    url = arguments[0] if len(arguments) == 1 else env.text("BIHUAN_MOVE_TO") if not arguments else ""
    if not url:
        sys.stderr.write(USAGE)
        return 2
    django.setup()
    from django.conf import settings
    from django.db import connections

    from bihuan.config.preparation import is_migrated
    from bihuan.core.errors import Refused

    from .move import move

    try:
        if connections["default"].vendor != "sqlite":
            raise Refused("当前系统已在使用 PostgreSQL；请先取消 DATABASE_URL，使本命令读取 SQLite 数据库")
        if not is_migrated():
            raise Refused("原库不是最新结构，请先执行 bihuan migrate")
        described = postgresql(url, name="目标地址")
        move(Path(settings.DATABASES["default"]["NAME"]), _parameters(described), url, say=_say)
    except (Refused, ImproperlyConfigured) as refusal:
        sys.stderr.write(f"{refusal}\n")
        return 1
    return 0


def _parameters(described: dict) -> dict:
    """What libpq calls the parts of a Django database; the rest of its options are for Django's own connections."""
    names = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}
    options = {key: value for key, value in described["OPTIONS"].items() if isinstance(value, str)}
    return options | {theirs: described[ours] for ours, theirs in names.items() if described[ours]}


def _say(sentence: str) -> None:
    sys.stdout.write(sentence + "\n")
    sys.stdout.flush()
