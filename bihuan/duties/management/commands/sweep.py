"""`bihuan sweep`: press what is late, now."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from bihuan.duties.sweep import sweep


class Command(BaseCommand):
    help = "立即执行一次到期催办"

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"已催办 {sweep(timezone.now())} 件")
