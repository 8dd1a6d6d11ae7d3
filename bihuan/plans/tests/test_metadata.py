"""Blocks of labels a web page or a database of law prints above a document."""

from datetime import date

import pytest

from bihuan.plans import compile_text
from bihuan.plans.metadata import read_metadata, without_metadata

BODY = "云溪市雨季行车安全整治方案\n为加强安全，制定本方案。\n一、任务\n1.查企业。\n2.查场所。\n二、要求\n1.按时完成。"

BOXED = "【颁发部门】 云溪市政府\n【发文字号】 云政办〔2031〕11号\n【颁发时间】 2031-04-09\n【效力属性】 有效\n【正 文】\n"
TWO_LINES = "索引号\n53970000/2031-00123\n文件类型\n规范性文件\n发文单位\n云溪市人民政府办公室\n发文字号\n云政办〔2031〕11号\n成文日期\n2031年4月9日\n效力状态\n有效\n"
ONE_LINE = "索 引 号：5397/2031 发布机构：云溪市政府 文 号：云政办〔2031〕11号 发布日期：2031-04-09 10:20\n"


@pytest.mark.parametrize(
    ("block", "issuer"),
    [(BOXED, "云溪市政府"), (TWO_LINES, "云溪市人民政府办公室"), (ONE_LINE, "云溪市政府")],
)
def test_labels_are_no_headings_and_serve_where_the_plan_is_silent(block, issuer):
    plan = compile_text(block + BODY)
    assert plan.title.value == "云溪市雨季行车安全整治方案"
    assert plan.issuer.value == issuer
    assert plan.doc_no.value == "云政办〔2031〕11号"
    assert plan.issued_on == date(2031, 4, 9)
    assert [section.title for section in plan.sections] == ["任务", "要求"]
    assert [task.no for task in plan.tasks] == ["一/1", "一/2", "二/1"]


def test_what_the_document_prints_comes_first():
    plan = compile_text(f"{BOXED}{BODY}\n云溪市公安局\n2031年4月12日")
    assert plan.issuer.value == "云溪市公安局"
    assert plan.issued_on == date(2031, 4, 12)


def test_an_empty_label_does_not_take_the_title_below_it():
    entries = read_metadata(f"索引号: 5397/2031\n发布机构:\n{BODY}")
    assert [(e.label, e.value) for e in entries] == [("索引号", "5397/2031"), ("发布机构", "")]


@pytest.mark.parametrize(
    "text",
    [
        "云溪市方案\n一、检查内容\n【名称】查设备。\n【时效】查期限。",
        "云溪市方案\n为做好工作，制定本方案。\n发布日期：由各单位自行填写\n名称：填写全称",
        "发布日期：2031-04-09\n云溪市方案",
    ],
)
def test_labels_inside_a_document_or_alone_are_no_block(text):
    assert read_metadata(text) == []


def test_blanking_keeps_every_place():
    text = BOXED + BODY
    blanked = without_metadata(text, read_metadata(text))
    assert len(blanked) == len(text)
    assert blanked.endswith(BODY)
    assert not blanked.removesuffix(BODY).strip()
