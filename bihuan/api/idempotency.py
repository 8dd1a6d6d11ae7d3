"""A request with an `Idempotency-Key` is carried out once, however often the network makes a program send it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

from django.db import IntegrityError, transaction
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from ninja import Schema

from bihuan.accounts.models import User
from bihuan.core.digest import content_hash

from .models import IdempotentAnswer
from .problems import Unprocessable

HEADER = "Idempotency-Key"
KEPT = dt.timedelta(days=7)
_KEY = re.compile(r"[\x21-\x7e]{1,80}")

# What the header looks like in the description of an operation.
PARAMETER: dict[str, Any] = {
    "parameters": [
        {
            "in": "header",
            "name": HEADER,
            "required": False,
            "schema": {"type": "string", "minLength": 1, "maxLength": 80, "pattern": "^[!-~]{1,80}$"},
            "description": "幂等键，1至80个可见英文字符。同一键、同一内容重复提交只办理一次，回答相同；"
            "同一键、不同内容回答422。没有办成的请求不占用键。保留7天。",
        }
    ]
}


def once(request: HttpRequest, given: object, answer: type[Schema], act: Callable[[], Any]) -> JsonResponse:
    """Carry out `act` and answer 201 with what it returns, in the form of `answer`.

    With a key, the claim on it, the act and the remembered answer are one transaction: a second request waits for
    the first and repeats its answer, and a crash in between leaves nothing. `given` is the body the key stands for.
    Raises Unprocessable when the key is malformed or was used for something else; whatever `act` raises undoes all.
    """
    key = request.headers.get(HEADER)
    if key is None:
        with transaction.atomic():
            return JsonResponse(_plain(answer, act()), status=201, json_dumps_params=_READABLE)
    if not _KEY.fullmatch(key):
        raise Unprocessable(f"header.{HEADER}", "幂等键应为1至80个可见英文字符")
    user = request.user
    assert isinstance(user, User)
    fingerprint = content_hash([request.method, request.path, given])
    with transaction.atomic():
        IdempotentAnswer.objects.filter(user=user, at__lt=timezone.now() - KEPT).delete()
        claim = _claim(user, key, fingerprint)
        if claim is None:
            return _again(IdempotentAnswer.objects.get(user=user, key=key), fingerprint)
        body = _plain(answer, act())
        claim.status, claim.body = 201, body
        claim.save(update_fields=["status", "body"])
    return JsonResponse(body, status=201, json_dumps_params=_READABLE)


_READABLE = {"ensure_ascii": False}


def _claim(user: User, key: str, fingerprint: str) -> IdempotentAnswer | None:
    """The row that says this key is taken; None when somebody has it already. Waits for one being written."""
    try:
        with transaction.atomic():
            return IdempotentAnswer.objects.create(
                user=user, key=key, fingerprint=fingerprint, status=0, body={}
            )
    except IntegrityError:
        return None


def _again(earlier: IdempotentAnswer, fingerprint: str) -> JsonResponse:
    if earlier.fingerprint != fingerprint:
        raise Unprocessable(f"header.{HEADER}", "这个幂等键已用于另一项请求，请换一个新键")
    response = JsonResponse(earlier.body, status=earlier.status, json_dumps_params=_READABLE)
    response["Idempotent-Replayed"] = "true"
    return response


def _plain(answer: type[Schema], result: Any) -> dict[str, Any]:
    return answer.model_validate(result).model_dump(mode="json")
