"""A whole plan: the same structure from every format, every element anchored in the text."""

import json
from datetime import date

import pytest

from bihuan.plans import RULES, compile_plan, compile_text
from bihuan.plans.tests import sample


@pytest.fixture(scope="module")
def plan():
    return compile_plan(sample.as_text(), "方案.txt")


def facts(plan):
    """The plan as JSON without source kind and places in the file, for comparing formats."""
    values = plan.to_json()
    values["source"].pop("kind")
    values["source"].pop("notices")
    for part in values["parts"]:
        # Where a part stands in the file differs with what else the file holds.
        part.pop("place")
    return values


def test_head(plan):
    assert plan.title.value == "云溪市租赁厂房和仓库安全专项整治工作方案"
    assert plan.issuer.value == "云溪市安全生产委员会办公室"
    assert plan.doc_no.value == "云安办〔2031〕17号"
    assert plan.issued_on == date(2031, 3, 6)
    assert [s.title for s in plan.sections] == [
        "总体要求", "工作目标", "整治范围", "实施步骤", "主要任务", "部门分工", "保障措施",
    ]  # fmt: skip
    assert [s.kind for s in plan.sections] == [
        "introduction",
        "goals",
        "scope",
        "phases",
        "work",
        "duties",
        "work",
    ]


def test_tasks(plan):
    assert [t.no for t in plan.tasks] == [
        "四/（一）", "四/（二）/1", "四/（二）/2", "四/（二）/3", "四/（三）",
        "五/（一）/1", "五/（一）/2", "五/（一）/3", "五/（二）/4", "五/（二）/5", "五/（二）/6", "五/（三）/7", "五/（三）/8",
        "五/（三）/9", "五/（四）/10", "五/（四）/11", "五/（四）/12", "五/（五）/13", "五/（五）/14", "五/（五）/15",
        "七/（一）", "七/（二）", "七/（三）", "七/（四）", "七/（五）",
    ]  # fmt: skip
    by_no = {t.no: t for t in plan.tasks}
    assert by_no["五/（三）/9"].lead == ["市住房和城乡建设局"]
    assert by_no["五/（三）/9"].support == ["各乡镇", "市财政局"]
    assert by_no["五/（三）/9"].due == date(2031, 10, 31)
    assert by_no["五/（三）/7"].support == ["市自然资源和规划局", "市城管局"]
    assert by_no["五/（二）/5"].responsible == ["市消防救援支队", "市公安局"]
    assert by_no["四/（一）"].due == date(2031, 4, 30)


def test_the_blanket_sentence_reaches_the_following_items_of_its_section_only(plan):
    townships = ["各乡镇人民政府", "街道办事处"]
    by_no = {t.no: t for t in plan.tasks}
    assert by_no["五/（一）/1"].support[-2:] == townships
    assert by_no["五/（一）/1"].territorial == []
    assert all(
        t.territorial == townships for t in plan.tasks if t.no.startswith("五/") and t.no != "五/（一）/1"
    )
    assert all(t.territorial == [] for t in plan.tasks if not t.no.startswith("五/"))


def test_check_items(plan):
    (width, exits, blocked) = next(t for t in plan.tasks if t.heading == "查疏散通道").check_items
    assert (width.criterion, exits.criterion, blocked.criterion) == ("净宽小于1.1米", "数量少于2个", "")
    assert width.dispositions == ["限期改正"]
    assert blocked.text == "占用、堵塞、封闭疏散通道"
    assert blocked.dispositions == ["立即改正", "限期拆除"]


def test_other_elements(plan):
    assert [(p.name, p.end) for p in plan.phases] == [
        ("动员摸底阶段", date(2031, 4, 30)),
        ("集中整治阶段", date(2031, 10, 31)),
        ("巩固提升阶段", None),
    ]
    assert [(r.who, r.to, r.when, r.rrule) for r in plan.reports] == [
        ("各县（区）安委会", "市安委会办公室", "2031年4月25日前", ""),
        ("各成员单位", "市安委会办公室", "每月25日前", "FREQ=MONTHLY;BYMONTHDAY=25"),
        ("各成员单位", "市安委会办公室", "每季度末5日内", "FREQ=YEARLY;BYMONTH=1,4,7,10;BYMONTHDAY=5"),
    ]
    assert [t.text for t in plan.targets] == [
        "租赁厂房建档率达到100%",
        "出租方与承租方安全管理协议签订率不低于98%",
        "培育示范园区20个",
        "每个园区至少配备2名",
    ]
    assert [d.unit for d in plan.duties] == ["市应急局", "市消防救援支队", "市公安局", "市财政局"]
    group, office = plan.bodies
    assert group.name == "云溪市租赁厂房和仓库安全专项整治领导小组"
    assert group.head == ["市政府常务副市长"]
    assert group.deputies == ["市应急局局长", "市消防救援支队支队长"]
    assert office.head == ["市应急局局长"]


def test_every_value_stands_where_its_span_says(plan):
    text = plan.source.text
    assert plan.title.span.of(text) == plan.title.value
    for task in plan.tasks:
        assert task.span.of(text).endswith(task.text)
        for role in ("lead", "support", "responsible"):
            printed = [span.of(text) for span in task.field_spans.get(role, [])]
            assert printed == getattr(task, role)
        for item in task.check_items:
            assert item.span.of(text) == item.text
    for report in plan.reports:
        assert report.field_spans["when"][0].of(text) == report.when
    for duty in plan.duties:
        assert duty.field_spans["unit"][0].of(text) == duty.unit
    for target in plan.targets:
        assert target.span.of(text) == target.text


def test_every_rule_is_described_and_every_confidence_is_a_share(plan):
    elements = [
        *plan.sections,
        *plan.phases,
        *plan.tasks,
        *plan.duties,
        *plan.reports,
        *plan.targets,
        *plan.bodies,
    ]
    assert {e.rule for e in elements} | {t.unit_rule for t in plan.tasks} - {""} <= set(RULES)
    assert all(0 < e.confidence <= 1 for e in elements)


def test_what_no_element_claims_stays_available(plan):
    left = [span.of(plan.source.text) for span in plan.unclassified]
    assert "全市用于生产、加工、储存的租赁厂房、仓库及其附属宿舍" in left
    assert not any("查动火作业" in piece for piece in left)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "build"),
    [
        ("方案.docx", sample.as_docx),
        ("编号.docx", lambda: sample.as_docx(automatic_numbering=True)),
        ("方案.pdf", sample.as_pdf),
        ("方案.html", sample.as_html),
        ("国标.txt", lambda: sample.as_text("gb18030")),
        ("宽码.txt", lambda: sample.as_text("utf-16")),
    ],
)
def test_every_format_gives_the_same_plan(plan, name, build):
    other = compile_plan(build(), name)
    assert other.source.text == plan.source.text
    assert facts(other) == facts(plan)


def test_json_follows_the_convention_and_survives_a_round_trip(plan):
    values = json.loads(json.dumps(plan.to_json(), ensure_ascii=False))
    assert values["issued_on"] == "2031-03-06"
    assert values["sections"][0] == "总体要求"
    assert values["targets"][0] == "租赁厂房建档率达到100%"
    assert values["phases"][2]["end"] is None
    assert values["duties"][0]["text"] == "负责综合协调，组织编制检查清单"
    assert set(values["tasks"][0]) >= {
        "no",
        "heading",
        "lead",
        "support",
        "responsible",
        "due",
        "span",
        "rule",
    }


def test_text_without_any_structure_is_a_plan_without_elements():
    plan = compile_text("今天天气很好。")
    assert (plan.title, plan.sections, plan.tasks, plan.phases) == (None, [], [], [])
    assert [span.of("今天天气很好。") for span in plan.unclassified] == ["今天天气很好"]


def test_an_ordering_title_with_its_text_in_the_same_line_is_a_task():
    plan = compile_text(
        "一、加强宣传。要利用广播宣传防火知识。\n二、组织领导\n各单位要高度重视。\n三、加强组织领导。各单位要落实责任，明确专人。"
    )
    assert [(task.no, task.heading) for task in plan.tasks] == [("一", "加强宣传"), ("三", "加强组织领导")]


def test_an_introduction_before_a_lost_first_item_is_no_task():
    plan = compile_text(
        "一、任务\n围绕安全目标开展工作，实施如下重点项目：\n2.查企业。\n3.查场所。\n二、要求\n1.按时完成。"
    )
    assert [task.no for task in plan.tasks] == ["一/2", "一/3", "二/1"]


def test_contents_with_shares_behind_them_are_work():
    plan = compile_text(
        "一、活动内容与责任分工\n1.启动仪式：全员签名承诺。（安环处牵头，保卫处负责）\n2.应急演练：开展泄漏演练。（各分厂负责）\n"
        "二、要求\n（一）按时完成各项任务。\n（二）做到全员参与。\n云溪铝业公司安环处\n2031年5月26日\n附：安全检查记录表\n1.\n2."
    )
    assert [task.no for task in plan.tasks] == ["一/1", "一/2", "二/（一）", "二/（二）"]
    assert plan.duties == []
    assert plan.issuer.value == "云溪铝业公司安环处"
