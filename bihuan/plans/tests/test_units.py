"""Names of units."""

import pytest

from bihuan.plans import is_collective, normalize_unit
from bihuan.plans.units import split_units


def names(text):
    return [name for name, _ in split_units(text, 0, len(text))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("市应急局、市公安局", ["市应急局", "市公安局"]),
        ("区应急局，云溪海关等", ["区应急局", "云溪海关"]),
        ("各乡镇人民政府和街道办事处", ["各乡镇人民政府", "街道办事处"]),
        ("市住房和城乡建设局、市工业和信息化局", ["市住房和城乡建设局", "市工业和信息化局"]),
        ("市文化和旅游局和市教育局", ["市文化和旅游局", "市教育局"]),
        ("县农业农村和水务局", ["县农业农村和水务局"]),
        ("教育、卫生、旅游和广电等部门", ["教育", "卫生", "旅游", "广电"]),
        ("区农村事务中心（区供销社）、区商务局", ["区农村事务中心（区供销社）", "区商务局"]),
        ("省检修、建设公司", ["省检修", "建设公司"]),
        ("由市应急局", ["市应急局"]),
    ],
)
def test_split(text, expected):
    assert names(text) == expected


def test_spans_point_at_the_names():
    text = "（市应急局、 市公安局等部门）"
    assert [span.of(text) for _, span in split_units(text, 1, len(text) - 1)] == ["市应急局", "市公安局"]


def test_normalised_key_folds_width_and_spaces_but_keeps_the_level():
    assert normalize_unit(" 市 应急局（市安委办） ") == normalize_unit("市应急局(市安委办)")
    assert normalize_unit("省应急局") != normalize_unit("市应急局")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("乡镇人民政府", "townships"),
        ("各乡镇", "townships"),
        ("街道办事处", "streets"),
        ("各街道", "streets"),
        ("各乡镇（街道）", "localities"),
        ("乡镇(街道)", "localities"),
        ("各县（市、区）", "localities"),
        ("各县区", "localities"),
        ("各部门", "departments"),
        ("各相关部门单位", "departments"),
        ("有关单位", "departments"),
        ("市级有关部门", "departments"),
        ("领导小组各成员单位", "members"),
        ("成员单位", "members"),
        ("市应急局", None),
        ("云溪镇人民政府", None),
        ("", None),
    ],
)
def test_collectives(name, kind):
    assert is_collective(name) == kind
