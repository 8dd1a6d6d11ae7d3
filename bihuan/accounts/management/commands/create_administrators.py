"""The first three administrators of a new installation, each with a first password printed once."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from bihuan.accounts.actions.setup import create_administrators
from bihuan.accounts.models import Region
from bihuan.core.errors import Refused


class Command(BaseCommand):
    help = "为新装的系统建立系统、安全、审计三名管理员，打印初始口令（只此一次）。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("region", help="本地区划代码，须已用 load_regions 装入，例如 5397")

    def handle(self, *args: Any, **options: Any) -> None:
        region = Region.objects.filter(pk=options["region"]).first()
        if region is None:
            raise CommandError(f"没有区划 {options['region']}，请先用 load_regions 装入")
        try:
            made = create_administrators(region)
        except Refused as error:
            raise CommandError(str(error)) from error
        self.stdout.write("用户名        初始口令            姓名")
        for user, password in made:
            self.stdout.write(f"{user.username:<14}{password:<20}{user.full_name}")
        self.stdout.write("请分别交给三个人。首次登录须绑定动态口令并修改口令。")
