"""A package as one file: a zip whose every byte follows from its contents, so that a changed byte is never overlooked.

Nothing in it is compressed: there is nothing to blow up, and the archive can be written again and compared.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from dataclasses import dataclass
from typing import Any

from bihuan.core.digest import canonical_json, hash_bytes

from .errors import BadPackage
from .keys import PrivateKeys, PublicKeys
from .manifest import MAX_MANIFEST, MAX_PARTS, Manifest, Part, read_manifest
from .words import is_signed, parse, signed

MAX_PACKAGE = 32 * 1024 * 1024
MAX_CARRIED = 200
MAX_CARRY = 128 * 1024 * 1024
MANIFEST, SIGNATURE, CONTENT, CARRY = "manifest.json", "signature.json", "content.json", "carry.json"
PURPOSE = "package"
DAMAGED = "交换包已损坏、不完整或被改动过，请让对方重新导出"


@dataclass(frozen=True)
class Opened:
    """A package whose bytes agree with its manifest. Who signed it is still to be asked (`is_by`)."""

    manifest: Manifest
    content: dict[str, Any]
    files: tuple[bytes, ...]
    signature: dict[str, Any]
    data: bytes

    def is_by(self, key: PublicKeys) -> bool:
        """Whether the holder of `key` signed the manifest, and the manifest names that key."""
        return self.manifest.key == key.fingerprint and is_signed(PURPOSE, self.signature, key)


def part_of(name: str, data: bytes) -> Part:
    return Part(name=name, size=len(data), digest=hash_bytes(data, "sm3"))


def parts_of(content: bytes, files: tuple[bytes, ...]) -> list[Part]:
    """What the manifest says of the contents."""
    return [
        part_of(CONTENT, content),
        *[part_of(f"parts/{number:04d}", data) for number, data in enumerate(files, start=1)],
    ]


def write_package(manifest: Manifest, content: bytes, files: tuple[bytes, ...], keys: PrivateKeys) -> bytes:
    """The signed package. Raises BadPackage when it would be larger than anybody takes."""
    head = manifest.data()
    words = signed(PURPOSE, {"manifest": manifest.digest}, keys)
    entries = [(MANIFEST, head), (SIGNATURE, canonical_json(words)), (CONTENT, content)]
    entries += [(f"parts/{number:04d}", data) for number, data in enumerate(files, start=1)]
    data = _zipped(entries)
    if len(data) > MAX_PACKAGE:
        raise BadPackage(
            f"交换包 {len(data) / 1048576:.1f} MB，超过 {MAX_PACKAGE // 1048576} MB 上限，请减少照片或附件"
        )
    return data


def read_package(data: bytes) -> Opened:
    """Take a package apart. Raises BadPackage (TooNew for a later format) for whatever is not exactly one."""
    if len(data) > MAX_PACKAGE:
        raise BadPackage(f"交换包超过 {MAX_PACKAGE // 1048576} MB 上限，已拒绝读取")
    entries = _entries(data, MAX_PARTS + 3)
    names = [name for name, _ in entries]
    if names[:3] != [MANIFEST, SIGNATURE, CONTENT] or len(entries[0][1]) > MAX_MANIFEST:
        raise BadPackage("文件里没有交换包的清单，请选择对方导出的 .bhx 文件")
    manifest = read_manifest(entries[0][1])
    content, files = entries[2][1], tuple(body for _, body in entries[3:])
    if manifest.parts != parts_of(content, files):
        raise BadPackage("交换包的内容与清单不符，可能被改动过，请让对方重新导出")
    words = parse(entries[1][1])
    if words.get("manifest") != manifest.digest:
        raise BadPackage("交换包的签名与清单不符，可能被改动过，请让对方重新导出")
    value = parse(content, limit=MAX_PACKAGE)
    if canonical_json(words) != entries[1][1] or _canonical(value) != content or _zipped(entries) != data:
        raise BadPackage(DAMAGED)
    return Opened(manifest, value, files, words, data)


def write_carry(packages: list[bytes]) -> bytes:
    """Several packages as one file to carry."""
    names = [f"packages/{number:04d}.bhx" for number in range(1, len(packages) + 1)]
    head = canonical_json({"format": "bihuan.carry", "schema": 1, "packages": names})
    return _zipped([(CARRY, head), *zip(names, packages, strict=True)])


def carried(data: bytes) -> list[bytes]:
    """The packages in a file that was carried: one, or all of a carry. Raises BadPackage."""
    if len(data) > MAX_CARRY:
        raise BadPackage(f"文件超过 {MAX_CARRY // 1048576} MB 上限，请让对方分次导出")
    entries = _entries(data, MAX_CARRIED + 1)
    if entries[0][0] != CARRY:
        return [data]
    if not parse(entries[0][1]).get("packages") or len(entries) == 1:
        raise BadPackage("文件里没有交换包，请让对方重新导出")
    return [body for _, body in entries[1:]]


def _canonical(value: dict[str, Any]) -> bytes:
    try:
        return canonical_json(value)
    except (TypeError, ValueError, RecursionError) as error:
        raise BadPackage(DAMAGED) from error


def _entries(data: bytes, most: int) -> list[tuple[str, bytes]]:
    if data[:4] != b"PK\x03\x04":
        raise BadPackage("文件不是交换包，请选择对方导出的 .bhx 文件")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
            if not infos or len(infos) > most:
                raise BadPackage(f"交换包里的文件数不对（最多 {most} 个），已拒绝读取")
            names = [info.filename for info in infos]
            if len(set(names)) != len(names):
                raise BadPackage("交换包里有重名的文件，可能被改动过，已拒绝读取")
            # Stored as they are: no entry can be longer than the file it lies in.
            if any(
                info.compress_type != zipfile.ZIP_STORED
                or info.flag_bits & 1
                or info.file_size != info.compress_size
                for info in infos
            ) or sum(info.file_size for info in infos) > len(data):
                raise BadPackage("交换包里有压缩或加密的文件，不是规定的写法，已拒绝读取")
            return [(info.filename, archive.read(info)) for info in infos]
    except BadPackage:
        raise
    except (
        zipfile.BadZipFile,
        zlib.error,
        OSError,
        EOFError,
        ValueError,
        NotImplementedError,
        RuntimeError,
    ) as error:
        raise BadPackage(DAMAGED) from error


def _zipped(entries: list[tuple[str, bytes]]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, body in entries:
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.create_system, info.external_attr = 3, 0o600 << 16
            archive.writestr(info, body)
    return out.getvalue()
