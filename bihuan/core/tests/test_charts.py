import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from bihuan.core.charts import Bar, Series, bar_chart, line_chart, nice_ticks, sparkline

SVG = "{http://www.w3.org/2000/svg}"
DAYS = ["11-18", "11-19", "11-20", "11-21"]


def parse(svg):
    assert "style=" not in svg
    return etree.fromstring(str(svg))


def texts(root):
    return [node.text for node in root.iter(f"{SVG}text")]


def test_line_chart_names_itself_and_its_numbers():
    root = parse(
        line_chart(
            [Series("发现", [3, 5, None, 20]), Series("整改", [1, 2, 4, 8])],
            DAYS,
            title="近四日趋势",
            unit="项",
        )
    )
    assert (root.get("role"), root.get("aria-label")) == ("img", "近四日趋势")
    assert root.findtext(f"{SVG}title") == "近四日趋势"
    assert root.findtext(f"{SVG}desc") == "发现11-18为3项，11-21为20项；整改11-18为1项，11-21为8项"
    assert [t for t in texts(root) if t in DAYS] == DAYS
    assert {"单位：项", "发现", "整改", "0", "20", "8"} <= set(texts(root))
    tips = [node.findtext(f"{SVG}title") for node in root.iter(f"{SVG}circle")]
    assert len(tips) == 7
    assert "11-19 发现：5项" in tips


def test_a_gap_breaks_the_line():
    root = parse(line_chart([Series("发现", [3, None, 5, 6])], DAYS, title="趋势"))
    (path,) = list(root.iter(f"{SVG}path"))
    assert path.get("d").count("M") == 2
    assert path.get("d").count("L") == 1


def test_lines_differ_without_colour():
    root = parse(line_chart([Series(name, [1, 2, 3, 4]) for name in "甲乙丙"], DAYS, title="趋势"))
    assert len({node.get("stroke-dasharray") for node in root.iter(f"{SVG}path")}) == 3


def test_many_labels_are_thinned():
    days = [f"第{i}日" for i in range(60)]
    root = parse(line_chart([Series("甲", list(range(60)))], days, title="趋势"))
    assert 6 <= len([t for t in texts(root) if t.startswith("第")]) <= 8


def test_text_cannot_break_out():
    evil = '"><script>alert(1)</script>&'
    for svg in (
        line_chart([Series(evil, [1])], [evil], title=evil, unit=evil),
        bar_chart([Bar(evil, 3, url=f"/x?q={evil}")], title=evil, unit=evil),
        sparkline([1, 2], title=evil),
    ):
        assert "<script" not in svg
        assert parse(svg).findtext(f"{SVG}title") == evil


def test_nothing_to_draw_says_so():
    for svg in (
        line_chart([], [], title="甲"),
        line_chart([Series("甲", [None])], ["1"], title="甲"),
        sparkline([], title="甲"),
        sparkline([None], title="甲"),
        bar_chart([], title="甲"),
    ):
        assert "暂无数据" in texts(parse(svg))


def test_sparkline():
    root = parse(sparkline([3, None, 9, 4], title="近四周"))
    assert root.findtext(f"{SVG}desc") == "从3到4，最低3，最高9"
    assert parse(sparkline([5], title="一周")).findtext(f"{SVG}desc") == "从5到5，最低5，最高5"


def test_bar_chart():
    root = parse(
        bar_chart(
            [Bar("青石街道", 1200, url="/hazards/?township=1"), Bar("北岭镇", 600), Bar("无", 0)],
            title="逾期",
            unit="项",
        )
    )
    widths = [float(node.get("width")) for node in root.iter(f"{SVG}rect")]
    assert widths[0] == pytest.approx(2 * widths[1], abs=0.2)
    assert widths[2] == 0
    assert "1,200" in texts(root)
    (link,) = root.iter(f"{SVG}a")
    assert link.get("href") == "/hazards/?township=1"
    assert link.get("aria-label") == "青石街道：1,200项"
    assert root.get("role") == "group"
    assert parse(bar_chart([Bar("甲", 1)], title="逾期")).get("role") == "img"


def test_misuse_is_refused():
    with pytest.raises(ValueError, match="per label"):
        line_chart([Series("甲", [1])], DAYS, title="趋势")
    with pytest.raises(ValueError, match="six"):
        line_chart([Series("甲", [1])] * 7, ["1"], title="趋势")
    with pytest.raises(ValueError, match="negative"):
        bar_chart([Bar("甲", -1)], title="逾期")


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 17, [0, 5, 10, 15, 20]),
        (3, 20, [0, 5, 10, 15, 20]),
        (0, 0, [0, 0.5, 1]),
        (0, 0.9, [0, 0.5, 1]),
        (-3, 4, [-4, -2, 0, 2, 4]),
    ],
)
def test_nice_ticks(low, high, expected):
    assert nice_ticks(low, high) == expected


def test_ticks_of_counted_things_are_whole():
    assert nice_ticks(0, 2, whole=True) == [0, 1, 2]
    assert nice_ticks(0, 40, whole=True) == [0, 10, 20, 30, 40]
    assert nice_ticks(0, 0, whole=True) == [0, 1]


@given(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9))
def test_ticks_enclose_the_values(a, b):
    low, high = sorted((a, b))
    ticks = nice_ticks(low, high)
    rounding = 1e-6 * (ticks[-1] - ticks[0])
    assert ticks[0] <= low + rounding
    assert ticks[-1] >= high - rounding
    assert 2 <= len(ticks) <= 8


@given(st.lists(st.one_of(st.none(), st.integers(-1000, 100000)), min_size=1, max_size=40))
def test_every_chart_is_well_formed(values):
    parse(line_chart([Series("甲", values)], [str(i) for i in range(len(values))], title="趋势"))
    parse(sparkline(values, title="趋势"))
