"""Tables as offices send them, made in memory."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import openpyxl
from django.core.files.uploadedfile import SimpleUploadedFile

from bihuan.attachments.imports import begin, start_batch
from bihuan.attachments.models import ImportBatch
from bihuan.registry.importing import EnterpriseImporter
from bihuan.rules.codes import make_credit_code

HEADINGS = ["序号", "单位名称", "统一社会信用代码", "企业类型", "所属乡镇（街道）", "经营地址", "行业主管部门", "风险级别",
            "法人", "安全负责人", "联系电话", "从业人员", "经营状态", "许可证名称", "许可证编号", "有效期至"]  # fmt: skip
WIDTH = len(HEADINGS)


def code(number: int) -> str:
    """A valid invented code."""
    return make_credit_code(f"92539702MA7{number:06d}")


def good_row(number: int, **changes: Any) -> list[Any]:
    """A sound row of the sheet; `changes` by heading."""
    row = dict(
        zip(
            HEADINGS,
            [number, f"云溪区第{number}号面馆", code(number), "餐饮", "青石街道", f"幸福路{number}号", "市住建局", "黄",
             "王某某", "李某某", f"1990000{number:04d}", 5, "在产", "食品经营许可证", f"示例〔2024〕{number}号", "2028-06-30"],
            strict=True,
        )
    )  # fmt: skip
    return list((row | changes).values())


def workbook(rows: Sequence[Sequence[Any]], *, above: Sequence[str] = ("青石街道企业名单", "")) -> bytes:
    """An xlsx with title lines above the headings, as offices like them."""
    book = openpyxl.Workbook()
    page = book.active
    for line in above:
        page.append([line])
    page.append(HEADINGS)
    for row in rows:
        page.append(list(row))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def upload(data: bytes, name: str = "名单.xlsx") -> SimpleUploadedFile:
    """The same as an uploaded file."""
    return SimpleUploadedFile(name, data)


def run_import(data: bytes, *, by: Any, name: str = "名单.xlsx", run: Any) -> ImportBatch:
    """Upload, confirm the recognised columns, let the worker run; `run` catches on_commit callbacks."""
    batch = start_batch(EnterpriseImporter.target, upload(data, name), by=by)
    with run(execute=True):
        begin(batch, batch.mapping, by=by)
    batch.refresh_from_db()
    return batch
