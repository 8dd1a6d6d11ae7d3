"""What SQLite stored and what PostgreSQL gives back are marked alike if, and only if, they are the same value."""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
import uuid
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bihuan.config.moving.values import Fingerprint, Unmovable, canonical, kind_of

NUMBER = "0e6b3a529a3c4b6c8a570f1f5d1f2f3a"


@pytest.mark.parametrize(
    ("column", "stored", "returned"),
    [
        ("bigint", 7, 7),
        ("boolean", 1, True),
        ("numeric(12,2)", 12.5, Decimal("12.50")),
        ("numeric(12,2)", 3, Decimal("3.00")),
        ("numeric(4,1)", "0.3", Decimal("0.3")),
        ("character varying(20)", "青石街道，一组", "青石街道，一组"),
        ("date", "2026-02-28", dt.date(2026, 2, 28)),
        (
            "timestamp with time zone",
            "2026-02-28 16:30:00.000123",
            dt.datetime(2026, 3, 1, 0, 30, 0, 123, ZoneInfo("Asia/Shanghai")),
        ),
        ("timestamp with time zone", "2026-02-28 16:30:00", dt.datetime(2026, 2, 28, 16, 30, tzinfo=dt.UTC)),
        ("uuid", NUMBER, uuid.UUID(NUMBER)),
        ("jsonb", '{"b": 1.0, "a": ["企业", null]}', {"a": ["企业", None], "b": 1}),
        ("bytea", b"\x00\xff", memoryview(b"\x00\xff")),
        ("interval", 1500000, dt.timedelta(seconds=1.5)),
        ("inet", "10.0.0.1", ipaddress.IPv4Address("10.0.0.1")),
        ("double precision", 0.1, 0.1),
    ],
)
def test_the_same_value_has_the_same_mark(column, stored, returned):
    kind = kind_of(column)
    assert kind.mark_source(stored) == kind.mark_target(returned)


@pytest.mark.parametrize(
    ("column", "stored", "returned"),
    [
        # Read as local time instead of UTC: eight hours off.
        (
            "timestamp with time zone",
            "2026-02-28 16:30:00",
            dt.datetime(2026, 2, 28, 16, 30, tzinfo=ZoneInfo("Asia/Shanghai")),
        ),
        ("numeric(12,2)", 12.5, Decimal("12.05")),
        ("jsonb", '{"a": "1"}', {"a": 1}),
        ("bytea", b"ab", b"ac"),
        ("boolean", 0, True),
    ],
)
def test_another_value_has_another_mark(column, stored, returned):
    kind = kind_of(column)
    assert kind.mark_source(stored) != kind.mark_target(returned)


@pytest.mark.parametrize(("column", "value"), [("text", "甲\x00乙"), ("jsonb", '{"a": "\\u0000"}')])
def test_a_null_character_is_named(column, value):
    with pytest.raises(Unmovable, match="空字符"):
        kind_of(column).send(value)


def test_a_type_nobody_uses_is_refused():
    with pytest.raises(Unmovable, match="money"):
        kind_of("money")


@given(st.permutations([("1", "甲"), ("2", "乙"), ("3", "丙"), ("3", "丙")]))
def test_the_order_of_rows_does_not_matter_but_their_number_does(rows):
    one, other, fewer = Fingerprint(), Fingerprint(), Fingerprint()
    for row in [("1", "甲"), ("2", "乙"), ("3", "丙"), ("3", "丙")]:
        one.add(row)
    for row in rows:
        other.add(row)
    for row in rows[:3]:
        fewer.add(row)
    assert one == other
    assert one != fewer


def test_values_do_not_run_into_each_other():
    one, other = Fingerprint(), Fingerprint()
    one.add(("ab", "c"))
    other.add(("a", "bc"))
    assert one != other


_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**50), 2**50) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(_json)
def test_the_spelling_of_json_does_not_matter(value):
    assert canonical(json.loads(json.dumps(value, ensure_ascii=True, indent=3))) == canonical(value)
