"""Books travel as XLSForm and come back; forms made elsewhere come in, and what they lose is said."""

import io
import zipfile
from decimal import Decimal

import openpyxl
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bihuan.checklists import packs
from bihuan.checklists.structure import Book, InvalidBook, Measure, Section
from bihuan.checklists.tests.books import BOOK, HOSE, books, with_hose
from bihuan.checklists.xlsform import FormError, export_form, import_form
from bihuan.core.sheets import SheetError

YES_NO = [["list_name", "name", "label"], ["yes_no", "yes", "是"], ["yes_no", "no", "否"]]
HEADERS = ["type", "name", "label", "hint", "constraint", "relevant"]


def form(survey, choices=YES_NO, headers=HEADERS, settings=None):
    """An xlsx as ODK and Kobo users write it."""
    out = io.BytesIO()
    workbook = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False})
    sheets = {"survey": [headers, *survey], "choices": choices, "settings": settings or []}
    for name, rows in sheets.items():
        page = workbook.add_worksheet(name)
        for number, row in enumerate(rows):
            page.write_row(number, 0, row)
    workbook.close()
    return out.getvalue()


def taken(survey, **options):
    return import_form(form(survey, **options), "form.xlsx")


def refused(survey, **options):
    with pytest.raises(FormError) as caught:
        taken(survey, **options)
    return str(caught.value).splitlines()


def sheet_of(data, name="survey"):
    page = openpyxl.load_workbook(io.BytesIO(data))[name]
    rows = [[cell or "" for cell in row] for row in page.iter_rows(values_only=True)]
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


def changed(data, column, row, value):
    """The same workbook with one cell changed by hand."""
    workbook = openpyxl.load_workbook(io.BytesIO(data))
    page = workbook["survey"]
    headers = [cell.value for cell in page[1]]
    page.cell(row, headers.index(column) + 1).value = value
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


# -- our own export ---------------------------------------------------------------------------------------------------


def test_a_book_is_three_sheets_a_group_per_section_a_question_per_item():
    data = export_form(BOOK)
    rows = sheet_of(data)
    assert [(row["type"], row["name"]) for row in rows] == [
        ("begin_group", "gas_ops"),
        ("select_one pass_fail_na", "gas_ops_01"),
        ("text", "gas_ops_01_remark"),
        ("image", "gas_ops_01_photo"),
        ("end_group", "gas_ops"),
        ("begin_group", "gas_use"),
        ("select_one pass_fail_na", "gas_use_01"),
        ("decimal", "gas_use_01_value"),
        ("text", "gas_use_01_remark"),
        ("image", "gas_use_01_photo"),
        ("end_group", "gas_use"),
    ]
    assert [row["name"] for row in sheet_of(data, "choices")] == ["pass", "fail", "na"]
    assert sheet_of(data, "settings") == [
        {
            "form_title": "燃气检查表",
            "form_id": "gas",
            "version": "3",
            "namespaces": 'bihuan="urn:bihuan:checklist:1"',
            "attribute::bihuan:note": "只作测试",
        }
    ]


def test_an_item_shows_criterion_and_method_and_its_value_keeps_the_verdict_honest():
    item, value, remark = sheet_of(export_form(BOOK))[6:9]
    assert item["label"] == "连接软管长度不大于 2 m"
    assert item["hint"] == "从接头量到灶具，不大于 2 m（方法：看、量）"
    assert item["guidance_hint"] == "截短重装。"
    assert item["bind::bihuan:basis"] == "城镇燃气管理条例|国务院令第583号|第二十七条"
    assert item["bind::bihuan:dispositions"] == "限期改正；责令停止使用（逾期不改正的）"
    assert item["bind::bihuan:verified"] == "yes"
    assert value["label"] == "连接软管长度（m）"
    assert value["relevant"] == "${gas_use_01} != 'na'"
    assert value["constraint"] == ". >= 0 and (. <= 2 or ${gas_use_01} = 'fail')"
    assert value["constraint_message"] == "标准是不大于 2 m，实测超出时请把这一项判为不合格"
    assert remark["relevant"] == "${gas_use_01} = 'fail'"


def test_our_own_export_comes_back_identical():
    back = import_form(export_form(BOOK), "gas.xlsx")
    assert back.book == BOOK
    assert back.is_own
    assert back.notices == ()


@pytest.mark.parametrize("key", packs.KEYS)
def test_every_shipped_pack_comes_back_identical(key):
    book = packs.load(key)
    assert import_form(export_form(book), f"{key}.xlsx").book == book


@pytest.mark.slow
@given(books())
@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_any_book_comes_back_identical(book):
    assert import_form(export_form(book), "book.xlsx").book == book


def test_no_text_becomes_a_formula():
    data = export_form(with_hose(text="=1+1", guidance="@SUM(A1)", proof="http://127.0.0.1/"))
    page = openpyxl.load_workbook(io.BytesIO(data))["survey"]
    assert not any(cell.data_type == "f" or cell.hyperlink for row in page.iter_rows() for cell in row)
    assert import_form(data, "a.xlsx").book.find("GAS-USE-01").text == "=1+1"


def test_a_book_that_does_not_hold_is_not_exported():
    with pytest.raises(InvalidBook):
        export_form(with_hose(text=""))


def test_what_a_person_changed_in_the_sheet_counts():
    data = changed(export_form(BOOK), "constraint", 9, ". <= 1.5")
    assert import_form(data, "a.xlsx").book.find("GAS-USE-01").measure.number == Decimal("1.5")
    data = changed(export_form(BOOK), "label", 8, "软管不超过 2 m")
    assert import_form(data, "a.xlsx").book.find("GAS-USE-01").text == "软管不超过 2 m"


@pytest.mark.parametrize(
    ("column", "row", "value", "why"),
    [
        (
            "bind::bihuan:severity",
            8,
            "huge",
            "survey 表第8行：检查表“燃气检查表”，“用户”一节，检查项 GAS-USE-01：严重程度“huge”不认识",
        ),
        ("bind::bihuan:basis", 8, "条例", "survey 表第8行：依据“条例”须写成“名称|文号|条款”，没有的留空"),
        (
            "bind::bihuan:dispositions",
            8,
            "罚款（一（二））",
            "survey 表第8行：处置“罚款（一（二））”须写成“处置（条件）”",
        ),
        ("bind::bihuan:verified", 8, "maybe", "survey 表第8行：bind::bihuan:verified 列只能填 yes 或 no"),
        ("bind::bihuan:unit", 9, "", "survey 表第9行：bind::bihuan:unit 列是空的，请填单位符号"),
        (
            "constraint",
            9,
            ". <= two",
            "survey 表第9行：约束里的“two”无法识别，请按导出时的写法填写 constraint 列",
        ),
        (
            "type",
            9,
            "geopoint",
            "survey 表第9行：类型“geopoint”的“gas_use_01_value”不属于前面的检查项，请删去或放回原处",
        ),
        ("label", 7, "", "survey 表第7行：检查表“燃气检查表”，“GAS-USE”一节：标题是空的"),
        ("type", 6, "note", "survey 表第6行：类型“note”的“gas_ops”不属于前面的检查项，请删去或放回原处"),
    ],
)
def test_a_broken_export_is_refused_by_row(column, row, value, why):
    with pytest.raises(FormError) as caught:
        import_form(changed(export_form(BOOK), column, row, value), "a.xlsx")
    assert str(caught.value).splitlines()[0].startswith(why)


def test_a_column_of_ours_that_was_deleted_is_named():
    workbook = openpyxl.load_workbook(io.BytesIO(export_form(BOOK)))
    page = workbook["survey"]
    page.delete_cols([cell.value for cell in page[1]].index("bind::bihuan:kinds") + 1)
    out = io.BytesIO()
    workbook.save(out)
    with pytest.raises(FormError) as caught:
        import_form(out.getvalue(), "a.xlsx")
    assert str(caught.value) == "survey 表第1行：缺少列“bind::bihuan:kinds”，请从原导出文件补回，不要删列"


# -- forms made elsewhere ---------------------------------------------------------------------------------------------


def test_a_kobo_form_becomes_a_book():
    survey = [
        ["begin_group", "kitchen", "厨房"],
        ["select_one yes_no", "hose", "软管完好", "目视无龟裂"],
        ["decimal", "hose_length", "软管长度（m）", "", ". <= 2", "${hose} != ''"],
        ["text", "hose_note", "说明", "", "", "${hose} = 'no'"],
        ["end_group"],
    ]
    imported = taken(survey, settings=[["form_title", "version"], ["厨房检查", "2"]])
    assert not imported.is_own
    book = imported.book
    assert (book.key, book.title, book.version) == ("imported", "厨房检查", 2)
    assert [(section.code, section.title, section.link) for section in book.sections] == [
        ("IMP-S01", "厨房", "use")
    ]
    [(_, item)] = book.items()
    assert (item.code, item.text, item.criterion) == ("IMP-S01-01", "软管完好", "目视无龟裂")
    assert item.measure == Measure("软管长度", "<=", Decimal(2), "m")
    assert (item.source, item.verified, item.severity) == ("导入", False, "ordinary")
    assert [str(notice) for notice in imported.notices] == [
        "survey 表：表单不分环节、不写依据和处置，各节环节按导入时的选择填写，依据和处置请逐项补上"
    ]


def test_the_caller_says_what_the_form_does_not():
    data = form([["select_one yes_no", "a", "通道畅通"]])
    book = import_form(data, "f.xlsx", key="market", prefix="MKT", link="trade", kinds=("market",)).book
    assert book.key == "market"
    assert book.sections == (Section("MKT-S01", "未分组", "trade", (book.find("MKT-S01-01"),)),)
    assert book.find("MKT-S01-01").kinds == ("market",)


def test_rows_that_have_no_place_are_named_one_by_one():
    survey = [
        ["start", "start"],
        ["geopoint", "place", "位置"],
        ["select_multiple yes_no", "many", "哪些"],
        ["select_one colour", "paint", "颜色"],
        ["text", "remark", "意见"],
        ["select_one yes_no", "ok", "通道畅通"],
        ["martian", "x", "外星题"],
        ["", "y", "没题型"],
    ]
    choices = [*YES_NO, ["colour", "red", "红"], ["colour", "blue", "蓝"]]
    imported = taken(survey, choices=choices)
    assert [item.text for _, item in imported.book.items()] == ["通道畅通"]
    assert [str(notice) for notice in imported.notices][:-1] == [
        "survey 表第2行：“start”由系统自动记录，不用导入",
        "survey 表第3行：定位题“位置”在检查表里没有对应，未导入",
        "survey 表第4行：多选题“哪些”在检查表里没有对应，未导入",
        "survey 表第5行：单选题“颜色”的选项不是合格与不合格（或是与否），未导入",
        "survey 表第6行：文字题“意见”在检查表里没有对应，未导入",
        "survey 表第8行：题型“martian”的“外星题”在检查表里没有对应，未导入",
        "survey 表第9行：没有写题型（type 列是空的），未导入",
    ]


def test_a_numeric_question_of_its_own_is_an_item_with_a_measure():
    survey = [
        ["select_one yes_no", "ok", "通道畅通"],
        ["integer", "width", "疏散门净宽（厘米）", "门全开量", ". >= 80"],
        ["decimal", "bare", "温度（℃）"],
        ["decimal", "unitless", "浓度", "", ". < 5"],
        ["decimal", "odd", "间距（m）", "", "regex(., '^1')"],
    ]
    imported = taken(survey)
    item = imported.book.find("IMP-S01-02")
    assert (item.text, item.criterion) == ("疏散门净宽（厘米）", "门全开量")
    assert item.measure == Measure("疏散门净宽", ">=", Decimal(80), "cm")
    assert [str(notice) for notice in imported.notices][:-1] == [
        "survey 表第4行：数值题“温度（℃）”没有约束（constraint），这道题不能判定合格与否，未导入",
        "survey 表第5行：数值题“浓度”看不出单位，请在文字末尾用括号写明，如“长度（m）”，这道题不能判定合格与否，未导入",
        "survey 表第6行：数值题“间距（m）”的约束里的“regex(., '^1')”无法识别，这道题不能判定合格与否，未导入",
    ]


@pytest.mark.parametrize(
    ("constraint", "comparator", "number", "upper"),
    [
        (". <= 2", "<=", "2", None),
        (".<=2", "<=", "2", None),
        ("2 >= .", "<=", "2", None),
        (". < .5", "<", "0.5", None),
        (". >= 0 and . <= 2", "<=", "2", None),
        ("(. > 0) and (. < 2.50)", "<", "2.5", None),
        (". >= 0.5 and . <= 1", "between", "0.5", "1"),
        (". <= 2 or ${ok} = 'no'", "<=", "2", None),
        (". = 3", "=", "3", None),
    ],
)
def test_bounds_as_people_write_them(constraint, comparator, number, upper):
    imported = taken([["select_one yes_no", "ok", "完好"], ["decimal", "ok_v", "长度（m）", "", constraint]])
    measure = imported.book.find("IMP-S01-01").measure
    assert measure == Measure("长度", comparator, Decimal(number), "m", Decimal(upper) if upper else None)


@pytest.mark.parametrize(
    "constraint",
    [
        ". != 2", ". > 1 and . < 2", ". < 1 or . > 2", ". <= ${max}", "${a} = 'x'", ". <=", "(. <= 2", ". <= 2)", "2 <= 3",
        "(" * 30 + ". <= 2" + ")" * 30, ". <= 2 and . <= 3 and . >= 1", "string-length(.) < 5", ". <= " + "9" * 40,
    ],
)  # fmt: skip
def test_a_constraint_that_is_no_plain_bound_is_told_not_guessed(constraint):
    imported = taken([["select_one yes_no", "ok", "完好"], ["decimal", "ok_v", "长度（m）", "", constraint]])
    assert imported.book.find("IMP-S01-01").measure is None
    assert str(imported.notices[0]).startswith("survey 表第3行：数值题“长度（m）”的约束")
    assert str(imported.notices[0]).endswith("，数值标准未导入")


def test_temperature_keeps_its_lower_bound_of_zero():
    survey = [
        ["select_one yes_no", "ok", "冷库正常"],
        ["decimal", "ok_t", "库温（℃）", "", ". >= 0 and . <= 4"],
    ]
    measure = taken(survey).book.find("IMP-S01-01").measure
    assert measure == Measure("库温", "between", Decimal(0), "Cel", Decimal(4))


def test_a_second_number_about_one_item_is_told():
    survey = [
        ["select_one yes_no", "ok", "完好"],
        ["decimal", "ok_a", "长度（m）", "", ". <= 2"],
        ["decimal", "ok_b", "高度（m）", "", ". <= 3"],
    ]
    imported = taken(survey)
    assert imported.book.find("IMP-S01-01").measure.label == "长度"
    assert str(imported.notices[0]) == "survey 表第4行：“完好”已有一个数值标准，“高度（m）”未导入"


@pytest.mark.parametrize(
    ("choices", "is_item"),
    [
        ([["合格", "合格"], ["不合格", "不合格"]], True),
        ([["1", "符合"], ["2", "不符合"], ["3", "不适用"]], True),
        ([["pass", "Pass"], ["fail", "Fail"], ["na", "N/A"]], True),
        ([["yes", "Yes"], ["no", "No"], ["perhaps", "Perhaps"]], False),
        ([["yes", "是"], ["no", "否"], ["na", "不适用"], ["nb", "不涉及"]], False),
        ([["a", "大"], ["b", "小"]], False),
    ],
)
def test_which_choices_are_a_verdict(choices, is_item):
    rows = [["list_name", "name", "label"], *(["v", *choice] for choice in choices)]
    survey = [["select_one yes_no", "first", "甲"], ["select_one v", "second", "乙"]]
    imported = taken(survey, choices=[*rows, *YES_NO[1:]])
    assert ("乙" in [item.text for _, item in imported.book.items()]) is is_item


def test_a_question_that_asks_for_a_fault_is_pointed_out():
    imported = taken([["select_one yes_no", "a", "是否存在占压燃气管线"]])
    assert str(imported.notices[0]) == (
        "survey 表第2行：“是否存在占压燃气管线”像是问有没有毛病，答“是”会记为合格，请把文字改成应当做到的样子"
    )


def test_groups_nest_and_conditions_are_told():
    survey = [
        ["begin group", "a", "后厨"],
        ["begin repeat", "b", "灶台"],
        ["select_one yes_no", "c", "熄火保护有效", "", "", "${x} = 'yes'"],
        ["end repeat"],
        ["select_one yes_no", "d", "通道畅通"],
        ["end group"],
    ]
    imported = taken(survey)
    assert [section.title for section in imported.book.sections] == ["后厨 / 灶台", "后厨"]
    assert [str(notice) for notice in imported.notices][:-1] == [
        "survey 表第3行：重复组“灶台”按普通分组导入，同类对象有几个时请分几次检查",
        "survey 表第4行：“熄火保护有效”的显示条件未导入，不涉及时请选“不适用”",
    ]


def test_of_several_languages_the_chinese_is_taken():
    headers = ["type", "name", "label::English (en)", "label::中文 (zh)"]
    choices = [
        ["list_name", "name", "label::English (en)", "label::中文 (zh)"],
        ["v", "y", "Yes", "是"],
        ["v", "n", "No", "否"],
    ]
    imported = taken([["select_one v", "a", "Exit is free", "出口畅通"]], headers=headers, choices=choices)
    assert [item.text for _, item in imported.book.items()] == ["出口畅通"]
    assert str(imported.notices[0]) == "survey 表第1行：表单有几种语言，只导入“中文(zh)”，未导入：english(en)"


@pytest.mark.parametrize(
    ("survey", "why"),
    [
        ([], ["survey 表：没有可作检查项的题目；检查项应为单选题，选项是“合格、不合格”或“是、否”"]),
        ([["end_group"]], ["survey 表第2行：end_group 前面没有对应的 begin"]),
        ([["begin_group", "g", "组"], ["end_repeat"]], ["survey 表第3行：end_repeat 与前面的 begin 不配对"]),
        (
            [["begin_group", "g", "组"], ["select_one yes_no", "a", "甲"]],
            ["survey 表第2行：“组”分组没有对应的 end_group"],
        ),
        (
            [["select_one nowhere", "a", "甲"]],
            ["survey 表第2行：选项表“nowhere”在 choices 表里找不到，请核对名称"],
        ),
        ([["select_one yes_no", "a"]], ["survey 表第2行：检查项没有文字（label 列是空的），请补上"]),
        (
            [["select_one yes_no", "a", "甲"], ["select_one yes_no", "a", "乙"]],
            ["survey 表第3行：题目名称“a”与第2行重复，请改名"],
        ),
        (
            [["select_one yes_no", "a" * 101, "甲"]],
            ["survey 表第2行：题目名称有101个字符，超过100个，请改短"],
        ),
        (
            [["begin_group", f"g{n}", "组"] for n in range(30)],
            ["survey 表第22行：分组套了20层以上，请减少层数"],
        ),
        (
            [["select_one yes_no", "a", "长" * 201]],
            [
                "survey 表第2行：检查表“导入的检查表”，“未分组”一节，检查项 IMP-S01-01：检查内容有201字，超过200字"
            ],
        ),
    ],
)
def test_a_form_that_cannot_become_a_book_is_refused_by_row(survey, why):
    assert refused(survey) == why


def test_sheets_and_columns_that_are_missing_are_named():
    out = io.BytesIO()
    workbook = xlsxwriter.Workbook(out)
    workbook.add_worksheet("Sheet1").write(0, 0, "x")
    workbook.close()
    with pytest.raises(FormError, match="文件中没有名为 survey 的工作表，不是 XLSForm 表单"):
        import_form(out.getvalue(), "a.xlsx")
    with pytest.raises(FormError, match="survey 表第1行：缺少列“name”"):
        import_form(form([["note", "x"]], headers=["type", "label"]), "a.xlsx")
    with pytest.raises(FormError, match="survey 表第1行：列名“label”重复"):
        import_form(form([["note", "x", "y"]], headers=["type", "label", "label"]), "a.xlsx")


def test_a_hostile_or_foreign_file_is_refused_by_the_guard():
    with pytest.raises(SheetError, match="文件是PDF而不是表格"):
        import_form(b"%PDF-1.7", "a.xlsx")
    with pytest.raises(SheetError, match="文件是空的"):
        import_form(b"", "a.xlsx")
    with pytest.raises(SheetError, match="压缩文件中没有表格"):
        import_form(_zip_without_sheet(), "a.xlsx")


def _zip_without_sheet():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("readme.txt", "x")
    return out.getvalue()


def test_version_and_title_of_a_foreign_form():
    survey = [["select_one yes_no", "a", "甲"]]
    imported = taken(survey, settings=[["form_title", "version"], ["", "2024-03"]])
    assert (imported.book.title, imported.book.version) == ("导入的检查表", 1)
    assert str(imported.notices[0]) == "settings 表第2行：版本“2024-03”不是从1开始的整数，导入后记为第1版"
    assert isinstance(imported.book, Book)
    assert HOSE.measure is not None


_CELLS = st.sampled_from([
    "", "begin_group", "end_group", "begin repeat", "end repeat", "select_one yes_no", "select_one v", "decimal", "integer",
    "text", "note", "yes_no", "a", "a_b", "a_b_c", "长度（m）", "温度（℃）", "数（）", "（", "是否有", ". <= 2", ". >= 0 and . <= 4",
    "${a} = 'no'", "${", "'=1", "\u3000", "x\ny", "_x0041_", "方法：看", "1e5", "is_this", "select_one", "select_multiple yes_no", 7, 2.5, True,
])  # fmt: skip


@pytest.mark.slow
@given(st.lists(st.lists(_CELLS, max_size=6), max_size=12), st.booleans())
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_whatever_stands_in_a_form_it_is_taken_or_refused_in_words(rows, has_own_mark):
    marks = [["namespaces", "version"], ['bihuan="urn:bihuan:checklist:1"', "1"]] if has_own_mark else None
    try:
        imported = import_form(form(rows, settings=marks), "f.xlsx")
    except (FormError, SheetError) as error:
        told = str(error)
    else:
        told = ""
        assert import_form(export_form(imported.book), "g.xlsx").book == imported.book
    assert told or imported.book
