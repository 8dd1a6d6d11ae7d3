"""The manifest of a package: who sends what to whom, as which number after which, and the digest of every part."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from bihuan.core.digest import canonical_json, hash_bytes

from .errors import BadPackage, TooNew
from .words import parse

FORMAT = "bihuan.exchange"
SCHEMA = 1
MAX_MANIFEST = 256 * 1024
MAX_PARTS = 64

Digest = Annotated[str, Field(pattern=r"^sm3:[0-9a-f]{64}$")]
Fingerprint = Annotated[str, Field(pattern=r"^[0-9A-F]{32}$")]
Code = Annotated[str, Field(pattern=r"^(\d{2}|\d{4}|\d{6}|\d{9}|\d{12})$")]


class Strict(BaseModel):
    """Unknown members are refused: what was signed is what was understood."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Part(Strict):
    """One file of a package."""

    name: Annotated[str, Field(pattern=r"^(content\.json|parts/\d{4})$")]
    size: Annotated[int, Field(ge=0)]
    digest: Digest


class Manifest(Strict):
    """See docs/adr/0017 for every member."""

    format: Literal["bihuan.exchange"]
    schema_: Annotated[int, Field(alias="schema", ge=1)]
    id: uuid.UUID
    kind: Annotated[str, Field(pattern=r"^[a-z_]{1,20}$")]
    version: Annotated[int, Field(ge=1, le=1000)]
    sender: uuid.UUID
    receiver: uuid.UUID
    sequence: Annotated[int, Field(ge=1, le=2**31 - 1)]
    previous: Annotated[str, Field(pattern=r"^(|sm3:[0-9a-f]{64})$")]
    created_at: AwareDatetime
    region: Code
    title: Annotated[str, Field(min_length=1, max_length=200)]
    key: Fingerprint
    parts: Annotated[list[Part], Field(min_length=1, max_length=MAX_PARTS)]

    def data(self) -> bytes:
        """The one byte form."""
        return canonical_json(self.model_dump(mode="json", by_alias=True))

    @property
    def digest(self) -> str:
        """What the next package of the same kind names as its predecessor."""
        return hash_bytes(self.data(), "sm3")


def read_manifest(data: bytes) -> Manifest:
    """The manifest in these bytes. Raises TooNew for a later format, BadPackage for anything that is none."""
    raw: Any = parse(data, limit=MAX_MANIFEST)
    if raw.get("format") != FORMAT:
        raise BadPackage("这不是闭环的交换包，请选择对方导出的 .bhx 文件")
    version = raw.get("schema")
    if isinstance(version, int) and version > SCHEMA:
        raise TooNew(
            f"交换包的格式是第 {version} 版，本系统只认识到第 {SCHEMA} 版，请先升级本系统，再让对方重发"
        )
    try:
        manifest = Manifest.model_validate_json(data)
    except (ValidationError, ValueError, RecursionError) as error:
        raise BadPackage("交换包的清单不符合格式，请让对方重新导出") from error
    if manifest.data() != data:
        raise BadPackage("交换包的清单不是规定的写法，可能被改动过，请让对方重新导出")
    return manifest
