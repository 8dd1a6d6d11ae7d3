"""Django's `migrate`, with a short way for a new database."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.core.management.commands import migrate

from bihuan.core.fresh import create_if_new

# Whoever says one of these asks for steps.
STEPWISE = ("app_label", "plan", "check_unapplied", "fake", "fake_initial", "prune", "step_by_step")


class Command(migrate.Command):
    """As `django.core.management.commands.migrate`; see `bihuan.core.fresh`."""

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--step-by-step", action="store_true", help="新库也逐步执行每一个迁移，不一次建成今天的表"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not any(options[name] for name in STEPWISE):
            create_if_new(options["database"])
        super().handle(*args, **options)
