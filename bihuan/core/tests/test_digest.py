import datetime as dt
import hashlib
import io
import uuid
from decimal import Decimal

import pytest
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import strategies as st

from bihuan.core.digest import (
    canonical_json,
    content_hash,
    file_hashes,
    hash_bytes,
    matches,
    merkle_proof,
    merkle_root,
    verify_merkle,
)

# GB/T 32905-2016, example 1
SM3_ABC = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
SHA256_ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_canonical_json_is_sorted_tight_and_chinese():
    assert canonical_json({"b": [1, None, True], "a": "隐患"}) == '{"a":"隐患","b":[1,null,true]}'.encode()


def test_canonical_json_of_typed_values():
    shanghai = dt.timezone(dt.timedelta(hours=8))
    assert canonical_json(
        {
            "at": dt.datetime(2026, 11, 21, 8, 30, tzinfo=shanghai),
            "id": uuid.UUID("12345678123456781234567812345678"),
            "money": Decimal("12.50"),
            "on": dt.date(2026, 11, 21),
            "zero": Decimal("-0.00"),
            "big": Decimal("1E+3"),
        }
    ) == (
        b'{"at":"2026-11-21T00:30:00.000000Z","big":"1000","id":"12345678-1234-5678-1234-567812345678",'
        b'"money":"12.5","on":"2026-11-21","zero":"0"}'
    )


@pytest.mark.parametrize(
    "value",
    [dt.datetime(2026, 1, 1), float("nan"), Decimal("NaN"), b"raw", {1: "a"}, {1, 2}, object()],
    ids=repr,
)
def test_what_has_no_single_form_is_refused(value):
    with pytest.raises(TypeError):
        canonical_json({"value": value})


def test_content_hash_follows_the_setting(settings):
    settings.BIHUAN_HASH = "sm3"
    sm3 = content_hash({"a": 1})
    assert sm3.startswith("sm3:")
    settings.BIHUAN_HASH = "sha256"
    assert content_hash({"a": 1}) == "sha256:" + hashlib.sha256(b'{"a":1}').hexdigest()
    assert matches({"a": 1}, sm3)  # an old digest stays verifiable
    assert not matches({"a": 2}, sm3)
    assert not matches({"a": 1}, "md5:00")
    settings.BIHUAN_HASH = "md5"
    with pytest.raises(ImproperlyConfigured, match="sm3 或 sha256"):
        content_hash({})


def test_published_vectors():
    assert hash_bytes(b"abc", "sm3") == f"sm3:{SM3_ABC}"
    assert hash_bytes(b"abc", "sha256") == f"sha256:{SHA256_ABC}"
    file = io.BytesIO(b"abc")
    file.read()
    assert file_hashes(file) == {"sha256": SHA256_ABC, "sm3": SM3_ABC, "size": 3}
    assert file.tell() == 0


def test_merkle_root_by_hand():
    def h(data):
        return hashlib.sha256(data).digest()

    a, b, c = (h(b"\x00" + leaf) for leaf in (b"a", b"b", b"c"))
    assert merkle_root(["a"], "sha256") == "sha256:" + a.hex()
    assert merkle_root(["a", "b", "c"], "sha256") == "sha256:" + h(b"\x01" + h(b"\x01" + a + b) + c).hex()
    assert merkle_root([], "sha256") == "sha256:" + h(b"").hex()


leaves = st.lists(st.text(max_size=8), min_size=1, max_size=24)


@given(leaves, st.data())
def test_every_leaf_can_be_proved_and_nothing_else(texts, data):
    index = data.draw(st.integers(0, len(texts) - 1))
    root, proof = merkle_root(texts, "sha256"), merkle_proof(texts, index, "sha256")
    assert verify_merkle(texts[index], proof, root)
    assert not verify_merkle(texts[index] + "改", proof, root)


@given(leaves, st.data())
def test_the_root_moves_with_any_change(texts, data):
    index = data.draw(st.integers(0, len(texts) - 1))
    root = merkle_root(texts, "sha256")
    assert merkle_root([*texts[:index], texts[index] + "改", *texts[index + 1 :]], "sha256") != root
    assert merkle_root([*texts[:index], *texts[index + 1 :]], "sha256") != root


def test_bad_proofs_are_false_not_errors():
    root = merkle_root(["a", "b"], "sha256")
    assert not verify_merkle("a", [("left", "not hex")], root)
    assert not verify_merkle("a", [], root)
    assert not verify_merkle("a", [], "md5:00")
    with pytest.raises(IndexError):
        merkle_proof(["a"], 1)
