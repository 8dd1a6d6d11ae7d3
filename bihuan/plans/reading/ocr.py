"""Text of scanned pages and pictures through Tesseract (Apache-2.0), when it is installed with Chinese.

Recognized text is never passed off as printed text: the notice says so, with the mean confidence, and every word
recognized with little confidence is handed on as doubtful.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache, partial

from PIL import Image, ImageSequence

from bihuan.plans.model import Span
from bihuan.plans.reading.errors import PlanReadError
from bihuan.plans.reading.extracted import Extracted
from bihuan.plans.reading.following import Follower, Nobody
from bihuan.plans.reading.pages import Line, compose

MAX_PAGES = 40
PAGE_SECONDS = 60
ALL_SECONDS = 300
LOOK = 0.5  # seconds between two words to the follower
MAX_PIXELS = 60_000_000
# A4 at 200 dpi is 1654 × 2339; larger pictures only take longer.
LONGEST_SIDE = 3400
DPI = 200
# A word on a page: its block, paragraph and line, left and right edge in pixels, confidence, letters.
Word = tuple[tuple[int, int, int], int, int, float, str]
# Tesseract's own confidence of a word, 0 to 100, below which a person should compare it.
DOUBTFUL = 60.0

REMEDY = (
    "请在服务器上安装文字识别程序（tesseract-ocr 和 tesseract-ocr-chi-sim），或使用方案的电子原件（.docx）。"
)


@lru_cache(maxsize=1)
def tesseract() -> str | None:
    """Return the path of a Tesseract that can read simplified Chinese, else None."""
    program = shutil.which("tesseract")
    if not program:
        return None
    try:
        listed = subprocess.run(  # noqa: S603 - a fixed program, no shell
            [program, "--list-langs"], capture_output=True, timeout=20, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return program if b"chi_sim" in listed.stdout + listed.stderr else None


def read_picture(data: bytes, follower: Follower | None = None) -> Extracted:
    """Read a picture of pages (.png, .jpg, .tif, .bmp, .gif; several pages in a TIFF).

    Raises PlanReadError when no Tesseract is there, the picture is broken or too large, or holds no words.
    """
    if not tesseract():
        raise PlanReadError("这是一张图片，要先识别其中的文字。" + REMEDY)
    return recognized(_frames(data), _count(data), "图片", follower or Nobody())


def _count(data: bytes) -> int:
    """How many pages a picture says it has; what is wrong with it is said when they are read."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "TIFF", "BMP", "GIF"))
            return 1 if picture.format == "GIF" else int(getattr(picture, "n_frames", 1))
    except (Image.DecompressionBombError, OSError, ValueError, SyntaxError, EOFError, TypeError):
        return 0


def _frames(data: bytes) -> Iterator[Image.Image]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "TIFF", "BMP", "GIF"))
            for number, frame in enumerate(ImageSequence.Iterator(picture)):
                if number >= MAX_PAGES:
                    raise PlanReadError(f"图片超过 {MAX_PAGES} 页，识别耗时过长。请拆分后再导入。")
                if frame.width * frame.height > MAX_PIXELS:
                    raise PlanReadError("图片尺寸过大，已拒绝读取。请缩小到 A4 幅面、200 dpi 左右后再导入。")
                yield frame.convert("L")
                if picture.format == "GIF":
                    return
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PlanReadError("图片尺寸过大，已拒绝读取。请缩小到 A4 幅面、200 dpi 左右后再导入。") from error
    except (OSError, ValueError, SyntaxError, EOFError, TypeError) as error:
        raise PlanReadError("图片已损坏，无法打开。请重新扫描或拍照后再导入。") from error


def recognized(pictures: Iterable[Image.Image], count: int, what: str, follower: Follower) -> Extracted:
    """Recognize pages and put them together; `what` names the kind of file in messages."""
    pages, confidence = recognize(pictures, count, follower)
    composed = compose([list(page) for page in pages])
    if not composed.mapped.text.strip():
        raise PlanReadError(
            f"{what}中没有识别出文字。请确认{what}清晰、方向端正，或使用方案的电子原件（.docx）。"
        )
    notices = [ocr_notice(what, confidence, composed.doubts), *composed.notices]
    return Extracted(composed.mapped, notices, doubts=composed.doubts)


def ocr_notice(what: str, confidence: float, doubts: list[Span]) -> str:
    """Say honestly that the text was recognized, how surely, and how many places to compare."""
    places = f"，其中 {len(doubts)} 处把握不大、已标出" if doubts else ""
    return f"{what}没有文字层，文字由识别程序得出（平均置信度 {confidence:.0f}%{places}），可能有错字，请对照原件逐项核对。"


def recognize(
    pictures: Iterable[Image.Image], count: int, follower: Follower
) -> tuple[list[list[Line]], float]:
    """Return the lines of every page and the mean confidence in percent. Pages kept from before are not done again.

    Raises PlanReadError when recognition fails or takes longer than it may.
    """
    began = time.monotonic()
    pages: list[list[Line]] = []
    weighed, letters = 0.0, 0
    follower.begin("识别文字", count)
    for number, picture in enumerate(pictures, start=1):
        name = f"page-{number}.json"
        kept = follower.kept(name)
        if kept is None:
            left = ALL_SECONDS - (time.monotonic() - began)
            if left <= 0:
                raise PlanReadError("文字识别耗时过长，已停止。请拆分文件，每次只导入方案正文的几页。")
            rows = _words(picture, min(PAGE_SECONDS, left), partial(follower.step, number - 1))
            follower.keep(name, json.dumps(rows, ensure_ascii=False).encode())
        else:
            rows = [(tuple(place), *rest) for place, *rest in json.loads(kept)]
        weighed += sum(conf * len(word) for *_, conf, word in rows)
        letters += sum(len(word) for *_, word in rows)
        pages.append(_lines(rows))
        follower.step(number)
    return pages, weighed / letters if letters else 0.0


def _words(picture: Image.Image, seconds: float, waiting: Callable[[], None]) -> list[Word]:
    """Return every word Tesseract finds on one page. `waiting` is called now and then and may raise to end it."""
    picture = picture.convert("L")
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=1)
    told = _run_tesseract(buffer.getvalue(), seconds, waiting)
    found: list[Word] = []
    for row in told.decode("utf-8", errors="replace").splitlines()[1:]:
        cells = row.split("\t")
        if len(cells) == 12 and cells[0] == "5" and cells[11].strip():
            block, part, line, left, width = (int(cells[i]) for i in (2, 3, 4, 6, 8))
            found.append(((block, part, line), left, left + width, float(cells[10]), cells[11].strip()))
    return found


def _run_tesseract(picture: bytes, seconds: float, waiting: Callable[[], None]) -> bytes:
    command = [
        tesseract() or "tesseract", "stdin", "stdout", "-l", "chi_sim", "--dpi", str(DPI), "--psm", "3", "tsv",
    ]  # fmt: skip
    try:
        process = subprocess.Popen(  # noqa: S603 - a fixed program, no shell, the picture on its input
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env={"PATH": os.environ.get("PATH", ""), "OMP_THREAD_LIMIT": "1", "LC_ALL": "C.UTF-8",
                 **({"TESSDATA_PREFIX": prefix} if (prefix := os.environ.get("TESSDATA_PREFIX")) else {})},
        )  # fmt: skip
    except OSError as error:
        raise PlanReadError("文字识别程序无法运行。" + REMEDY) from error
    until = time.monotonic() + seconds
    sent: bytes | None = picture
    try:
        while True:
            try:
                told, _ = process.communicate(sent, timeout=max(0.0, min(LOOK, until - time.monotonic())))
                break
            except subprocess.TimeoutExpired as error:
                sent = None
                if time.monotonic() >= until:
                    raise PlanReadError(
                        "文字识别耗时过长，已停止。请拆分文件，每次只导入方案正文的几页。"
                    ) from error
                waiting()
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
    if process.returncode:
        raise PlanReadError("文字识别失败。请确认图片清晰、方向端正，或使用方案的电子原件（.docx）。")
    return told


def _lines(rows: list[Word]) -> list[Line]:
    """Join the words of every line; between Chinese words there is no blank."""
    lines: list[Line] = []
    place: tuple[int, int, int] | None = None
    text, left, right = "", 0, 0
    doubt: list[Span] = []
    for at, word_left, word_right, confidence, word in [*rows, ((-1, -1, -1), 0, 0, 0.0, "")]:
        if at != place:
            if text:
                lines.append(Line(text, left, right, tuple(doubt)))
            place, text, left, doubt = at, "", word_left, []
        if text and text[-1].isascii() and word[:1].isascii() and text[-1].isalnum() and word[:1].isalnum():
            text += " "
        if confidence < DOUBTFUL:
            doubt.append(Span(len(text), len(text) + len(word)))
        text += word
        right = word_right
    return lines
