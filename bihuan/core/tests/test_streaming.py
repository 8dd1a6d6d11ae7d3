"""Long exports: what is read back is what was written, whichever way the writing was interrupted."""

import datetime as dt
import io
from decimal import Decimal

import openpyxl
import pytest
import python_calamine
from hypothesis import given, settings
from hypothesis import strategies as st

from bihuan.core.sheets import Column, streaming
from bihuan.core.sheets.guard import check_file
from bihuan.core.sheets.streaming import open_rows

COLUMNS = [Column("编号", 12), Column("内容", 40), Column("日期"), Column("数")]
AWKWARD = [
    "=1+1",
    "+86",
    "-1",
    "@x",
    " 首尾空格 ",
    "换\n行",
    "<b>&amp;</b>",
    "_x000D_",
    "'引号",
    "\x00\x07控制",
    "😀" * 3,
]


def written(path, rows, form="xlsx", **more):
    file = open_rows(path, form, COLUMNS, title="台账", watermark="某人 2026-11-21 导出", **more)
    file.write(rows)
    file.close()
    return path.read_bytes()


def cells(data, sheet=0):
    book = openpyxl.load_workbook(io.BytesIO(data))
    return [[cell.value for cell in row] for row in book.worksheets[sheet].iter_rows()]


def test_values_keep_their_kinds_and_nothing_is_a_formula(tmp_path):
    moment = dt.datetime(2026, 11, 21, 9, 30)
    rows = [[1, text, dt.date(2026, 2, 28), Decimal("12.50")] for text in AWKWARD]
    rows.append([None, "", moment, 3.25])
    data = written(tmp_path / "a.xlsx", rows)
    assert check_file(data, "a.xlsx") == "xlsx"
    read = cells(data)
    assert read[0][0] == "台账　某人 2026-11-21 导出"
    assert read[1] == ["编号", "内容", "日期", "数"]
    # Excel reads _x005F_ as the underscore it stands for; openpyxl leaves it.
    shown = [*AWKWARD[:7], "_x005F_x000D_", AWKWARD[8], "控制", "😀" * 3]
    assert [row[1] for row in read[2:]] == [*shown, None]
    assert read[2] == [1, "=1+1", dt.datetime(2026, 2, 28), 12.5]
    assert read[-1] == [None, None, moment, 3.25]
    book = openpyxl.load_workbook(io.BytesIO(data))
    page = book.worksheets[0]
    assert {cell.data_type for row in page.iter_rows() for cell in row} <= {"s", "n", "d", "inlineStr"}
    assert (page.freeze_panes, page.auto_filter.ref, page.print_title_rows) == ("A3", "A2:D14", "$1:$2")
    assert page.oddFooter.left.text == "某人 2026-11-21 导出"


def test_another_reader_sees_the_same(tmp_path):
    data = written(tmp_path / "a.xlsx", [[7, "甲&乙", dt.date(2026, 1, 2), 0.5]])
    page = python_calamine.load_workbook(io.BytesIO(data)).get_sheet_by_index(0).to_python()
    assert page[2] == [7.0, "甲&乙", dt.date(2026, 1, 2), 0.5]


@pytest.mark.parametrize("form", ["xlsx", "csv"])
def test_cut_off_anywhere_it_is_written_on_from_the_mark(tmp_path, form):
    rows = [[number, f"第{number}行", None, number / 4] for number in range(300)]
    whole = written(tmp_path / "whole", rows, form)
    path = tmp_path / "cut"
    file = open_rows(path, form, COLUMNS, title="台账", watermark="某人 2026-11-21 导出")
    file.write(rows[:100])
    mark = file.mark()
    file.write(rows[100:250])  # lost: killed before the next mark
    file._file.close()
    again = written(path, rows[100:], form, mark=mark)
    if form == "csv":
        assert again == whole
    else:
        assert cells(again) == cells(whole)


def test_a_full_sheet_is_followed_by_another(tmp_path, monkeypatch):
    monkeypatch.setattr(streaming, "SHEET_ROWS", 40)
    path = tmp_path / "a.xlsx"
    file = open_rows(path, "xlsx", COLUMNS, title="台账", watermark="水印")
    file.write([[number, "甲", None, 1] for number in range(70)])
    mark = file.mark()
    file._file.close()
    data = written(path, [[number, "甲", None, 1] for number in range(70, 100)], mark=mark)
    book = openpyxl.load_workbook(io.BytesIO(data))
    assert book.sheetnames == ["台账 1", "台账 2", "台账 3"]
    found = [row[0].value for page in book.worksheets for row in page.iter_rows(min_row=3)]
    assert found == list(range(100))


def test_a_file_shorter_than_its_mark_is_refused(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"12345")
    with pytest.raises(ValueError, match="shorter"):
        open_rows(path, "csv", COLUMNS, title="", watermark="", mark={"offset": 9})


def test_csv_guards_formulas(tmp_path):
    lines = written(tmp_path / "a.csv", [[1, "=1+1", None, -2]], "csv").decode("utf-8-sig").splitlines()
    assert lines[2] == "1,'=1+1,,-2"


@settings(max_examples=25, deadline=None)
@given(st.lists(st.text(max_size=30), min_size=1, max_size=8))
def test_any_text_survives_or_loses_only_what_no_cell_can_hold(tmp_path_factory, texts):
    path = tmp_path_factory.mktemp("any") / "a.xlsx"
    data = written(path, [[1, text, None, 1] for text in texts])
    page = python_calamine.load_workbook(io.BytesIO(data)).get_sheet_by_index(0).to_python()
    for text, row in zip(texts, page[2:], strict=True):
        kept = streaming.printable(text).replace("\r\n", "\n").replace("\r", "\n")
        assert row[1].replace("_x005F_x", "_x") == kept or "_x" in kept
