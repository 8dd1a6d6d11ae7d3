"""Sealed files: what goes in comes out, and nothing else is accepted."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bihuan.core.errors import Refused
from bihuan.operations.backup.sealing import (
    MAGIC,
    PIECE,
    TAG,
    Key,
    SealingWriter,
    new_key,
    read_key,
    unsealed,
)

KEY = Key(b"k" * 32)


def sealed(data: bytes, *, pieces: int = 1, key: Key = KEY) -> bytes:
    out = io.BytesIO()
    writer = SealingWriter(out, key)
    step = max(1, len(data) // pieces)
    for start in range(0, len(data), step):
        writer.write(data[start : start + step])
    writer.close()
    return out.getvalue()


def opened(content: bytes, key: Key = KEY) -> bytes:
    return b"".join(unsealed(io.BytesIO(content), key))


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 3), st.integers(-1, 1), st.integers(1, 5))
def test_what_goes_in_comes_out(full, beside, pieces):
    data = b"x" * max(0, full * PIECE + beside)
    assert opened(sealed(data, pieces=pieces)) == data


def test_a_changed_byte_a_cut_end_and_exchanged_pieces_are_refused():
    content = sealed(b"a" * PIECE + b"b" * PIECE + b"end")
    head, body = content[: len(MAGIC) + 8], content[len(MAGIC) + 8 :]
    first, second, last = (
        body[: PIECE + TAG],
        body[PIECE + TAG : 2 * (PIECE + TAG)],
        body[2 * (PIECE + TAG) :],
    )
    for wrong in (
        content[:-1],
        head + first + second,  # the last piece is gone
        head + second + first + last,
        head + bytes([first[0] ^ 1]) + first[1:] + second + last,
        head,
        b"not ours at all",
    ):
        with pytest.raises(Refused):
            opened(wrong)


def test_another_key_opens_nothing():
    with pytest.raises(Refused, match="密钥不对"):
        opened(sealed(b"secret"), Key(b"o" * 32))


def test_a_key_file_is_private_and_never_overwritten(tmp_path):
    path = tmp_path / "backup.key"
    made = new_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert read_key(path).id == made.id
    with pytest.raises(Refused, match="已存在"):
        new_key(path)


@pytest.mark.parametrize("content", ["short", "not base64 é".encode("latin-1"), ""])
def test_what_is_no_key_is_named(tmp_path, content):
    path = tmp_path / "wrong.key"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(Refused, match=r"wrong\.key"):
        read_key(path)
