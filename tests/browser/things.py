"""What people bring along: photos and a table of enterprises, made here."""

from __future__ import annotations

import io
import itertools
from pathlib import Path
from typing import Any

import openpyxl
from PIL import Image, ImageDraw
from playwright.sync_api import FilePayload

from bihuan.rules.codes import make_credit_code

_shade = itertools.count(40, 13)


def photo(words: str) -> FilePayload:
    """A small photo, each of another colour."""
    image = Image.new("RGB", (320, 240), (next(_shade) % 256, 120, 140))
    ImageDraw.Draw(image).rectangle((60, 60, 200, 180), outline=(255, 255, 255), width=6)
    out = io.BytesIO()
    image.save(out, "JPEG")
    return {"name": f"{words}.jpg", "mimeType": "image/jpeg", "buffer": out.getvalue()}


HEADINGS = [
    "序号",
    "单位名称",
    "统一社会信用代码",
    "企业类型",
    "所属乡镇（街道）",
    "经营地址",
    "行业主管部门",
    "风险级别",
]


def code(number: int) -> str:
    """A valid invented credit code."""
    return make_credit_code(f"92539702MA8{number:06d}")


def table_file(folder: Path) -> Path:
    """Six eating houses of Qingshi street; the code in row 5 is a digit off, the kind in row 7 does not exist."""
    rows: list[list[Any]] = [
        [n, f"青石街道{name}", code(n), "餐饮", "青石街道", f"幸福路 {n + 10} 号", "市住建局", "黄"]
        for n, name in enumerate(["老灶火锅店", "小巷米线店", "桥头烧烤店", "早安包子铺", "西关砂锅店", "东门饺子馆"], start=1)
    ]  # fmt: skip
    wrong = rows[2][2]
    rows[2][2] = wrong[:-1] + ("A" if wrong[-1] != "A" else "B")
    rows[4][3] = "飞船修理"
    book = openpyxl.Workbook()
    page = book.active
    page.append(["青石街道餐饮企业名单"])
    page.append(HEADINGS)
    for row in rows:
        page.append(row)
    path = folder / "青石街道餐饮企业名单.xlsx"
    book.save(path)
    return path
