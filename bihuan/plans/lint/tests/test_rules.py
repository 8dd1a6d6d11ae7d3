"""Checks the clean plan cannot show: what must be found in other plans, and what must not be mistaken for a defect."""

from datetime import date

import pytest

from bihuan.plans import compile_text
from bihuan.plans.lint import LINT_RULES, lint
from bihuan.plans.lint.names import abbreviates, complete, identity, same_unit
from bihuan.plans.lint.numbering import like, numeral

END = "\n云溪市安全生产委员会办公室\n2031年3月6日"


def codes(text: str, **options: date) -> list[str]:
    return [finding.code for finding in lint(compile_text(text), **options)]


def quotes(text: str, code: str) -> list[str]:
    return [f.span.of(text) for f in lint(compile_text(text)) if f.code == code]


def test_every_rule_has_a_chinese_title_a_reason_and_a_source():
    for code, rule in LINT_RULES.items():
        assert rule.title, code
        assert rule.why.endswith("。"), code
        assert rule.source, code


# Numbers


def test_numbers_may_run_on_through_groups_and_sections():
    text = "一、甲类任务\n（一）一组\n1.做一。\n2.做二。\n（二）二组\n3.做三。\n二、乙类任务\n（一）三组\n4.做四。\n5.做五。"
    assert not {"number.missing", "number.duplicate"} & set(codes(text))


def test_numbers_may_begin_again_below_a_subheading():
    text = "一、任务\n经营环节：\n1.查许可。\n2.查人员。\n充装环节：\n1.查气瓶。\n2.查记录。"
    assert "number.duplicate" not in codes(text)


def test_announced_number_of_items():
    text = "一、任务\n重点抓好以下五项工作：\n1.排查隐患。\n2.整改隐患。\n3.总结经验。\n二、要求\n无。"
    assert quotes(text, "number.count") == ["以下五项工作"]
    assert "number.count" not in codes(text.replace("五项", "三项"))


def test_a_number_printed_inside_a_line_is_not_missing():
    text = "一、任务\n1.排查隐患。 2.整改隐患，逐一销号。\n3.总结经验。"
    assert "number.missing" not in codes(text)


@pytest.mark.parametrize(
    ("printed", "number", "written"),
    [
        ("（二）", 3, "（三）"),
        ("9.", 10, "10."),
        ("九、", 10, "十、"),
        ("①", 2, "②"),
        ("十九、", 20, "二十、"),
    ],
)
def test_enumerators_are_written_alike(printed, number, written):
    assert like(printed, number) == written


def test_numerals():
    assert [numeral(n) for n in (1, 10, 11, 20, 35)] == ["一", "十", "十一", "二十", "三十五"]


# Dates and phases


def test_29_february_needs_its_year():
    assert quotes("一、任务\n1.于2031年2月29日前完成。", "date.impossible") == ["2031年2月29日"]
    assert "date.impossible" not in codes("一、任务\n1.于2032年2月29日前完成。")
    assert "date.impossible" not in codes("一、任务\n1.于2月29日前完成。")
    assert quotes("一、任务\n1.于13月1日前完成。", "date.impossible") == ["13月1日"]


def test_dates_without_any_year():
    text = "一、任务\n1.自查自改，4月15日前完成。\n2.检查验收，5月底前完成。"
    assert quotes(text, "date.no_year") == ["4月15日"]
    assert "date.no_year" not in codes(text + END)


def test_a_draft_is_past_from_the_day_given():
    text = "一、任务\n1.登记造册，2031年4月15日前完成。"
    assert "date.past" not in codes(text)
    assert "date.past" in codes(text, today=date(2031, 5, 1))
    assert "date.past" not in codes(text, today=date(2031, 4, 1))


def test_the_past_of_buildings_is_no_deadline():
    text = "一、任务\n1.对2030年底前建成的老旧小区逐栋排查，建立台账。" + END
    assert "date.past" not in codes(text)


PHASES = (
    "一、时间安排\n（一）自查阶段（{}）。{}\n（二）检查阶段（{}）。组织检查。\n二、要求\n（一）抓落实。" + END
)


@pytest.mark.parametrize(
    ("first", "words", "second", "expected"),
    [
        ("2031年4月", "开展自查。", "2031年5月至6月", set()),
        ("3月6日-31日", "开展自查。", "4月1日-5月10日", set()),
        ("2031年4月", "开展自查。", "2031年4月至6月", {"phase.overlap"}),
        ("2031年4月1日至4月20日", "开展自查。", "2031年4月20日至5月31日", {"phase.overlap"}),
        ("2031年4月", "开展自查。", "2031年6月", {"phase.gap"}),
        ("2031年11月至12月", "开展自查。", "2032年1月至2月", set()),
        ("2031年11月至12月", "开展自查。", "1月至2月", set()),
        ("4月16日-20日", "自即日起，集中10天的时间开展自查。", "4月21日-30日", {"phase.length"}),
        ("2031年4月至7月", "用3个月左右时间开展自查。", "2031年8月", {"phase.length"}),
        ("2031年4月至10月", "再用半年左右时间开展自查。", "2031年11月", set()),
        ("2031年4月至6月", "开展为期三天的集中培训。", "2031年7月", set()),
        ("2031年4月至6月", "开展为期三个月的自查。", "2031年7月", set()),
        ("2031年4月至6月", "每月用2天时间开展自查。", "2031年7月", set()),
        ("2031年1月至3月", "开展自查。", "2031年4月", {"phase.begun"}),
        ("2031年3月至4月", "开展自查。", "2031年5月", set()),
        ("4月20日-16日", "开展自查。", "4月21日-30日", {"phase.reversed"}),
    ],
)
def test_phases(first, words, second, expected):
    found = set(codes(PHASES.format(first, words, second)))
    assert {code for code in found if code.startswith("phase.")} == expected


def test_title_that_miscounts_its_years():
    text = "云溪市安全生产治本攻坚三年行动方案（2031-2032年）\n一、任务\n1.排查。\n2.整改。" + END
    assert "phase.length" in codes(text)
    assert "phase.length" not in codes(text.replace("2032", "2033"))


def test_office_corrections_count_more_than_the_print():
    from dataclasses import replace

    text = PHASES.format("2031年4月", "开展自查。", "2031年4月至6月")
    plan = compile_text(text)
    corrected = replace(plan.phases[1], start=date(2031, 5, 1), end=date(2031, 6, 30))
    assert "phase.overlap" not in {f.code for f in lint(replace(plan, phases=[plan.phases[0], corrected]))}
    added = replace(
        plan.phases[1],
        start=date(2031, 4, 20),
        end=date(2031, 6, 30),
        span=plan.phases[0].span,
        field_spans={},
    )
    assert "phase.overlap" in {f.code for f in lint(replace(plan, phases=[plan.phases[0], added]))}


# Bodies and units

BODY = (
    "一、组织领导\n成立由市政府分管领导任组长，市应急局、市公安局、市教育局、市财政局负责同志为成员的专项整治领导小组。"
    "领导小组办公室设在市应急局，办公室主任由市应急局局长兼任。\n二、部门分工\n{}"
)


def test_shortened_and_full_names_are_one_member():
    text = BODY.format(
        "市应急管理局负责综合协调。\n公安部门负责社会面管控。\n市教育局负责校园安全。\n市财政局负责经费。"
    )
    assert not {"body.outsider", "body.idle_member"} & set(codes(text))


def test_outsider_and_idle_member():
    text = BODY.format(
        "市应急局负责综合协调。\n市公安局负责社会面管控。\n市教育局负责校园安全。\n市商务局负责商场。"
    )
    assert quotes(text, "body.outsider") == ["市商务局"]
    assert quotes(text, "body.idle_member") == ["市财政局"]


def test_other_members_by_a_sentence_are_not_idle():
    text = BODY.format(
        "市应急局负责综合协调。\n市公安局负责社会面管控。\n市教育局负责校园安全。\n其他成员单位按照职责做好工作。"
    )
    assert "body.idle_member" not in codes(text)


def test_bodies_of_others_need_no_composition():
    text = "一、要求\n（一）各县（区）要相应成立领导小组，抓好落实。\n（二）督促企业成立安全生产领导小组。\n（三）抓宣传。"
    assert "body.not_composed" not in codes(text)
    assert "body.not_composed" in codes("一、要求\n（一）成立专项整治领导小组，统筹推进。\n（二）抓宣传。")


def test_a_body_composed_in_an_annex_is_composed():
    text = (
        "一、要求\n（一）成立专项整治工作专班（名单见附件），统筹推进。\n（二）抓宣传。\n附件：专项整治工作专班名单\n"
        "附件\n专项整治工作专班名单\n组长：市应急局局长\n成员：市公安局副局长、市教育局副局长"
    )
    assert "body.not_composed" not in codes(text)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("市住建局", "市住房和城乡建设局", True),
        ("市住房城乡建设局", "市住建局", True),
        ("公安", "市公安局", True),
        ("市应急局局长", "市应急管理局", True),
        ("宣传部", "市委宣传部", True),
        ("团市委", "共青团云溪市委", True),
        ("市应急局", "县应急局", False),
        ("市商务局", "市财政局", False),
        ("市水利局", "市水务局", False),
        ("白塔镇", "青塔镇", False),
    ],
)
def test_same_unit(one, other, same):
    assert same_unit(one, other) is same


def test_names():
    assert identity("市市场监管局") == ("市", "市场监督管理")
    assert complete("市卫生健") == "市卫生健康局"
    assert complete("市发展和改") == "市发展和改革局"
    assert complete("市某某") == ""
    assert abbreviates("住建", "住房和城乡建设")
    assert not abbreviates("建住", "住房和城乡建设")


def test_lists_that_shorten_every_name_are_not_truncated():
    text = "一、要求\n（一）成立由市长任组长，市环保、宣传、发改、住建、公安等部门负责人为成员的整治领导小组。\n（二）抓宣传。"
    assert "text.truncated" not in codes(text)


# Tasks, targets, demands


def test_plan_without_owners_dates_or_numbers():
    text = (
        "关于开展商场安全整治的方案\n一、工作目标\n坚决防范事故，切实提升全市商场安全管理水平，推动安全形势持续稳定向好。\n二、主要任务\n"
        "1.排查风险。全面排查风险。\n2.整治隐患。集中整治隐患。\n三、要求\n制定实施方案，明确时间表、路线图和责任人。"
        + END
    )
    found = codes(text)
    assert quotes(text, "plan.no_timetable") == ["时间表、路线图和责任人"]
    assert found.count("task.no_unit") == found.count("task.no_deadline") == 1
    assert quotes(text, "target.qualitative") == ["一、工作目标"]


def test_directives_name_who_is_to_act():
    text = (
        "一、任务\n1.自查自改。各企业要对照清单自查。\n2.检查。县（区）应急部门要逐家检查。\n3.公示。市应急局负责公示。"
        + END
    )
    assert "task.no_unit" not in codes(text)


def test_full_coverage_of_an_unknown_total():
    text = (
        "一、工作目标\n到2031年底，整治实现全覆盖，火灾起数明显下降，群众满意度明显提高。\n二、任务\n1.整治。\n2.宣传。"
        + END
    )
    assert quotes(text, "target.no_base") == ["全覆盖"]
    assert "target.no_base" not in codes(text.replace("1.整治。", "1.摸清底数。"))


def test_targets_of_different_years_do_not_contradict():
    text = (
        "一、工作目标\n到2031年底从业人员持证上岗率达到90%，到2032年底从业人员持证上岗率达到100%。\n二、任务\n1.培训。\n2.考核。"
        + END
    )
    assert "target.contradiction" not in codes(text)


def test_order_of_names_can_say_who_leads():
    text = "一、任务\n1.查商场。（市商务局、市应急局按职责分工负责）\n2.查学校。（市教育局、市应急局牵头）\n"
    assert {"task.no_lead", "task.two_leads"} <= set(codes(text))
    ordered = text + "以上任务列第一位的为牵头单位。"
    assert not {"task.no_lead", "task.two_leads"} & set(codes(ordered))


# Reports


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("各单位要定期报送工作进展。", {"report.no_day"}),
        ("各单位要及时将工作进展报送市应急局。", {"report.no_day"}),
        ("发生事故的，要及时报告市应急局。", set()),
        ("及时报送事故信息。", set()),
        ("各单位要定期报送工作进展，每月25日前报市应急局。", set()),
        ("各单位每月向市应急局报送进展。", {"report.no_day"}),
        ("各单位每月25日前向市应急局报送进展。", set()),
        ("各单位每周五前将进展报送市应急局。", set()),
        ("各单位2031年4月20日前报送实施方案。", {"report.no_receiver"}),
        ("各单位2031年4月20日前将实施方案报市安委会办公室。", set()),
    ],
)
def test_reports(sentence, expected):
    text = f"一、任务\n1.排查。\n2.整改。（市应急局负责）\n二、要求\n（一）抓落实。\n（二）{sentence}" + END
    assert {code for code in codes(text) if code.startswith("report.")} == expected


# Text and form


def test_enumerators_and_apostrophes_are_no_brackets():
    text = "一、任务\n1）排查。\n2）整改。Let’s go。\n3）总结（含附表)。"
    assert "text.bracket" not in codes(text)


def test_many_lonely_brackets_are_one_finding():
    text = "一、任务\n" + "\n".join(f"{n}.排查（第{n}轮。" for n in range(1, 9))
    assert codes(text).count("text.bracket") == 1


def test_abbreviation_for_one_thing_twice():
    text = "一、任务\n1.成立专项检查组（以下简称检查组）。\n2.派出专项检查组（以下简称督查组）。\n3.总结。"
    assert quotes(text, "term.abbreviation") == ["督查组"]


def test_old_department_names():
    assert quotes("一、任务\n1.市安监局负责检查。\n2.市应急局负责执法。", "term.renamed") == ["市安监局"]
    assert "term.renamed" not in codes("一、任务\n1.市安监局负责检查。\n2.市质监局负责执法。")
    assert "term.renamed" not in codes("一、任务\n1.原市安监局负责的工作。\n2.市应急局负责执法。")
    assert "term.renamed" in codes("一、任务\n1.市安监局负责检查。\n2.抓落实。" + END)


def test_full_name_with_place_is_no_second_way_of_writing():
    text = "云溪市燃气安全整治方案\n一、任务\n1.市应急局负责检查。\n2.报云溪市应急管理局备案。" + END
    assert "term.unit_names" not in codes(text)


def test_title_without_kind_and_document_without_signature():
    text = "关于开展商场安全专项整治\n一、任务\n1.排查。\n2.整改。"
    assert {"form.title", "form.signature"} <= set(codes(text))
    assert "form.title" not in codes("关于开展商场安全专项整治的通知\n一、任务\n1.排查。\n2.整改。")


def test_numbers_with_one_blemish_are_one_finding():
    text = "根据云安办[2030]5号、云政办[2030]6号文件，制定本方案。\n一、任务\n1.排查。\n2.整改。"
    assert quotes(text, "form.number") == ["云安办[2030]5号"]


def test_members_named_as_persons_stand_for_their_units():
    people = "组长：周某 副市长\n成员：李某 市应急局局长\n王某 市公安局副局长\n赵某 市教育局局长\n"
    text = (
        "一、任务\n1.查一。（市应急局牵头，市公安局按职责分工负责）\n2.查二。（市教育局负责）\n3.查三。（市商务局负责）\n"
        "二、领导机构\n成立专项整治领导小组，名单见附件。\n附件：专项整治领导小组名单\n附件\n专项整治领导小组名单\n"
        + people
    )
    assert quotes(text, "body.outsider") == ["市商务局"]


def test_general_names_are_no_outsiders():
    text = BODY.format(
        "市应急局负责综合协调。\n市直有关部门负责本系统。\n行业主管部门负责监管。\n市公安局、市教育局、市财政局负责配合。"
    )
    assert "body.outsider" not in codes(text)


def test_decimal_numbers_have_families_of_their_own():
    text = "1 目标\n2 组织\n2.1 机构\n2.2 职责\n3 安排\n3.1 自查\n3.2 检查\n4 要求\n4.1 报送\n4.2 考核"
    assert not {"number.missing", "number.duplicate", "number.style"} & set(codes(text))
    assert like("2.1", 3) == "2.3"


def test_lists_of_what_to_look_for_are_no_tasks():
    text = (
        "一、检查内容\n（一）制度。是否建立审批制度。\n（二）台账。重点检查是否如实登记。\n二、要求\n（一）抓落实。"
        + END
    )
    assert not {"task.no_unit", "task.no_deadline"} & set(codes(text))


def test_an_office_that_is_only_spoken_of():
    text = (
        "一、要求\n（一）成立由市长任组长，市公安局、市应急局负责同志为成员的专项整治领导小组。\n"
        "（二）各县（区）每月25日前向领导小组办公室报送进展。"
    )
    assert quotes(text, "body.no_office") == ["领导小组办公室"]
    assert "body.no_office" not in codes(text + "办公室设在市应急局，市应急局局长兼任办公室主任。")


def test_weekday_without_brackets():
    text = "一、任务\n1.排查，2031年4月15日星期一前完成。\n2.整改。" + END
    assert quotes(text, "date.weekday") == ["2031年4月15日星期一"]
    assert "date.weekday" not in codes(text.replace("星期一", "星期二"))


def test_members_joined_by_and_are_both_members():
    text = (
        "一、任务分工\n（一）区应急局：负责牵头。\n（二）区经发局：负责技改。\n（三）区市场监管分局：负责特种设备。\n二、要求\n"
        "（一）成立由管委会副主任任组长，区应急局、区经发局、区市场监管分局主要负责人和各镇街分管负责人为成员的整治领导小组。\n（二）抓宣传。"
    )
    assert not {"body.outsider", "body.idle_member"} & set(codes(text))


def test_two_charges_in_one_item_are_no_shared_charge():
    text = (
        "一、任务\n（一）加强领导。市安委会负责组织领导，市应急局负责日常工作。\n（二）查学校。（市教育局负责）"
        + END
    )
    assert "task.no_lead" not in codes(text)


def test_township_desks():
    text = (
        "一、组织机构\n成立由镇长任指挥长，派出所、林业站、财政所、应急办负责人为成员的森林防灭火指挥部。指挥部下设办公室在应急办，由应急办主任兼任主任。\n"
        "二、任务\n（一）排查。林业站牵头，11月10日前完成。\n（二）队伍。应急办组建扑火队，12月15日前完成。\n（三）物资。财政所保障经费，12月底前完成。\n（四）宣传。派出所做好宣传，12月底前完成。"
        + END
    )
    assert not {"body.idle_member", "body.no_office", "task.no_unit"} & set(codes(text))
