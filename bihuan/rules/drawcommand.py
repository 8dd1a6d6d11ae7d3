"""`bihuan draw verify FILE`: recompute a published draw from its file alone, without database or network."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from bihuan.rules.draws import DrawError, verify

USAGE = "用法：bihuan draw verify 文件（从公示页面下载的抽取材料）\n"


def main(arguments: Sequence[str]) -> int:
    """0 when everything fits, 1 when something does not, 2 when the file cannot be read."""
    if len(arguments) != 2 or arguments[0] != "verify":
        sys.stderr.write(USAGE)
        return 2
    file = Path(arguments[1])
    try:
        published = json.loads(file.read_text(encoding="utf-8"))
        if not isinstance(published, dict):
            raise DrawError("这不是公示的抽取材料，请从公示页面重新下载")
        if "seed" not in published:
            raise DrawError("这次抽取还没有公布种子，抽取后再下载材料复算")
        problems = verify(published)
    except OSError as error:
        sys.stderr.write(f"读不了文件 {file}：{error.strerror}，请核对路径\n")
        return 2
    except (UnicodeDecodeError, json.JSONDecodeError):
        sys.stderr.write(f"{file} 不是 JSON 文件，请从公示页面重新下载\n")
        return 2
    except DrawError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    for problem in problems:
        sys.stdout.write(f"不符：{problem}\n")
    if problems:
        return 1
    inputs = published["inputs"]
    sys.stdout.write(
        f"相符：承诺值、名录摘要和结果都能由公布的种子复算出来（{len(inputs['objects'])} 家中抽 {inputs['count']} 家）\n"
    )
    return 0
