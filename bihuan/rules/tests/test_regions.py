import pytest
from hypothesis import given
from hypothesis import strategies as st

from bihuan.rules.regions import (
    BadRegionCode,
    ancestors,
    is_within,
    level_of,
    normalize_region_code,
    parent_of,
    prefix_range,
)

codes = st.sampled_from([2, 4, 6, 9, 12]).flatmap(lambda n: st.text("0123456789", min_size=n, max_size=n))


@pytest.mark.parametrize(
    ("code", "level", "parent"),
    [
        ("53", "province", None),
        ("5397", "city", "53"),
        ("539701", "county", "5397"),
        ("539701001", "township", "539701"),
        ("539701001001", "village", "539701001"),
    ],
)
def test_level_and_parent(code, level, parent):
    assert level_of(code) == level
    assert parent_of(code) == parent


def test_ancestors_begin_with_the_province():
    assert ancestors("539701001001") == ["53", "5397", "539701", "539701001"]
    assert ancestors("53") == []


@pytest.mark.parametrize("code", ["", "5", "539", "53970", "53a7", "５３", "5397010010"])
def test_bad_codes_are_named(code):
    with pytest.raises(BadRegionCode, match="应为2、4、6、9或12位数字"):
        level_of(code)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("530000", "53"),
        ("539700", "5397"),
        ("539701", "539701"),
        ("539701000000", "539701"),
        ("539701001000", "539701001"),
        ("539701001001", "539701001001"),
        ("530000000000", "53"),
        (" 539710 ", "539710"),
    ],
)
def test_normalize(text, code):
    assert normalize_region_code(text) == code


@pytest.mark.parametrize(
    ("code", "low", "high"),
    [("5397", "5397", "5398"), ("5399", "5399", "54"), ("539709", "539709", "53971"), ("99", "99", "A")],
)
def test_prefix_range(code, low, high):
    assert prefix_range(code) == (low, high)


@given(codes, codes)
def test_the_range_holds_exactly_what_lies_under(area, code):
    low, high = prefix_range(area)
    assert (low <= code < high) == is_within(code, area)
