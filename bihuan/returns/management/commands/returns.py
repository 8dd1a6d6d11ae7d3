"""`bihuan return list`: the shipped definitions, one a line; `return open` and `return check`: what the worker does by itself."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from bihuan.returns.actions import check_due, open_due
from bihuan.returns.periods import rhythm
from bihuan.returns.schema import OWERS, Spec
from bihuan.returns.shipped import shipped


class Command(BaseCommand):
    help = "return list：列出自带报表；return open：开报到期的期次；return check：已签报表与台账核对。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "action", choices=["list", "open", "check"], help="list 列出，open 开报，check 核对"
        )
        parser.add_argument("--json", action="store_true", help="list 时输出 JSON")

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        now = timezone.now()
        match action:
            case "list":
                if options["json"]:
                    self.stdout.write(json.dumps([dict(spec.raw) for spec in shipped()], ensure_ascii=False))
                    return
                for spec in shipped():
                    self.stdout.write(line_of(spec))
            case "open":
                self.stdout.write(f"开报 {open_due(now)} 期")
            case _:
                self.stdout.write(f"核对 {check_due(now, limit=10_000)} 份签报")


def line_of(spec: Spec) -> str:
    """One definition in one line: key, name, rhythm, who owes it, how many items and checks, source."""
    owers = "、".join(OWERS[kind] for kind in spec.owers)
    checked = "" if spec.verified else "，待核对原文"
    return (
        f"{spec.key}\t{spec.name}\t{rhythm(spec.period, spec.anchor)}\t{owers}\t{len(spec.items)}项 "
        f"{len(spec.checks)}条勾稽\t{spec.source}（{spec.dated or '无日期'}{checked}）"
    )
