"""The package as bytes: any change is refused, hostile archives are refused, sealing opens for one reader only."""

from __future__ import annotations

import io
import json
import uuid
import zipfile

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bihuan.core.digest import canonical_json
from bihuan.exchange.models import Instance
from bihuan.exchange.wire.archive import carried, parts_of, read_package, write_carry, write_package
from bihuan.exchange.wire.door import answer_header, is_answer
from bihuan.exchange.wire.errors import BadPackage, TooNew
from bihuan.exchange.wire.keys import PrivateKeys, grouped, heard
from bihuan.exchange.wire.manifest import Manifest
from bihuan.exchange.wire.sealing import seal_to, unseal_with
from bihuan.exchange.wire.words import is_signed, signed

from .fellow import Fellow

KEYS = PrivateKeys.generate()
OWN = Instance(id=uuid.uuid4(), name="云溪市安委办")
FELLOW = Fellow(keys=KEYS)
GOOD = FELLOW.package(
    "note", {"text": "请查收", "author": "郑守一", "files": []}, OWN, (b"photo", b"\x00\xff" * 40)
)
SEALED = seal_to(GOOD, KEYS.public)


def test_what_was_written_is_read():
    opened = read_package(GOOD)
    assert opened.content["text"] == "请查收"
    assert opened.files == (b"photo", b"\x00\xff" * 40)
    assert opened.is_by(KEYS.public)
    assert not opened.is_by(PrivateKeys.generate().public)


@settings(max_examples=400, deadline=None)
@given(at=st.integers(0, len(GOOD) - 1), bit=st.integers(0, 7))
def test_a_changed_bit_is_refused_wherever_it_is(at, bit):
    changed = bytearray(GOOD)
    changed[at] ^= 1 << bit
    assert _refused(bytes(changed))


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_cut_lengthened_and_shuffled_packages_are_refused(data):
    cut = data.draw(st.integers(0, len(GOOD) - 1))
    other = data.draw(st.integers(0, len(GOOD) - 1))
    extra = data.draw(st.binary(min_size=1, max_size=40))
    for changed in (
        GOOD[:cut],
        GOOD + extra,
        extra + GOOD,
        GOOD[:cut] + extra + GOOD[cut:],
        GOOD[:cut] + GOOD[other:] if cut != other else b"",
    ):
        if changed != GOOD:
            assert _refused(changed)


def _refused(data: bytes) -> bool:
    """Not read, or read as something its sender did not sign."""
    try:
        opened = read_package(data)
    except BadPackage:
        return True
    return not opened.is_by(KEYS.public)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=400))
def test_any_bytes_are_refused_in_words(data):
    with pytest.raises(BadPackage):
        read_package(data)
    with pytest.raises(BadPackage):
        read_package(b"PK\x03\x04" + data)


def _archive(entries, *, compression=zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, body in entries:
            archive.writestr(name, body)
    return out.getvalue()


def _entries() -> list[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(GOOD)) as archive:
        return [(info.filename, archive.read(info)) for info in archive.infolist()]


@pytest.mark.parametrize(
    "entries",
    [
        [],
        [("../../etc/passwd", b"x")],
        [("manifest.json", b"{}"), ("signature.json", b"{}"), ("content.json", b"{}")],
        [("manifest.json", b"[" * 100_000), ("signature.json", b"{}"), ("content.json", b"{}")],
        [(f"{number}", b"") for number in range(5000)],
    ],
)
def test_hostile_archives(entries):
    with pytest.raises(BadPackage):
        read_package(_archive(entries))


def test_a_bomb_is_not_unpacked():
    bomb = _archive([("manifest.json", b" " * 50_000_000)], compression=zipfile.ZIP_DEFLATED)
    assert len(bomb) < 100_000
    with pytest.raises(BadPackage, match="压缩或加密"):
        read_package(bomb)


def test_the_same_contents_in_another_zip_are_refused():
    with pytest.raises(BadPackage):
        read_package(_archive(_entries()))
    more = [*_entries(), ("parts/0003", b"smuggled")]
    with pytest.raises(BadPackage):
        read_package(_archive(more))


def test_a_later_format_is_refused_by_its_number():
    body = canonical_json({"text": "请查收", "author": "郑守一", "files": []})
    manifest = json.loads(read_package(GOOD).manifest.data()) | {"schema": 9}
    entries = [("manifest.json", canonical_json(manifest)), ("signature.json", b"{}"), ("content.json", body)]
    with pytest.raises(TooNew, match=r"第 9 版.*升级"):
        read_package(_archive(entries))


def test_too_large_a_package_is_refused_by_its_sender_already():
    body = canonical_json({"text": "x"})
    files = (b"\0" * (33 * 1024 * 1024),)
    manifest = Manifest(
        format="bihuan.exchange", schema_=1, id=uuid.uuid4(), kind="note", version=1, sender=uuid.uuid4(),
        receiver=uuid.uuid4(), sequence=1, previous="", created_at=timezone.now(), region="5397", title="大",
        key=KEYS.public.fingerprint, parts=parts_of(body, files),
    )  # fmt: skip
    with pytest.raises(BadPackage, match="上限"):
        write_package(manifest, body, files, KEYS)


def test_the_same_package_is_the_same_bytes():
    opened = read_package(GOOD)
    again = write_package(opened.manifest, canonical_json(opened.content), opened.files, KEYS)
    assert again == GOOD


def test_sealed_for_one_reader():
    assert unseal_with(SEALED, [PrivateKeys.generate(), KEYS]) == GOOD
    assert GOOD[:200] not in SEALED
    assert seal_to(GOOD, KEYS.public) != SEALED
    with pytest.raises(BadPackage, match="不是密封给本系统"):
        unseal_with(SEALED, [PrivateKeys.generate()])


@settings(max_examples=150, deadline=None)
@given(at=st.integers(0, len(SEALED) - 1), bit=st.integers(0, 7))
def test_a_changed_bit_of_a_sealed_file_is_refused(at, bit):
    changed = bytearray(SEALED)
    changed[at] ^= 1 << bit
    with pytest.raises(BadPackage):
        unseal_with(bytes(changed), [KEYS])


def test_a_carry_holds_several():
    assert carried(write_carry([GOOD, GOOD + b""])) == [GOOD, GOOD]
    assert carried(GOOD) == [GOOD]
    with pytest.raises(BadPackage):
        carried(_archive([("carry.json", b'{"packages":[]}')]))


@given(
    st.dictionaries(
        st.text(min_size=1, max_size=8), st.one_of(st.text(max_size=20), st.integers(-9, 9)), max_size=5
    )
)
@settings(max_examples=50, deadline=None)
def test_signed_words_hold_for_one_purpose(body):
    body = {name: value for name, value in body.items() if name not in {"key", "signature"}}
    words = signed("receipt", body, KEYS)
    assert is_signed("receipt", words, KEYS.public)
    assert not is_signed("card", words, KEYS.public)
    assert not is_signed("receipt", words, PrivateKeys.generate().public)
    assert not is_signed("receipt", words | {"state": "applied!"}, KEYS.public)


def test_an_answer_is_to_one_question():
    header = answer_header("0" * 32, 200, b"{}", KEYS)
    assert is_answer(header, "0" * 32, 200, b"{}", [KEYS.public])
    assert not is_answer(header, "1" * 32, 200, b"{}", [KEYS.public])
    assert not is_answer(header, "0" * 32, 422, b"{}", [KEYS.public])
    assert not is_answer(header, "0" * 32, 200, b"{ }", [KEYS.public])
    assert not is_answer("", "0" * 32, 200, b"{}", [KEYS.public])


def test_a_fingerprint_is_read_out_in_groups():
    text = KEYS.public.fingerprint
    assert [len(group) for group in grouped(text).split()] == [4] * 8
    assert heard(grouped(text).lower().replace(" ", "-")) == text
