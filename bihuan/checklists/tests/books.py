"""Small books the tests speak of, and arbitrary ones."""

from dataclasses import replace
from decimal import Decimal

from hypothesis import strategies as st

from bihuan.checklists.structure import (
    LINKS,
    METHODS,
    SEVERITIES,
    SOURCES,
    Basis,
    Book,
    Disposition,
    Item,
    Measure,
    Section,
)
from bihuan.checklists.units import COUNTED, UNITS, why_impossible

HOSE = Item(
    code="GAS-USE-01",
    text="连接软管长度不大于 2 m",
    criterion="从接头量到灶具，不大于 2 m",
    measure=Measure("连接软管长度", "<=", Decimal(2), "m"),
    method=("看", "量"),
    basis=(Basis("城镇燃气管理条例", "国务院令第583号", "第二十七条"),),
    source="行政法规",
    verified=True,
    dispositions=(Disposition("限期改正"), Disposition("责令停止使用", "逾期不改正的")),
    severity="serious",
    kinds=("restaurant",),
    guidance="截短重装。",
    proof="软管旁放卷尺的照片。",
)
LICENCE = Item(code="GAS-OPS-01", text="持有有效的燃气经营许可证", method=("查",), source="行政法规")
BOOK = Book(
    "gas",
    "燃气检查表",
    3,
    (
        Section("GAS-OPS", "经营条件", "trade", (LICENCE,)),
        Section("GAS-USE", "用户", "use", (HOSE,)),
    ),
    "只作测试",
)


def with_item(item: Item) -> Book:
    """A book of one section with one item."""
    return Book("gas", "燃气检查表", 1, (Section("GAS-USE", "用户", "use", (item,)),))


def with_hose(**changes) -> Book:
    return with_item(replace(HOSE, **changes))


# Signs people type into checklists, and those that break naive files.
_SIGNS = '软管气瓶间距离不大于米0129.，、（）《》“”<>=+-@%|&"/:#{}$ a[Z_'


def _without(signs: str) -> st.SearchStrategy[str]:
    """Such a text without these signs, nor with what a spreadsheet form reads as a variable."""
    bare = str.maketrans("", "", signs)
    return st.text(_SIGNS, max_size=12).map(lambda text: text.translate(bare).replace("${", "$ {").strip())


clean = _without("")
named = clean.filter(bool)
part = _without("|")
condition = _without("（）")


@st.composite
def measures(draw):
    unit = draw(st.sampled_from(sorted(UNITS)))
    places = 0 if unit in COUNTED else draw(st.integers(0, 4))
    low = -100 if unit == "Cel" else 0
    number = draw(st.decimals(low, 90, places=places, allow_nan=False))
    comparator = draw(st.sampled_from(["<=", ">=", "<", ">", "=", "between"]))
    upper = number + draw(st.integers(1, 10)) if comparator == "between" else None
    if comparator in (">=", "between") and number == 0 and unit != "Cel":
        number += 1
        upper = upper + 1 if upper is not None else None
    assert not why_impossible(number, unit)
    return Measure(draw(named), comparator, number, unit, upper)


@st.composite
def items(draw, code="GAS-USE-01"):
    criterion = draw(clean)
    return Item(
        code=code,
        text=draw(named),
        criterion=criterion,
        measure=draw(st.none() | measures()),
        method=tuple(draw(st.lists(st.sampled_from(METHODS), unique=True))),
        basis=tuple(draw(st.lists(st.builds(Basis, part.filter(bool), part, part), max_size=3))),
        source=draw(st.sampled_from(SOURCES)),
        verified=draw(st.booleans()),
        dispositions=tuple(
            draw(
                st.lists(
                    st.builds(Disposition, st.sampled_from(["限期改正", "罚款", "吊销"]), condition),
                    max_size=3,
                )
            )
        ),
        severity=draw(st.sampled_from(sorted(SEVERITIES))),
        criterion_code=draw(st.sampled_from(["", "G5-1", "C20"])),
        kinds=tuple(draw(st.lists(st.sampled_from(["restaurant", "school", "a_1"]), unique=True))),
        guidance=draw(clean),
        proof=draw(clean),
        photo=draw(st.sampled_from(["failed", "always"])),
        when=draw(st.sampled_from(["", "fuel = 电", "cylinder_stock > 100；cylinder_room = 否"])),
        authority=draw(clean),
    )


@st.composite
def books(draw):
    sections = []
    for number in range(draw(st.integers(1, 3))):
        code = f"GAS-S{number}"
        many = draw(st.integers(1, 3))
        sections.append(
            Section(
                code,
                draw(named),
                draw(st.sampled_from(sorted(LINKS))),
                tuple(draw(items(f"{code}-{place:02d}")) for place in range(many)),
            )
        )
    return Book("gas", draw(named), draw(st.integers(1, 99)), tuple(sections), draw(clean))
