"""The words schemas are made of: ids, clean text, days that can be meant, and pages of a list."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from ninja import Schema
from pydantic import AfterValidator, AwareDatetime, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from bihuan.rules.calendar import DateOutOfRange, check_range
from bihuan.rules.regions import BadRegionCode, level_of

MAX_ID = 2**63 - 1


def _clean(text: str) -> str:
    """Refuse what no database or page can hold: NUL and other control signs, halves of surrogate pairs."""
    for sign in text:
        if (sign < " " and sign not in "\n\r\t") or "\ud800" <= sign <= "\udfff" or sign == "\x7f":
            raise PydanticCustomError("control_sign", "不能含有控制字符或不完整的字符")
    return text


def _in_range(day: dt.date) -> dt.date:
    try:
        return check_range(day)
    except DateOutOfRange as error:
        raise PydanticCustomError("day_range", "{reason}", {"reason": str(error)}) from error


def _day_only(value: Any) -> Any:
    """A number is no date here: 0 would silently become 1970."""
    if isinstance(value, str) and len(value) == 10:
        return value
    if isinstance(value, dt.date):
        return value
    raise PydanticCustomError("day_form", "日期应写作 2026-03-01")


def _moment(at: dt.datetime) -> dt.datetime:
    if not 2000 <= at.year <= 2100:
        raise PydanticCustomError("moment_range", "时间超出可计算范围（2000年至2100年），请核对年份")
    return at


def _region_code(code: str) -> str:
    try:
        level_of(code)
    except BadRegionCode as error:
        raise PydanticCustomError("region_code", "{reason}", {"reason": str(error)}) from error
    return code


Id = Annotated[int, Field(ge=1, le=MAX_ID)]
Text = Annotated[str, AfterValidator(_clean)]
# Any day that can be written; only compared with.
Day = Annotated[dt.date, BeforeValidator(_day_only, json_schema_input_type=dt.date)]
# A day that is counted from: 2000 to 2100.
CountedDay = Annotated[Day, AfterValidator(_in_range)]
# A moment with its time zone, in the same years.
Moment = Annotated[AwareDatetime, AfterValidator(_moment)]
RegionCode = Annotated[str, Field(pattern=r"^[0-9]{2,12}$"), AfterValidator(_region_code)]


class Input(Schema):
    """A body handed in. A misspelt field is an error, not a silent nothing."""

    model_config = ConfigDict(extra="forbid")


class Query(Schema):
    """The query string of an operation; `problems.check_names` refuses names it does not know."""

    model_config = ConfigDict(populate_by_name=True)


class PageQuery(Query):
    cursor: Text | None = Field(
        None, max_length=1000, description="上一页回答中的 next 或 previous；首页不填"
    )
    size: int = Field(50, ge=1, le=200, description="每页条数，1至200")


class Label(Schema):
    """编号与名称"""

    id: int = Field(description="编号")
    name: str = Field(description="名称")


class Place(Schema):
    """所在地"""

    code: str = Field(description="区划代码")
    name: str = Field(description="名称")
