"""bihuan outlines FILE --crs cgcs2000 | --hulls: the schematic base map of the regions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from bihuan.core.errors import Refused
from bihuan.rules.coordinates import Crs
from bihuan.zones.membership import recheck_places
from bihuan.zones.outlines import bring_outlines, draw_hulls


class Command(BaseCommand):
    help = "导入各辖区的示意轮廓（name 字段写区划代码），或按对象位置推出示意范围；随后重新核对坐标与所属乡镇街道"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", help="GeoJSON、KML、KMZ 或打成 zip 的 shapefile")
        parser.add_argument("--crs", choices=[crs.value for crs in Crs], default=Crs.CGCS2000.value)
        parser.add_argument("--hulls", action="store_true", help="为没有轮廓的乡镇街道按对象位置推出示意范围")

    def handle(self, *args: Any, file: str | None, crs: str, hulls: bool, **options: Any) -> None:
        if not file and not hulls:
            raise CommandError("请给出轮廓文件，或用 --hulls")
        try:
            if file:
                count = bring_outlines(Path(file).read_bytes(), Crs(crs))
                self.stdout.write(f"已导入 {count} 个辖区的轮廓")
        except (Refused, OSError) as error:
            raise CommandError(str(error)) from error
        if hulls:
            self.stdout.write(f"按对象位置推出 {draw_hulls()} 个乡镇街道的示意范围")
        self.stdout.write(f"坐标不在所属乡镇街道的有 {recheck_places(on=timezone.localdate())} 处")
