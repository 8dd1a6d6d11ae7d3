"""PDF: lines joined, running heads and page numbers as noise, ruled tables rebuilt, over pages too."""

import io
from datetime import date

import pytest
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from bihuan.plans import compile_plan
from bihuan.plans.reading.pages import Line, Ruled, compose
from bihuan.plans.reading.pdf import read_pdf
from bihuan.plans.reading.tables import tightened
from bihuan.plans.tests import sample

COLUMNS = (70, 105, 280, 380, 470, 540)
HEADER = ["序号", "工作任务", "牵头单位", "配合单位", "完成时限"]


class Pages:
    """Draws lines of text and ruled tables, A4, 12 pt."""

    def __init__(self):
        pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
        self.buffer = io.BytesIO()
        self.canvas = Canvas(self.buffer, pagesize=(595, 842))
        self.page = 0
        self.begin()

    def begin(self):
        if self.page:
            self.canvas.showPage()
        self.page += 1
        self.y = 780
        self.canvas.setFont("STSong-Light", 12)
        self.canvas.drawString(70, 812, "云溪市安委办文件")
        self.canvas.drawCentredString(297, 30, f"— {self.page} —")

    def line(self, text):
        self.canvas.drawString(70, self.y - 16, text)
        self.y -= 22

    def row(self, cells, columns=COLUMNS, height=34):
        for left, right, words in zip(columns, columns[1:], cells, strict=False):
            if words is not None:
                self.canvas.rect(left, self.y - height, right - left, height)
                for i, part in enumerate(words.split("\n")):
                    self.canvas.drawString(left + 3, self.y - 13 - 15 * i, part)
        self.y -= height

    def data(self):
        self.canvas.save()
        return self.buffer.getvalue()


def test_lines_heads_and_page_numbers():
    read = read_pdf(sample.as_pdf())
    assert read.mapped.text == sample.TEXT
    assert "- 1 -" in read.mapped.original
    assert {d.kind for d in read.mapped.dropped} == {"blank", "page"}
    heads = [d.span.of(read.mapped.original).strip() for d in read.mapped.dropped if d.kind == "page"]
    assert len(heads) == 2 * (len(heads) // 2)
    assert set(heads[:2]) == {"云溪市安委办文件汇编", "- 1 -"}
    assert read.notices == [f"已略去 {len(heads)} 行页眉、页脚和页码。"]


@pytest.mark.parametrize(
    "printed", ["— 1 —", "- 12 -", "第1页 共3页", "第 3 页", "3", "· 4 ·", "2/9", "iv", "第二页", "—3—"]
)
def test_page_numbers_of_every_form(printed):
    pages = [[Line(words, 70, 200), Line(printed, 290, 310)] for words in ("一、任务", "二、要求")]
    assert compose(pages).mapped.text == "一、任务\n二、要求"


def test_blanks_of_the_typesetter():
    assert tightened("到 2031 年底，培训 95% 以上（ABC 三类）") == "到2031年底，培训95%以上（ABC三类）"
    assert tightened("Word 97") == "Word 97"


def test_a_ruled_table_over_two_pages_with_a_row_cut_by_the_break():
    pages = Pages()
    for text in ("云溪市有限空间专项整治方案", "一、重点任务", "重点任务见下表。"):
        pages.line(text)
    pages.row(HEADER, height=20)
    pages.row(["1", "摸清底数：逐家登记有\n限空间。", "市应急局", "市住建局、市城\n管局", "2031年4月底"])
    pages.row(["2", "开展岗前培", "市人社局", "市总工会", "5月31"])
    pages.begin()
    pages.row(["", "训", "", "", "日前"], height=20)
    pages.row(["3", "1.审批。\n2.检测。", "市工信局", "无", "2031年6月底"])
    for text in (
        "二、工作要求",
        "（一）加强领导。各县区要把整治摆上重要位置。",
        "云溪市安全生产委员会办公室",
        "2031年3月6日",
    ):
        pages.line(text)
    plan = compile_plan(pages.data(), "a.pdf")
    assert [(t.no, t.heading, t.lead, t.support, t.due) for t in plan.tasks] == [
        ("一/1", "摸清底数", ["市应急局"], ["市住建局", "市城管局"], date(2031, 4, 30)),
        ("一/2", "开展岗前培训", ["市人社局"], ["市总工会"], date(2031, 5, 31)),
        ("一/3/1", "审批", ["市工信局"], [], date(2031, 6, 30)),
        ("一/3/2", "检测", ["市工信局"], [], date(2031, 6, 30)),
        ("二/（一）", "加强领导", [], [], None),
    ]
    assert len(plan.source.tables) == 1


def test_merged_cells_of_a_ruled_table():
    pages = Pages()
    canvas, top = pages.canvas, 700
    for x in (70, 200, 330, 460):
        canvas.line(x, top, x, top - 80)
    for y, left in ((top, 70), (top - 40, 200), (top - 80, 70)):
        canvas.line(left, y, 460, y)
    for x, y, words in (
        (75, top - 20, "类别"),
        (205, top - 20, "任务"),
        (335, top - 20, "单位"),
        (205, top - 60, "查验"),
        (335, top - 60, "市局"),
    ):
        canvas.drawString(x, y, words)
    (table,) = read_pdf(pages.data()).tables
    assert [(c.row, c.column, c.rows, c.columns) for c in table.cells] == [
        (0, 0, 2, 1), (0, 1, 1, 1), (0, 2, 1, 1), (1, 1, 1, 1), (1, 2, 1, 1),
    ]  # fmt: skip


def test_a_frame_or_an_underline_is_no_table():
    pages = Pages()
    pages.line("云溪市安全生产委员会办公室文件")
    pages.canvas.line(70, pages.y, 520, pages.y)
    pages.line("一、任务")
    pages.canvas.rect(60, 60, 480, 740)
    read = read_pdf(pages.data())
    assert read.tables == []
    assert "一、任务" in read.mapped.text


def test_a_page_full_of_strokes_is_read_as_text():
    pages = Pages()
    pages.line("一、任务")
    for i in range(7000):
        pages.canvas.line(70, 10 + i / 20, 75 + i % 300, 10 + i / 20)
    assert "一、任务" in read_pdf(pages.data()).mapped.text


def test_tables_of_the_same_columns_are_one_only_across_a_page_break():
    ruled = Ruled([("甲", 0, 0, 1, 1), ("乙", 0, 1, 1, 1)], (70, 200, 300))
    line = Line("中间一段", 70, 130)
    assert len(compose([[ruled, line, ruled]]).tables) == 2
    assert len(compose([[ruled], [ruled], [ruled, line]]).tables) == 1
    assert len(compose([[ruled, line], [ruled]]).tables) == 2


def test_a_table_without_lines_is_named():
    pages = Pages()
    pages.line("一、任务")
    pages.line("序号   工作任务   牵头单位   完成时限")
    pages.line("1      查通道     市应急局   2031年5月")
    assert any("未画线框" in notice for notice in read_pdf(pages.data()).notices)
