import csv
import datetime as dt
import io
import zipfile
from contextlib import suppress
from decimal import Decimal

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from bihuan.core.sheets import (
    Column,
    FieldSpec,
    SheetError,
    mark_rows,
    match_columns,
    missing_required,
    read_table,
    sheet_names,
    write_csv,
    write_rows,
)
from bihuan.core.sheets.reading import clean_text
from bihuan.core.sheets.writing import guard_formula, sheet_title


def workbook(grid, *, sheet="企业", more=()):
    """An xlsx with ``grid`` from A1 on; None leaves a cell out."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"default_date_format": "yyyy-mm-dd"})
    for name, cells in [(sheet, grid), *more]:
        page = book.add_worksheet(name)
        for r, row in enumerate(cells):
            for c, value in enumerate(row):
                if value is not None:
                    page.write(r, c, value)
    book.close()
    return out.getvalue()


def rezip(data, changes):
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            new.writestr(part.filename, changes.get(part.filename, old.read(part)))
        for name in changes.keys() - set(old.namelist()):
            new.writestr(name, changes[name])
    return out.getvalue()


LEDGER = [
    ["云溪市企业台账"],
    ["单位名称", "信用代码", "人数", "成立日期", "备注", "备注"],
    ["云溪气站", "91539701MA6K00014X", 1234.0, dt.date(2019, 5, 6), None, "乙"],
    [None, None, None, None, None, None],
    ["  云溪　化工 ", None, 12.5, None, True, None],
]


# --- reading ---------------------------------------------------------------------------------


def test_read_table_finds_the_header_below_a_title():
    table = read_table(workbook(LEDGER), "台账.xlsx")
    assert table.headers == ["单位名称", "信用代码", "人数", "成立日期", "备注", "备注（第6列）"]
    assert (table.header_row, table.sheet) == (2, "企业")
    assert [row.number for row in table.rows] == [3, 5]
    assert table.rows[0].cells == {
        "单位名称": "云溪气站",
        "信用代码": "91539701MA6K00014X",
        "人数": "1234",
        "成立日期": "2019-05-06",
        "备注": "",
        "备注（第6列）": "乙",
    }
    assert table.rows[1].cells["单位名称"] == "云溪 化工"
    assert table.rows[1].cells["人数"] == "12.5"
    assert table.rows[1].cells["备注"] == "是"


def test_header_row_can_be_named():
    table = read_table(workbook([["甲", "乙"], ["丙", "丁"], ["1", "2"]]), "a.xlsx", header_row=2)
    assert table.headers == ["丙", "丁"]
    assert table.rows[0].number == 3
    with pytest.raises(SheetError, match="表头行号9"):
        read_table(workbook([["甲"], ["1"]]), "a.xlsx", header_row=9)


def test_sheets_are_chosen_by_name():
    data = workbook([["甲", "乙"], ["1", "2"]], more=[("第二", [["丙", "丁"], ["3", "4"]])])
    assert sheet_names(data, "a.xlsx") == ["企业", "第二"]
    assert read_table(data, "a.xlsx", "第二").rows[0].cells == {"丙": "3", "丁": "4"}
    with pytest.raises(SheetError, match="没有名为“第三”的工作表，现有：企业、第二"):
        read_table(data, "a.xlsx", "第三")


def test_a_column_without_name_but_with_data_keeps_its_place():
    table = read_table(workbook([["甲", None, "丙"], ["1", "2", "3"]]), "a.xlsx")
    assert table.headers == ["甲", "第2列", "丙"]


def test_one_column_tables():
    assert read_table(workbook([["名称"], ["甲"], ["乙"]]), "a.xlsx").headers == ["名称"]


def test_long_numbers_are_reported_not_believed():
    table = read_table(workbook([["名称", "身份证号"], ["甲", 110105194912310021]]), "a.xlsx")
    assert table.rows[0].problems == [
        ("身份证号", "数字超过15位，末尾数字已被表格软件丢失，请把该列设为文本格式后重新填写")
    ]
    table = read_table("名称,身份证号\n甲,1.10105E+17\n".encode(), "a.csv")
    assert [label for label, _ in table.rows[0].problems] == ["身份证号"]


def test_formulas_are_read_by_their_stored_result():
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    page = book.add_worksheet()
    page.write_row(0, 0, ["甲", "乙"])
    page.write_formula(1, 0, '=HYPERLINK("http://127.0.0.1","x")', None, "存")
    page.write_string(1, 1, "=1+1")
    book.close()
    assert read_table(out.getvalue(), "a.xlsx").rows[0].cells == {"甲": "存", "乙": "=1+1"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_csv_in_the_encodings_people_send(encoding, delimiter):
    text = (
        delimiter.join(["名称", "地址"]) + "\r\n" + delimiter.join(["甲厂", '"一\n二"']) + "\r\n\r\n丙厂\r\n"
    )
    table = read_table(text.encode(encoding), "台账.csv")
    assert [(row.number, row.cells) for row in table.rows] == [
        (2, {"名称": "甲厂", "地址": "一\n二"}),
        (4, {"名称": "丙厂", "地址": ""}),
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [(1234.0, "1234"), (0.1 + 0.2, "0.3"), (1e-7, "0.0000001"), (False, "否"), (None, ""), (dt.datetime(2026, 1, 2), "2026-01-02"),
     (dt.datetime(2026, 1, 2, 3, 4), "2026-01-02 03:04"), (dt.time(3, 4), "03:04"), (" a\xa0b\u200b\x07 ", "a b"), ("'=1", "=1"), ("'90后", "'90后")],
)  # fmt: skip
def test_clean_text(value, text):
    assert clean_text(value) == text


# --- hostile files ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (b"", "a.xlsx", "文件是空的"),
        (b"x" * (20 * 1024 * 1024 + 1), "a.csv", "超过20MB上限"),
        (b"<html><table><tr><td>1</td></tr></table>", "a.xls", "其实是网页"),
        (b"%PDF-1.7 ...", "a.xlsx", "PDF"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "a.csv", "不是可识别的表格"),
        ("名称,地址\n甲,乙".encode(), "a.xlsx", "扩展名不符"),
        (b"PK\x03\x04 broken", "a.xlsx", "已损坏"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "a.xls", "已损坏"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "a.xlsx", "打开密码"),
        (b"\xff\xfe\x00\xd8", "a.csv", "编码无法识别"),
        ("名称,地址\n".encode(), "a.csv", "没有数据"),
        (("," * 600 + "\n1").encode(), "a.csv", "超过512列"),
    ],
)  # fmt: skip
def test_what_is_not_a_table_is_refused_with_a_remedy(data, name, words):
    with pytest.raises(SheetError, match=words):
        read_table(data, name)


def test_zip_bombs_are_refused(monkeypatch):
    monkeypatch.setattr("bihuan.core.sheets.guard.MAX_UNPACKED", 3_000_000)
    bomb = rezip(workbook(LEDGER), {"xl/worksheets/bomb.xml": b"<a>" + b" " * 3_000_000})
    assert len(bomb) < 20_000
    with pytest.raises(SheetError, match="解压后过大"):
        read_table(bomb, "a.xlsx")


def test_a_lying_zip_header_is_refused():
    data = bytearray(workbook(LEDGER))
    at = data.rfind(b"PK\x01\x02")
    data[at + 24 : at + 28] = (1).to_bytes(4, "little")  # uncompressed size in the central directory
    with pytest.raises(SheetError):
        read_table(bytes(data), "a.xlsx")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_are_refused(encoding):
    text = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><sst>&a;</sst>'
    with pytest.raises(SheetError, match="实体声明"):
        read_table(rezip(workbook(LEDGER), {"xl/sharedStrings.xml": text.encode(encoding)}), "a.xlsx")


def sheet_xml(cells):
    return f'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{cells}</sheetData></worksheet>'.encode()


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>', "超过512列"),
        ('<row r="1048576"><c r="CV1048576"><v>1</v></c></row>', "范围过大"),
        ("<row r='1048576'><c r = 'CV1048576'><v>1</v></c></row>", "范围过大"),
        ('<row r="1"><c r="&#88;FD1048576"><v>1</v></c></row>', "结构异常"),
        ('<row r="1"><c cm=">" r="XFD1048576"><v>1</v></c></row>', "结构异常"),
        ('<row r="1"><c' + " " * 300_000 + 'r="XFD9"><v>1</v></c></row>', "超过512列"),
    ],
    ids=["wide", "tall", "single quotes", "entity", "bracket in attribute", "padded"],
)
def test_a_far_away_cell_is_refused_before_anything_is_allocated(cells, words):
    with pytest.raises(SheetError, match=words):
        read_table(rezip(workbook(LEDGER), {"xl/worksheets/sheet1.xml": sheet_xml(cells)}), "a.xlsx")


def test_formatted_but_empty_cells_far_below_do_no_harm():
    data = workbook([["甲", "乙"], ["1", "2"]])
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        xml = archive.read("xl/worksheets/sheet1.xml").decode()
    xml = xml.replace("</sheetData>", '<row r="1048576"><c r="CV1048576" s="0"/></row></sheetData>')
    with pytest.raises(SheetError, match="范围过大"):
        # Its row is open, so the row counts, but with two columns only.
        read_table(rezip(data, {"xl/worksheets/sheet1.xml": xml.replace('"B1"', '"Z1"').encode()}), "a.xlsx")
    assert read_table(rezip(data, {"xl/worksheets/sheet1.xml": xml.encode()}), "a.xlsx").headers == [
        "甲",
        "乙",
    ]


def ods(rows):
    content = (
        '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
        'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
        f'<table:table table:name="表">{rows}</table:table></office:spreadsheet></office:body></office:document-content>'
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
        archive.writestr("content.xml", content)
    return out.getvalue()


def ods_row(*texts, repeat=1):
    cells = "".join(
        f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>'
        for text in texts
    )
    return f'<table:table-row table:number-rows-repeated="{repeat}">{cells}</table:table-row>'


def test_ods():
    trailing = '<table:table-row table:number-rows-repeated="1048000"><table:table-cell table:number-columns-repeated="16384"/></table:table-row>'
    table = read_table(ods(ods_row("名称", "地址") + ods_row("甲厂", "东街") + trailing), "a.ods")
    assert [(row.number, row.cells) for row in table.rows] == [(2, {"名称": "甲厂", "地址": "东街"})]


@pytest.mark.parametrize(
    "rows",
    [
        ods_row("甲", "乙", "丙", "丁", "戊", "己", "庚", repeat=1_000_000),
        '<table:table-row table:number-rows-repeated="4000000"><table:table-cell/></table:table-row>'
        + ods_row("甲", "乙"),
        '<table:table-row><table:table-cell office:value-type="float" office:value="1" table:number-columns-repeated="9000"/></table:table-row>',
    ],
    ids=["repeated", "far below", "wide"],
)
def test_ods_cannot_unfold_beyond_the_limits(rows):
    with pytest.raises(SheetError, match=r"范围过大|超过512列"):
        read_table(ods(rows), "a.ods")


# --- matching --------------------------------------------------------------------------------

FIELDS = [
    FieldSpec("name", "单位名称", ("企业名称", "名称"), required=True),
    FieldSpec("code", "统一社会信用代码", ("信用代码",), required=True),
    FieldSpec("funds", "整改资金", ("资金",)),
]


def test_match_columns():
    headers = ["* 企业名称：", "信用代码", "资金（万元）", "备注"]
    assert match_columns(headers, FIELDS) == {
        "name": "* 企业名称：",
        "code": "信用代码",
        "funds": "资金（万元）",
    }


def test_a_label_beats_an_alias_and_a_tie_stays_open():
    assert match_columns(["名称", "单位名称"], FIELDS)["name"] == "单位名称"
    mapping = match_columns(["名称", "企业名称"], FIELDS)
    assert "name" not in mapping
    assert [field.name for field in missing_required(mapping, FIELDS)] == ["name", "code"]


def test_what_a_person_confirmed_goes_first():
    remembered = {"name": "厂名", "code": "没有的列", "nonsense": "厂名"}
    assert match_columns(["厂名", "单位名称", "信用代码"], FIELDS, remembered) == {
        "name": "厂名",
        "code": "信用代码",
    }


# --- marking ---------------------------------------------------------------------------------

ERRORS = {3: [("信用代码", "校验码不符"), ("", "与第5行重复")], 5: [("没有的列", "=必填")]}


def test_mark_rows_keeps_the_users_sheet_and_says_what_is_wrong():
    page = openpyxl.load_workbook(io.BytesIO(mark_rows(workbook(LEDGER), "台账.xlsx", ERRORS))).active
    assert page["A1"].value == "云溪市企业台账"
    assert page["C3"].value == 1234
    assert page["G2"].value == "导入问题"
    assert page["G3"].value == "信用代码：校验码不符；与第5行重复"
    assert page["G5"].value == "没有的列：=必填"
    assert page["G5"].data_type == "s"
    assert page["B3"].fill.start_color.rgb == "FFF8D7DA"
    assert page["B3"].comment.text == "校验码不符"
    assert page["A3"].fill.fill_type is None


def test_marks_of_an_earlier_import_are_taken_away():
    once = mark_rows(workbook(LEDGER), "台账.xlsx", ERRORS)
    twice = mark_rows(once, "台账.xlsx", {5: [("人数", "应为整数")]})
    page = openpyxl.load_workbook(io.BytesIO(twice)).active
    assert [page.cell(2, c).value for c in (7, 8)] == ["导入问题", None]
    assert page["G3"].value is None
    assert page["B3"].comment is None
    assert page["B3"].fill.fill_type is None
    assert page["G5"].value == "人数：应为整数"


def test_csv_is_marked_in_a_new_workbook_with_the_same_rows():
    data = "名称,代码\n甲厂,=1+1\n\n丙厂,2\n".encode()
    page = openpyxl.load_workbook(io.BytesIO(mark_rows(data, "a.csv", {2: [("代码", "格式不对")]}))).active
    assert [[cell.value for cell in row] for row in page.iter_rows()] == [
        ["名称", "代码", "导入问题"],
        ["甲厂", "=1+1", "代码：格式不对"],
        [None, None, None],
        ["丙厂", "2", None],
    ]
    assert page["B2"].data_type == "s"


# --- writing ---------------------------------------------------------------------------------

COLUMNS = [Column("名称", 30), Column("数量"), Column("日期"), Column("时间")]
MARK = "云溪市安委办 王某 2026-11-21 导出；筛选：逾期&重大"


def test_write_rows_carries_title_watermark_and_types():
    at = dt.datetime(2026, 11, 21, 1, 30, tzinfo=dt.UTC)
    data = write_rows(
        COLUMNS,
        [["=1+1", 5, dt.date(2026, 11, 21), at], ["甲", Decimal("1.5"), None, None]],
        title="台账",
        watermark=MARK,
    )
    page = openpyxl.load_workbook(io.BytesIO(data)).active
    assert page["A1"].value == f"台账　{MARK}"
    assert [cell.value for cell in page[2]] == ["名称", "数量", "日期", "时间"]
    assert page["A3"].value == "=1+1"
    assert page["A3"].data_type == "s"
    assert page["B3"].value == 5
    assert page["C3"].value == dt.datetime(2026, 11, 21)
    assert page["D3"].value == dt.datetime(2026, 11, 21, 9, 30)
    assert page["B4"].value == 1.5
    assert page.freeze_panes == "A3"
    assert "逾期&重大" in page.oddFooter.left.text.replace("&&", "&")
    assert page.column_dimensions["A"].width > 29


def test_what_we_write_we_can_read():
    data = write_rows(COLUMNS, [["甲", 5, dt.date(2026, 11, 21), None]], title="台账", watermark=MARK)
    table = read_table(data, "台账.xlsx")
    assert table.header_row == 2
    assert table.rows[0].cells == {"名称": "甲", "数量": "5", "日期": "2026-11-21", "时间": ""}


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("隐患台账：2026/11", "隐患台账：2026 11"),
        ("[a]", "a"),
        ("", "数据"),
        ("History", "数据"),
        ("长" * 40, "长" * 31),
    ],
)
def test_sheet_title(title, name):
    assert sheet_title(title) == name


def test_csv_export_guards_formulas():
    lines = list(
        write_csv(
            [Column("名称"), Column("数")],
            [["=cmd|' /C calc'!A0", -5], ['说"好",行', None]],
            title="台账",
            watermark=MARK,
        )
    )
    assert lines[0].startswith("\ufeff台账")
    assert list(csv.reader(io.StringIO("".join(lines[1:])))) == [
        ["名称", "数"],
        ["'=cmd|' /C calc'!A0", "-5"],
        ['说"好",行', ""],
    ]


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@a", "\t=1", " =1", "＝1"])
def test_guard_formula(text):
    assert guard_formula(text) == "'" + text


anything = st.text(max_size=40)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(anything, anything), min_size=1, max_size=5))
def test_no_text_ever_becomes_a_formula_or_a_link(rows):
    data = write_rows([Column("甲"), Column("乙")], rows, title="台账", watermark=MARK)
    page = openpyxl.load_workbook(io.BytesIO(data)).active
    assert {cell.data_type for row in page.iter_rows() for cell in row} <= {"s", "n"}
    assert all(cell.value is None for row in page.iter_rows() for cell in row if cell.data_type == "n")
    assert all(cell.hyperlink is None for row in page.iter_rows() for cell in row)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(anything, anything), min_size=1, max_size=5))
def test_csv_cells_never_begin_like_a_formula(rows):
    lines = "".join(write_csv([Column("甲"), Column("乙")], rows, title="台账", watermark=MARK))
    for row in list(csv.reader(io.StringIO(lines, newline="")))[2:]:
        assert not any(cell.lstrip(" \u3000").startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400), st.sampled_from(["a.xlsx", "a.csv", "a.xls"]))
def test_any_bytes_give_a_table_or_a_clear_refusal(data, name):
    for prefix in (b"", b"PK\x03\x04"):
        with suppress(SheetError):  # anything else would be an error page
            read_table(prefix + data, name)


def test_a_column_keeps_true_apart_from_one():
    data = workbook(
        [["名称", "值"], ["甲", True], ["乙", 1], ["丙", "1"], ["丁", False], ["戊", 0], ["己", 1.5]]
    )
    assert [row.cells["值"] for row in read_table(data, "a.xlsx").rows] == ["是", "1", "1", "否", "0", "1.5"]
