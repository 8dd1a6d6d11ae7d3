"""The way back in when the only security administrator lost phone and recovery codes: at the server itself."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from bihuan.accounts.actions.security import reset_second_factor
from bihuan.accounts.models import User
from bihuan.accounts.queries import service_user


class Command(BaseCommand):
    help = "在服务器上重置某人的动态口令（留痕）；本人下次登录时重新绑定。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--reason", required=True, help="事由，写入审计记录")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["username"]).first()
        if user is None:
            raise CommandError(f"没有用户名为“{options['username']}”的账号")
        reset_second_factor(user, reason=f"服务器端：{options['reason']}", by=service_user())
        self.stdout.write(f"已重置 {user.full_name} 的动态口令")
