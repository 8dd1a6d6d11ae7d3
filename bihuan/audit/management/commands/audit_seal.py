"""`bihuan audit seal`: seal every finished day that is not sealed yet."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from bihuan.audit.actions import seal_due


class Command(BaseCommand):
    help = "封存每一个已结束、尚未封存的日子，打印默克尔根。"

    def handle(self, *args: Any, **options: Any) -> None:
        seals = seal_due()
        for seal in seals:
            self.stdout.write(f"{seal.day}  {seal.count} 条  {seal.root}")
        self.stdout.write(f"新封存 {len(seals)} 天" if seals else "没有需要封存的日子")
