"""Word files: numbering as Word draws it, tracked changes, fields, hidden text, text boxes, what stands beside the text."""

import io
import zipfile

import pytest

from bihuan.plans.reading import PlanReadError, word
from bihuan.plans.reading.mapped import DROPPED_KINDS
from bihuan.plans.reading.numbering import chinese_counting, printed
from bihuan.plans.reading.word import read_word

NS = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"'
)


def archive(body, **parts):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("word/document.xml", f"<w:document {NS}><w:body>{body}</w:body></w:document>")
        for name, content in parts.items():
            file.writestr(f"word/{name}.xml", content)
    return buffer.getvalue()


def run(text):
    return f"<w:r><w:t>{text}</w:t></w:r>"


def paragraph(text, properties=""):
    return f"<w:p><w:pPr>{properties}</w:pPr>{run(text) if text else ''}</w:p>"


def level(depth, form, text, more=""):
    return f"<w:lvl w:ilvl='{depth}'><w:start w:val='1'/><w:numFmt w:val='{form}'/>{more}<w:lvlText w:val='{text}'/></w:lvl>"


def definitions(levels, nums="<w:num w:numId='1'><w:abstractNumId w:val='0'/></w:num>", more=""):
    return f"<w:numbering {NS}><w:abstractNum w:abstractNumId='0'>{levels}</w:abstractNum>{more}{nums}</w:numbering>"


def item(text, depth=0, number=1):
    return paragraph(text, f"<w:numPr><w:ilvl w:val='{depth}'/><w:numId w:val='{number}'/></w:numPr>")


def lines(data):
    return [line for line in read_word(data).mapped.text.split("\n") if line]


@pytest.mark.parametrize(
    ("form", "number", "expected"),
    [
        ("chineseCounting", 21, "二十一"),
        ("chineseCountingThousand", 105, "一百零五"),
        ("chineseCountingThousand", 1010, "一千零一十"),
        ("chineseLegalSimplified", 12, "拾贰"),
        ("ideographTraditional", 3, "丙"),
        ("ideographZodiac", 1, "子"),
        ("ideographDigital", 10, "一〇"),
        ("decimal", 7, "7"),
        ("decimalZero", 7, "07"),
        ("decimalEnclosedCircle", 3, "③"),
        ("decimalEnclosedCircleChinese", 10, "⑩"),
        ("decimalEnclosedParen", 2, "⑵"),
        ("decimalEnclosedFullstop", 2, "⒉"),
        ("ideographEnclosedCircle", 2, "㊁"),
        ("decimalFullWidth", 12, "１２"),
        ("lowerLetter", 28, "bb"),
        ("upperLetter", 2, "B"),
        ("lowerRoman", 4, "iv"),
        ("upperRoman", 1990, "MCMXC"),
        ("neverHeardOf", 5, "5"),
    ],
)
def test_number_formats(form, number, expected):
    assert printed(number, form) == expected


def test_chinese_counting():
    assert [chinese_counting(n) for n in (0, 1, 10, 11, 20, 34, 100, 110, 9999, 10000)] == [
        "零", "一", "十", "十一", "二十", "三十四", "一百", "一百一十", "九千九百九十九", "10000",
    ]  # fmt: skip


def test_levels_of_an_official_document():
    levels = (
        level(0, "chineseCounting", "%1、")
        + level(1, "chineseCounting", "（%2）")
        + level(2, "decimal", "%3.")
        + level(3, "decimalEnclosedCircle", "%4")
    )
    body = item("任务") + item("压实责任", 1) + item("查协议", 2) + item("查台账", 2) + item("台账内容", 3)
    body += item("整治隐患", 1) + item("查通道", 2) + paragraph("正文") + item("要求") + item("加强领导", 1)
    assert lines(archive(body, numbering=definitions(levels))) == [
        "一、任务", "（一）压实责任", "1.查协议", "2.查台账", "①台账内容", "（二）整治隐患", "1.查通道", "正文",
        "二、要求", "（一）加强领导",
    ]  # fmt: skip


def test_chapter_labels_decimal_paths_and_legal_numbering():
    levels = (
        level(0, "chineseCountingThousand", "第%1章")
        + level(1, "decimal", "%1.%2", "<w:isLgl/>")
        + level(2, "decimal", "（%3）")
    )
    body = item("总则") + item("目的", 1) + item("依据", 1) + item("细则", 2) + item("职责") + item("分工", 1)
    assert lines(archive(body, numbering=definitions(levels))) == [
        "第一章 总则", "1.1 目的", "1.2 依据", "（1）细则", "第二章 职责", "2.1 分工",
    ]  # fmt: skip


def test_a_level_that_never_restarts_and_one_that_restarts_only_under_the_first():
    levels = (
        level(0, "chineseCounting", "%1、")
        + level(1, "chineseCounting", "（%2）")
        + level(2, "decimal", "%3.", "<w:lvlRestart w:val='0'/>")
    )
    body = (
        item("甲")
        + item("乙", 1)
        + item("丙", 2)
        + item("丁", 1)
        + item("戊", 2)
        + item("己")
        + item("庚", 2)
    )
    assert lines(archive(body, numbering=definitions(levels))) == [
        "一、甲", "（一）乙", "1.丙", "（二）丁", "2.戊", "二、己", "3.庚",
    ]  # fmt: skip


def test_a_list_instance_starts_anew_or_counts_on():
    nums = (
        "<w:num w:numId='1'><w:abstractNumId w:val='0'/></w:num>"
        "<w:num w:numId='2'><w:abstractNumId w:val='0'/><w:lvlOverride w:ilvl='0'><w:startOverride w:val='1'/></w:lvlOverride></w:num>"
        "<w:num w:numId='3'><w:abstractNumId w:val='0'/></w:num>"
        "<w:num w:numId='4'><w:abstractNumId w:val='0'/><w:lvlOverride w:ilvl='0'>" + level(0, "lowerLetter", "%1)") + "</w:lvlOverride></w:num>"
    )  # fmt: skip
    body = item("甲") + item("乙") + item("丙", 0, 2) + item("丁", 0, 2) + item("戊", 0, 3) + item("己", 0, 4)
    assert lines(archive(body, numbering=definitions(level(0, "decimal", "%1."), nums))) == [
        "1.甲", "2.乙", "1.丙", "2.丁", "3.戊", "d)己",
    ]  # fmt: skip


def test_numbering_that_comes_with_a_heading_style():
    levels = level(0, "chineseCounting", "%1、", "<w:pStyle w:val='H1'/>") + level(
        1, "chineseCounting", "（%2）", "<w:pStyle w:val='H2'/>"
    )
    styles = (
        f"<w:styles {NS}><w:style w:styleId='H1'><w:pPr><w:numPr><w:numId w:val='1'/></w:numPr></w:pPr></w:style>"
        "<w:style w:styleId='H2'><w:basedOn w:val='H1'/></w:style>"
        "<w:style w:styleId='Own'><w:basedOn w:val='H1'/></w:style>"
        "<w:style w:styleId='Loop'><w:basedOn w:val='Loop'/></w:style></w:styles>"
    )

    def styled(text, style, more=""):
        return paragraph(text, f"<w:pStyle w:val='{style}'/>{more}")

    body = styled("任务", "H1") + styled("压实责任", "H2") + styled("要求", "Own") + styled("无号", "Loop")
    body += styled("不编号", "H1", "<w:numPr><w:numId w:val='0'/></w:numPr>") + styled("附则", "H1")
    assert lines(archive(body, numbering=definitions(levels), styles=styles)) == [
        "一、任务", "（一）压实责任", "二、要求", "无号", "不编号", "三、附则",
    ]  # fmt: skip


def test_a_list_that_borrows_its_levels_from_a_list_style():
    more = f"<w:abstractNum w:abstractNumId='7'><w:styleLink w:val='L'/>{level(0, 'decimal', '（%1）')}</w:abstractNum>"
    numbering = definitions("<w:numStyleLink w:val='L'/>", more=more)
    assert lines(archive(item("甲") + item("乙"), numbering=numbering)) == ["（1）甲", "（2）乙"]


def test_empty_and_deleted_paragraphs_in_a_list():
    gone = (
        "<w:p><w:pPr><w:numPr><w:ilvl w:val='0'/><w:numId w:val='1'/></w:numPr></w:pPr>"
        "<w:del><w:r><w:delText>删去</w:delText></w:r></w:del></w:p>"
    )
    body = item("甲") + gone + item("乙") + item("") + item("丙")
    assert lines(archive(body, numbering=definitions(level(0, "decimal", "%1.")))) == ["1.甲", "2.乙", "4.丙"]


def test_tracked_changes_are_accepted_and_stay_in_the_original():
    body = (
        "<w:p><w:r><w:t>保留</w:t></w:r><w:ins w:id='1'><w:r><w:t>增加</w:t></w:r></w:ins>"
        "<w:del w:id='2'><w:r><w:delText>删去</w:delText></w:r></w:del><w:moveFrom w:id='3'><w:r><w:t>移走</w:t></w:r></w:moveFrom></w:p>"
        "<w:p><w:pPr><w:rPr><w:del w:id='4'/></w:rPr></w:pPr><w:r><w:t>前半</w:t></w:r></w:p>"
        + paragraph("后半")
    )
    read = read_word(archive(body))
    assert read.mapped.text == "保留增加\n前半后半\n"
    assert read.mapped.original == "保留增加删去移走\n前半\n后半\n"
    assert [(read.mapped.original[d.span.start : d.span.end], d.kind) for d in read.mapped.dropped] == [
        ("删去", "revision"),
        ("移走", "revision"),
        ("\n", "revision"),
    ]
    assert read.notices == [
        "文件带有修订痕迹（插入 1 处、删除 1 处、移动 1 处）：已按接受全部修订读取，删除的文字不计。"
    ]


def field(code, result):
    return (
        f'<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> {code} </w:instrText></w:r>'
        f'<w:r><w:fldChar w:fldCharType="separate"/></w:r>{result}<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )


def test_fields_contents_pages_and_references():
    contents = (
        "<w:p><w:r><w:fldChar w:fldCharType=\"begin\"/></w:r><w:r><w:instrText>TOC \\o</w:instrText></w:r>"
        "<w:r><w:fldChar w:fldCharType=\"separate\"/></w:r>" + run("一、任务") + "<w:r><w:tab/></w:r>"
        + field("PAGEREF _1", run("3")) + "</w:p><w:p>" + run("二、要求") + "<w:r><w:fldChar w:fldCharType=\"end\"/></w:r></w:p>"
    )  # fmt: skip
    body = (
        contents
        + "<w:p>"
        + run("见")
        + field("REF x", run("附件1"))
        + run("，第")
        + field("PAGE", run("5"))
        + run("页")
        + "</w:p>"
    )
    body += f"<w:p><w:fldSimple w:instr='NUMPAGES'>{run('9')}</w:fldSimple>{run('末')}</w:p>"
    read = read_word(archive(body))
    assert read.mapped.text == "\n见附件1，第页\n末\n"
    assert {d.kind for d in read.mapped.dropped} == {"contents", "page"}
    broken = (
        '<w:p><w:r><w:fldChar w:fldCharType="begin"/><w:instrText>TOC</w:instrText></w:r></w:p>'
        + paragraph("正文")
    )
    assert lines(archive(broken)) == ["正文"]


def test_a_table_of_contents_in_a_content_control():
    body = (
        "<w:sdt><w:sdtPr><w:docPartObj><w:docPartGallery w:val='Table of Contents'/></w:docPartObj></w:sdtPr>"
        f"<w:sdtContent>{paragraph('一、任务 3')}</w:sdtContent></w:sdt>"
        f"<w:sdt><w:sdtContent>{paragraph('正文')}</w:sdtContent></w:sdt>"
    )
    assert lines(archive(body)) == ["正文"]


def test_text_boxes_are_read_once_after_their_paragraph():
    box = f"<w:txbxContent>{paragraph('云安办〔2031〕3号')}</w:txbxContent>"
    body = (
        "<w:p><w:r><mc:AlternateContent><mc:Choice><w:drawing><wps:txbx>" + box + "</wps:txbx></w:drawing></mc:Choice>"
        "<mc:Fallback><w:pict>" + box + "</w:pict></mc:Fallback></mc:AlternateContent></w:r>" + run("云溪市文件") + "</w:p>"
        "<w:p><w:r><w:pict>" + f"<w:txbxContent>{paragraph('旧式文本框')}</w:txbxContent>" + "</w:pict></w:r></w:p>"
    )  # fmt: skip
    assert lines(archive(body)) == ["云溪市文件", "云安办〔2031〕3号", "旧式文本框"]


def test_hidden_text_breaks_symbols_and_pinyin():
    body = (
        "<w:p><w:r><w:rPr><w:vanish/></w:rPr><w:t>看不见</w:t></w:r><w:r><w:t>看得见</w:t></w:r>"
        "<w:r><w:rPr><w:vanish w:val='0'/></w:rPr><w:tab/><w:t>也看得见</w:t><w:br/><w:t>次行</w:t></w:r></w:p>"
        "<w:p><w:r><w:sym w:font='Wingdings' w:char='F0FE'/><w:t>是</w:t><w:noBreakHyphen/><w:t>否</w:t></w:r></w:p>"
        "<w:p><w:r><w:ruby><w:rt><w:r><w:t>bān</w:t></w:r></w:rt><w:rubyBase><w:r><w:t>班</w:t></w:r></w:rubyBase></w:ruby></w:r></w:p>"
    )
    read = read_word(archive(body))
    assert read.mapped.text == "看得见 也看得见\n次行\n☑是-否\n班\n"
    assert read.notices == ["有 1 处隐藏文字，未计入正文。"]
    assert [d.kind for d in read.mapped.dropped] == ["hidden", "pinyin"]


def test_comments_notes_and_running_heads_are_noise():
    body = (
        "<w:p>"
        + run("正文")
        + "<w:r><w:commentReference w:id='0'/><w:footnoteReference w:id='2'/></w:r></w:p>"
    )
    body += "<w:sectPr><w:headerReference/></w:sectPr>"
    read = read_word(
        archive(
            body,
            comments=f"<w:comments {NS}><w:comment>{paragraph('请核实')}</w:comment></w:comments>",
            footnotes=f"<w:footnotes {NS}><w:footnote/><w:footnote>{paragraph('见条例')}</w:footnote></w:footnotes>",
            header1=f"<w:hdr {NS}>{paragraph('云溪市文件汇编')}</w:hdr>",
        )
    )
    assert read.mapped.text == "正文\n"
    assert read.mapped.original == "正文\n请核实\n见条例\n云溪市文件汇编\n"
    assert [d.kind for d in read.mapped.dropped] == ["comment", "note", "page"]
    assert read.notices == ["文件带有 1 条批注，已忽略。", "文件带有 1 条脚注，未计入正文。"]
    assert {d.kind for d in read.mapped.dropped} <= set(DROPPED_KINDS)


def test_macros_are_named_and_left_alone():
    buffer = io.BytesIO(archive(paragraph("正文")))
    with zipfile.ZipFile(buffer, "a") as file:
        file.writestr("word/vbaProject.bin", b"\xd0\xcf")
    assert read_word(buffer.getvalue()).notices == ["文件带有宏，宏未运行，已忽略。"]


def cell(content, settings=""):
    return f"<w:tc><w:tcPr>{settings}</w:tcPr>{content}</w:tc>"


def test_cells_know_their_places_and_their_reach():
    down, on = "<w:vMerge w:val='restart'/>", "<w:vMerge/>"
    two, four = "<w:gridSpan w:val='2'/>", "<w:gridSpan w:val='4'/>"
    body = (
        paragraph("前") + "<w:tbl>"
        + f"<w:tr>{cell(paragraph('序号'))}{cell(paragraph('任务'))}{cell(paragraph('单位'), two)}</w:tr>"
        + f"<w:tr>{cell(paragraph('1'))}{cell(paragraph('甲') + paragraph('乙'))}{cell(paragraph('丙'), down)}{cell(paragraph('丁'))}</w:tr>"
        + f"<w:tr>{cell(paragraph('2'))}{cell(paragraph('戊'))}{cell(paragraph(''), on)}{cell(paragraph('己'))}</w:tr>"
        + f"<w:tr>{cell(paragraph('合计'), four)}</w:tr>"
        + "</w:tbl>" + paragraph("后")
    )  # fmt: skip
    read = read_word(archive(body))
    assert read.mapped.original == "前\n序号\t任务\t单位\n1\t甲\n乙\t丙\t丁\n2\t戊\t\t己\n合计\n后\n"
    assert read.mapped.text == "前\n序号 任务 单位\n1 甲 乙 丙 丁\n2 戊  己\n合计\n后\n"
    (table,) = read.tables
    assert (table.height, table.width) == (4, 4)
    found = {
        (c.row, c.column, c.rows, c.columns): read.mapped.original[c.span.start : c.span.end]
        for c in table.cells
    }
    assert found == {
        (0, 0, 1, 1): "序号", (0, 1, 1, 1): "任务", (0, 2, 1, 2): "单位", (1, 0, 1, 1): "1", (1, 1, 1, 1): "甲\n乙",
        (1, 2, 2, 1): "丙", (1, 3, 1, 1): "丁", (2, 0, 1, 1): "2", (2, 1, 1, 1): "戊", (2, 3, 1, 1): "己", (3, 0, 1, 4): "合计",
    }  # fmt: skip


def test_numbers_word_draws_in_empty_cells_and_rows_deleted_in_revision():
    rows = "".join(f"<w:tr>{cell(item(''))}{cell(paragraph(text))}</w:tr>" for text in ("甲", "乙"))
    gone = f"<w:tr><w:trPr><w:del w:id='1'/></w:trPr>{cell(item(''))}{cell(paragraph('丙'))}</w:tr>"
    read = read_word(
        archive(f"<w:tbl>{rows}{gone}</w:tbl>", numbering=definitions(level(0, "decimal", "%1")))
    )
    assert [line.split() for line in read.mapped.text.split("\n") if line] == [["1", "甲"], ["2", "乙"]]
    assert len(read.tables[0].cells) == 4
    assert "删除 1 处" in read.notices[0]


def test_oversized_tables_and_trees_are_refused(monkeypatch):
    monkeypatch.setattr(word, "MAX_CELLS", 10)
    table = "<w:tbl><w:tr>" + cell(paragraph("甲")) * 11 + "</w:tr></w:tbl>"
    with pytest.raises(PlanReadError, match="表格过大"):
        read_word(archive(table))
    monkeypatch.setattr("bihuan.plans.reading.archive.MAX_TAGS", 100)
    with pytest.raises(PlanReadError, match="异常庞大"):
        read_word(archive(paragraph("甲") * 101))


def test_deeply_nested_tables_are_read_or_refused():
    nested = paragraph("底")
    for _ in range(60):
        nested = f"<w:tbl><w:tr>{cell(nested)}{cell(paragraph('旁'))}</w:tr></w:tbl>"
    assert "底" in read_word(archive(nested)).mapped.text
    for _ in range(200):
        nested = f"<w:tbl><w:tr>{cell(nested)}</w:tr></w:tbl>"
    with pytest.raises(PlanReadError, match="损坏"):
        read_word(archive(nested))


def test_the_strict_form_and_an_unusual_part_name():
    body = f"<w:document {NS}><w:body>{paragraph('正文')}</w:body></w:document>"
    body = body.replace(
        "schemas.openxmlformats.org/wordprocessingml/2006/main", "purl.oclc.org/ooxml/wordprocessingml/main"
    )
    relations = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="1" '
        'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="/word/document2.xml"/></Relationships>'
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("word/document2.xml", body)
        file.writestr("_rels/.rels", relations)
    assert lines(buffer.getvalue()) == ["正文"]
