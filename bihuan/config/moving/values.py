"""One value on its way: what SQLite stored, what PostgreSQL is given, and a mark both sides compute by themselves.

The mark of the source is made from the stored value, not from what was sent, and the mark of the target from what
PostgreSQL gives back: a wrong conversion shows as two different marks.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import ipaddress
import json
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

UTC = dt.UTC
NOTHING = "\x00"


class Unmovable(ValueError):
    """A stored value PostgreSQL cannot hold; the message says why in Chinese."""


@dataclass(frozen=True)
class Kind:
    """How values of one PostgreSQL type are sent and marked."""

    send: Callable[[Any], Any]
    mark_source: Callable[[Any], str]
    mark_target: Callable[[Any], str]


def kind_of(column_type: str) -> Kind:
    """The kind of a PostgreSQL column type as `format_type` writes it. Raises Unmovable for one we do not use."""
    base, _, rest = column_type.partition("(")
    base = base.strip()
    if base == "numeric":
        places = int(rest.rstrip(")").split(",")[1])
        return Kind(lambda v: _decimal(v, places), lambda v: str(_decimal(v, places)), str)
    if base.startswith("timestamp"):
        return _KINDS["timestamp with time zone"]
    if base not in _KINDS:
        raise Unmovable(f"不认识的列类型 {column_type}")
    return _KINDS[base]


class Fingerprint:
    """The number of rows and a sum over them that does not depend on their order."""

    def __init__(self) -> None:
        self.rows = 0
        self._sum = 0

    def add(self, marks: Iterable[str]) -> None:
        digest = hashlib.blake2b("\x1f".join(marks).encode("utf-8", "surrogatepass"), digest_size=16)
        self._sum = (self._sum + int.from_bytes(digest.digest(), "big")) % (1 << 128)
        self.rows += 1

    @property
    def digest(self) -> str:
        return f"{self._sum:032x}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Fingerprint) and (self.rows, self._sum) == (other.rows, other._sum)

    __hash__ = None  # type: ignore[assignment]


def _text(value: Any) -> str:
    text = value if isinstance(value, str) else str(value)
    if "\x00" in text:
        raise Unmovable("文字中含有空字符（U+0000），PostgreSQL 不能保存")
    return text


def _decimal(value: Any, places: int) -> Decimal:
    # SQLite keeps what it can as a number: 12.50 comes back as 12.5.
    return Decimal(repr(value) if isinstance(value, float) else value).quantize(Decimal(1).scaleb(-places))


def _moment(value: str) -> str:
    return value if value.endswith("+00:00") else f"{value}+00"


def _read_moment(value: str) -> dt.datetime:
    found = dt.datetime.fromisoformat(value)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _json(value: str) -> str:
    if "\\u0000" in value:
        raise Unmovable("内容（JSON）中含有空字符（U+0000），PostgreSQL 不能保存")
    return value


def canonical(value: Any) -> str:
    """JSON in one spelling: keys sorted, 1.0 and 1 the same, as jsonb keeps numbers by value."""
    return json.dumps(_settled(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _settled(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    if isinstance(value, dict):
        return {key: _settled(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_settled(each) for each in value]
    return value


def _interval(value: int) -> dt.timedelta:
    return dt.timedelta(microseconds=value)


def _bytes_mark(value: Any) -> str:
    return hashlib.blake2b(bytes(value), digest_size=16).hexdigest()


def _address(value: Any) -> str:
    return str(ipaddress.ip_address(str(value).partition("/")[0]))


_number = Kind(int, lambda v: str(int(v)), str)
_words = Kind(_text, str, str)
_KINDS = {
    "smallint": _number,
    "integer": _number,
    "bigint": _number,
    "double precision": Kind(float, lambda v: float(v).hex(), lambda v: float(v).hex()),
    "boolean": Kind(bool, lambda v: "1" if v else "0", lambda v: "1" if v else "0"),
    "character varying": _words,
    "text": _words,
    "date": Kind(str, lambda v: v[:10], lambda v: v.isoformat()),
    "time without time zone": Kind(
        str, lambda v: dt.time.fromisoformat(v).isoformat(), lambda v: v.isoformat()
    ),
    "timestamp with time zone": Kind(
        _moment, lambda v: _read_moment(v).isoformat(), lambda v: v.astimezone(UTC).isoformat()
    ),
    "uuid": Kind(str, lambda v: uuid.UUID(v).hex, lambda v: v.hex),
    "jsonb": Kind(_json, lambda v: canonical(json.loads(v)), canonical),
    "bytea": Kind(bytes, _bytes_mark, _bytes_mark),
    "interval": Kind(_interval, lambda v: str(_interval(v)), str),
    "inet": Kind(str, _address, _address),
}
