"""The three sheets of an XLSForm as rows of text, and what is said about them: sheet and row number, in Chinese."""

from __future__ import annotations

from dataclasses import dataclass, field

from bihuan.checklists.structure import Book
from bihuan.core.sheets import SheetError
from bihuan.core.sheets.reading import clean_text, read_grid, sheet_names

SURVEY, CHOICES, SETTINGS = "survey", "choices", "settings"
# Marks our own export; a program that does not know it passes the columns by.
NAMESPACE = "urn:bihuan:checklist:1"
OWN = "bind::bihuan:"
MAX_FORM_ROWS = 20_000


@dataclass(frozen=True)
class Notice:
    """Something about one row (0 for the whole sheet) that a person should know."""

    sheet: str
    row: int
    text: str

    def __str__(self) -> str:
        return f"{self.sheet} 表第{self.row}行：{self.text}" if self.row else f"{self.sheet} 表：{self.text}"


class FormError(ValueError):
    """The form cannot be taken over. ``notices`` name every place, ``str()`` is one Chinese sentence per line."""

    def __init__(self, notices: list[Notice]) -> None:
        self.notices = tuple(notices)
        super().__init__("\n".join(str(notice) for notice in notices))


@dataclass(frozen=True)
class Imported:
    """A book read from a form, whether it was our own export, and what was not taken over as it stood."""

    book: Book
    is_own: bool
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True)
class FormRow:
    """A row with its number in the sheet; ``cells`` maps lower-case headers to text."""

    number: int
    cells: dict[str, str]

    def __getitem__(self, header: str) -> str:
        return self.cells.get(header, "")


@dataclass(frozen=True)
class Workbook:
    """What a form consists of; a sheet it lacks is empty."""

    survey: list[FormRow]
    choices: list[FormRow]
    settings: list[FormRow]
    headers: dict[str, list[str]] = field(default_factory=dict)

    def setting(self, name: str) -> str:
        return self.settings[0][name] if self.settings else ""


def open_form(data: bytes, filename: str) -> Workbook:
    """Return the sheets of a form. Raises SheetError for a file that is no table, FormError for one that is no form."""
    names = {name.strip().lower(): name for name in sheet_names(data, filename)}
    if SURVEY not in names:
        raise FormError(
            [Notice(SURVEY, 0, "文件中没有名为 survey 的工作表，不是 XLSForm 表单，请选择正确的文件")]
        )
    headers: dict[str, list[str]] = {}
    sheets: dict[str, list[FormRow]] = {}
    for sheet in (SURVEY, CHOICES, SETTINGS):
        headers[sheet], sheets[sheet] = _sheet(data, filename, names.get(sheet))
    if missing := [column for column in ("type", "name") if column not in headers[SURVEY]]:
        raise FormError([Notice(SURVEY, 1, f"缺少列“{'”“'.join(missing)}”，请补上列名")])
    return Workbook(sheets[SURVEY], sheets[CHOICES], sheets[SETTINGS], headers)


def _sheet(data: bytes, filename: str, name: str | None) -> tuple[list[str], list[FormRow]]:
    if name is None:
        return [], []
    try:
        grid, _ = read_grid(data, filename, name)
    except SheetError as error:
        if "是空的" not in str(error):
            raise
        return [], []
    if len(grid) > MAX_FORM_ROWS:
        raise FormError([Notice(name, 0, f"共{len(grid)}行，超过{MAX_FORM_ROWS}行上限，请拆成几张表单")])
    headers = [_header(cell) for cell in grid[0]]
    if doubled := {header for header in headers if header and headers.count(header) > 1}:
        raise FormError([Notice(name, 1, f"列名“{'”“'.join(sorted(doubled))}”重复，请只保留一列")])
    rows = []
    for number, cells in enumerate(grid[1:], start=2):
        texts = {
            header: text
            for header, cell in zip(headers, cells, strict=False)
            if header and (text := clean_text(cell))
        }
        if texts:
            rows.append(FormRow(number, texts))
    return headers, rows


def _header(cell: object) -> str:
    """Headers are written Type, hint , label :: 中文; older forms part languages with one colon."""
    text = "".join(clean_text(cell).split(" ")) if "::" in clean_text(cell) else clean_text(cell)
    text = (
        text.lower()
        .replace("constraint message", "constraint_message")
        .replace("guidance hint", "guidance_hint")
    )
    for column in ("label", "hint", "guidance_hint", "constraint_message"):
        if text.startswith(f"{column}:") and not text.startswith(f"{column}::"):
            text = f"{column}::{text[len(column) + 1 :]}"
    return {"relevance": "relevant", "caption": "label", "list name": "list_name", "command": "type"}.get(
        text, text
    )
