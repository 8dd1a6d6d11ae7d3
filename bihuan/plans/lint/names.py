"""Names of departments: which printed names mean the same unit, which were given up in the reform of 2018.

The table holds the usual cores of department names with their short forms; a name not in it is compared by its letters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from bihuan.plans.model import Span

# Core of the full name, then its short forms.
DEPARTMENTS: tuple[tuple[str, ...], ...] = (
    ("发展和改革", "发展改革", "发展与改革", "发改"),
    ("教育体育", "教育和体育", "教体"),
    ("教育",),
    ("科学技术", "科技"),
    ("工业和信息化", "工业信息化", "工信"),
    ("经济和信息化", "经济信息化", "经信"),
    ("民族宗教事务", "民族宗教", "民宗"),
    ("公安",),
    ("民政",),
    ("司法",),
    ("财政",),
    ("人力资源和社会保障", "人力资源社会保障", "人社"),
    ("自然资源和规划", "自然资源规划", "资源规划", "资规"),
    ("自然资源",),
    ("生态环境",),
    ("住房和城乡建设", "住房城乡建设", "住房与城乡建设", "住建"),
    ("交通运输", "交通"),
    ("水利",),
    ("水务",),
    ("农业农村",),
    ("商务",),
    ("文化广电和旅游", "文化广电旅游", "文广旅"),
    ("文化和旅游", "文化旅游", "文旅"),
    ("卫生健康", "卫健"),
    ("退役军人事务", "退役军人"),
    ("应急管理", "应急"),
    ("审计",),
    ("国有资产监督管理", "国资"),
    ("市场监督管理", "市场监管"),
    ("城市管理综合执法", "城市管理行政执法", "城市管理执法", "城市管理", "城管执法", "城管"),
    ("综合行政执法",),
    ("消防救援", "消防"),
    ("气象",),
    ("税务",),
    ("林业和草原", "林草"),
    ("林业",),
    ("粮食和物资储备", "粮食和储备"),
    ("医疗保障", "医保"),
    ("统计",),
    ("信访",),
    ("大数据",),
    ("机关事务管理", "机关事务"),
    ("行政审批服务", "行政审批"),
    ("政务服务",),
    ("广播电视", "广电"),
    ("邮政管理", "邮政"),
    ("通信管理",),
    ("人民防空", "人防"),
    ("海事",),
    ("监察",),
)
# Names that ended with the reform of 2018, and what took their place.
FORMER: dict[str, tuple[str, str]] = {
    "安全生产监督管理": ("应急管理", "应急管理"),
    "安监": ("应急管理", "应急"),
    "质量技术监督": ("市场监督管理", "市场监管"),
    "质监": ("市场监督管理", "市场监管"),
    "工商行政管理": ("市场监督管理", "市场监管"),
    "工商": ("市场监督管理", "市场监管"),
    "食品药品监督管理": ("市场监督管理", "市场监管"),
    "食药监": ("市场监督管理", "市场监管"),
    "国土资源": ("自然资源和规划", "自然资源"),
    "环境保护": ("生态环境", "生态环境"),
    "环保": ("生态环境", "生态环境"),
    "卫生和计划生育": ("卫生健康", "卫生健康"),
    "卫计": ("卫生健康", "卫生健康"),
    "旅游发展": ("文化和旅游", "文化和旅游"),
    "文广新": ("文化和旅游", "文化和旅游"),
}
# Trades that stand for departments in shortened lists (建设、文化、卫生等部门).
_ELLIPTIC = {
    *(
        "建设",
        "文化",
        "卫生",
        "旅游",
        "农业",
        "规划",
        "经贸",
        "宣传",
        "组织",
        "供电",
        "物价",
        "粮食",
        "国税",
        "地税",
    ),
    *("林业", "畜牧", "水产", "铁路", "民航", "电力", "烟草", "农机", "人武", "机构编制"),
}
_LEVEL = "省|自治区|自治州|州|市|县|区|旗"
_CORES = sorted({core for row in DEPARTMENTS for core in row}, key=len, reverse=True)
_CANONICAL = {core: row[0] for row in DEPARTMENTS for core in row}
_SUFFIX = r"局|委员会|委(?!员|托|派|会|书|常)|厅|大队|支队|总队"
_MENTION = re.compile(rf"(?P<level>{_LEVEL})(?P<core>{'|'.join(_CORES)})(?:{_SUFFIX})")
_FORMER_MENTION = re.compile(
    rf"(?P<level>{_LEVEL})?(?P<core>{'|'.join(sorted(FORMER, key=len, reverse=True))})(?P<suffix>局|委(?!员|托|派)|部门|厅)"
)
_POST = re.compile(
    r"(?:(?:有关|主要|分管|相关)(?:领导|负责(?:同志|人))|党[组委](?:副书记|书记|成员|委员)"
    r"|(?:常务)?副?(?:局长|主任|书记|部长|总?队长|支队长|大队长|政委|[市县区镇乡]长|处长|科长|总?经理|董事长|院长|校长|主席|行长|站长|台长"
    r"|社长|理事长|调研员|主任科员)|负责(?:同志|人))(?:[、，（(同].*)?$"
)
_TRAIL = re.compile(r"(?:局|委员会|委|厅|部门|部|办公室|办|大队|支队|总队|队)$")


@dataclass(frozen=True)
class Mention:
    """A department named in running text: 市住建局 is level 市, department 住房和城乡建设."""

    span: Span
    name: str
    level: str
    department: str


def mentions(text: str, span: Span) -> Iterator[Mention]:
    """Yield the departments named with level and 局, 委, 厅 or 队 in a stretch of text."""
    for match in _MENTION.finditer(text, *span):
        yield Mention(Span(*match.span()), match.group(), match["level"], _CANONICAL[match["core"]])


def former_mentions(text: str, span: Span) -> Iterator[tuple[Span, str, str]]:
    """Yield the names given up in 2018 with the department that took their place."""
    for match in _FORMER_MENTION.finditer(text, *span):
        if not text[: match.start()].endswith(("原", "原市", "原省", "原县")):
            yield Span(*match.span()), match.group(), FORMER[match["core"]][0]


def without_post(name: str) -> str:
    """Cut a person's post off a unit: 市应急局局长 -> 市应急局."""
    return _POST.sub("", name).strip() or name


@lru_cache(maxsize=4096)
def identity(name: str) -> tuple[str, str]:
    """Return level and department of a printed unit, a person's post cut off: 市应急局局长 -> (市, 应急管理)."""
    plain = re.sub(r"\s|[（(][^（）()]*[）)]", "", name)
    plain = _POST.sub("", plain) or plain
    party = re.match(
        r"[省市县区州](?=委(?:宣传|组织|统战|政法|网信|社会工作|编)[\u4e00-\u9fff]{0,3}$)", plain
    )
    if party:
        return party.group(), _TRAIL.sub("", plain[2:])
    if re.search(r"纪委|监委", plain):
        return "", "纪检监察"
    if re.match(r"共青团|团[省市县区州]委", plain):
        return "", "共青团"
    level = ""
    if not _known(plain):
        match = re.match(rf"(?:{_LEVEL})(?=[\u4e00-\u9fff]{{2}})", plain)
        if match and not re.search(r"(?:镇|乡|街道|区|县|市)$", plain):
            level, plain = match.group(), plain[match.end() :]
    known = _known(plain)
    if known:
        return level, known
    core = _TRAIL.sub("", plain) if not re.search(r"(?:镇|乡|街道|公司|中心)$", plain) else plain
    return level, core or plain


def _known(plain: str) -> str:
    for core in _CORES:
        rest = plain[len(core) :]
        if plain.startswith(core) and (
            not rest or re.fullmatch(rf"(?:{_SUFFIX}|部门|办|系统|机关)?.{{0,2}}", rest)
        ):
            return _CANONICAL[core]
    return ""


def is_department(name: str) -> bool:
    """Say whether a name is that of a usual department, shortened or not (发改, 市公安局)."""
    core = identity(name)[1]
    return core in _CANONICAL or core in FORMER or core in _ELLIPTIC


def same_unit(one: str, other: str) -> bool:
    """Say whether two printed names mean one unit: 市住建局 and 市住房和城乡建设局; 公安 and 市公安局."""
    (level, core), (level2, core2) = identity(one), identity(other)
    if level and level2 and level != level2:
        return False
    if core == core2:
        return True
    short, full = sorted((core, core2), key=len)
    return len(short) >= 2 and abbreviates(short, full)


def abbreviates(short: str, full: str) -> bool:
    """Say whether a short name is made of letters of the full one, in order, beginning with its first."""
    if not short or short[0] != full[0]:
        return False
    rest = iter(full)
    return all(letter in rest for letter in short)


def short_forms(department: str) -> list[str]:
    """Return all printed forms of a department's core, itself first."""
    return next((list(row) for row in DEPARTMENTS if row[0] == department), [department])


def complete(cut: str) -> str:
    """Return the full name a name cut before its end must have had (市卫生健 -> 市卫生健康局), or an empty string."""
    match = re.match(rf"(?P<level>{_LEVEL})?(?P<core>.+)$", cut)
    if not match or len(match["core"]) < 2:
        return ""
    for row in DEPARTMENTS:
        for core in row:
            if core.startswith(match["core"]):
                suffix = (
                    "支队"
                    if core == "消防救援"
                    else "委"
                    if row[0] in ("卫生健康", "发展和改革") and not match["level"]
                    else "局"
                )
                return f"{match['level'] or ''}{core}{suffix}"
    return ""
