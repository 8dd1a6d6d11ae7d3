"""Clean-up that keeps a map: whatever the text shows leads to the original, whatever it leaves out is recorded."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bihuan.plans import compile_plan, read_document
from bihuan.plans.model import Span
from bihuan.plans.reading.cleanup import clean
from bihuan.plans.reading.furniture import is_furniture
from bihuan.plans.reading.mapped import Edit, Mapped
from bihuan.plans.reading.traditional import simplify
from bihuan.plans.tests import sample


def origin(source, printed):
    """The characters of the original that a stretch of the text stands for."""
    at = source.text.index(printed)
    return source.to_original(Span(at, at + len(printed))).of(source.original)


def dropped(source):
    return [(part.span.of(source.original), part.kind) for part in source.noise]


def test_blanks_and_repeated_titles_are_recorded():
    source = read_document("\n  云溪市检查工作方案  \n云溪市检查工作方案\n\n一、任务  甲\n".encode(), "a.txt")
    assert source.text == "云溪市检查工作方案\n一、任务 甲"
    assert ("\n云溪市检查工作方案", "repeat") in dropped(source)
    assert origin(source, "任务 甲") == "任务  甲"


def test_pinyin_notes_lead_back_and_are_kept_as_noise():
    text = "區(qū)局開(kāi)展檢(jiǎn)查，報(bào)送結(jié)果。"
    source = read_document(text.encode(), "a.txt")
    assert source.text == "区局开展检查，报送结果。"
    assert origin(source, "开展") == "開(kāi)展"
    assert dropped(source)[0] == ("(qū)", "pinyin")


def test_brackets_with_plain_letters_are_no_pinyin():
    text = "一、整治瓶装液化石油气(LPG)。采用北斗(BDS)定位。"
    assert read_document(text.encode(), "a.txt").text == text


@pytest.mark.parametrize(
    ("traditional", "simplified"),
    [
        ("為規範安全生產監督檢查，責令限期整改。", "为规范安全生产监督检查，责令限期整改。"),
        (
            "乾隆年間的古建築應保持乾燥，電氣線路著火須立即報警。",
            "乾隆年间的古建筑应保持干燥，电气线路着火须立即报警。",
        ),
        ("衞生啓動綫路裏面羣眾", "卫生启动线路里面群众"),
    ],
)
def test_traditional_text_is_simplified_character_by_character(traditional, simplified):
    assert simplify(traditional) == simplified


def test_a_single_traditional_character_does_not_make_a_text_traditional():
    text = "一、任务\n由于乾元街道於姓居民较多，检查组分两路开展工作，逐户登记，做到一户一档、一企一策。"
    assert read_document(text.encode(), "a.txt").text == text


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="產責實乾著後髮發裡麵台檯\n a，。", max_size=60))
def test_simplifying_keeps_every_place(text):
    simple = simplify(text)
    assert len(simple) == len(text)
    assert [i for i, c in enumerate(simple) if c == "\n"] == [i for i, c in enumerate(text) if c == "\n"]


def test_full_width_digits_are_read_and_punctuation_stays_as_printed():
    text = "一、检查\n１.２０３１年４月３０日前完成自查,覆盖率达到９５％（市局负责）。"
    plan = compile_plan(text.encode(), "a.txt")
    assert plan.source.text == "一、检查\n1.2031年4月30日前完成自查,覆盖率达到95％（市局负责）。"
    assert str(plan.tasks[0].due) == "2031-04-30"
    assert origin(plan.source, "2031年") == "２０３１年"


def test_radicals_of_a_pdf_become_characters():
    assert read_document("⼀、⼯作⽬标".encode(), "a.txt").text == "一、工作目标"


def test_lost_characters_are_flagged_and_boxes_to_tick_are_not():
    source = read_document(
        "一、排查\n1.查厂房□险和\ufffd\ufffd设施。\n2.是否合格：□是 □否\n".encode(), "a.txt"
    )
    assert [flag.span.of(source.text) for flag in source.flags] == ["□", "\ufffd\ufffd"]
    assert {flag.kind for flag in source.flags} == {"lost"}
    assert source.notices == ["有 2 处文字在原文件中已损坏（显示为方框或问号），无法恢复，请对照原件核对。"]


@pytest.mark.parametrize(
    "line",
    [
        "【字体：大 中 小】", "【打印文本】", "打印 | 关闭窗口", "责任编辑：某某", "扫一扫在手机打开当前页", "- 下一篇：某市经济发展报告", "浏览次数： 128 次",
        "首页 > 政务公开 > 文件", "您当前的位置：首页", "版权所有：云溪市某网站", "预览阅读已结束，若需要全文请联系", "请点击👉 某某 👈联系老师",
        "来源：网络整理 免责声明：本文仅限学习分享，如产生版权问题，请联系我们及时删除。", "导语：本文来源于网友上传，不代表本站观点，若需要可咨询客服。",
        "Copyright © 2031 某网站 All Rights Reserved", "相关推荐：", "上一页", "A+ A-",
    ],
)  # fmt: skip
def test_lines_of_a_web_page_are_furniture(line):
    assert is_furniture(line)


PLAN_SENTENCES = [
    *sample.PARAGRAPHS,
    "来源：云溪市应急管理局", "发布机构：云溪市安委会", "索引号：539700/2031-00017", "时间：2031-03-06", "附件：1.检查表", "联系人：某某，联系电话：19900001111",
    "提示：对瓶装液化石油气用户逐户提示风险。", "打印店、复印店逐户检查。", "分享典型经验。", "收藏品市场由市文旅局负责。", "返回岗位前须重新培训。",
    "声明：各单位须签订承诺书。", "相关文件由各部门自行印发。", "位置图由市自然资源和规划局负责。", "审核把关。", "编辑印发《安全生产应知应会手册》。", "前言",
    "登录系统填报检查结果。", "关闭", "一、登录情况", "关闭取缔非法窝点。", "点击率", "（此件公开发布）", "扫码登记。", "未经许可不得动火。", "转载危险货物须办理手续。",
]  # fmt: skip


@pytest.mark.parametrize("line", [line for line in PLAN_SENTENCES if line not in ("关闭", "点击率")])
def test_a_sentence_of_a_plan_is_never_furniture(line):
    assert not is_furniture(line)


def test_a_line_of_breaks_beyond_the_newline_is_divided():
    assert read_document("一、任务\r\n1.查证照。\u20282.查人员。\r3.查现场。".encode(), "a.txt").text == (
        "一、任务\n1.查证照。\n2.查人员。\n3.查现场。"
    )


RUN_ON = "".join(sample.PARAGRAPHS[2:])


def test_text_without_breaks_is_divided_at_its_headings_and_items():
    body = sample.TEXT[sample.TEXT.index("一、总体要求") : sample.TEXT.index("附件：")]
    source = read_document(body.replace("\n", "").encode(), "a.txt")
    lines = source.text.split("\n")
    assert "一、总体要求" in lines
    assert "（一）压实出租方和承租方责任" in lines
    assert sum(line.startswith(tuple(f"{n}." for n in range(1, 16))) for line in lines) == 18
    assert source.text.replace("\n", "") == body.replace("\n", "")
    assert "分段" in source.notices[0]


def test_divided_text_gives_the_tasks_of_the_printed_one():
    body = sample.TEXT[sample.TEXT.index("一、总体要求") : sample.TEXT.index("附件：")]
    printed, run_on = (
        compile_plan(body.encode(), "a.txt"),
        compile_plan(body.replace("\n", "").encode(), "b.txt"),
    )
    assert [task.no for task in run_on.tasks] == [task.no for task in printed.tasks]
    assert [task.lead for task in run_on.tasks] == [task.lead for task in printed.tasks]


def test_paragraphs_of_ordinary_length_are_left_alone():
    assert len(read_document(sample.as_text(), "a.txt").text.split("\n")) == len(sample.PARAGRAPHS)


ODDITIES = st.sampled_from(
    ["一、", "（二）", "任务", "市局負責檢查", "(qū)", "\n", "\r\n", " ", "\u3000\u3000", "１２月", "□", "\ufffd", "。ㄋ模┓e", "?！笆濉睍r", "責任", "產業",
     "【打印文本】", "\n责任编辑：某某\n", "\u200b", "\ue012", "⼀", "；", "\x00", "云溪市安全生产工作方案\n"]
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(ODDITIES, max_size=40).map("".join))
def test_every_character_of_the_original_is_shown_or_recorded(original):
    mapped, flags, _ = clean(Mapped.of(original))
    covered = [False] * len(original)
    for start, end in [
        *zip(mapped.starts, mapped.ends, strict=True),
        *(part.span for part in mapped.dropped),
    ]:
        covered[start:end] = [True] * (end - start)
    assert all(covered)
    assert len(mapped.starts) == len(mapped.ends) == len(mapped.text)
    assert all(0 <= flag.span.start < flag.span.end <= len(mapped.text) for flag in flags)
    assert "\n\n" not in mapped.text
    assert list(mapped.starts) == sorted(mapped.starts)


def test_a_place_of_the_original_is_found_in_the_text():
    mapped = Mapped.of("甲(qū)乙丙丁").edited(
        [Edit(1, 5, "", "pinyin"), Edit(6, 8, "换了三字"), Edit(8, 8, "\n")]
    )
    assert mapped.text == "甲乙换了三字\n"
    assert mapped.from_original(Span(5, 6)) == Span(1, 2)
    assert mapped.from_original(Span(1, 5)) == Span(1, 1)
    assert mapped.from_original(Span(6, 8)) == Span(2, 6)
