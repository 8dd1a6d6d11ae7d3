"""Narrative paragraphs: the rules of comparison, what is said of whom, and that every number adds up."""

from __future__ import annotations

import random
from decimal import Decimal as D

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bihuan.figures import check_figures
from bihuan.figures.narrative import (
    Measure,
    Overdue,
    Report,
    Unit,
    change,
    differences,
    narrate,
)

NAMES = [
    "青石镇",
    "白沙镇",
    "云岭街道",
    "石桥乡",
    "柳湾镇",
    "东河街道",
    "市住建局",
    "市交通运输局",
    "市消防救援支队",
    "南山镇",
    "北塘乡",
    "高新区",
]


@pytest.mark.parametrize(
    ("now", "before", "unit", "words"),
    [
        (3, 0, "起", "增加3起"),  # no percentage of nothing
        (0, 0, "起", "持平"),
        (12, 12, "起", "持平"),
        (3, 1, "起", "增加2起"),  # a tiny base in words
        (4, 9, "起", "减少5起"),
        (3458, 6120, "起", "下降43.5%"),
        (15, 10, "项", "上升50%"),
        (0, 40, "项", "下降100%"),
        (D("89.2"), D("87.95"), "%", "提高1.3个百分点"),
        (D("80"), D("80.04"), "%", "基本持平"),
    ],
)
def test_changes_are_said_as_the_rules_of_statistics_have_them(now, before, unit, words):
    assert change(D(now), D(before), unit).words == words


def test_what_is_not_known_is_not_compared():
    assert change(D(3), None, "起") is None
    assert change(None, D(3), "起") is None


def report(**given):
    base = {
        "area": "全市",
        "period": "11月第3周",
        "until": "11月20日",
        "before": "环比",
        "measures": (
            Measure("visits", "检查次数", "次", D(120), D(100), D(150)),
            Measure("found", "查出隐患", "项", D(60), D(60), D(40), more_is=""),
            Measure("major", "其中：重大隐患", "项", D(2), D(0), part_of="found"),
            Measure("overdue", "逾期未整改", "项", D(9), D(4), is_stock=True),
            Measure("rate", "累计整改率", "%", D("89.25"), D("88"), digits=1),
        ),
        "units": (
            Unit(
                "青石镇",
                {"found": D(30), "overdue": D(6), "visits": D(20), "rate": D("70")},
                {"found": D(10)},
            ),
            Unit(
                "白沙镇",
                {"found": D(0), "overdue": D(3), "visits": D(9), "rate": D("95.5")},
                {"found": D(12)},
            ),
            Unit(
                "石桥乡",
                {"found": D(30), "overdue": D(0), "visits": D(30), "rate": D("99")},
                {"found": D(30)},
            ),
        ),
        "rank_by": "rate",
        "found": "found",
        "checked": "visits",
        "overdue": "overdue",
        "longest": (Overdue("青石镇", "液化气站安全阀过期", 23),),
        "owing": 5,
        "missing": ("柳湾镇",),
        "late": ("东河街道",),
    }
    return Report(**(base | given))


def text_of(sections):
    return "\n".join(f"{section.heading}\n{section.text}" for section in sections)


def test_a_whole_bulletin_reads_as_one():
    sections = {section.key: section.text for section in narrate(report())}
    assert sections["overview"] == (
        "11月第3周，全市检查120次，同比下降20%，环比上升20%；"
        "查出隐患60项（其中重大隐患2项），同比上升50%，环比持平。"
        "截至11月20日，逾期未整改9项，环比增加5项。累计整改率为89.3%，环比提高1.3个百分点。"
    )
    assert sections["units"] == "累计整改率最高的是石桥乡（99%），最低的是青石镇（70%）。"
    assert sections["changes"] == (
        "与上期相比，查出隐患增加最多的是青石镇（增加20项），减少最多的是白沙镇（减少12项）。"
    )
    assert sections["problems"] == (
        "逾期未整改仍较突出。截至11月20日，逾期未整改9项，涉及青石镇、白沙镇，最多的是青石镇（6项）。"
        "逾期时间最长的是：青石镇“液化气站安全阀过期”，已逾期23天。\n"
        "个别单位排查质量需要核实。白沙镇本期多次开展检查，均未查出隐患，请核实排查是否到位。"
    )
    assert sections["reporting"] == "应报送5个单位。未报送的有柳湾镇；迟报的有东河街道。"
    assert sections["next"] == (
        "青石镇、白沙镇要逐项落实责任、资金、时限和防范措施，抓紧整改逾期隐患；"
        "柳湾镇要尽快补报，并说明未报送的原因；东河街道要按规定时限报送，避免再次迟报。"
    )


def test_places_and_departments_are_compared_each_among_themselves():
    units = (
        Unit("青石镇", {"overdue": D(1), "found": D(3), "rate": D(50)}, {"found": D(1)}, "地区"),
        Unit("白沙镇", {"overdue": D(0), "found": D(2), "rate": D(90)}, {"found": D(2)}, "地区"),
        Unit("市住建局", {"overdue": D(1), "found": D(5), "rate": D(70)}, {"found": D(9)}, "部门"),
        Unit("市消防支队", {"overdue": D(0), "found": D(0), "rate": None}, {"found": D(0)}, "部门"),
    )
    measures = (
        Measure("found", "查出隐患", "项", D(5)),
        Measure("overdue", "逾期未整改", "项", D(1), is_stock=True),
        Measure("rate", "整改率", "%", D(70)),
    )
    sections = {s.key: s.text for s in narrate(report(units=units, measures=measures, longest=()))}
    assert sections["units"] == "地区中，整改率最高的是白沙镇（90%），最低的是青石镇（50%）。"
    assert sections["changes"] == (
        "与上期相比，地区中，查出隐患增加最多的是青石镇（增加2项）。部门中，查出隐患减少最多的是市住建局（减少4项）。"
    )
    assert sections["problems"] == (
        "逾期未整改仍较突出。截至11月20日，逾期未整改1项，地区涉及青石镇，部门涉及市住建局。"
    )


def test_nothing_at_all_is_said_as_zero_and_nobody_is_blamed():
    sections = narrate(
        report(
            measures=(Measure("found", "查出隐患", "项", D(0), D(0), D(0)),),
            units=(), longest=(), missing=(), late=(),
        )
    )  # fmt: skip
    assert text_of(sections) == (
        "总体情况\n11月第3周，全市各项统计数均为零。\n信息报送情况\n应报送5个单位，均按时报送。"
    )


def test_unknown_figures_are_left_out_and_never_read_as_zero():
    sections = narrate(
        report(
            measures=(Measure("found", "查出隐患", "项", None), Measure("visits", "检查次数", "次", D(3))),
            units=(),
        )
    )
    assert sections[0].text == "11月第3周，全市检查3次。"


def test_many_names_are_cut_and_counted():
    sections = {s.key: s.text for s in narrate(report(missing=tuple(NAMES[:8]), owing=12))}
    assert "未报送的有青石镇、白沙镇、云岭街道、石桥乡、柳湾镇等8个单位" in sections["reporting"]


def a_report(rng: random.Random) -> Report:
    """A believable period of a city: units whose sums are the whole, sizes from none to hundreds of thousands."""
    scale = rng.choice([0, 1, 3, 12, 90, 1200, 60_000])

    def some(most=None):
        return D(rng.randint(0, scale if most is None else most))

    units = []
    for name in rng.sample(NAMES, rng.randint(0, len(NAMES))):
        now, before = {}, {}
        for side in (now, before):
            side["visits"], side["found"] = some(), some()
            side["major"] = some(int(side["found"]))
            side["closed"] = some()
            side["open"] = some()
            side["overdue"] = some(int(side["open"]))
            side["rate"] = None if not side["found"] else min(D(100), side["closed"] * 100 / side["found"])
        group = rng.choice(["地区", "部门"])
        units.append(Unit(name, now, before if rng.random() < 0.8 else {}, group))

    def total(key, side="now"):
        return sum((getattr(unit, side).get(key) or D(0) for unit in units), D(0))

    def former(key):
        return rng.choice(
            [None, total(key), some(), total(key, "previous"), D(rng.randint(0, 20)) + total(key)]
        )

    measures = tuple(
        Measure(key, label, unit, total(key), former(key), former(key), part_of=part, is_stock=stock)
        for key, label, unit, part, stock in (
            ("visits", "检查次数", "次", "", False),
            ("people", "出动检查人次", "人次", "", False),
            ("found", "查出隐患", rng.choice(["项", "处", "条"]), "", False),
            ("major", "其中：重大隐患", "项", "found", False),
            ("closed", "整改销号", "项", "", False),
            ("open", "期末未整改", "项", "", True),
            ("overdue", "其中：逾期未整改", "项", "open", True),
        )
    )
    found, closed = total("found"), total("closed")
    rate = closed * 100 / found if found else None
    former_rate = rng.choice([None, D(rng.randint(0, 1000)) / 10])
    measures += (Measure("rate", "累计整改率", "%", rate, former_rate, former_rate, digits=1),)
    names = [unit.name for unit in units]

    def few():
        return tuple(rng.sample(names, rng.randint(0, min(len(names), 7))))

    return Report(
        rng.choice(["全市", "全县", "本辖区"]), rng.choice(["11月第3周", "2026年11月", "2026年第三季度", "11月20日"]), "11月20日24时",
        "环比", measures, tuple(units), rng.choice(["rate", "found", "overdue", ""]), "found", "visits", "overdue",
        tuple(Overdue(name, "液化气站安全阀过期", rng.randint(1, 400)) for name in few()), len(names), few(), few(), few(), few(),
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(20))
def test_a_thousand_random_periods_pass_the_figure_check(seed):
    for number in range(50):
        rng = random.Random(f"{seed}/{number}")
        text = text_of(narrate(a_report(rng)))
        findings = check_figures(text).findings
        assert not findings, f"{seed}/{number}: {[f.statement for f in findings]}\n{text}"


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 10**7), st.integers(0, 10**7), st.integers(0, 10**7))
def test_any_count_beside_any_former_counts_passes_the_figure_check(now, previous, year_ago):
    measures = (
        Measure("found", "查出隐患", "项", D(now), D(previous), D(year_ago)),
        Measure("closed", "整改销号", "项", D(previous), D(now), D(year_ago)),
    )
    text = text_of(narrate(report(measures=measures, units=())))
    assert not check_figures(text).findings, text


words = st.text(alphabet="甲乙丙，。；\n12", max_size=60)


@given(words, words)
def test_differences_give_both_texts_back(present, fresh):
    pieces = differences(present, fresh)
    assert "".join(piece.text for piece in pieces if piece.kind != "new") == present
    assert "".join(piece.text for piece in pieces if piece.kind != "gone") == fresh


def test_differences_keep_what_people_wrote_apart_from_what_the_numbers_say():
    pieces = differences("查出隐患60项。重点是燃气。", "查出隐患61项。重点是燃气。")
    assert [(piece.kind, piece.text) for piece in pieces] == [
        ("gone", "查出隐患60项。"),
        ("new", "查出隐患61项。"),
        ("same", "重点是燃气。"),
    ]
