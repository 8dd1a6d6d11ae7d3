"""What surrounds the tasks: zones, objects, cited documents, fallback duties, batches."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bihuan.plans import RULES, compile_text
from bihuan.plans.fallbacks import KINDS, find_fallbacks

ZONES = """云溪市烟花爆竹禁放专项整治方案
一、整治范围
禁止燃放烟花爆竹区域范围（以下简称“禁放区”）为：（一）主城区：东起云山大道、溪东路，南至滨河路，西至西环路，北至北环路；（二）南部区域：包括云溪新城、临港工业园（东至港湾路、南至海堤路、西至临港大道、北至云溪河）；（三）北部区域：经济开发区（不含物流园）。
二、整治对象
禁放区内除文物保护单位外的烟花爆竹零售单位，包括长期零售店、临时销售点及仓库。
三、主要任务
（一）查零售店。对未取得许可的，责令关停。
（二）查仓库。储存量超过500公斤的，限期改正。"""


def test_a_named_zone_with_numbered_parts():
    (zone,) = compile_text(ZONES).zones
    assert (zone.name, zone.alias, zone.rule) == ("禁止燃放烟花爆竹区域范围", "禁放区", "zone.named")
    city, south, north = zone.parts
    assert city.name == "主城区"
    assert city.boundary == {
        "东": ["云山大道", "溪东路"],
        "南": ["滨河路"],
        "西": ["西环路"],
        "北": ["北环路"],
    }
    assert [(part.name, bool(part.boundary)) for part in south.parts] == [
        ("云溪新城", False),
        ("临港工业园", True),
    ]
    assert south.parts[1].boundary["西"] == ["临港大道"]
    assert [(part.name, part.exclusions) for part in north.parts] == [("经济开发区", ["物流园"])]
    assert zone.span.covers(south.parts[1].span)


def test_a_zone_drawn_in_one_sentence():
    text = "一、管控区域\n云溪市主城区禁鸣区域(以下简称禁鸣区)为东起云山大道,南至滨河路,西至西环路,北至北环路的区域,不包括云溪山公园。\n二、任务\n（一）设置标志。"
    (zone,) = compile_text(text).zones
    assert (zone.alias, zone.boundary["北"], zone.exclusions) == ("禁鸣区", ["北环路"], ["云溪山公园"])


def test_a_boundary_without_a_short_name():
    text = "一、任务\n（一）清理老城片区（东至环城东路、西至解放路、南至云溪河、北至机场路）的小作坊。\n（二）巡查。"
    (zone,) = compile_text(text).zones
    assert (zone.name, sorted(zone.boundary)) == ("老城片区", ["东", "北", "南", "西"])
    assert zone.span.of(text) == "老城片区（东至环城东路、西至解放路、南至云溪河、北至机场路）"


def test_directions_in_passing_are_no_boundary():
    assert compile_text("一、任务\n（一）东部与西部协作，东至沿海，南来北往。").zones == []


def test_objects_with_inclusions_and_exclusions():
    (scope,) = compile_text(ZONES).objects
    assert scope.rule == "object.section"
    assert scope.includes == ["长期零售店", "临时销售点", "仓库"]
    assert scope.exclusions == ["文物保护单位"]
    assert scope.zone == "禁放区"
    assert scope.span.of(ZONES) == scope.text


def test_each_numbered_object_is_one():
    text = "一、整治范围\n全市租赁厂房和仓库。重点整治以下企业：\n（一）一栋厂房内有三家以上承租方的园区；\n（二）违规住人的仓库。\n二、任务\n（一）排查。"
    assert [scope.text for scope in compile_text(text).objects] == [
        "全市租赁厂房和仓库",
        "一栋厂房内有三家以上承租方的园区",
        "违规住人的仓库",
    ]


def test_an_object_sentence_outside_a_scope_section():
    text = "一、工作方式\n（一）明确重点。本次指导服务重点企业范围为机械、建材行业企业，不含小微企业。\n（二）上门服务。"
    (scope,) = compile_text(text).objects
    assert (scope.rule, scope.exclusions) == ("object.sentence", ["小微企业"])
    assert scope.text == "机械、建材行业企业，不含小微企业"


CITING = """云溪市租赁厂房专项整治方案
根据省安委会《安全生产治本攻坚行动方案》（云安〔2031〕3号）和《云溪市人民政府办公室关于印发云溪市安全生产三年行动方案的通知》（云政办〔2031〕9号）要求，依据《中华人民共和国安全生产法》《建筑设计防火规范》（GB 50016-2014），推进《关于加强租赁厂房管理的意见》（以下简称《意见》）实施，制定《云溪市租赁厂房专项整治方案》。
一、主要任务
（一）落实《意见》。对照《租赁厂房检查要点清单》逐项检查。
（二）严格执行《安全生产费用管理办法》。"""


def test_parents_are_told_from_basis_and_other_papers():
    plan = compile_text(CITING)
    assert [(c.title, c.doc_no, c.issuer, c.relation, c.published) for c in plan.parents] == [
        ("安全生产治本攻坚行动方案", "云安〔2031〕3号", "省安委会", "根据", ""),
        (
            "云溪市人民政府办公室关于印发云溪市安全生产三年行动方案的通知",
            "云政办〔2031〕9号",
            "云溪市人民政府办公室",
            "根据",
            "云溪市安全生产三年行动方案",
        ),
        ("关于加强租赁厂房管理的意见", "", "", "落实", ""),
    ]
    assert [(c.title, c.doc_no, c.relation) for c in plan.basis] == [
        ("中华人民共和国安全生产法", "", "依据"),
        ("建筑设计防火规范", "GB 50016-2014", "依据"),
        ("安全生产费用管理办法", "", "执行"),
    ]
    assert [c.title for c in plan.citations if c.kind == "reference"] == ["租赁厂房检查要点清单"]


def test_the_plan_itself_is_not_cited():
    plan = compile_text(CITING)
    assert plan.title.value == "云溪市租赁厂房专项整治方案"
    assert plan.title.value not in [c.title for c in plan.citations]


def test_a_parent_with_a_number_only():
    text = "为做好整治，根据市安委会云安〔2031〕5号文件要求，制定本方案。\n一、任务\n（一）排查。"
    (parent,) = compile_text(text).parents
    assert (parent.title, parent.doc_no, parent.issuer, parent.rule) == (
        "",
        "云安〔2031〕5号",
        "市安委会",
        "cite.parent_number",
    )


@pytest.mark.parametrize(
    ("text", "kind", "units"),
    [
        (
            "以下均需各乡镇人民政府、街道办事处负责，不再逐一列出。",
            "blanket",
            ["各乡镇人民政府", "街道办事处"],
        ),
        ("上述任务均由各县（区）具体落实。", "blanket", ["各县（区）"]),
        ("其余单位的排查工作由市公安局负责。", "rest", ["市公安局"]),
        ("未列入清单的场所，由所在街道办事处负责排查。", "rest", ["所在街道办事处"]),
        ("无主管部门的单位报专项整治工作领导小组。", "orphan", ["专项整治工作领导小组"]),
        ("无行业主管部门的，由属地乡镇人民政府负责。", "orphan", ["属地乡镇人民政府"]),
        ("监管职责不清的新业态，由市安委会办公室牵头明确。", "orphan", ["市安委会办公室"]),
    ],
)
def test_fallback_duties(text, kind, units):
    (found,) = find_fallbacks(text, 0, len(text))
    assert (found.kind, found.units) == (kind, units)
    assert found.span.of(text) == found.text == text.rstrip("。")
    assert kind in KINDS


@pytest.mark.parametrize(
    "text", ["其他有关单位要配合做好工作。", "其余按原方案执行。", "其他部门由其负责人签字。"]
)
def test_other_units_in_passing_are_no_fallback(text):
    assert find_fallbacks(text, 0, len(text)) == []


BATCHES = """云溪市燃煤设施整治方案
2031年3月6日
一、实施步骤
（一）组织实施阶段（2031年4月至2032年12月）
1.按照分期分批原则，下发第一批限期整改通知书（2031年5月31日前）；
2.对第一批单位组织验收（2031年6月1日-2031年12月31日）；
3.下发第二批限期整改通知书（2032年1月31日前）。
4.公开曝光一批典型案例。"""


def test_batches_with_their_own_deadlines():
    principle, first, second = compile_text(BATCHES).batches
    assert (principle.name, principle.number, principle.steps) == ("分期分批", 0, [])
    assert [(s.no, s.start, s.due) for s in first.steps] == [
        ("一/（一）/1", None, date(2031, 5, 31)),
        ("一/（一）/2", date(2031, 6, 1), date(2031, 12, 31)),
    ]
    assert [(s.no, s.due) for s in second.steps] == [("一/（一）/3", date(2032, 1, 31))]
    assert all(s.span.of(BATCHES) == s.text for s in first.steps + second.steps)


def test_every_rule_is_described():
    for text in (ZONES, CITING, BATCHES):
        plan = compile_text(text)
        found = [
            *plan.criteria,
            *plan.zones,
            *plan.objects,
            *plan.citations,
            *plan.fallbacks,
            *plan.batches,
            *plan.forms,
        ]
        assert {element.rule for element in found} <= set(RULES)
        assert all(0 <= e.span.start < e.span.end <= len(text) for e in found)
        values = plan.to_json()
        assert [
            len(values[key]) for key in ("zones", "objects", "parents", "basis", "batches", "criteria")
        ] == [
            len(plan.zones),
            len(plan.objects),
            len(plan.parents),
            len(plan.basis),
            len(plan.batches),
            len(plan.criteria),
        ]


PIECES = st.sampled_from(
    [
        "一、整治范围\n", "二、任务\n", "（一）", "（以下简称“禁燃区”）", "为：", "东起云山路", "南至", "西至", "北至北环路", "、", "，", "。", "；", "\n", "包括",
        "除学校外", "不含仓库", "根据", "《工作方案》", "《", "》", "〔2031〕3号", "要求", "其余单位", "由市公安局负责", "无主管部门的", "报领导小组", "第一批",
        "2031年5月底前", "超过", "不少于", "2米", "百分之五", "以上", "以下", "24小时内", "责令限期改正", "逾期未改正的", "处2万元以上5万元以下罚款", "的，",
        "附件1\n", "检查表\n", "单位名称：", "____", "□合格", "是□", "使用性质", "1、商店", "2、市场", "3、车间", "序号", "整改措施", "联系电话", "（盖章）", "1", "一",
    ]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(PIECES, max_size=40).map("".join))
def test_any_mixture_of_these_words_is_read(text):
    plan = compile_text(text)
    plan.to_json()
    found = [*plan.criteria, *plan.objects, *plan.citations, *plan.fallbacks, *plan.batches, *plan.forms]
    zones = list(plan.zones)
    while zones:
        zone = zones.pop()
        found.append(zone)
        zones += zone.parts
    for task in plan.tasks:
        for item in task.check_items:
            found += [*item.criteria, *item.ladder]
    assert all(0 <= e.span.start < e.span.end <= len(text) for e in found)
    assert all(c.span.of(text) == c.text for c in plan.criteria)
