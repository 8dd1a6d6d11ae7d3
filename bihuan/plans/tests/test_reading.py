"""Reading documents: formats told from bytes, hostile files refused with a message that helps."""

import io
import zipfile
from contextlib import suppress

import pytest

from bihuan.plans import PlanReadError, read_document
from bihuan.plans.model import Span
from bihuan.plans.reading import MAX_BYTES
from bihuan.plans.reading.mapped import Mapped
from bihuan.plans.reading.plain import read_plain, unwrapped

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def word(body: str, **parts: str) -> bytes:
    """A minimal Word archive around a body."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", f"<w:document {W}><w:body>{body}</w:body></w:document>")
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def paragraph(text: str) -> str:
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def refusal(data: bytes, name: str = "方案.docx") -> str:
    with pytest.raises(PlanReadError) as caught:
        read_document(data, name)
    message = str(caught.value)
    assert message.endswith("。")
    return message


def test_kind_is_told_from_bytes_not_from_the_name():
    assert read_document(word(paragraph("一、任务")), "方案.pdf").kind == "docx"
    assert read_document("一、任务".encode(), "方案.docx").kind == "text"
    assert read_document(b"<html><body><p>\xe4\xb8\x80</p></body></html>", "x.txt").kind == "html"


def test_word_tables_breaks_and_tracked_changes():
    body = (
        paragraph("甲")
        + "<w:tbl><w:tr><w:tc>" + paragraph("序号") + "</w:tc><w:tc>" + paragraph("单位") + "</w:tc></w:tr></w:tbl>"
        + "<w:p><w:r><w:t>新</w:t></w:r><w:ins><w:r><w:t>增</w:t></w:r></w:ins>"
        "<w:del><w:r><w:delText>旧</w:delText></w:r></w:del><w:r><w:br/><w:t>次行</w:t></w:r></w:p>"
    )  # fmt: skip
    source = read_document(word(body), "a.docx")
    assert source.text == "甲\n序号 单位\n新增\n次行"
    assert source.notices == [
        "文件带有修订痕迹（插入 1 处、删除 1 处）：已按接受全部修订读取，删除的文字不计。"
    ]


def test_a_frame_of_one_cell_keeps_its_paragraphs_apart():
    inner = (
        "<w:tbl><w:tr><w:tc>" + paragraph("甲") + "</w:tc><w:tc>" + paragraph("乙") + "</w:tc></w:tr></w:tbl>"
    )
    frame = f"<w:tbl><w:tr><w:tc>{paragraph('一、任务')}{paragraph('1.查证照。')}</w:tc></w:tr></w:tbl>"
    assert read_document(word(frame), "a.docx").text == "一、任务\n1.查证照。"
    nested = (
        f"<w:tbl><w:tr><w:tc>{paragraph('序号')}</w:tc><w:tc>{inner}{paragraph('末')}</w:tc></w:tr></w:tbl>"
    )
    assert read_document(word(nested), "a.docx").text == "序号 甲 乙 末"


def test_deeply_nested_pages_are_read_or_refused():
    with suppress(PlanReadError):
        read_document(
            b"<html><body>" + b"<div>" * 50_000 + "一、任务".encode() + b"</div>" * 50_000, "a.html"
        )


def test_word_automatic_numbering_restarts_below_its_level():
    numbering = (
        f"<w:numbering {W}><w:abstractNum w:abstractNumId='1'>"
        "<w:lvl w:ilvl='0'><w:start w:val='1'/><w:numFmt w:val='chineseCounting'/><w:lvlText w:val='%1、'/></w:lvl>"
        "<w:lvl w:ilvl='1'><w:start w:val='1'/><w:numFmt w:val='decimal'/><w:lvlText w:val='%2.'/></w:lvl>"
        "</w:abstractNum><w:num w:numId='5'><w:abstractNumId w:val='1'/></w:num></w:numbering>"
    )
    styles = f"<w:styles {W}><w:style w:styleId='H'><w:pPr><w:numPr><w:numId w:val='5'/></w:numPr></w:pPr></w:style></w:styles>"

    def item(text, level=None):
        mark = (
            "<w:pStyle w:val='H'/>"
            if level is None
            else f"<w:numPr><w:ilvl w:val='{level}'/><w:numId w:val='5'/></w:numPr>"
        )
        return f"<w:p><w:pPr>{mark}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"

    body = item("任务") + item("甲", 1) + item("乙", 1) + item("要求", 0) + item("丙", 1)
    source = read_document(
        word(body, **{"word/numbering.xml": numbering, "word/styles.xml": styles}), "a.docx"
    )
    assert source.text == "一、任务\n1.甲\n2.乙\n二、要求\n1.丙"


def test_web_furniture_pinyin_notes_and_lost_characters():
    lines = [
        "一、任務(wù)",
        "區(qū)局開(kāi)展檢(jiǎn)查，報(bào)送結(jié)果。",
        "分享到：微信 微博",
        "责任编辑：某某",
        "第二段\ufffd",
    ]
    source = read_document("\n".join(lines).encode(), "a.txt")
    assert source.text == "一、任务\n区局开展检查，报送结果。\n第二段\ufffd"
    assert source.notices == [
        "已略去 2 行网页导航、字体、编辑等无关文字。",
        "已去除 6 处夹注的拼音。",
        "原文为繁体字，已转换为简体字；原文保留，可逐字对照。",
        "有 1 处文字在原文件中已损坏（显示为方框或问号），无法恢复，请对照原件核对。",
    ]


def test_placeholders_stay_as_printed():
    assert (
        read_document("罚款xx万元，检查xxx家（XX）。".encode(), "a.txt").text
        == "罚款xx万元，检查xxx家（XX）。"
    )


def test_markdown_marks_and_stray_tags_are_removed():
    text = "---\nlang: zh\n---\n<div style='x'>云溪市文件</div>\n## **方案**\n### &emsp;&emsp;一、任务\n[下载](/a(1).pdf)\n---\n"
    assert read_document(text.encode(), "a.md").text == "云溪市文件\n方案\n一、任务\n下载"


def test_html_keeps_the_article_and_drops_the_rest():
    page = (
        "<html><head><title>x</title></head><body><nav>首页</nav><div class='breadcrumb'>位置</div><p>一、任<b>务</b></p>"
        "<table><tr><td>序号</td><td>单位</td></tr></table><p hidden>隐</p><script>1</script>甲<br>乙</body></html>"
    )
    assert read_document(page.encode(), "a.html").text == "一、任务\n序号 单位\n甲\n乙"


def test_lines_broken_at_page_width_are_joined():
    full = "为进一步加强全市工贸企业有限空间作业安全管理工作"
    wrapped = "\n".join(["　　" + full[:22], full[:24], "结束。"] * 4)
    joined = unwrapped(Mapped.of(wrapped))
    assert joined.text.split("\n") == ["　　" + full[:22] + full[:24] + "结束。"] * 4
    assert joined.original == wrapped
    at = joined.text.index("结束")
    assert joined.to_original(Span(at, at + 2)).of(wrapped) == "结束"
    short = "\n".join(["一、任务", "短句。"] * 6)
    assert unwrapped(Mapped.of(short)).text == short


def test_every_mark_taken_out_is_recorded():
    text = "# **云溪市**方案\n[下载](/a(1).pdf)&amp;甲\n---\n"
    mapped = read_plain(text).mapped
    assert mapped.text == "云溪市方案\n下载&甲\n\n"
    assert [(d.span.of(text), d.kind) for d in mapped.dropped] == [
        ("# ", "markup"), ("**", "markup"), ("**", "markup"), ("[", "markup"), ("](/a(1).pdf)", "markup"), ("---", "markup"),
    ]  # fmt: skip
    at = mapped.text.index("&")
    assert mapped.to_original(Span(at, at + 1)).of(text) == "&amp;"


def test_empty_and_oversized_files():
    assert "空" in refusal(b"")
    assert "没有可读的文字" in refusal(b"   \n ", "a.txt")
    assert "20 MB" in refusal(b"x" * (MAX_BYTES + 1), "a.txt")


def test_foreign_files():
    assert "不是可以识别的文档" in refusal(bytes(range(256)) * 40, "a.dat")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("xl/workbook.xml", "<x/>")
    assert "Excel" in refusal(buffer.getvalue())
    assert "损坏" in refusal(b"PK\x03\x04" + b"junk" * 50)
    assert "OFD" in refusal(_zip({"OFD.xml": "<x/>"}), "方案.ofd")


def test_zip_bombs():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b" " * 80_000_000)
    assert "异常庞大" in refusal(buffer.getvalue())
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for i in range(4100):
            archive.writestr(f"word/{i}", "")
    assert "条目过多" in refusal(buffer.getvalue())


def test_entities_are_never_expanded():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(
            "word/document.xml",
            f"<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><w:document {W}><w:body>{paragraph('&a;')}</w:body></w:document>",
        )
    assert "实体定义" in refusal(buffer.getvalue())
    assert "实体定义" in refusal(b"<!DOCTYPE html [<!ENTITY a 'b'>]><html><body>&a;</body></html>", "a.html")


def test_word_without_body_or_with_broken_xml():
    assert "没有 Word 正文" in refusal(_zip({"a.txt": "x"}))
    assert "损坏" in refusal(_zip({"word/document.xml": "<w:document"}))


def _zip(parts):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def pdf(*, text="", encrypt=None):
    from reportlab.pdfgen.canvas import Canvas

    buffer = io.BytesIO()
    canvas = Canvas(buffer, encrypt=encrypt)
    canvas.drawString(72, 700, text)
    canvas.save()
    return buffer.getvalue()


def test_pdf_refusals():
    assert "密码" in refusal(pdf(text="secret plan text for nobody", encrypt="x"), "a.pdf")
    assert "没有文字" in refusal(pdf(), "a.pdf")
    assert "损坏" in refusal(b"%PDF-1.7\nnothing", "a.pdf")
