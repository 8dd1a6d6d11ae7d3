"""The `bihuan` command: what an operator needs, in words an operator uses."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

PLAIN = {
    "archive": (["archive"], "archive run | verify | stats：归档历史记录、核对、计算历史统计"),
    "demo": (["demo"], "装入演示城市"),
    "outlines": (["outlines"], "导入各辖区的示意轮廓，或 --hulls 按对象位置推出"),
    "sweep": (["sweep"], "立即执行一次到期催办"),
    "search": (["search"], "核对或重建查找索引（search check、search rebuild）"),
    "tally": (["tally"], "tally verify：重新统计并核对；tally rebuild：在使用中补正"),
    "return": (["returns"], "return list：列出自带报表；return open：开报；return check：已签报表与台账核对"),
    "doctor": (["doctor"], "系统体检：逐项检查并给出处理办法"),
    "retention": (["retention"], "保存期限报告；--apply 按报告清理"),
    "backup": (["backup"], "backup 目录：不停机备份数据库和附件"),
    "restore": (["restore"], "restore --verify 备份：演练恢复；restore --into 备份：恢复到空系统"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the process exit code. Unknown words print the list of commands.

    A reader that has seen enough (`| head`) closes the pipe: that is no error worth a traceback.
    """
    try:
        code = _run(argv)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return code


def _run(argv: Sequence[str] | None) -> int:
    arguments = list(sys.argv[1:] if argv is None else argv)
    parser = argparse.ArgumentParser(prog="bihuan", description="闭环：安全生产专项整治闭环管理")
    commands = parser.add_subparsers(dest="command", metavar="命令", required=True)
    commands.add_parser("run", help="建库、装入演示数据（如为空）并启动", add_help=False)
    commands.add_parser("serve", help="启动网页服务和后台作业", add_help=False)
    commands.add_parser("worker", help="只启动后台作业", add_help=False)
    commands.add_parser(
        "init", help="init 区划文件.csv 区划代码：为新装系统装入区划、对象类型和三名管理员", add_help=False
    )
    commands.add_parser("migrate", help="建库或升级，并备好静态文件", add_help=False)
    commands.add_parser(
        "migrate-database",
        help="migrate-database postgresql://…：从 SQLite 迁到空的 PostgreSQL",
        add_help=False,
    )
    for name, (_, text) in PLAIN.items():
        commands.add_parser(name, help=text, add_help=False)
    commands.add_parser(
        "plan",
        help="plan compile 文件 [--json]：编译方案文档；plan lint 文件 [--json]：方案体检",
        add_help=False,
    )
    commands.add_parser("figures", help="figures check 文件 [--json]：核对报告中的数字", add_help=False)
    commands.add_parser("draw", help="draw verify 文件：复算公示的双随机抽取", add_help=False)
    commands.add_parser("audit", help="audit verify | audit seal：核验、封存审计记录", add_help=False)
    commands.add_parser("manage", help="其他管理命令（面向开发者）", add_help=False)
    known, rest = parser.parse_known_args(arguments[:1])[0], arguments[1:]
    if known.command == "plan":
        return _plan(rest)
    if known.command == "figures":
        return _figures(rest)
    if known.command == "draw":
        from bihuan.rules.drawcommand import main as recompute

        return recompute(rest)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bihuan.config.settings")
    match known.command:
        case "run":
            from bihuan.config.server import run

            return run(rest)
        case "serve":
            from bihuan.config.server import serve

            return serve(rest)
        case "worker":
            from bihuan.config.worker import main as worker

            return worker()
        case "migrate":
            import django

            django.setup()
            from bihuan.config.preparation import prepare

            prepare(verbosity=1)
            return 0
        case "migrate-database":
            from bihuan.config.moving.command import main as move

            return move(rest)
        case "init":
            return _init(parser, rest)
        case "audit":
            if rest[:1] not in (["verify"], ["seal"]):
                parser.error("请写 audit verify 或 audit seal")
            return _manage([f"audit_{rest[0]}", *rest[1:]])
        case "manage":
            return _manage(rest or ["help"])
        case _:
            return _manage([*PLAIN[known.command][0], *rest])


def _plan(rest: list[str]) -> int:
    from bihuan.plans.__main__ import main as compile_file
    from bihuan.plans.lint.command import main as lint_file

    match rest[:1]:
        case ["compile"]:
            return compile_file(rest[1:])
        case ["lint"]:
            return lint_file(rest[1:])
    sys.stderr.write("用法：bihuan plan compile 文件 [--json]，或 bihuan plan lint 文件 [--json]\n")
    return 2


def _figures(rest: list[str]) -> int:
    from bihuan.figures.__main__ import main as check_file

    if rest[:1] != ["check"]:
        sys.stderr.write("用法：bihuan figures check 文件 [--json]\n")
        return 2
    return check_file(rest[1:])


def _init(parser: argparse.ArgumentParser, rest: list[str]) -> int:
    """Everything a new installation needs before its system administrator can log in."""
    if len(rest) != 2:
        parser.error("请写 init 区划文件.csv 区划代码，例如 init regions.csv 5397")
    import django

    django.setup()
    from bihuan.config.preparation import prepare

    prepare()
    file, code = rest
    _manage(["load_regions", file, "--under", code])
    return _manage(["create_administrators", code])


def _manage(arguments: list[str]) -> int:
    from django.core.management import ManagementUtility

    ManagementUtility(["bihuan", *arguments]).execute()
    return 0


if __name__ == "__main__":
    sys.exit(main())
