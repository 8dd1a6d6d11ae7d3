"""The ledger as a sheet: what is filtered, in constant memory, every cell plain text, number or date."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any, BinaryIO

from bihuan.core.sheets import Column, write_rows_to

from .models import Hazard, HazardQuerySet

LIMIT = 100_000
TITLE = "隐患台账"
COLUMNS = (
    Column("编号", 14), Column("企业名称", 28), Column("统一社会信用代码", 20), Column("县区", 10),
    Column("乡镇街道", 12), Column("对象类型", 14), Column("专项整治", 20), Column("任务", 22), Column("等级", 6),
    Column("判定条款", 8), Column("状态", 12), Column("隐患描述", 40), Column("部位", 16), Column("依据条款", 20),
    Column("来源", 10), Column("发现日期", 11), Column("发现单位", 16), Column("发现人", 10),
    Column("主管部门", 16), Column("复查单位", 16), Column("整改期限", 11), Column("逾期天数", 9),
    Column("整改责任人", 12), Column("整改措施", 30), Column("整改资金（元）", 14), Column("应急预案", 20),
    Column("临时管控措施", 24), Column("轮次", 6), Column("当场整改", 9), Column("挂牌督办", 9),
    Column("销号日期", 11),
)  # fmt: skip
_RELATED = (
    "enterprise__kind", "county", "locality", "campaign", "task", "found_organization", "found_by", "department",
    "reviewing_organization",
)  # fmt: skip


def write_ledger(file: BinaryIO, rows: HazardQuerySet, *, watermark: str, today: dt.date) -> int:
    """Write the rows to `file` and return how many there were."""
    hazards = rows.select_related(*_RELATED).iterator(chunk_size=2000)
    return write_rows_to(file, COLUMNS, _lines(hazards, today), title=TITLE, watermark=watermark)


def _lines(hazards: Iterator[Hazard], today: dt.date) -> Iterator[tuple[Any, ...]]:
    for hazard in hazards:
        yield (
            hazard.number,
            hazard.enterprise.name,
            hazard.enterprise.credit_code,
            hazard.county.short_name,
            hazard.locality.short_name,
            hazard.enterprise.kind.label,
            hazard.campaign.short_title if hazard.campaign else "",
            str(hazard.task) if hazard.task else "",
            hazard.get_level_display(),
            hazard.criterion_code,
            hazard.get_status_display(),
            hazard.description,
            hazard.location,
            hazard.basis,
            hazard.get_source_display(),
            hazard.found_on,
            hazard.found_organization.short_name,
            hazard.found_by.full_name,
            hazard.department.short_name if hazard.department else "",
            hazard.reviewing_organization.short_name,
            hazard.due_on,
            (today - hazard.due_on).days if hazard.due_on and hazard.is_overdue(on=today) else None,
            hazard.responsible_person,
            hazard.measures,
            hazard.funds,
            hazard.contingency,
            hazard.interim_measures,
            hazard.round,
            hazard.fixed_on_spot,
            hazard.is_supervised,
            hazard.closed_on,
        )
