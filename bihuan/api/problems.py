"""Every refusal in one form, application/problem+json (RFC 9457), with a Chinese sentence saying what to do."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

import structlog
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError
from pydantic import BaseModel, Field

from bihuan.core.errors import IllegalMove, Refused
from bihuan.core.http import problem
from bihuan.core.paging import BadCursor
from bihuan.inspections.submission import InspectionRefused

from .auth import NoApiPermission

log = structlog.get_logger("bihuan.api")

MEDIA_TYPE = "application/problem+json"
TITLES = {
    400: "请求格式不正确",
    401: "没有通过身份验证",
    403: "没有权限",
    404: "没有找到",
    405: "不支持这种请求方式",
    409: "记录的状态已不允许这样做",
    413: "内容过大",
    422: "内容不符合要求",
    500: "服务器内部错误",
}


class FieldProblem(Schema):
    """一处问题"""

    where: str = Field(description="位置，如 body.description 或 query.size")
    message: str = Field(description="问题与改法")


class Problem(Schema):
    """出错回答（RFC 9457）"""

    type: str = Field("about:blank", description="问题类型")
    title: str = Field(description="问题概述")
    status: int = Field(description="状态码")
    detail: str = Field("", description="具体原因与改法")
    errors: list[FieldProblem] = Field([], description="逐处问题，仅422")


class Unprocessable(Exception):
    """The request is well formed and cannot be carried out as given (422). `where` names the field."""

    def __init__(self, where: str, message: str) -> None:
        self.where = where
        super().__init__(message)


def declared(*statuses: int) -> dict[int, type[Schema]]:
    """The error answers of an operation, for its `response=`."""
    return dict.fromkeys(statuses, Problem)


# Reading a list, reading one record, carrying something out.
LIST_ERRORS = declared(400, 401, 403, 422)
READ_ERRORS = declared(400, 401, 403, 404, 422)
WRITE_ERRORS = declared(400, 401, 403, 404, 409, 413, 422)


def answer(status: int, detail: str = "", errors: Iterable[dict[str, str]] = ()) -> HttpResponse:
    """The problem as a response."""
    extra = {"errors": list(errors)} if errors else {}
    body = problem(status, TITLES[status], detail, **extra)
    return HttpResponse(json.dumps(body, ensure_ascii=False), status=status, content_type=MEDIA_TYPE)


def check_names(request: HttpRequest, model: type[BaseModel] | None = None) -> None:
    """Refuse query parameters nobody reads, and those given twice: either would answer something not asked for."""
    fields = model.model_fields.items() if model else ()
    known = {field.alias or name for name, field in fields}
    for name in request.GET:
        if name not in known:
            raise Unprocessable(f"query.{name[:40]}", "没有这个查询参数，请对照接口文档核对名称")
        if len(request.GET.getlist(name)) > 1:
            raise Unprocessable(f"query.{name}", "同一查询参数只能填一次，请分几次查询")


def register(api: NinjaAPI) -> None:
    """Give every exception that may leave an operation its answer."""

    @api.exception_handler(AuthenticationError)
    def not_known(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
        response = answer(
            401, "请在 Authorization 头中提供有效的令牌：Bearer 加令牌；令牌不存在、已过期或已停用"
        )
        response["WWW-Authenticate"] = 'Bearer realm="bihuan"'
        return response

    @api.exception_handler(PermissionDenied)
    def not_allowed(request: HttpRequest, error: PermissionDenied) -> HttpResponse:
        if isinstance(error, NoApiPermission):
            return answer(403, "令牌所属账号的岗位没有使用接口的权限，请联系安全管理员")
        return answer(403, "令牌所属账号的岗位不能办理此事")

    @api.exception_handler(Http404)
    def not_found(request: HttpRequest, error: Http404) -> HttpResponse:
        said = str(error)
        # Django's own words are English and name our models.
        return answer(404, said if re.search("[\u4e00-\u9fff]", said) else "记录不存在，或不在可见范围之内")

    @api.exception_handler(BadCursor)
    def bad_cursor(request: HttpRequest, error: BadCursor) -> HttpResponse:
        return answer(400, str(error))

    @api.exception_handler(HttpError)
    def unreadable(request: HttpRequest, error: HttpError) -> HttpResponse:
        if isinstance(error.__cause__, RequestDataTooBig):
            return answer(413, "请求内容超过上限，请分次提交")
        return answer(400, "请求正文不是完整的 JSON，请核对编码（UTF-8）与格式")

    @api.exception_handler(SuspiciousOperation)
    def suspicious(request: HttpRequest, error: SuspiciousOperation) -> HttpResponse:
        if isinstance(error, RequestDataTooBig):
            return answer(413, "请求内容超过上限，请分次提交")
        return answer(400, "请求内容无法读取，请核对格式")

    @api.exception_handler(ValidationError)
    def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
        errors = [_field_problem(each) for each in error.errors]
        return answer(422, "；".join(f"{each['where']}：{each['message']}" for each in errors[:5]), errors)

    @api.exception_handler(Unprocessable)
    def unprocessable(request: HttpRequest, error: Unprocessable) -> HttpResponse:
        return answer(422, str(error), [{"where": error.where, "message": str(error)}])

    @api.exception_handler(IllegalMove)
    def illegal(request: HttpRequest, error: IllegalMove) -> HttpResponse:
        return answer(409, str(error))

    @api.exception_handler(InspectionRefused)
    def inspection_refused(request: HttpRequest, error: InspectionRefused) -> HttpResponse:
        return answer(
            422, str(error), [{"where": each.where, "message": each.message} for each in error.problems]
        )

    @api.exception_handler(Refused)
    def refused(request: HttpRequest, error: Refused) -> HttpResponse:
        return answer(422, str(error))

    @api.exception_handler(Exception)
    def failed(request: HttpRequest, error: Exception) -> HttpResponse:
        log.error("api_failed", method=request.method, exc_info=error)
        return answer(500, "请求没有办成，没有留下半截记录；请稍后重试，仍不成功请联系管理员")


def _field_problem(error: dict[str, Any]) -> dict[str, str]:
    source, *path = [str(part) for part in error["loc"]]
    # The name of the single body parameter and of union branches say nothing to the caller.
    path = [part for part in path if part not in _HIDDEN]
    return {"where": ".".join([source, *path]), "message": _wording(error)}


_HIDDEN = {"data", "query"}
_WORDS = {
    "missing": "必须填写",
    "extra_forbidden": "没有这个字段，请对照接口文档核对名称",
    "int_parsing": "应为整数",
    "int_type": "应为整数",
    "int_from_float": "应为整数",
    "int_parsing_size": "数字过大",
    "float_parsing": "应为数字",
    "float_type": "应为数字",
    "finite_number": "应为有限的数字",
    "decimal_parsing": "应为金额数字",
    "decimal_type": "应为金额数字",
    "decimal_max_digits": "数字位数过多",
    "decimal_max_places": "小数位数过多，最多 {decimal_places} 位",
    "decimal_whole_digits": "整数位数过多",
    "bool_parsing": "应为 true 或 false",
    "bool_type": "应为 true 或 false",
    "string_type": "应为文字",
    "string_too_long": "过长，最多 {max_length} 字",
    "string_too_short": "过短，至少 {min_length} 字",
    "string_pattern_mismatch": "格式不正确",
    "greater_than_equal": "不应小于 {ge}",
    "less_than_equal": "不应大于 {le}",
    "too_long": "过多，最多 {max_length} 项",
    "too_short": "过少，至少 {min_length} 项",
    "list_type": "应为列表",
    "model_type": "应为对象",
    "model_attributes_type": "应为对象",
    "dict_type": "应为对象",
    "enum": "取值不在范围内，可用：{expected}",
    "literal_error": "取值不在范围内，可用：{expected}",
    "union_tag_not_found": "须注明 move",
    "union_tag_invalid": "没有这个动作，可用：{expected_tags}",
    "date_parsing": "日期应写作 2026-03-01",
    "date_from_datetime_parsing": "日期应写作 2026-03-01",
    "date_from_datetime_inexact": "日期应写作 2026-03-01",
    "date_type": "日期应写作 2026-03-01",
    "datetime_parsing": "时间应写作 2026-03-01T09:30:00+08:00",
    "datetime_from_date_parsing": "时间应写作 2026-03-01T09:30:00+08:00",
    "datetime_type": "时间应写作 2026-03-01T09:30:00+08:00",
    "timezone_aware": "时间须注明时区，如 2026-03-01T09:30:00+08:00",
    "uuid_parsing": "应为 UUID",
    "uuid_type": "应为 UUID",
}


def _wording(error: dict[str, Any]) -> str:
    message: str = error.get("msg", "")
    if re.search("[\u4e00-\u9fff]", message):
        return message
    words = _WORDS.get(error["type"], "格式不正确")
    try:
        return words.format(**error.get("ctx", {}))
    except (KeyError, IndexError):
        return "格式不正确"
