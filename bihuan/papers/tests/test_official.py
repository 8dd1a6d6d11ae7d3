"""The layout of GB/T 9704-2012, measured: in the XML of the Word file and in the text positions of the PDF.

The expectations are the standard's own numbers (A4 210×297, 天头 37±1, 订口 28±1, 版心 156×225, 22 行×28 字, 3 号 16 pt,
2 号 22 pt, 4 号 14 pt, 发文机关标志 35 mm below the type area's edge, page number 7 mm below it), never those of the code.
"""

from __future__ import annotations

import datetime as dt
import io
import time
import zipfile
from itertools import pairwise

import pypdfium2
import pytest
from docx import Document
from docx.oxml.ns import qn
from PIL import Image, ImageFile

from bihuan.papers import documents as d
from bihuan.papers.official import docx_bytes, draft_sheet
from bihuan.papers.official.sheets import closing_places, numeric_columns, title_lines

MM = 72 / 25.4
FILLER = "安全生产隐患排查整治工作持续推进各项措施逐步落实到位责任清晰期限明确整改有力"


def sheet(blocks=None, *, kind="bulletin", title="关于2026年9月全市安全生产月督导情况的通报", **content):
    blocks = blocks if blocks is not None else [
        d.recipients("各县（市、区）安全生产委员会", "市安委会各成员单位"),
        d.heading("总体情况"),
        d.text(FILLER * 30),
        d.heading("分地区情况", 2),
        d.text(FILLER * 6),
        d.heading("整改", 3),
        d.heading("复查", 4),
        d.enclosures("情况表", "名单"),
        d.closing("云溪市安全生产委员会办公室", "2026年10月9日"),
        d.annotation("联系人：某某"),
        d.imprint("云溪市安全生产委员会办公室", "2026年10月9日", cc=["市委办公室"]),
    ]  # fmt: skip
    return draft_sheet(
        kind, issuer="云溪市安全生产委员会办公室", content=d.official(title, blocks, **content), day=dt.date(2026, 10, 9),
        number="云安办通〔2026〕12号", draft="",
    )  # fmt: skip


@pytest.fixture(scope="module")
def pdf():
    from bihuan.papers.official.pdf import pdf_bytes

    return pypdfium2.PdfDocument(pdf_bytes(sheet()))


def characters(page):
    """Every character with its box in millimetres from the upper left corner."""
    text = page.get_textpage()
    height = page.get_height()
    found = []
    for index in range(text.count_chars()):
        word = text.get_text_range(index, 1)
        if word.strip():
            left, bottom, right, top = text.get_charbox(index, loose=False)
            found.append((word, left / MM, (height - top) / MM, right / MM, (height - bottom) / MM))
    return found


def lines_of(page):
    """Characters by line, top to bottom, each line left to right; small height differences are one line."""
    rows = []
    for each in sorted(characters(page), key=lambda each: (each[4], each[1])):
        middle = (each[2] + each[4]) / 2
        for row in rows:
            if abs(row[0] - middle) < 3.2:
                row[1].append(each)
                break
        else:
            rows.append([middle, [each]])
    return [
        (middle, sorted(row, key=lambda each: each[1])) for middle, row in sorted(rows, key=lambda r: r[0])
    ]


def text_of(line):
    return "".join(each[0] for each in line[1])


def test_the_page_is_a4_and_the_words_stay_in_the_type_area(pdf):
    for page in list(pdf):
        assert page.get_width() / MM == pytest.approx(210, abs=0.1)
        assert page.get_height() / MM == pytest.approx(297, abs=0.1)
        inside = [each for each in characters(page) if each[2] < 262]
        assert min(each[1] for each in inside) >= 28 - 1
        assert max(each[3] for each in inside) <= 210 - 26 + 1
        assert min(each[2] for each in inside) >= 37 - 1


def test_a_full_page_holds_22_lines_of_28_characters(pdf):
    lines = [line for line in lines_of(pdf[1]) if line[0] < 262]
    assert len(lines) == 22
    assert max(len(text_of(line)) for line in lines) == 28
    steps = [lower[0] - upper[0] for upper, lower in pairwise(lines)]
    # 225 mm over 22 lines; glyphs of different height move a middle by a little.
    assert sum(steps) / len(steps) == pytest.approx(225 / 22, abs=0.06)
    full = next(line for line in lines if len(text_of(line)) == 28)
    assert full[1][-1][3] - full[1][0][1] == pytest.approx(156, abs=1.5)
    assert full[1][0][1] == pytest.approx(28, abs=1)


def test_the_head_stands_where_the_standard_puts_it(pdf):
    lines = lines_of(pdf[0])
    assert text_of(lines[0]) == "云溪市安全生产委员会办公室文件"
    assert min(each[2] for each in lines[0][1]) == pytest.approx(37 + 35, abs=2)
    assert "云安办通〔2026〕12号" in text_of(lines[1])
    number = lines[1][1]
    middle = (number[0][1] + number[-1][3]) / 2
    assert middle == pytest.approx(28 + 156 / 2, abs=1)


def test_the_red_line_is_four_millimetres_below_the_number_and_as_wide_as_the_text(pdf):
    scale = 4
    picture = pdf[0].render(scale=scale).to_pil().convert("RGB")
    number = lines_of(pdf[0])[1][1]
    left, right = 0, 0
    found = None
    for y in range(round(max(each[4] for each in number) * MM * scale), round(140 * MM * scale)):
        reds = [x for x in range(picture.width) if (p := picture.getpixel((x, y)))[0] > 150 and p[1] < 90]
        if len(reds) > 400:
            found, left, right = y / scale / MM, reds[0] / scale / MM, reds[-1] / scale / MM
            break
    assert found is not None
    assert found - max(each[4] for each in number) == pytest.approx(4, abs=1)
    assert (left, right) == (pytest.approx(28, abs=0.5), pytest.approx(184, abs=0.5))


def test_page_numbers_stand_outside_odd_right_even_left(pdf):
    odd = lines_of(pdf[0])[-1]
    even = lines_of(pdf[1])[-1]
    assert text_of(odd) == "—1—"
    assert text_of(even) == "—2—"
    assert odd[1][0][2] == pytest.approx(297 - 35 + 7, abs=1)  # the dash
    assert even[1][0][2] == pytest.approx(297 - 35 + 7, abs=1)
    one = 14 / MM  # one character of 4 号 from the edge
    assert odd[1][-1][3] == pytest.approx(184 - one, abs=1.5)
    assert even[1][0][1] == pytest.approx(28 + one, abs=1.5)


def test_date_four_characters_from_the_right_and_the_imprint_at_the_foot(pdf):
    last = pdf[len(pdf) - 1]
    lines = lines_of(last)
    day = next(line for line in lines if text_of(line) == "2026年10月9日")
    assert 184 - day[1][-1][3] == pytest.approx(4 * 156 / 28, abs=1.5)
    name = next(line for line in lines if text_of(line) == "云溪市安全生产委员会办公室")
    assert (name[1][0][1] + name[1][-1][3]) / 2 == pytest.approx((day[1][0][1] + day[1][-1][3]) / 2, abs=1)
    printed = next(line for line in lines if text_of(line).endswith("印发"))
    assert 262 - 12 < printed[0] < 262


def test_an_issuer_longer_than_its_date_is_centred_over_it_and_a_very_long_one_ends_at_the_edge():
    assert closing_places("云溪市安委办", "2026年10月9日") == pytest.approx((4.5, 4), abs=0.2)
    assert closing_places("云" * 30, "2026年10月9日")[0] == 0


def test_headings_of_four_levels_are_numbered_and_set_apart():
    document = Document(io.BytesIO(docx_bytes(sheet())))
    fonts = {
        p.text: p.runs[0]._element.rPr.rFonts.get(qn("w:eastAsia"))
        for p in document.paragraphs
        if p.text and p.runs
    }
    assert fonts["一、总体情况"] == "黑体"
    assert fonts["（一）分地区情况"] == "楷体_GB2312"
    assert fonts["1.整改"] == "仿宋_GB2312"
    assert fonts["（1）复查"] == "仿宋_GB2312"


def test_the_word_file_has_the_measures_of_the_standard():
    document = Document(io.BytesIO(docx_bytes(sheet())))
    section = document.sections[0]
    measures = [section.page_width, section.page_height, section.top_margin, section.left_margin]
    assert [round(each.mm, 1) for each in measures] == [210, 297, 37, 28]
    assert round(section.page_width.mm - section.left_margin.mm - section.right_margin.mm) == 156
    assert round(section.page_height.mm - section.top_margin.mm - section.bottom_margin.mm) == 225
    body = next(p for p in document.paragraphs if p.text.startswith(FILLER))
    pitch = body.paragraph_format.line_spacing.pt
    assert 22 * pitch <= 225 * MM < 23 * pitch
    run = body.runs[0]
    assert run.font.size.pt == 16
    closer = int(run._element.rPr.find(qn("w:spacing")).get(qn("w:val"))) / 20
    assert 28 * (16 + closer) <= 156 * MM < 29 * (16 + closer)
    assert body.paragraph_format.first_line_indent.pt == pytest.approx(2 * 16, abs=0.5)
    assert run._element.rPr.rFonts.get(qn("w:eastAsia")) == "仿宋_GB2312"
    title = next(
        p for p in document.paragraphs if p.runs and p.runs[0].font.size and p.runs[0].font.size.pt == 22
    )
    assert title.runs[0]._element.rPr.rFonts.get(qn("w:eastAsia")) == "方正小标宋简体"
    assert "".join(title.text.split()) == "关于2026年9月全市安全生产月督导情况的通报"


def test_the_word_file_numbers_pages_outside_with_dashes():
    document = Document(io.BytesIO(docx_bytes(sheet())))
    section = document.sections[0]
    assert document.settings.odd_and_even_pages_header_footer
    odd, even = section.footer.paragraphs[0], section.even_page_footer.paragraphs[0]
    assert (odd.alignment, even.alignment) == (2, 0)  # right, left
    for paragraph in (odd, even):
        words = "".join(node.text or "" for node in paragraph._p.iter(qn("w:t"), qn("w:instrText")))
        assert words == "— PAGE —"
        assert {run.font.size.pt for run in paragraph.runs} == {14}


def test_a_paper_to_a_higher_level_names_its_signer():
    document = Document(io.BytesIO(docx_bytes(sheet(signers=["王建国"], urgency="特急"))))
    texts = [paragraph.text for paragraph in document.paragraphs]
    assert texts[0] == "特急"
    assert any("云安办通〔2026〕12号" in text and text.endswith("签发人：王建国") for text in texts)


def test_a_letter_has_two_red_lines_and_no_number_on_its_first_page():
    from bihuan.papers.official.pdf import pdf_bytes

    letter = sheet(
        [d.recipients("青石街道办事处"), d.text(FILLER * 30)], kind="reminder", title="关于加快整改的提醒函"
    )
    printed = pypdfium2.PdfDocument(pdf_bytes(letter))
    lines = lines_of(printed[0])
    assert text_of(lines[0]) == "云溪市安全生产委员会办公室"
    assert min(each[2] for each in lines[0][1]) == pytest.approx(30, abs=2)
    assert "—1—" not in [text_of(line) for line in lines]
    assert text_of(lines_of(printed[1])[-1]) == "—2—"
    section = Document(io.BytesIO(docx_bytes(letter))).sections[0]
    assert section.different_first_page_header_footer
    assert section.first_page_footer.paragraphs[0].text == ""


ROWS = [[f"第{n}单位", *[str(n * place) for place in range(11)]] for n in range(400)]


def test_four_hundred_rows_of_tables_are_printed_in_time_and_their_heads_repeat():
    from bihuan.papers.official.pdf import pdf_bytes, warm

    heads = [[("单位", 1, 2), ("一般隐患", 5, 1), ("重大隐患", 6, 1)], [(f"项{n}", 1, 1) for n in range(11)]]
    big = sheet([
        d.text("见附件。"), d.appendix("情况表", landscape=True),
        d.table(["单位", *[f"项{n}" for n in range(11)]], ROWS, heads=heads, title="表", unit="项", address="https://a.example/x/"),
    ])  # fmt: skip
    warm()
    started = time.process_time()  # of this process: what others do on the machine is not measured
    word = docx_bytes(big)
    after_word = time.process_time()
    printed = pypdfium2.PdfDocument(pdf_bytes(big))
    assert after_word - started < 5
    assert time.process_time() - after_word < 5
    table = Document(io.BytesIO(word)).tables[0]
    assert len(table._tbl.tr_lst) == 402
    assert all(row.trPr.find(qn("w:tblHeader")) is not None for row in table._tbl.tr_lst[:2])
    pages = [page.get_textpage().get_text_range() for page in list(printed)[1:]]
    assert len(pages) > 8
    tables, last = pages[:-1], pages[-1]  # the imprint stands on an upright page of its own
    assert all("重大隐患" in page for page in tables)
    assert "第399单位" in tables[-1]
    assert "印发" in last
    assert printed[len(printed) - 1].get_width() < printed[len(printed) - 1].get_height()


def test_numbers_stand_at_the_right():
    block = d.table(["单位", "数", "率", "说明"], [["甲", "1,200", "75.0%", "好"], ["乙", "—", "-3", "3项"]])
    assert numeric_columns(block) == [False, True, True, False]
    from bihuan.papers.official.pdf import pdf_bytes

    page = pypdfium2.PdfDocument(pdf_bytes(sheet([block])))[0]
    ends = {
        round(line[1][i][3]) for line in lines_of(page) for i, each in enumerate(line[1]) if each[0] == "%"
    }
    assert len(ends) == 1


def test_hostile_words_are_printed_as_words():
    from bihuan.papers.official.pdf import pdf_bytes

    evil = "<script>alert(1)</script>&amp;<img src=file:///etc/passwd>]]>\x00\x07\u202e‮\ud800"
    everything = [
        d.recipients(evil), d.heading(evil), d.text(evil), d.items([(evil, [evil])]), d.facts((evil, evil)),
        d.table([evil, "数"], [[evil, "1"]], title=evil, unit=evil, note=evil), d.chart("bars", evil, [evil, "乙"], {evil: [1, 2]}, unit=evil),
        d.chart("lines", evil, [evil, "乙"], {evil: [1, None]}), d.chart("columns", evil, [evil, "乙"], {evil: [1, 2], "b": [None, 3]}),
        d.qr("https://a.example/", evil), d.enclosures(evil), d.closing(evil, evil), d.annotation(evil),
        d.appendix(evil, label=evil), d.imprint(evil, evil, cc=[evil]),
    ]  # fmt: skip
    hostile = sheet(everything, title=evil)
    text = "".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(pdf_bytes(hostile)))
    assert "<script>" in "".join(text.split())
    document = Document(io.BytesIO(docx_bytes(hostile)))
    assert any("<script>alert(1)</script>" in paragraph.text for paragraph in document.paragraphs)


def test_charts_in_word_are_charts_with_their_numbers_inside():
    content = [d.chart("columns", "图1", ["一月", "二月"], {"排查": [3, 5], "整改": [2, None]}, unit="项")]
    with zipfile.ZipFile(io.BytesIO(docx_bytes(sheet(content)))) as archive:
        drawn = archive.read("word/charts/chart1.xml").decode()
        assert "word/embeddings/chart1.xlsx" in archive.namelist()
        assert archive.read("word/charts/_rels/chart1.xml.rels").decode().count("chart1.xlsx") == 1
    assert drawn.count("<c:ser>") == 2
    assert "<c:v>5</c:v>" in drawn
    assert 'idx="1"><c:v>None' not in drawn


@pytest.mark.parametrize(
    "broken",
    [
        {
            "kind": "chart",
            "form": "pie",
            "title": "",
            "labels": ["a"],
            "series": [{"name": "", "values": [1]}],
        },
        {
            "kind": "chart",
            "form": "bars",
            "title": "",
            "labels": ["a"],
            "series": [{"name": "", "values": [1, 2]}],
        },
        {"kind": "heading", "text": "", "level": 5},
        {"kind": "table", "columns": ["a"], "rows": [["1", "2"]]},
        {"kind": "imprint", "cc": []},
        {"kind": "unknown"},
    ],
)
def test_what_cannot_be_printed_is_refused_before_it_is_issued(broken):
    with pytest.raises(ValueError, match=r".+"):
        d.check_content({"title": "题", "blocks": [broken]})


def test_long_titles_break_between_their_parts():
    title = "关于2026年第三季度全市重大事故隐患专项排查整治行动进展情况的通报"
    lines = title_lines(title)
    assert "".join(lines) == title
    assert len(lines) == 2
    assert max(map(len, lines)) - min(map(len, lines)) <= 8
    assert not any(line.startswith(("的", "、", "）")) for line in lines)
    assert title_lines("短题") == ["短题"]


def test_pictures_cut_off_are_refused_after_a_pdf_was_made():
    from bihuan.papers.official import pdf as printer

    assert printer
    assert ImageFile.LOAD_TRUNCATED_IMAGES is False
    whole = io.BytesIO()
    Image.new("RGB", (400, 400), "red").save(whole, "JPEG")
    with pytest.raises(OSError, match="truncated"):
        Image.open(io.BytesIO(whole.getvalue()[:-400])).load()


def test_full_lines_of_the_body_reach_the_right_edge():
    from bihuan.papers.official.pdf import pdf_bytes

    words = "逾期未整改65项，地区涉及青石街道、北岭镇、柏阳街道等21个单位（其中重大3项），环比上升11.35%，同比增加3520项；"
    page = pypdfium2.PdfDocument(pdf_bytes(sheet([d.text(words * 4)])))[0]
    full = [line for line in lines_of(page) if len(line[1]) > 22 and "项" in text_of(line)][:-1]
    ends = [line[1][-1][3] for line in full]
    assert len(ends) >= 4
    # The ink of a sign ends a little inside its square, that of a comma more than half a square.
    assert all(210 - 26 - 4.5 < end <= 210 - 26 + 0.5 for end in ends)
