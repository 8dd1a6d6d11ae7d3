"""Old office formats (.doc, .wps, .rtf, .odt) turned into .docx by LibreOffice, when it is installed.

LibreOffice runs without a window in a profile of its own that is thrown away afterwards: macros off, links to other
files or hosts blocked, a time limit, at most two at once.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from bihuan.plans.reading.errors import PlanReadError
from bihuan.plans.reading.following import Follower, Nobody

SECONDS = 90
LOOK = 0.5  # seconds between two words to the follower
KEPT = "converted.docx"
MAX_RESULT = 60 * 1024 * 1024
_AT_ONCE = threading.BoundedSemaphore(2)
_SETTINGS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="MacroSecurityLevel" oor:op="fuse"><value>3</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="DisableMacrosExecution" oor:op="fuse"><value>true</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="BlockUntrustedRefererLinks" oor:op="fuse"><value>true</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="DisableActiveContent" oor:op="fuse"><value>true</value></prop></item>
<item oor:path="/org.openoffice.Office.Writer/Content/Update"><prop oor:name="Link" oor:op="fuse"><value>2</value></prop></item>
</oor:items>
"""
NAMES = {".doc": "旧版 Word 或 WPS 的二进制文件（.doc、.wps）", ".rtf": "RTF 文件", ".odt": "ODT 文件"}


def soffice() -> str | None:
    """Return the path of LibreOffice, or None."""
    return shutil.which("soffice") or shutil.which("libreoffice")


def old_format(data: bytes) -> str | None:
    """Say by its bytes which of the old formats a file is (".doc", ".rtf", ".odt"), or None.

    Raises PlanReadError for OLE files that are no text document or are locked.
    """
    if data.startswith(b"{\\rtf"):
        return ".rtf"
    if data.startswith(b"PK\x03\x04") and b"mimetypeapplication/vnd.oasis.opendocument.text" in data[:120]:
        return ".odt"
    if not data.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return None
    if _holds(data, "EncryptedPackage"):
        raise PlanReadError("Word 文件加了密码，无法读取。请去掉密码后重新导入。")
    if _holds(data, "WordDocument"):
        return ".doc"
    if _holds(data, "Workbook") or _holds(data, "PowerPoint Document"):
        raise PlanReadError(
            "这是旧版 Excel 工作簿或演示文稿，不是方案文档。请选择 .docx、.doc、.pdf、.html 或 .txt 格式的方案文件。"
        )
    return ".doc"


def _holds(data: bytes, stream: str) -> bool:
    """Say whether an OLE file has a stream of that name (names are UTF-16 in its directory)."""
    return stream.encode("utf-16-le") in data


def as_docx(data: bytes, suffix: str, follower: Follower | None = None) -> bytes:
    """Return the document as .docx. Raises PlanReadError when LibreOffice is missing, fails or takes too long."""
    follower = follower or Nobody()
    if (kept := follower.kept(KEPT)) is not None:
        return kept
    program = soffice()
    if not program:
        raise PlanReadError(
            f"这是{NAMES[suffix]}，服务器上没有可转换它的 LibreOffice，无法直接读取。请用 Word 或 WPS 打开，另存为 .docx 后再导入。"
        )
    follower.begin("转换格式", 0)
    _take_turn(follower)
    try:
        with tempfile.TemporaryDirectory(prefix="bihuan-office-") as folder:
            converted = _converted(program, data, suffix, Path(folder), follower)
    finally:
        _AT_ONCE.release()
    follower.keep(KEPT, converted)
    return converted


def _take_turn(follower: Follower) -> None:
    until = time.monotonic() + SECONDS
    while not _AT_ONCE.acquire(timeout=max(0.0, min(LOOK, until - time.monotonic()))):
        if time.monotonic() >= until:
            raise PlanReadError("正在转换的文件较多，请稍后再导入；或用 Word、WPS 另存为 .docx 后导入。")
        follower.step(0)


def _converted(program: str, data: bytes, suffix: str, folder: Path, follower: Follower) -> bytes:
    source = folder / f"plan{suffix}"
    source.write_bytes(data)
    profile = folder / "profile"
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(_SETTINGS, encoding="utf-8")
    command = [
        program, f"-env:UserInstallation={profile.as_uri()}", "--headless", "--invisible", "--norestore", "--nologo",
        "--nodefault", "--nolockcheck", "--nofirststartwizard", "--convert-to", "docx:MS Word 2007 XML", "--outdir",
        str(folder / "out"), str(source),
    ]  # fmt: skip
    environment = {
        "PATH": os.environ.get("PATH", ""), "HOME": str(folder), "TMPDIR": str(folder), "LC_ALL": "C.UTF-8", "SAL_USE_VCLPLUGIN": "svp",
        # Nothing is to be fetched; a document that asks for it meets a closed port of this machine.
        "http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9",
    }  # fmt: skip
    process = subprocess.Popen(  # noqa: S603 - a fixed program, no shell, every word ours
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    until = time.monotonic() + SECONDS
    try:
        while True:
            try:
                process.wait(timeout=max(0.0, min(LOOK, until - time.monotonic())))
                break
            except subprocess.TimeoutExpired as error:
                if time.monotonic() >= until:
                    raise PlanReadError(
                        "文件转换耗时过长，已停止。请用 Word 或 WPS 打开，另存为 .docx 后再导入。"
                    ) from error
                follower.step(0)
    finally:
        if process.poll() is None:
            # The launcher leaves a child behind when only it is stopped: end its whole session.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    result = folder / "out" / "plan.docx"
    if not result.is_file() or not 0 < result.stat().st_size <= MAX_RESULT:
        raise PlanReadError(
            f"这是{NAMES[suffix]}，无法转换（可能已损坏或加了密码）。请用 Word 或 WPS 打开，另存为 .docx 后再导入。"
        )
    return result.read_bytes()
