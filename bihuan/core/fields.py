"""Personal data sealed at rest (R273): AES-256-GCM under settings.BIHUAN_FIELD_KEY.

A sealed value reads "s1.<key id>.<base64 of nonce and ciphertext>". The key id tells which key opens it:
to rotate, put the old key into BIHUAN_FIELD_OLD_KEYS, set a new BIHUAN_FIELD_KEY and save every row again.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.db import models
from django.db.models.lookups import Exact

PREFIX = "s1"
NONCE_BYTES = 12


class UnsealError(ValueError):
    """A sealed value cannot be opened: wrong key, or the stored text was changed."""


@lru_cache(maxsize=16)
def _key(text: str) -> tuple[str, bytes, AESGCM]:
    """Return (key id, raw key, cipher) for base64 text of 32 bytes, either base64 alphabet."""
    try:
        raw = base64.b64decode(text.strip().replace("-", "+").replace("_", "/"), validate=True)
    except ValueError as error:  # binascii.Error, or not ASCII at all
        raise ImproperlyConfigured("BIHUAN_FIELD_KEY 不是有效的 base64 文本") from error
    if len(raw) != 32:
        raise ImproperlyConfigured(f"BIHUAN_FIELD_KEY 解码后应为32字节，现为{len(raw)}字节")
    return hashlib.sha256(b"bihuan.key-id" + raw).hexdigest()[:8], raw, AESGCM(raw)


def _primary() -> tuple[str, bytes, AESGCM]:
    text = getattr(settings, "BIHUAN_FIELD_KEY", "")
    if not text:
        raise ImproperlyConfigured("未设置 BIHUAN_FIELD_KEY，无法保存需加密的字段")
    return _key(text)


def _cipher_for(key_id: str) -> AESGCM:
    for text in (getattr(settings, "BIHUAN_FIELD_KEY", ""), *getattr(settings, "BIHUAN_FIELD_OLD_KEYS", ())):
        if text and _key(text)[0] == key_id:
            return _key(text)[2]
    raise UnsealError(f"没有编号为{key_id}的字段密钥，请把旧密钥加入 BIHUAN_FIELD_OLD_KEYS")


def seal(plain: str) -> str:
    """Return ``plain`` sealed under the current key; empty text stays empty. Never twice the same."""
    if not plain:
        return plain
    key_id, _, cipher = _primary()
    nonce = os.urandom(NONCE_BYTES)
    body = base64.urlsafe_b64encode(nonce + cipher.encrypt(nonce, plain.encode(), None)).decode("ascii")
    return f"{PREFIX}.{key_id}.{body}"


def seal_all(plains: Sequence[str | None]) -> list[str | None]:
    """The same for many: each sealed by itself, with a nonce of its own; None stays None."""
    if not any(plains):
        return list(plains)
    key_id, _, cipher = _primary()
    head, encrypt, encode = f"{PREFIX}.{key_id}.", cipher.encrypt, base64.urlsafe_b64encode
    random = os.urandom(NONCE_BYTES * len(plains))
    sealed: list[str | None] = []
    for at, plain in enumerate(plains):
        if plain:
            nonce = random[at * NONCE_BYTES : (at + 1) * NONCE_BYTES]
            sealed.append(head + encode(nonce + encrypt(nonce, plain.encode(), None)).decode("ascii"))
        else:
            sealed.append(plain)
    return sealed


def unseal(sealed: str) -> str:
    """Return the text sealed in ``sealed``. Raises UnsealError if it cannot be opened or was altered."""
    if not sealed:
        return sealed
    prefix, _, rest = sealed.partition(".")
    key_id, _, body = rest.partition(".")
    if prefix != PREFIX or not body:
        raise UnsealError("字段内容不是加密格式，可能被绕过系统直接写入")
    try:
        raw = base64.urlsafe_b64decode(body)
        return _cipher_for(key_id).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], None).decode()
    except (InvalidTag, ValueError) as error:
        if isinstance(error, UnsealError):
            raise
        raise UnsealError("加密字段无法解开，内容已被改动或密钥不符") from error


def blind_index(value: str) -> str:
    """Return a keyed, deterministic fingerprint (64 hex) for looking a sealed value up without opening it.

    Spaces, hyphens, width and case do not matter. Keyed by BIHUAN_BLIND_KEY, or BIHUAN_FIELD_KEY when that
    is unset: set the former before rotating the latter, or every index must be computed anew.
    Empty text has an empty index.
    """
    text = "".join(unicodedata.normalize("NFKC", value).split()).replace("-", "").upper()
    if not text:
        return ""
    own = getattr(settings, "BIHUAN_BLIND_KEY", "")
    raw = _key(own)[1] if own else _primary()[1]
    key = hmac.digest(raw, b"bihuan.blind-index", "sha256")
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


class SealedCharField(models.CharField):
    """Text sealed in the database and plain in Python; ``max_length`` limits the plain text.

    Cannot be searched or compared in SQL, except for empty (``field=""``) and NULL: keep a blind_index()
    column beside it where a value must be found.
    """

    def get_internal_type(self) -> str:
        # The sealed text is longer than max_length and its length varies: the column is TEXT.
        return "TextField"

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        return None if value is None else unseal(value)

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return seal(value) if isinstance(value, str) else value

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name == "exact":
            return SealedExact
        return super().get_lookup(lookup_name) if lookup_name == "isnull" else None

    def get_transform(self, lookup_name: str) -> Any:
        return None


class SealedExact(Exact):
    """Equality with the empty text only; any other would compare two different ciphertexts."""

    def get_prep_lookup(self) -> Any:
        if self.rhs != "":
            raise FieldError("加密字段不能按内容查询，请改查对应的 blind_index 列")
        return self.rhs
