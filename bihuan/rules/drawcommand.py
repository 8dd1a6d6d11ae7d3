"""`bihuan draw verify FILE`: recompute a draw from its file alone, without database or network.

Double-random draws and the sites of a supervision visit (`draws`), samples of a look-back round (`sampling`).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from bihuan.rules import sampling
from bihuan.rules.draws import DrawError, verify

USAGE = "用法：bihuan draw verify 文件（双随机、督导点位、回头看页面上下载的抽取材料）\n"


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
        is_sample = published.get("algorithm") == sampling.ALGORITHM
        problems = sampling.verify(published) if is_sample else verify(published)
    except OSError as error:
        sys.stderr.write(f"读不了文件 {file}：{error.strerror}，请核对路径\n")
        return 2
    except (UnicodeDecodeError, json.JSONDecodeError):
        sys.stderr.write(f"{file} 不是 JSON 文件，请从公示页面重新下载\n")
        return 2
    except (DrawError, sampling.SampleError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    for problem in problems:
        sys.stdout.write(f"不符：{problem}\n")
    if problems:
        return 1
    if is_sample:
        whole = sum(len(ids) for ids in published["strata"].values())
        sys.stdout.write(
            f"相符：承诺值、名单摘要和样本都能由公布的种子复算出来（{len(published['strata'])} 层 {whole} 条中"
            f"抽 {len(published['result'])} 条）\n"
        )
        return 0
    inputs = published["inputs"]
    sys.stdout.write(
        f"相符：承诺值、名录摘要和结果都能由公布的种子复算出来（{len(inputs['objects'])} 家中抽 {inputs['count']} 家）\n"
    )
    return 0
