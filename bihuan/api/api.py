"""The API as a whole: what it says of itself, and the rooms it is made of."""

from __future__ import annotations

from typing import Any

from ninja import NinjaAPI
from ninja.renderers import JSONRenderer

from . import (  # noqa: F401 - hazard_moves adds its operations to the router of hazards
    accidents,
    assessments,
    campaigns,
    directory,
    duties,
    enterprises,
    figures,
    files,
    hazard_moves,
    hazards,
    inspections,
    instruments,
    listings,
    office_work,
    oversight,
    papers,
    problems,
    returns,
)
from .auth import Token

INTRODUCTION = "闭环的接口，供其他系统读取台账、提交检查与隐患、办理流转。"
POINTS = (
    "身份：请求头 Authorization: Bearer 加令牌。令牌代表其所属账号，看得到、办得了的与该账号在页面上相同。",
    "列表：size 为每页条数，cursor 填上一页回答中的 next；翻页期间有新记录也不会重复或遗漏。",
    "重复提交：POST 请求可带 Idempotency-Key，网络中断后用同一个键重发，只办理一次。",
    "出错：一律为 application/problem+json，detail 用中文说明原因与改法，422 的 errors 逐处列出。",
    "日期写作 2026-03-01（北京时间），时间带时区。查询参数名称写错会回答422，不会当作没有填。",
)

STATUS_WORDS = {
    "200": "成功",
    "201": "已办理",
    "400": "请求正文不是完整的 JSON，或翻页位置无效",
    "401": "没有令牌，或令牌无效、已过期、已停用",
    "403": "令牌所属账号的岗位不能办理此事",
    "404": "记录不存在，或不在可见范围之内",
    "409": "记录的状态已不允许这样做",
    "413": "内容过大",
    "422": "内容不符合要求，errors 逐处说明",
}


class Readable(JSONRenderer):
    """Chinese as Chinese, not as escapes three times as long."""

    json_dumps_params = {"ensure_ascii": False}


class BihuanAPI(NinjaAPI):
    """NinjaAPI whose description of itself is in Chinese and tells the truth about error answers."""

    def get_openapi_schema(self, **options: Any) -> Any:
        schema = super().get_openapi_schema(**options)
        for path in schema["paths"].values():
            for operation in path.values():
                _describe_answers(operation["responses"])
        components = schema["components"]["schemas"]
        used = _referenced(schema["paths"], components)
        schema["components"]["schemas"] = {name: components[name] for name in sorted(used)}
        return schema


def _referenced(part: Any, components: dict[str, Any]) -> set[str]:
    """The components a part of the description needs; query strings were spelt out and need none of theirs."""
    found: set[str] = set()
    waiting = [part]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            name = str(each.get("$ref", "")).rpartition("/")[2]
            if name and name not in found:
                found.add(name)
                waiting.append(components[name])
            waiting.extend(each.values())
        elif isinstance(each, list):
            waiting.extend(each)
    return found


def _describe_answers(answers: dict[Any, Any]) -> None:
    for status, told in answers.items():
        told["description"] = STATUS_WORDS[str(status)]
        if int(status) >= 400 and "content" in told:
            told["content"] = {problems.MEDIA_TYPE: told["content"]["application/json"]}


api = BihuanAPI(
    title="闭环接口",
    version="1.0.0",
    description="\n".join([INTRODUCTION, "", *(f"- {point}" for point in POINTS)]),
    urls_namespace="api",
    auth=Token(),
    renderer=Readable(),
    docs_url=None,
    openapi_url=None,
)
problems.register(api)
for room in (
    directory,
    enterprises,
    campaigns,
    duties,
    inspections,
    hazards,
    accidents,
    listings,
    oversight,
    instruments,
    papers,
    returns,
    assessments,
    office_work,
    figures,
    files,
):
    api.add_router("", room.router)
