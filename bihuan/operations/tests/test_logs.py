"""Nothing personal reaches a log line."""

import pytest

from bihuan.operations.logs import mask_personal, masked


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("电话19900001234。", "电话[手机号]。"),
        ("身份证 53970119900101123X 有误", "身份证 [证件号] 有误"),
        ("发给 wang.li@example.gov.cn 失败", "发给 [邮箱] 失败"),
        (
            "duplicate key\nDETAIL:  Key (username)=(wangli) already exists.",
            "duplicate key\nDETAIL:  Key (username)=(…) already exists.",
        ),
        ("request 4f1990000123411b", "request 4f1990000123411b"),  # part of a digest, not a number
        ("2026112213800", "2026112213800"),
    ],
)
def test_personal_data_is_named_not_shown(text, clean):
    assert masked(text) == clean


def test_nested_values_are_cleaned_too():
    event = {"event": "x", "seconds": 0.5, "more": {"to": ["19900001234"]}}
    assert mask_personal(None, "info", event) == {"event": "x", "seconds": 0.5, "more": {"to": ["[手机号]"]}}
