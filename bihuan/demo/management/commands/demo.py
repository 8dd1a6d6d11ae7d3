"""`bihuan demo`: fill an empty installation with the invented city of 云溪市."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from bihuan.demo.cast import logins_text
from bihuan.demo.loading import SIZES, is_empty, load_city


class Command(BaseCommand):
    requires_system_checks = ()  # data only; `bihuan run` has checked the installation
    help = "装入演示城市（虚构的云溪市）：单位、人员、企业、两个专项整治和六十天的检查整改历史"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--size", choices=sorted(SIZES), default="full", help="full 完整，small 供测试")
        parser.add_argument("--reset", action="store_true", help="先清空全部数据再装入")
        parser.add_argument("--yes", action="store_true", help="与 --reset 同用：确认清空，不再询问")

    def handle(self, *args: Any, **options: Any) -> None:
        if not is_empty():
            if not options["reset"]:
                raise CommandError(
                    "数据库里已有数据，演示城市只装入空库。确要清空重装，请用 bihuan demo --reset"
                )
            self._reset(confirmed=options["yes"])
        started = time.monotonic()

        def say(words: str) -> None:
            self.stdout.write(f"  {time.monotonic() - started:5.1f} 秒  {words}")
            self.stdout.flush()

        load_city(SIZES[options["size"]], say=say)
        say("完成")
        self.stdout.write(f"\n{logins_text()}")

    def _reset(self, *, confirmed: bool) -> None:
        """Empty every table. Asks first unless told not to; a demo command must never wipe real records unasked."""
        if not confirmed:
            name = connection.settings_dict["NAME"]
            self.stdout.write(f"将清空数据库 {name} 中的全部记录，无法恢复。输入“清空”继续：")
            if input().strip() != "清空":
                raise CommandError("没有清空，数据未变")
        from django.core.management import call_command

        call_command("flush", interactive=False, verbosity=0)
