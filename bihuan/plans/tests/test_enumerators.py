"""Every printed form of numbering, and numbers that head nothing."""

import pytest

from bihuan.plans import compile_text
from bihuan.plans.enumerators import find_enumerators
from bihuan.plans.outline import build_outline
from bihuan.plans.tests.patience import patience


def paths(text):
    return [node.path for node in build_outline(text).walk()]


def sections(text):
    return [s.title for s in compile_text(text).sections]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("第一章 总则\n第一条 为加强管理，制定本办法。\n第二章 检查\n第二条 检查分两类。", ["第一章", "第一章/第一条", "第二章", "第二章/第二条"]),
        ("第一部分 总体要求\n一、目标\n减少事故。\n第二部分 任务\n一、排查\n1.查企业。\n二、整改\n1.改问题。",
         ["第一部分", "第一部分/一", "第二部分", "第二部分/一", "第二部分/一/1", "第二部分/二", "第二部分/二/1"]),
        ("第一章 总则\n第一节 目的\n一、防范事故。\n第二节 依据\n一、有关规定。\n第二章 任务\n第一节 排查\n一、查企业。",
         ["第一章", "第一章/第一节", "第一章/第一节/一", "第一章/第二节", "第一章/第二节/一", "第二章", "第二章/第一节", "第二章/第一节/一"]),
        ("1 总则\n1.1 目的\n防范事故。\n1.2 范围\n全市。\n2 任务\n2.1 排查\n2.1.1 查企业。\n2.1.2 查场所。",
         ["1", "1/1.1", "1/1.2", "2", "2/2.1", "2/2.1/2.1.1", "2/2.1/2.1.2"]),
        ("一．任务\n１．查企业。\n２．查场所。\n二．要求\n１．负责到底。", ["一", "一/１", "一/２", "二", "二/１"]),
        ("一、任务\n㈠查企业。\n㈡查场所。", ["一", "一/㈠", "一/㈡"]),
        ("一、任务\n⒈查企业。\n⑴查证照。\n⑵查现场。\n⒉查场所。", ["一", "一/⒈", "一/⒈/⑴", "一/⒈/⑵", "一/⒉"]),
        ("一、任务\n1、查企业。\n1）查证照。\n2）查现场。\n2、查场所。", ["一", "一/1", "一/1/1", "一/1/2", "一/2"]),
        ("一、任务\n(一 )查企业。\n（ 二）查场所。", ["一", "一/(一)", "一/（二）"]),
        ("一、任务\n（一）、查企业。\n（二）、查场所。\n（1)、查证照。", ["一", "一/（一）", "一/（二）", "一/（二）/（1)"]),
        ("一：任务\n1:查企业。\n2:查场所。\n二：要求\n1:负责到底。", ["一", "一/1", "一/2", "二", "二/1"]),
        ("Ⅰ、任务\n1.查企业。\nⅡ、要求\n1.负责到底。", ["Ⅰ", "Ⅰ/1", "Ⅱ", "Ⅱ/1"]),
        ("一、任务\n❶查企业。\n❷查场所。", ["一", "一/❶", "一/❷"]),
        ("一、任务\n1.查企业。\na.查证照。\nb.查现场。\n2.查场所。", ["一", "一/1", "一/1/a", "一/1/b", "一/2"]),
        ("一、任务\n■ 查企业。\n■ 查场所。\n二、要求\n1.负责到底。", ["一", "一/", "一/", "二", "二/1"]),
        ("一、任务\n（一）打击违法\n——打击非法生产。\n——打击非法运输。\n（二）加强值守", ["一", "一/（一）", "一/（一）/", "一/（一）/", "一/（二）"]),
        ("一、任务\n- 查企业。\n- 查场所。", ["一", "一/", "一/"]),
        ("一、任务\n【查企业】核对证照。\n【查场所】核对设施。", ["一", "一/", "一/"]),
        ("一、任务\n（一）查企业。\n1.证照。\n2.现场。\n（二）查场所。\n3.设施。\n4.人员。",
         ["一", "一/（一）", "一/（一）/1", "一/（一）/2", "一/（二）", "一/（二）/3", "一/（二）/4"]),
        ("一、2031年工作任务\n1.2031年底前建成平台。\n2.查场所。", ["一", "一/1", "一/2"]),
        ("（二）查场所。\n（三）查人员。\n五、保障措施\n（一）加强领导。", ["（二）", "（三）", "五", "五/（一）"]),
        ("[接上页] （五）报告工作。 六、时间安排 （一）动员（5月） 各县部署。 （二）总结（6月） 各县总结。",
         ["（五）", "六", "六/（一）", "六/（二）"]),
    ],
)  # fmt: skip
def test_forms_of_numbering(text, expected):
    assert paths(text) == expected


@pytest.mark.parametrize(
    "sentence",
    [
        "按照第2、3项要求办理。",
        "软管长度1.5米，检查3、4号楼。",
        "依据附件1、2和表3.1执行。",
        "一、二级企业每年检查1次。",
        "执行《规定》第（三）项、第（四）项。",
        "一是摸清底数，二是限期整改，三是严格执法。",
        "2.5米以内不得堆放。",
        "联系电话：0000-1234567、7654321。",
    ],
)
def test_numbers_that_head_nothing(sentence):
    assert paths(f"一、主要任务\n1.查企业。{sentence}\n2.查场所。") == ["一", "一/1", "一/2"]


def test_sections_that_print_no_number():
    text = "云溪市粉尘涉爆专项整治方案\n工作目标\n减少事故。\n主要任务\n1.查除尘。\n2.查清扫。\n工作要求\n1.按时完成。"
    assert sections(text) == ["工作目标", "主要任务", "工作要求"]
    assert [t.no for t in compile_text(text).tasks] == ["/1", "/2", "/1"]


def test_a_section_whose_number_is_lost():
    text = "一、工作目标\n减少事故。\n主要任务\n1.查除尘。\n三、工作要求\n1.按时完成。"
    assert sections(text) == ["工作目标", "主要任务", "工作要求"]


def test_items_at_the_top_of_a_document_are_its_sections_when_they_are_headings():
    text = "关于做好检查的通知\n1.明确任务。各单位细化措施。\n2.统筹协调。各单位加强配合。\n3.狠抓落实。按月通报。"
    plan = compile_text(text)
    assert [s.title for s in plan.sections] == ["明确任务", "统筹协调", "狠抓落实"]
    assert [t.no for t in plan.tasks] == ["1", "2", "3"]


def test_titles_glued_to_their_text():
    text = "云溪公司检查方案各部门：制定本方案。一、组织机构成立领导小组，组长：总经理。二、工作时间即日起至9月30日。三、检查内容（一）查设备。（二）查人员。"
    assert sections(text) == ["组织机构", "工作时间", "检查内容"]


def test_an_annex_line_ends_the_plan_wherever_it_stands():
    text = "一、任务\n1.查企业。\n二、要求\n1.按时完成。\n附件1\n检查表\n三、基本情况\n1.名称"
    assert paths(text) == ["一", "一/1", "二", "二/1"]


def test_paragraphs_set_apart_by_labels_are_items():
    text = "一、整治重点\n违规动火：未办理审批的，停止作业。\n违规储存：超量储存的，限期清理。\n二、工作要求\n各单位要高度重视。\n按月报送进展情况。"
    assert [(t.no, t.heading) for t in compile_text(text).tasks] == [("一/", "违规动火"), ("一/", "违规储存")]


def test_facts_about_the_campaign_are_no_tasks():
    text = (
        "一、总体安排\n（一）整治时间。2031年8月至12月。\n（二）整治区域。城乡结合部。\n（三）检查方式。随机抽查企业。\n"
        "二、领导小组\n组长：局长，副组长：副局长，成员：各科室负责人。\n三、检查内容\n消防安全、用电安全、食品安全等八项。"
    )
    assert [t.heading for t in compile_text(text).tasks] == ["检查方式"]


def test_a_goal_that_prints_who_is_responsible_is_work():
    text = (
        "一、工作目标\n1.隐患整改率达到98%。\n责任单位：市应急局\n2.事故起数下降10%。\n二、任务\n1.查企业。"
    )
    assert [t.no for t in compile_text(text).tasks] == ["一/1", "二/1"]


def test_what_only_reports_orders_nothing():
    text = "一、2030年工作基本情况\n1.企业共有30家。\n二、存在问题\n1.制度不健全。\n三、检查内容\n1.制度建立情况。\n2.工作开展情况。"
    assert [t.no for t in compile_text(text).tasks] == ["三/1", "三/2"]


@pytest.mark.slow
def test_the_outline_of_a_megabyte_comes_to_an_end():
    # Looking at every line again for every line would take hours here.
    checks = "\n".join(f"（{number}）检查第{number}类企业，逐户登记，逐项核对。" for number in range(1, 51))
    tasks = "\n".join(f"{number}.开展排查。\n{checks}" for number in range(1, 51))
    text = "\n".join(f"{numeral}、主要任务\n{tasks}" for numeral in "一二三四五六七八九十")
    with patience(60):
        outline = build_outline(text)
    assert len(list(outline.walk())) == 10 + 10 * 50 + 10 * 50 * 50


@pytest.mark.parametrize(
    "text",
    [
        "01\n工作目标\n减少事故。\n02\n主要任务\n1.查企业。\n03\n工作要求\n1.按时完成。",
        "一\n工作目标\n减少事故。\n二\n主要任务\n1.查企业。\n三\n工作要求\n1.按时完成。",
        "一、\n工作目标\n减少事故。\n二、\n主要任务\n1.查企业。\n三、\n工作要求\n1.按时完成。",
    ],
)
def test_numbers_on_a_line_of_their_own(text):
    assert sections(text) == ["工作目标", "主要任务", "工作要求"]


def test_a_page_out_of_a_longer_document():
    text = "各地逐项自查。（二）集中整治阶段（2031年9月）。全面检查。（三）总结阶段（2031年12月）。形成报告。四、工作要求（一）加强领导。认真部署。（二）强化检查。消除隐患。"
    assert paths(text) == ["（二）", "（三）", "四", "四/（一）", "四/（二）"]


def test_paragraphs_headed_by_a_short_sentence_are_items():
    text = "一、保障措施\n加强组织领导。各单位成立专班推进工作。\n强化督导检查。定期开展督导并通报。\n严格考核问责。结果纳入年度考核。"
    assert [(t.no, t.heading) for t in compile_text(text).tasks] == [
        ("一/", "加强组织领导"),
        ("一/", "强化督导检查"),
        ("一/", "严格考核问责"),
    ]


def test_paragraphs_of_running_text_are_no_items():
    text = (
        "一、工作要求\n加强组织领导。各单位成立专班推进工作。\n整治期间每周调度一次。\n二、任务\n1.查企业。"
    )
    assert [t.no for t in compile_text(text).tasks] == ["二/1"]


def test_words_that_begin_like_a_reference_head_an_item():
    text = "为做好工作，制定本方案。 一、目标要求 消除隐患。 二、条件保障 落实经费。 三、类别划分 分级管理。按照第（三）项、第二、三类场所检查。"
    assert [e.label for e in find_enumerators(text, 0, len(text)) if e.form == "section"] == [
        "一",
        "二",
        "三",
    ]
