"""Opening a zipped office file safely: limits are checked on what is really inflated, never on what the archive claims."""

from __future__ import annotations

import io
import re
import zipfile
import zlib

from lxml import etree

from bihuan.plans.reading.errors import PlanReadError

MAX_ENTRIES = 4000
MAX_INFLATED = 60 * 1024 * 1024
MAX_RATIO = 300
# A plan of a hundred pages has about 200,000 tags; each costs memory far beyond its bytes.
MAX_TAGS = 2_500_000
_STRICT = b"http://purl.oclc.org/ooxml/wordprocessingml/main"
_TRANSITIONAL = b"http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_BROKEN = (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError, EOFError, ValueError, zlib.error)


class Archive:
    """The parts of a .docx or .odt file, read within a common budget of inflated bytes."""

    def __init__(self, data: bytes):
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
            entries = self._zip.infolist()
        except _BROKEN as error:
            raise PlanReadError(
                "文件已损坏，无法打开。请用 Word 或 WPS 修复并另存为 .docx 后再导入。"
            ) from error
        if len(entries) > MAX_ENTRIES:
            raise PlanReadError(
                "文件内部条目过多，不是正常的 Word 文档，已拒绝读取。请另存为新的 .docx 后再导入。"
            )
        if any(entry.flag_bits & 0x1 for entry in entries):
            raise PlanReadError("Word 文件加了密码，无法读取。请去掉密码后重新导入。")
        claimed = sum(entry.file_size for entry in entries)
        packed = max(1, sum(entry.compress_size for entry in entries))
        if claimed > 10 * MAX_INFLATED or (claimed > 5_000_000 and claimed / packed > MAX_RATIO):
            raise PlanReadError(_TOO_BIG)
        self.names = {entry.filename for entry in entries}
        self._budget = MAX_INFLATED

    def read(self, name: str) -> bytes:
        """Return one part. Raises PlanReadError when it is broken or the budget is spent."""
        try:
            with self._zip.open(name) as stream:
                content = stream.read(self._budget + 1)
        except _BROKEN as error:
            raise PlanReadError(
                "文件已损坏，无法打开。请用 Word 或 WPS 修复并另存为 .docx 后再导入。"
            ) from error
        self._budget -= len(content)
        if self._budget < 0:
            raise PlanReadError(_TOO_BIG)
        return content

    def parse(self, name: str) -> tuple[etree._Element, bytes]:
        """Return one XML part as a tree, with its bytes."""
        content = self.read(name)
        if _STRICT in content:
            content = content.replace(_STRICT, _TRANSITIONAL)
        return parse(content), content


_TOO_BIG = "文件解压后异常庞大，疑似恶意文件，已拒绝读取。请核实来源，另存为新的 .docx 后再导入。"


def parse(content: bytes) -> etree._Element:
    """Parse XML of an office file; entities, document types and oversized trees are refused."""
    # Word never writes a document type; whoever did wants entities expanded.
    declared = b"<!" in content and re.search(rb"<!\s*(?:DOCTYPE|ENTITY)", content, re.I)
    if declared or b"<\x00!\x00D\x00O\x00C" in content[:400]:
        raise PlanReadError("Word 文件内部含有实体定义，出于安全原因不予读取。请另存为新的 .docx 后再导入。")
    if content.count(b"<") > MAX_TAGS:
        raise PlanReadError(_TOO_BIG)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False)
    try:
        return etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise PlanReadError(
            "Word 文件的内容已损坏，无法读取。请用 Word 或 WPS 修复并另存为 .docx 后再导入。"
        ) from error
