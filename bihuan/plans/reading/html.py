"""Web pages: the article's paragraphs and tables without scripts, navigation and page furniture."""

from __future__ import annotations

import re
from email import message_from_bytes, policy

from lxml import etree
from lxml import html as lxml_html

from bihuan.plans.reading.errors import PlanReadError
from bihuan.plans.reading.extracted import Cell, Extracted, Table, Writer

_DROPPED = {
    "script", "style", "noscript", "iframe", "object", "embed", "svg", "template", "head", "canvas", "audio", "video",
    "input", "textarea",
}  # fmt: skip
# What a page prints around its article; it stays in the original as noise.
_AROUND = {"nav", "header", "footer", "aside", "form", "button", "select", "option", "label"}
_BLOCKS = {
    "p", "div", "br", "li", "tr", "table", "h1", "h2", "h3", "h4", "h5", "h6", "section", "article", "main", "ul", "ol",
    "dl", "dt", "dd", "blockquote", "pre", "hr", "center", "body", "html", "tbody", "thead", "tfoot", "caption", "figure",
}  # fmt: skip
_FURNITURE_NAME = re.compile(
    r"(?:^|[-_\s])(?:nav|menu|breadcrumb|crumbs?|sidebar|footer|header|share|toolbar|related|recommend|pager|pagination"
    r"|copyright|advert|ads?|qrcode|login|search|print|fontsize|font-?size|bdsharebuttonbox|no-?print)(?:$|[-_\s])",
    re.I,
)
_PRESSED = re.compile(r"window\.print|javascript:\s*(?:print|window\.close|doZoom)|doPrint", re.I)
_HIDDEN = re.compile(r"display:none|visibility:hidden", re.I)
MAX_CELLS = 60_000
MAX_COLUMNS = 63
# A page of a plan has a few thousand elements; a million is an attack on the reader.
MAX_TAGS = 1_000_000


def mhtml_page(data: bytes) -> bytes | None:
    """Return the page a web archive (.mht, and .doc files some systems export) carries, or None.

    Its character set is written into it where only the archive says it.
    """
    if b"mime-version:" not in data[:2000].lower() or b"multipart/" not in data[:4000].lower():
        return None
    try:
        parts = list(message_from_bytes(data, policy=policy.compat32).walk())
    except (RecursionError, ValueError, LookupError, TypeError) as error:
        raise PlanReadError(
            "网页归档文件已损坏，无法读取。请用浏览器打开，复制正文另存为 .txt 后再导入。"
        ) from error
    for part in parts:
        if part.get_content_type() == "text/html":
            page = part.get_payload(decode=True)
            charset = part.get_content_charset()
            if isinstance(page, bytes):
                stated = (
                    f'<meta charset="{charset}">'.encode()
                    if charset and b"charset" not in page[:2000]
                    else b""
                )
                return stated + page
    return None


def read_html(text: str) -> Extracted:
    """Read a web page. No entity is resolved beyond HTML's own, nothing is fetched.

    Raises PlanReadError for pages that declare entities, are too large or cannot be parsed.
    """
    text = re.sub(r"^\s*<\?xml[^>]{0,200}\?>", "", text, count=1)
    if "<!" in text and re.search(r"<!ENTITY", text[:20000], re.I):
        raise PlanReadError(
            "网页文件中含有实体定义，出于安全原因不予读取。请复制正文另存为 .txt 或 .docx 后再导入。"
        )
    if text.count("<") > MAX_TAGS:
        raise PlanReadError("网页文件过大，不像是一份方案。请复制正文另存为 .txt 或 .docx 后再导入。")
    parser = lxml_html.HTMLParser(
        no_network=True, huge_tree=False, remove_comments=True, remove_pis=True, encoding="utf-8"
    )
    try:
        root = lxml_html.document_fromstring(text.encode("utf-8", errors="replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        raise PlanReadError("网页文件无法解析。请在浏览器中打开，复制正文另存为 .txt 后再导入。") from error
    reader = _Reader()
    reader.walk(root)
    return Extracted(reader.out.mapped(), [], reader.tables)


class _Reader:
    """Walks the tree without recursion (hostile pages nest deeply); block elements end a paragraph."""

    def __init__(self) -> None:
        self.out = Writer()
        self.tables: list[Table] = []
        self._open: list[_Layout] = []
        self._cells = 0
        self._dropping = 0

    def walk(self, root: etree._Element) -> None:
        """Write out everything below `root`."""
        stack: list[tuple[etree._Element, bool]] = [(root, False)]
        while stack:
            element, leaving = stack.pop()
            tag = element.tag if isinstance(element.tag, str) else ""
            if leaving:
                self._leave(element, tag)
                self._text(element.tail)
            elif not tag or tag in _DROPPED:
                self._text(element.tail)
            else:
                self._enter(element, tag)
                self._text(element.text)
                stack.append((element, True))
                stack.extend((child, False) for child in reversed(element))

    def _text(self, text: str | None) -> None:
        if not text:
            return
        flat = _flat(text)
        if self._dropping:
            self.out.drop(flat, "furniture")
        else:
            self.out.write(flat)

    def _break(self) -> None:
        if self._dropping:
            self.out.drop("\n", "furniture")
        elif self._open and self._open[-1].in_cell:
            # Inside a cell a paragraph ends, the row goes on.
            self.out.swap("\n", " ")
        else:
            self.out.write("\n")

    def _enter(self, element: etree._Element, tag: str) -> None:
        if self._dropping or tag in _AROUND or (tag not in ("body", "html") and _is_furniture(element)):
            self._dropping += 1
        if self._dropping:
            if tag in _BLOCKS:
                self.out.drop("\n", "furniture")
            return
        if tag == "table":
            nested = any(layout.in_cell for layout in self._open)
            self._break()
            self._open.append(
                _Layout(self.out.length, frame=not nested and _is_frame(element), nested=nested)
            )
        elif tag == "tr" and self._open:
            self._open[-1].next_row()
        elif tag in ("td", "th") and self._open and not self._open[-1].nested:
            layout = self._open[-1]
            self._cells += 1
            if self._cells > MAX_CELLS:
                raise PlanReadError(
                    f"网页中的表格过大（超过 {MAX_CELLS // 10000} 万个单元格），不像是一份方案。请只保留方案正文和任务表后再导入。"
                )
            if layout.columns_filled:
                self.out.swap("\t", " ")
            layout.begin(
                self.out.length, _span(element, "rowspan", 500), _span(element, "colspan", MAX_COLUMNS)
            )
        elif tag in _BLOCKS and tag not in ("tbody", "thead", "tfoot"):
            self._break()

    def _leave(self, element: etree._Element, tag: str) -> None:
        if self._dropping:
            self._dropping -= 1
            if tag in _BLOCKS or not self._dropping:
                self.out.drop("\n", "furniture")
            return
        if tag == "table" and self._open:
            layout = self._open.pop()
            if not layout.nested and not layout.frame and layout.cells:
                self.tables.append(Table(self.out.since(layout.start), layout.placed()))
            self._break()
        elif tag in ("td", "th") and self._open:
            layout = self._open[-1]
            if layout.nested:
                self.out.swap("\t", " ")
            else:
                layout.end(self.out.since(layout.cell_start))
                if layout.frame:
                    self._break()
        elif tag in _BLOCKS and tag not in ("tbody", "thead", "tfoot"):
            self._break()


class _Layout:
    """The grid of one table while it is read: rows and columns that merged cells above already fill are skipped."""

    def __init__(self, start: int, *, frame: bool, nested: bool):
        self.start = start
        self.frame = frame
        self.nested = nested
        self.in_cell = False
        self.cells: list[Cell] = []
        self.cell_start = start
        self.columns_filled = 0
        self._row = -1
        self._column = 0
        self._taken: dict[int, int] = {}
        self._reach = (1, 1)

    def next_row(self) -> None:
        """Begin a row."""
        self._row += 1
        self._column = self.columns_filled = 0

    def begin(self, start: int, rows: int, columns: int) -> None:
        """Begin a cell at the next free column."""
        self._row = max(0, self._row)
        while self._taken.get(self._column, 0) > self._row:
            self._column += 1
        self.cell_start, self._reach = start, (rows, columns)
        self.columns_filled += 1
        self.in_cell = not self.frame

    def end(self, span) -> None:
        """Close the cell that is open."""
        self.in_cell = False
        rows, columns = self._reach
        self.cells.append(Cell(span, self._row, self._column, rows, columns))
        for column in range(self._column, self._column + columns):
            self._taken[column] = max(self._taken.get(column, 0), self._row + rows)
        self._column = min(MAX_COLUMNS * 4, self._column + columns)

    def placed(self) -> list[Cell]:
        """Return the cells; a rowspan beyond the last row ends with it."""
        return [cell._replace(rows=min(cell.rows, self._row + 1 - cell.row)) for cell in self.cells]


def _is_frame(table: etree._Element) -> bool:
    """Say whether a table only lays out the page: it holds other tables, whole articles, or one filled cell a row."""
    for row in table.iter("tr"):
        cells = [cell for cell in row if cell.tag in ("td", "th")]
        if any(_holds_article(cell) for cell in cells):
            return True
        if sum(_has_words(cell) for cell in cells) > 1:
            # The rows of a data table are alike: the first full one decides.
            return False
    return True


def _holds_article(cell: etree._Element) -> bool:
    if next(cell.iter("table"), None) is not None:
        return True
    paragraphs = sum(1 for child in cell.iter("p", "div", "br") if child is not cell)
    return paragraphs >= 6 and len("".join(cell.itertext())) > 600


def _has_words(element: etree._Element) -> bool:
    return any(text.strip() for text in element.itertext())


def _span(element: etree._Element, name: str, most: int) -> int:
    value = (element.get(name) or "").strip()
    return max(1, min(most, int(value))) if re.fullmatch(r"\d{1,5}", value) else 1


def _flat(text: str) -> str:
    """Line breaks in HTML source are blanks; between Chinese characters they are nothing."""
    text = re.sub(
        r"(?<=[\u3000-\u9fff\uff00-\uffef])[ \t]*[\r\n]+[ \t]*(?=[\u3000-\u9fff\uff00-\uffef])", "", text
    )
    return re.sub(r"[ \t\r\n]+", " ", text)


def _is_furniture(element: etree._Element) -> bool:
    names = f"{element.get('class') or ''} {element.get('id') or ''} {element.get('role') or ''}"
    if element.get("hidden") is not None or _HIDDEN.search((element.get("style") or "").replace(" ", "")):
        return True
    pressed = f"{element.get('onclick') or ''} {element.get('href') or ''}"
    if pressed.strip() and _PRESSED.search(pressed):
        return True
    if not names.strip() or not _FURNITURE_NAME.search(names):
        return False
    # A page's own layout may call the article "header-content": what holds much prose stays.
    return len("".join(element.itertext())) < 600
