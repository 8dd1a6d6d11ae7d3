"""Forms annexed to a plan: fields, options, tables, declarations."""

import json

from bihuan.plans import compile_text
from bihuan.plans.form_labels import is_personal, kind_of_label
from bihuan.plans.forms import find_forms

LINES = """附件2
云溪市租赁厂房安全自查登记表
企业名称：____________  统一社会信用代码：____________
地　　址：                    法定代表人（签字）：
从业人数：    人   检查日期：  年  月  日
检查结论：□合格 □不合格 □停产停业
是否签订安全管理协议：是□ 否□
序号 隐患部位 隐患情况 整改措施 整改期限 责任人 备注
1
2
本单位承诺以上填报内容真实有效，如有虚假愿意承担法律责任。
填报单位（盖章）：
填报人：        联系电话：
附件3
企业自查情况汇总表
县区 应自查家数 已自查家数
填表说明：请如实填写。"""

# A web copy that lost the cells of its table: labels glued, options in a row, a family name between them.
GLUED = """附件:
仓库火灾隐患整改承诺书
单位名称地址
单位
印鉴使用性质丙类仓库1、综合仓库2、冷
库3、其他丙类场所易燃物品堆放场所4、堆场5、木材
料场消防安全责任人(法定代表人或主要
负责人)
联系电话身份证号
联 系 人联系电话
本单位已对火灾隐患进行排查,现承诺以下内容属实,并承担相应法律责任。
签名:
时间:
(消防安全责任人)1经排查发现并已整改的火灾隐患部 位隐患情况整 改 措 施 落 实 情 况
仓库火灾隐患整改承诺书
2经排查发现但未整改的火灾隐患部位隐患情况未整改原因、目前采取的措施和整改期限责任人需要说明的情况"""


def forms(text, **options):
    return find_forms(text, 0, len(text), **options)


def test_labelled_lines_become_fields():
    first, _ = forms(LINES)
    assert first.title == "云溪市租赁厂房安全自查登记表"
    assert first.rule == "form.lines"
    assert [(f.label, f.kind) for f in first.fields] == [
        ("企业名称", "text"),
        ("统一社会信用代码", "text"),
        ("地址", "text"),
        ("法定代表人", "signature"),
        ("从业人数", "number"),
        ("检查日期", "date"),
        ("检查结论", "choice"),
        ("是否签订安全管理协议", "choice"),
        ("填报单位", "signature"),
        ("填报人", "text"),
        ("联系电话", "text"),
    ]


def test_boxes_become_options_whichever_side_they_stand():
    first, _ = forms(LINES)
    options = {f.label: [c.text for c in f.choices] for f in first.fields if f.choices}
    assert options == {"检查结论": ["合格", "不合格", "停产停业"], "是否签订安全管理协议": ["是", "否"]}


def test_header_rows_become_tables():
    first, second = forms(LINES)
    assert first.tables[0].columns == [
        "序号",
        "隐患部位",
        "隐患情况",
        "整改措施",
        "整改期限",
        "责任人",
        "备注",
    ]
    assert second.title == "企业自查情况汇总表"
    assert second.tables[0].columns == ["县区", "应自查家数", "已自查家数"]


def test_what_the_undersigned_declares():
    first, second = forms(LINES)
    assert first.declarations == ["本单位承诺以上填报内容真实有效，如有虚假愿意承担法律责任。"]
    assert second.declarations == []


def test_contact_data_belong_to_the_person_before_them():
    first, _ = forms(LINES)
    phone = first.fields[-1]
    assert (phone.group, phone.is_personal) == ("填报人", True)


def test_glued_labels_are_told_apart():
    (form,) = forms(GLUED)
    assert form.rule == "form.run_on"
    assert [(f.label, f.kind, f.group, f.hint) for f in form.fields] == [
        ("单位名称", "text", "", ""),
        ("地址", "text", "", ""),
        ("单位印鉴", "signature", "", ""),
        ("使用性质", "choice", "", ""),
        ("消防安全责任人", "text", "", "法定代表人或主要负责人"),
        ("联系电话", "text", "消防安全责任人", ""),
        ("身份证号", "text", "消防安全责任人", ""),
        ("联系人", "text", "", ""),
        ("联系电话", "text", "联系人", ""),
        ("签名", "signature", "", "消防安全责任人"),
        ("时间", "date", "", ""),
    ]


def test_coded_options_keep_code_and_family():
    (form,) = forms(GLUED)
    assert [(c.code, c.text, c.family) for c in form.choices] == [
        ("1", "综合仓库", "丙类仓库"),
        ("2", "冷库", "丙类仓库"),
        ("3", "其他丙类场所", "丙类仓库"),
        ("4", "堆场", "易燃物品堆放场所"),
        ("5", "木材料场", "易燃物品堆放场所"),
    ]


def test_a_heading_of_the_plan_names_a_family():
    text = "附件\n单位情况登记表\n使用性质商贸场所1、商店2、市场生产场所3、车间4、库房\n"
    (form,) = forms(text + "名称：\n", headings=["生产场所"])
    assert [(c.text, c.family) for c in form.choices] == [
        ("商店", "商贸场所"),
        ("市场", "商贸场所"),
        ("车间", "生产场所"),
        ("库房", "生产场所"),
    ]


def test_captions_open_tables():
    (form,) = forms(GLUED)
    assert [(t.title, t.columns) for t in form.tables] == [
        ("经排查发现并已整改的火灾隐患", ["部位", "隐患情况", "整改措施落实情况"]),
        (
            "经排查发现但未整改的火灾隐患",
            ["部位", "隐患情况", "未整改原因、目前采取的措施和整改期限", "责任人", "需要说明的情况"],
        ),
    ]


def test_numbered_labels_stand_in_their_group():
    text = "附件\n安全检查表\n一、出租方情况\n1.名称\n2.地址\n二、承租方情况\n1.名称\n2.从业人数\n"
    (form,) = forms(text)
    assert [(f.group, f.label, f.kind) for f in form.fields] == [
        ("出租方情况", "名称", "text"),
        ("出租方情况", "地址", "text"),
        ("承租方情况", "名称", "text"),
        ("承租方情况", "从业人数", "number"),
    ]


def test_templates_have_blanks_in_their_sentences():
    text = "附件1\n隐患排查情况总结（模板）\n本次排查发现一般隐患xx项，重大隐患xx项。已整改重大隐患xx项，计划***时间完成。\n"
    (form,) = forms(text)
    assert form.rule == "form.template"
    assert [(f.label, f.kind) for f in form.fields] == [
        ("排查发现一般隐患", "number"),
        ("重大隐患", "number"),
        ("已整改重大隐患", "number"),
        ("计划", "date"),
    ]


def test_a_list_of_annexes_or_a_report_is_no_form():
    assert forms("附件：1.检查表\n2.统计表\n云溪市安委会\n2031年3月6日\n") == []
    assert forms("附件\n工作情况报告\n今年以来，全市扎实开展整治，取得明显成效。\n") == []


def test_a_form_is_part_of_its_plan_and_survives_json():
    text = "一、工作任务\n（一）企业自查并填写登记表，报市应急局。\n（二）县区复查。\n" + LINES
    plan = compile_text(text)
    assert [form.title for form in plan.forms] == ["云溪市租赁厂房安全自查登记表", "企业自查情况汇总表"]
    values = json.loads(json.dumps(plan.forms[0].to_json(), ensure_ascii=False))
    assert values["fields"][6]["choices"][1]["text"] == "不合格"
    assert values["tables"][0]["columns"][0] == "序号"
    assert plan.to_json()["forms"][0] == values
    for form in plan.forms:
        for field in form.fields:
            assert form.span.covers(field.span)
            for choice in field.choices:
                assert choice.span.of(text).strip() == choice.text


def test_kinds_and_personal_data():
    assert [kind_of_label(word) for word in ("整改期限", "建筑面积", "单位公章", "备注")] == [
        "date",
        "number",
        "signature",
        "text",
    ]
    assert is_personal("身份证号")
    assert not is_personal("单位名称")
