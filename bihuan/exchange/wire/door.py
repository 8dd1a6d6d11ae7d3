"""How a request at the door says whose it is, and its answer likewise: a signature over what is asked, of whom, when,
once, and over the digest of the body, so that nothing need be read of a body nobody vouches for."""

from __future__ import annotations

import datetime as dt
import re
import secrets
from typing import Any

from bihuan.core.digest import canonical_json, hash_bytes

from .errors import BadPackage
from .keys import PrivateKeys, PublicKeys
from .words import is_signed, signed

HEADER, ANSWER = "X-Bihuan-Exchange", "X-Bihuan-Answer"
TOLERANCE = dt.timedelta(minutes=10)
_FIELD = re.compile(r'([a-z]+)="([A-Za-z0-9+/=:._ -]{1,120})"')
REQUEST, REPLY = ("act", "from", "to", "at", "nonce", "body", "key", "signature"), (
    "nonce", "body", "status", "key", "signature",
)  # fmt: skip


def request_header(
    act: str, body: bytes, *, sender: str, receiver: str, at: dt.datetime, keys: PrivateKeys
) -> tuple[str, str]:
    """The header that vouches for a request, and its nonce."""
    nonce = secrets.token_hex(16)
    fields = {
        "act": act, "from": sender, "to": receiver, "at": at.astimezone(dt.UTC).isoformat(timespec="seconds"),
        "nonce": nonce, "body": hash_bytes(body, "sm3"),
    }  # fmt: skip
    return written(signed("request", fields, keys)), nonce


def answer_header(nonce: str, status: int, body: bytes, keys: PrivateKeys) -> str:
    """The header that vouches for the answer to the request with this nonce."""
    return written(
        signed("answer", {"nonce": nonce, "status": str(status), "body": hash_bytes(body, "sm3")}, keys)
    )


def is_answer(header: str, nonce: str, status: int, body: bytes, keys: list[PublicKeys]) -> bool:
    """Whether one of `keys` vouches for this very answer."""
    try:
        fields = read_header(header, REPLY)
    except BadPackage:
        return False
    said = (
        fields["nonce"] == nonce
        and fields["status"] == str(status)
        and fields["body"] == hash_bytes(body, "sm3")
    )
    return said and any(is_signed("answer", fields, key) for key in keys)


def written(fields: dict[str, Any]) -> str:
    return ", ".join(f'{name}="{value}"' for name, value in fields.items())


def read_header(text: str, wanted: tuple[str, ...]) -> dict[str, str]:
    """The fields of a header, exactly those wanted. Raises BadPackage."""
    found = dict(_FIELD.findall(text[:2000]))
    if tuple(sorted(found)) != tuple(sorted(wanted)):
        raise BadPackage("请求没有按规定签名")
    return found


def is_timely(at: str, now: dt.datetime) -> bool:
    """Whether the moment in a header is within the tolerance of our own clock. Raises BadPackage when it is none."""
    try:
        moment = dt.datetime.fromisoformat(at)
    except ValueError as error:
        raise BadPackage("请求的时间不对") from error
    return moment.tzinfo is not None and abs(moment - now) <= TOLERANCE


def canonical(words: dict[str, Any]) -> bytes:
    return canonical_json(words)
