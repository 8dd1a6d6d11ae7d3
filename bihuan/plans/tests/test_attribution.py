"""Who is charged: brackets, labels, phrases, and what looks like a charge but is none."""

import pytest

from bihuan.plans.attribution import (
    end_brackets,
    heading_units,
    labelled_lines,
    territorial_units,
)
from bihuan.plans.model import Span
from bihuan.plans.phrases import phrase_units


def roles(found):
    return (found.lead, found.support, found.responsible) if found else None


def bracket(text):
    found = end_brackets(text, 0, len(text))
    return roles(found[0][1]) if found else None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("查证照。（市应急局负责）", (["市应急局"], [], [])),
        (
            "查证照。（市应急局牵头，市公安局、市城管局按职责分工负责）",
            (["市应急局"], ["市公安局", "市城管局"], []),
        ),
        ("查证照。（市应急局、市公安局按职责分工负责）", ([], [], ["市应急局", "市公安局"])),
        ("查证照。（各部门按职责分工负责）", ([], [], ["各部门"])),
        ("查证照。（各县区应急管理局负责）", ([], [], ["各县区应急管理局"])),
        (
            "查证照。（责任单位：市应急局、各县（市、区）人民政府）",
            ([], [], ["市应急局", "各县（市、区）人民政府"]),
        ),
        ("查证照。（市应急局负责牵头，各乡镇组织落实）", (["市应急局"], ["各乡镇"], [])),
        ("查证照。（市应急局负责，市公安局配合）", (["市应急局"], ["市公安局"], [])),
        ("查证照。（市应急局、市财政局牵头，市公安局参与）", (["市应急局", "市财政局"], ["市公安局"], [])),
        ("查证照。（市司法局指导）", ([], [], ["市司法局"])),
        ("查证照。（市应急局牵头，市司法局指导）", (["市应急局"], ["市司法局"], [])),
        (
            "查证照。（责任单位：市应急局；配合单位：市公安局；完成时限：6月底前）",
            (["市应急局"], ["市公安局"], []),
        ),
        (
            "查证照。（牵头单位：市应急局；责任单位：市公安局、各乡镇）",
            (["市应急局"], ["市公安局", "各乡镇"], []),
        ),
        ("查证照。【市应急局牵头，市公安局配合】", (["市应急局"], ["市公安局"], [])),
        ("企业主要负责人（法定代表人）。", None),
        ("培训三类人员（主要负责人、安全管理人员）。", None),
        ("核对清单（见附件）。", None),
    ],
)
def test_brackets(text, expected):
    assert bracket(text) == expected


def test_several_brackets_are_several_attributions():
    text = "甲事项。（市应急局负责）乙事项。（市公安局负责）"
    assert [roles(found)[0] for _, found in end_brackets(text, 0, len(text))] == [["市应急局"], ["市公安局"]]


def test_labelled_lines_with_lost_breaks():
    text = "责任单位：服务商、云溪供电公司配合单位：各乡镇完成时限：2031年6月"
    assert roles(labelled_lines(text, 0, len(text))) == ([], ["各乡镇"], ["服务商", "云溪供电公司"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("由市应急局牵头，市公安局配合，开展联合检查。", (["市应急局"], ["市公安局"], [])),
        ("矿区统一负责外来施工队伍的管理。", (["矿区"], [], [])),
        ("市应急局会同市公安局开展检查。", (["市应急局"], ["市公安局"], [])),
        ("各单位要安排专人负责。", None),
        ("坚持谁主管、谁负责。", None),
        ("企业主要负责人带队检查。", None),
        ("建立主要部门牵头、相关部门参加的联合机制。", None),
        ("参加市应急局会同市公安局组织的培训。", None),
        ("由服务商配合完成安装。", None),
        ("成立领导小组，领导小组办公室负责日常工作。", None),
        ("市教育局、市民政局等部门要组织排查。", None),
    ],
)
def test_phrases(text, expected):
    assert roles(phrase_units(text, 0, len(text))) == expected


def test_a_group_heading_charges_only_when_it_says_so():
    assert roles(heading_units("市公安局负责：", Span(0, 7))) == (["市公安局"], [], [])
    assert heading_units("市公安局", Span(0, 4)) is None
    assert heading_units("压实企业主要负责人责任", Span(0, 11)) is None


def test_blanket_sentence():
    text = "（市应急局负责。以下各项均需各乡镇人民政府和街道办事处负责，不再列出）"
    assert [name for name, _ in territorial_units(text, 0, len(text))] == ["各乡镇人民政府", "街道办事处"]
    assert territorial_units("以下均需加强管理。", 0, 9) == []
