"""Signed words: receipts, cards, questions and answers. A JSON object, its one byte form, and a signature over both it
and what it is for, so that a receipt can never be shown as something else."""

from __future__ import annotations

import json
from typing import Any

from bihuan.core.digest import canonical_json

from .errors import BadPackage
from .keys import PrivateKeys, PublicKeys

MAX_WORDS = 1024 * 1024


def _message(purpose: str, body: dict[str, Any]) -> bytes:
    return b"bihuan.exchange." + purpose.encode("ascii") + b"\0" + canonical_json(body)


def signed(purpose: str, body: dict[str, Any], keys: PrivateKeys) -> dict[str, Any]:
    """The object with our fingerprint and signature."""
    body = {**body, "key": keys.public.fingerprint}
    return {**body, "signature": keys.sign(_message(purpose, body))}


def is_signed(purpose: str, words: dict[str, Any], key: PublicKeys) -> bool:
    """Whether the holder of `key` signed the object for this purpose."""
    body = {name: value for name, value in words.items() if name != "signature"}
    signature = words.get("signature")
    if words.get("key") != key.fingerprint or not isinstance(signature, str):
        return False
    try:
        return key.verify(signature, _message(purpose, body))
    except (TypeError, ValueError):
        return False


def parse(data: bytes, *, limit: int = MAX_WORDS) -> dict[str, Any]:
    """The JSON object in these bytes. Raises BadPackage."""
    if len(data) > limit:
        raise BadPackage("内容过长，已拒绝读取")
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise BadPackage("内容不是有效的 JSON，文件可能不完整，请重新导出") from error
    if not isinstance(value, dict):
        raise BadPackage("内容的格式不对，请重新导出")
    return value
