"""Web pages: entities, tables merged and nested, layout tables, print buttons, what stands around the article."""

import base64
from contextlib import suppress

import pytest

from bihuan.plans.reading import PlanReadError, html, read_document
from bihuan.plans.reading.html import read_html


def lines(body):
    return [
        line.strip()
        for line in read_html(f"<html><body>{body}</body></html>").mapped.text.split("\n")
        if line.strip()
    ]


def test_entities_and_breaks():
    assert lines(
        "<p>&emsp;一、任务&mdash;&ldquo;两重点&rdquo;&#8220;x&#8221; &lt;3米</p><p>甲<br/>乙</p>"
    ) == [
        "一、任务—“两重点”“x” <3米",
        "甲",
        "乙",
    ]


def test_line_breaks_of_the_source_are_no_breaks_of_the_text():
    assert lines("<p>为进一步加强\n   安全管理\n2031 年</p>") == ["为进一步加强安全管理 2031 年"]


def test_cells_with_their_reach_and_nested_tables_as_words():
    read = read_html(
        "<html><body><table><tr><th rowspan='2'>序号</th><th colspan='2'>责任分工</th></tr><tr><td>牵头单位</td><td>配合单位</td></tr>"
        "<tr><td>1</td><td><p>市应急局</p><p>市安委办</p></td><td rowspan='99'>市公安局</td></tr></table></body></html>"
    )
    (table,) = read.tables
    found = {(c.row, c.column, c.rows, c.columns): c.span.of(read.mapped.original) for c in table.cells}
    assert found == {
        (0, 0, 2, 1): "序号",
        (0, 1, 1, 2): "责任分工",
        (1, 1, 1, 1): "牵头单位",
        (1, 2, 1, 1): "配合单位",
        (2, 0, 1, 1): "1",
        (2, 1, 1, 1): "市应急局\n\n市安委办",
        (2, 2, 1, 1): "市公安局",
    }
    assert [line for line in read.mapped.text.split("\n") if line.strip()][-1].split() == [
        "1",
        "市应急局",
        "市安委办",
        "市公安局",
    ]


def test_a_table_that_lays_out_the_page_is_no_table():
    article = "".join(f"<p>第{i}段，逐家检查，逐项登记，逐条整改。</p>" for i in range(40))
    read = read_html(f"<html><body><table><tr><td>左栏</td><td>{article}</td></tr></table></body></html>")
    assert read.tables == []
    assert "第3段，逐家检查，逐项登记，逐条整改。" in read.mapped.text.split("\n")
    inner = "<table><tr><td>甲</td><td>乙</td></tr></table>"
    read = read_html(f"<html><body><table><tr><td>{inner}</td><td>旁</td></tr></table></body></html>")
    assert [t.span.of(read.mapped.original) for t in read.tables] == ["甲\t乙"]


def test_print_buttons_and_page_parts_are_noise():
    body = (
        "<div class='share-bar'>分享</div><nav>首页</nav><a onclick='window.print()'>打印本页</a><button>关闭</button>"
        "<p style='display: none'>隐</p><div class='content'><p>一、任务</p></div><footer>版权</footer>"
    )
    read = read_html(f"<html><body>{body}</body></html>")
    assert read.mapped.text.split() == ["一、任务"]
    noise = "".join(d.span.of(read.mapped.original) for d in read.mapped.dropped if d.kind == "furniture")
    assert noise.split() == ["分享", "首页", "打印本页", "关闭", "隐", "版权"]


@pytest.mark.parametrize(
    ("declared", "encoding"),
    [("gb2312", "gb18030"), ("gbk", "gbk"), ("utf-8", "utf-8"), ("big5", "big5"), ("", "gb18030")],
)
def test_the_character_set_a_page_declares(declared, encoding):
    words = (
        "雲溪市安全生產委員會辦公室文件，各鄉鎮政府要認真組織實施"
        if encoding == "big5"
        else "云溪市安全生产委员会办公室文件，各乡镇要认真组织实施"
    )
    meta = f"<meta http-equiv='Content-Type' content='text/html; charset={declared}'>" if declared else ""
    page = f"<html><head>{meta}<title>x</title></head><body><p>{words}</p></body></html>".encode(encoding)
    assert read_document(page, "a.html").text.startswith("云溪市安全生产委员会办公室文件")


def test_hostile_pages_are_refused_or_read(monkeypatch):
    deep = "<html><body>" + "<div>" * 100_000 + "一、任务"
    with suppress(PlanReadError):
        assert read_html(deep).mapped.text.strip() in ("", "一、任务")
    wide = (
        "<table><tr><td rowspan='65000' colspan='65000'>甲</td><td>乙</td></tr><tr><td>丙</td></tr></table>"
    )
    (table,) = read_html(f"<html><body>{wide}</body></html>").tables
    assert (table.height, table.width) <= (2, 128)
    monkeypatch.setattr(html, "MAX_CELLS", 3)
    with pytest.raises(PlanReadError, match="表格过大"):
        read_html("<html><body><table><tr>" + "<td>甲</td>" * 5 + "</tr></table></body></html>")
    monkeypatch.setattr(html, "MAX_TAGS", 100)
    with pytest.raises(PlanReadError, match="过大"):
        read_html("<html><body>" + "<p>甲</p>" * 100 + "</body></html>")


def test_a_web_archive_is_read_as_its_page():
    page = "<html><body><p>一、任务</p></body></html>".encode("gb18030")
    archive = (
        b"MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=b\r\n\r\n--b\r\n"
        b"Content-Type: text/html; charset=gb2312\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + base64.encodebytes(page)
        + b"\r\n--b--\r\n"
    )
    assert read_document(archive, "方案.doc").text == "一、任务"


def test_a_web_archive_nested_without_end_is_refused():
    archive = b"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b0\n\n"
    archive += b"".join(
        b"--b%d\nContent-Type: multipart/mixed; boundary=b%d\n\n" % (i, i + 1) for i in range(2000)
    )
    with pytest.raises(PlanReadError):
        read_document(archive, "a.mht")
