"""Names of units: comparing, recognising and splitting them as attributions print them."""

from __future__ import annotations

import re
import unicodedata

from bihuan.plans.model import Span

_SUFFIX = (
    r"(?:人民政府|政府|管委会|管理委员会|委员会|办公室|办公厅|办事处|街道办|安委办|安委会|领导小组|工作组|工作专班|专班|指挥部|大队|支队|总队|中队"
    r"|局|厅|委|办|部|部门|单位|公司|集团|企业|矿区|中心|医院|学院|大学|学校|院|所|站|队|处|科|室|股|会|联社|供销社|行|银行|海关|法院|检察院"
    r"|街道|乡镇|镇|乡|村|社区|县|市|区|园区|片区|开发区|景区|度假区|服务商|方|组|项目部|班组|车间)"
)
UNIT_END = re.compile(_SUFFIX + r"(?:[（(][^（）()]{1,14}[）)])?$")

_COLLECTIVES = (
    (
        "localities",
        re.compile(
            r"(?:各)?(?:乡镇|镇街|镇乡|街镇|乡|镇)(?:人民政府)?[（(、/]?街道(?:办事处|办)?[）)]?(?:人民政府)?"
            r"|各?(?:镇街|街镇|镇办|乡办|乡镇街道?)|各?属地(?:政府|单位|管理单位)?|各地(?:区)?|各片区(?:管理局)?"
            r"|各县?[（(]?市?、?区?[）)]?(?:人民政府|政府)?|各(?:县区|市县|县市区|区县|县[（(]市、区[）)])(?:人民政府|政府)?"
            r"|各级人民政府|地方各级人民政府|各园区(?:管委会)?"
        ),
    ),
    ("townships", re.compile(r"各?(?:乡镇|镇|乡|乡[（(]镇[）)])(?:人民)?(?:政府)?")),
    ("streets", re.compile(r"各?(?:街道|街道办事处|街道办|办事处)")),
    (
        "members",
        re.compile(r"(?:各|有关)?(?:[\u4e00-\u9fff]{0,12}(?:领导小组|专班|安委会))?(?:各)?(?:有关)?成员单位"),
    ),
    (
        "departments",
        re.compile(
            r"(?:(?:市|县|区|省|州|旗)级?)?(?:各|有关|相关|各有关|各相关|其他有关|其他相关|其他|各级各|各行业主管|行业主管|各行业)"
            r"(?:职能|主管|监管|行业|行业主管|责任)?(?:部门单位|单位部门|部门和单位|部门、?单位|部门|单位|成员)"
        ),
    ),
)


def normalize_unit(name: str) -> str:
    """Return the comparison key of a unit name: width folded, spaces and outer punctuation gone.

    A 省, 市 or 县 in front stays, for 省应急厅 and 市应急局 are two units. Example: "市 应急局（市安委办）" ->
    "市应急局(市安委办)".
    """
    folded = unicodedata.normalize("NFKC", name)
    return re.sub(r"\s+", "", folded).strip("、,，。;；:：").casefold()


def is_collective(name: str) -> str | None:
    """Say which group a collective name stands for: townships, streets, localities, departments or members.

    Returns None for the name of a single unit.
    """
    key = normalize_unit(name)
    for kind, pattern in _COLLECTIVES:
        if key and pattern.fullmatch(key):
            return kind
    return None


def looks_like_unit(name: str) -> bool:
    """Say whether a phrase can be the name of a unit (or a collective) by its last word."""
    name = name.strip()
    return 2 <= len(name) <= 36 and bool(UNIT_END.search(name)) and not re.search(r"[。；：:！？\d]", name)


_CONJUNCTION = re.compile(r"以及|和|及|与")
_TAIL = re.compile(
    r"等(?:\d{1,2}个)?(?:[\u4e00-\u9fff]{0,8}(?:部门|单位|方面|成员|企业|镇街|地))?(?:负责同志|负责人)?$"
)


def split_units(text: str, start: int, end: int) -> list[tuple[str, Span]]:
    """Split text[start:end] into unit names at 、 and ，, and at 和, 及, 与, 以及 between two units.

    等 and what follows it is dropped; brackets protect what they hold; elliptic members (建设) stay.
    """
    pieces: list[tuple[int, int]] = []
    depth, begin = 0, start
    for i in range(start, end):
        c = text[i]
        if c in "（(":
            depth += 1
        elif c in "）)":
            depth = max(0, depth - 1)
        elif depth == 0 and c in "、，,；;/":
            pieces.append((begin, i))
            begin = i + 1
    pieces.append((begin, end))
    units: list[tuple[str, Span]] = []
    for first, last in pieces:
        units.extend(_split_conjunction(text, first, last))
    return units


def _split_conjunction(text: str, start: int, end: int) -> list[tuple[str, Span]]:
    piece = text[start:end]
    for match in _CONJUNCTION.finditer(piece):
        left = piece[: match.start()].strip()
        right = _TAIL.sub("", piece[match.end() :].strip())
        if looks_like_unit(left) and looks_like_unit(right) and not _inside_name(left, right):
            return _trimmed(text, start, start + match.start()) + _split_conjunction(
                text, start + match.end(), end
            )
        elliptic = len(left) in (2, 3, 4) and len(right) in (2, 3, 4) and match.group() != "以及"
        if elliptic and not _COMPOSITE.search(piece) and not UNIT_END.search(right):
            return _trimmed(text, start, start + match.start()) + _trimmed(text, start + match.end(), end)
    return _trimmed(text, start, end)


# Departments whose own names hold a conjunction; their short forms must not be split.
_COMPOSITE = re.compile(
    r"发展(?:和|与)改革|住房(?:和|与)?城乡|工业和信息|人力资源和社|文化和旅游|自然资源和规划|卫生和计|农业和农村|商务和|科学和|教育和体|财政和|经济和信息|退役军人和|民族和宗教|规划和自然|园林和|水利和|交通和"
)
_WHOLE_NAME = re.compile(
    r"(?:局|厅|委|办|部|部门|单位|政府|办事处|公司|企业|中心|大队|支队|街道|乡镇|镇|会|院|社|队|站|银行|海关|区|小组|专班)(?:[（(][^（）()]{1,14}[）)])?$"
)


def _inside_name(left: str, right: str) -> bool:
    """Say whether the conjunction belongs to one name: 市农业农村和水务局 must stay whole."""
    if is_collective(left) or is_collective(right):
        return False
    return len(left) < 3 or not _WHOLE_NAME.search(left)


def _trimmed(text: str, start: int, end: int) -> list[tuple[str, Span]]:
    while start < end and text[start].isspace():
        start += 1
    name = text[start:end].rstrip()
    name = _TAIL.sub("", name).rstrip()
    lead = re.match(r"(?:由|以及|和|及|与|分别由|主要由|其中|各自)(?=[\u4e00-\u9fff]{2})", name)
    if lead and not name.startswith(("和平", "和田", "及第")):
        start, name = start + lead.end(), name[lead.end() :]
    name = name.strip("“”\"' \u3000")
    return [(name, Span(start, start + len(name)))] if name else []
