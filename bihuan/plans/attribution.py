"""Who is charged: brackets, labelled lines and phrases, read by the grammar of official documents (R025).

A unit is only taken from a printed attribution. The subject of a directive (各单位要…) is not one, nor is a unit inside
a descriptive 的-phrase, nor the mandate of a body being set up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache

from bihuan.plans.model import Span
from bihuan.plans.units import ELLIPTIC, is_collective, looks_like_unit, split_units

_BY_DUTY = r"(?:(?:按照?|根据|依据|依照?|结合|立足)(?:各自|“[^”]{2,12}”)?(?:[\u4e00-\u9fff]{0,4}(?:职责|职能|任务|分工|权限|原则|要求|管理)){1,2}(?:范围)?(?:内)?)?"
_ROLE = re.compile(
    rf"(?P<lead>{_BY_DUTY}(?:共同|联合|分别|总)?(?:负责牵头|牵头|主办|主责|主抓)(?:负责|组织|落实|实施|抓总|推进|推动|统筹|协调|抓好|做好|开展|办理|完成)*(?!单位|部门|科室))"
    rf"|(?P<support>负责(?:配合|协助|参与)(?:落实)?|{_BY_DUTY}(?:共同|密切|积极|做好)?"
    r"(?:配合|参与|参加|协助|协同|支持|协办|协作|参办)(?:落实|实施|推进|做好|抓好|完成|开展|工作)*(?!单位|部门|科室))"
    rf"|(?P<carry>{_BY_DUTY}(?:具体|分别|共同|负责)?(?:组织落实|具体落实|抓好落实|组织实施|具体实施|贯彻落实|推进落实|推动落实|抓落实|落实落细|承担|承办|执行|实施|落实|推进|办理)(?!单位|部门))"
    r"|(?P<guide>(?:负责)?(?:业务|技术|行业)?(?:督促)?指导(?:督促|监督|协调|推进|推动|落实)?)"
    rf"|(?P<share>{_BY_DUTY}(?:分别|具体|共同|统一|全面|直接|组织|分工|统筹|各自|主要|协同|分级|依法)?"
    r"负责(?!人|同志|制(?![定订])|任)(?:落实|组织实施|实施|组织|推进|抓好落实|统筹|完成)?)"
)
_NOUN = r"(?:责任)?(?:单位|部门|科室|处室|股室|股所|站所|机构|主体|车间)(?:[（(](?:单位|部门|科室)[）)])?"
_LABEL = re.compile(
    rf"(?P<lead>(?:总?牵头|主办|主责|主抓)(?:负责|实施|落实)?(?:[（(/及和、]?(?:主要)?(?:责任|负责|实施)[）)]?)?{_NOUN})"
    rf"|(?P<support>(?:责任)?(?:共同)?(?:配合|参与|参加|协办|协助|协同|支持|协作)(?:落实|实施)?{_NOUN})"
    rf"|(?P<carry>(?:具体|组织)?(?:落实|实施|执行){_NOUN})"
    rf"|(?P<guide>(?:业务|行业)?指导{_NOUN})"
    rf"|(?P<share>(?:责任|承办|负责|主管|承担|完成|责任落实)(?:[（(/及和、](?:配合|落实)[）)]?)?{_NOUN}(?:及责任人|及负责人|和责任人)?)"
)
# 牵头：X；配合：Y without the word 单位.
_SHORT_LABEL = re.compile(
    r"(?:^|(?<=[（(\[【［；;，,。\n\s]))(?:(?P<lead>牵头|主办|主责)|(?P<support>配合|协办|参与|协同|协助)|(?P<guide>指导)|(?P<share>责任|负责|责任分工))(?=\s{0,2}[:：])"
)
# 牵头单位为X does without a colon.
_COLON = re.compile(
    r"\s{0,2}[:：]\s{0,2}|[为是](?=[\u4e00-\u9fff]{2,16}(?:局|委|办|部|厅|公司|政府|中心|队|科|处)[，,、。；;（(]?)(?!主体)"
)
_LABEL_LINE = re.compile(
    r"(?=[总牵主责共配参协支具组落实执业行指承负完])"
    rf"(?:{re.sub(r'[?]P<[a-z]+>', '?:', _LABEL.pattern)})(?:\s{{0,2}}[:：]|[为是])"
)
_ANY_LABEL = (
    r"(?:(?:总?牵头|责任|配合|参与|参加|协办|协助|协同|支持|主办|主责|承办|指导|督导|监督|落实|实施|负责|主管)(?:责任)?(?:单位|部门|科室|处室|股室|机构|主体|领导|人员|县领导|市领导|区领导)"
    r"|完成时限|完成时间|时限要求|办结时限|整改时限|责任时限|时间节点|时间要求|完成期限|整改期限|时限|期限|进度安排|推进时间|实施时间|起止时间|时间安排|工作时限|完成标准"
    r"|责任人员?|责任领导|分管领导|牵头领导|包保领导|包抓领导|负责人|第一责任人|直接责任人|联系人|联系方式|联系电话|整改措施|工作措施|具体措施|整改目标|工作目标|目标任务|工作要求|验收标准|资金来源|备注)"
)
_LABEL_STOP = re.compile(
    rf"{_ANY_LABEL}(?:\s{{0,2}}[:：]|为)|(?<=[；;，,\s])[\u4e00-\u9fff]{{2,8}}\s{{0,2}}[:：]|[。\n）)\]】］〕]"
)
BLANKET = re.compile(
    r"[，,。；;]?\s{0,2}(?:以下|以上|下列|下同)(?:各项|工作|任务|措施|内容|条款|均|各条)*\s{0,2}[，,]?(?:均|都)(?:需|由|须|应|要|需要)?(?:由)?"
    r"(?P<units>[^。；;]{2,60}?)(?:共同)?(?:负责|配合|组织|参与|落实){1,3}[，,。；;]?\s{0,2}(?:[，,]?不(?:再|另)(?:一一|逐一|逐项|重复|单独|分别|另行)?(?:列出|列明|标注|赘述|列|注明))"
)


def blanket_in(text: str, start: int, end: int) -> re.Match[str] | None:
    """Return the blanket sentence of text[start:end]; without its closing words there is none to search for."""
    if text.find("不再", start, end) < 0 and text.find("不另", start, end) < 0:
        return None
    return BLANKET.search(text, start, end)


_PERSONS = re.compile(
    r"专人|主要负责|谁[\u4e00-\u9fff]{1,6}谁|负责人|负责同志|^未|^不|法定代表人|领导$|领导(?=负责)|责任人(?=负责)"
)
_MARKED = re.compile(r"[（(](?P<role>总?牵头|主办|主责|配合|协办|参与|指导)(?:单位|部门|负责)?[）)]$")
_JOINT = re.compile(r"(?:会同|联合|协同)(?!有关单位、)(?=[\u4e00-\u9fff])")
# Words of time and manner that stand beside units in a bracket (持续推进, 2031年6月底前完成) and are none.
_NOT_A_NAME = re.compile(
    r"[。：:！？“”《》\d]|的$|完成|持续|长期|全年|每[年月周季日半个]|年底|月底|适时|定期|及时|同步|立即|常态|开展|推进|落实|贯穿|按|负责|一次|如|含|包括|简称|详见|见附"
)
_STRONG = re.compile(
    r"(?:局|厅|委|办|政府|管委会|管理委员会|委员会|办公室|支队|大队|总队|办事处|海关|部门|供电公司|分公司|集团|集团公司|宣传部|组织部|安全部|法院|检察院|团市委|团县委|妇联|总工会|各?乡镇|各街道|各县区|镇街|各园区|税务局|支行)(?:[（(][^（）()]{1,14}[）)])?$"
)


@dataclass
class Attribution:
    """Units by role, with the places they are printed at, and the rule that found them."""

    lead: list[str] = field(default_factory=list)
    support: list[str] = field(default_factory=list)
    responsible: list[str] = field(default_factory=list)
    spans: dict[str, list[Span]] = field(default_factory=dict)
    rule: str = ""

    def __bool__(self) -> bool:
        return bool(self.lead or self.support or self.responsible)


@dataclass(frozen=True)
class Clause:
    """Units under one role word: lead, support, carry, guide, share, divided (按职责分工负责), or joint (the X of X会同Y)."""

    role: str
    units: list[tuple[str, Span]]


@dataclass(frozen=True)
class Bracket:
    """A bracket with its outer span; `text[inner]` is what it holds."""

    outer: Span
    inner: Span


_BRACKET_OR_BREAK = re.compile(r"[（(【〔\[［）)】〕\]］\n]")


def brackets(text: str, start: int, end: int, longest: int = 420) -> Iterator[Bracket]:
    """Yield the outermost brackets of text[start:end] in order, full and half width mixed as printed."""
    opened: list[int] = []
    for match in _BRACKET_OR_BREAK.finditer(text, start, end):
        c, i = match.group(), match.start()
        if c in "（(【〔[［":
            opened.append(i)
        elif c == "\n":
            opened.clear()
        elif opened:
            first = opened.pop()
            if not opened and i - first <= longest:
                yield Bracket(Span(first, i + 1), Span(first + 1, i))


def _clauses(text: str, start: int, end: int, rest: str = "") -> list[Clause]:
    """Read "X、Y牵头，Z配合" into clauses; everything before a role word since the last one is its unit list.

    `rest` is the role of units after the last role word; without it they are left out unless a lead stands before.
    """
    found: list[Clause] = []
    cursor = start
    for match in _ROLE.finditer(text, start, end):
        if match.start() < cursor:
            continue
        before = text[cursor : match.start()]
        if _PERSONS.search(before[-8:] + match.group()):
            cursor = match.end()
            continue
        last_stop = max(before.rfind("；"), before.rfind(";"), before.rfind("。"))
        role = "divided" if match.lastgroup == "share" and "分工" in match.group() else match.lastgroup
        found.extend(_joint(text, cursor + last_stop + 1, match.start(), role or "share"))
        cursor = match.end()
    after = _joint(text, cursor, end, rest or "share") if rest or found else []
    if after and (rest or all(looks_like_unit(name) for clause in after for name, _ in clause.units)):
        found.extend(after)
    return found


def _joint(text: str, start: int, end: int, role: str) -> list[Clause]:
    """Return the units of text[start:end] under their role, parted at 会同: what follows it supports."""
    parted = _JOINT.search(text, start, end)
    if not parted:
        units = named_units(text, start, end)
        return [Clause(role, units)] if units else []
    first = named_units(text, start, parted.start())
    others = named_units(text, parted.end(), end)
    if not others:
        return [Clause(role, first)] if first else []
    clauses = [Clause("lead" if role == "lead" else "joint", first)] if first else []
    return [*clauses, Clause("support", others)]


_ETC_UNITS = re.compile(r"等(?:[\u4e00-\u9fff]{0,6})?(?:部门|单位)")


def named_units(text: str, start: int, end: int) -> list[tuple[str, Span]]:
    """Return the members of a list that may stand for units; sentences, dates and words of manner are left out."""
    elliptic = bool(_ETC_UNITS.search(text, start, end))
    return [
        (name, span)
        for name, span in split_units(text, start, end)
        if _plausible(name) or (elliptic and 1 < len(name) <= 6 and not _NOT_A_NAME.search(name))
    ]


@lru_cache(maxsize=4096)
def _plausible(name: str) -> bool:
    """Say whether a list member may stand for a unit; elliptic ones (建设) are short, sentences are not."""
    if len(name) > 34 or len(name) < 2:
        return False
    if looks_like_unit(name) and not re.search(r"的$|每[年月周季]", name):
        return True
    if _NOT_A_NAME.search(name):
        return False
    return bool(ELLIPTIC.fullmatch(name)) or (len(name) <= 12 and name[0] in "国省市县区各中")


def _undivided(clauses: list[Clause]) -> list[Clause]:
    """Give 按职责分工负责 its role: beside one unit that plainly 负责 it makes that one the lead, else it is a share."""
    if not any(clause.role == "divided" for clause in clauses):
        return clauses
    sole = [clause for clause in clauses if clause.role == "share"]
    leads = len(sole) == 1 and len(sole[0].units) == 1 and not _is_plural(sole[0].units[0][0])
    roles = {"divided": "share", "share": "lead" if leads else "share"}
    return [replace(clause, role=roles.get(clause.role, clause.role)) for clause in clauses]


def resolve(clauses: list[Clause], rule: str) -> Attribution:
    """Give every clause its role beside the others (CONVENTION C2)."""
    result = Attribution(rule=rule)
    clauses = _undivided(clauses)
    has = {clause.role for clause in clauses}
    shares = [u for c in clauses if c.role == "share" for u in c.units]
    carriers = [u for c in clauses if c.role == "carry" for u in c.units]
    place = {"lead": "lead", "support": "support", "joint": "lead", "guide": "responsible"}
    place |= {"share": "responsible", "carry": "support" if "share" in has else "responsible"}
    charged = shares or carriers
    if "lead" in has or ("joint" in has and not charged):
        place |= {"share": "support", "carry": "support", "guide": "support"}
        place["joint"] = "support" if "lead" in has else "lead"
    elif len({name for name, _ in charged}) == 1 and not _is_plural(charged[0][0]):
        place["share" if shares else "carry"] = "lead"
        place |= {"guide": "support", "joint": "support"}
    elif "joint" in has:
        place |= {"joint": "support"} if "share" in has else {}
    seen: set[str] = set()
    for wanted in ("lead", "responsible", "support"):
        for clause in clauses:
            if place[clause.role] != wanted:
                continue
            for unit, span in clause.units:
                if unit not in seen:
                    seen.add(unit)
                    getattr(result, wanted).append(unit)
                    result.spans.setdefault(wanted, []).append(span)
    return result


_EACH = re.compile(r"^各|^县级以上|各(?:县|市|区|镇|乡|街|部门|单位|级|科|处|车间|班组|村|学校|企业|矿|园区)")


def _is_plural(name: str) -> bool:
    """Say whether one printed name stands for several units (各县区应急管理局, 有关部门)."""
    return bool(_EACH.search(name)) or is_collective(name) is not None


def _labelled(text: str, start: int, end: int) -> list[Clause]:
    """Read 牵头单位：… 责任单位：… 配合单位：… within text[start:end]."""
    found: list[Clause] = []
    labels = [m for m in _LABEL.finditer(text, start, end) if _COLON.match(text, m.end(), end)]
    taken = {m.end() for m in labels}
    labels += [m for m in _SHORT_LABEL.finditer(text, start, end) if m.end() not in taken]
    for match in sorted(labels, key=lambda m: m.start()):
        colon = _COLON.match(text, match.end(), end)
        if colon:
            stop = _label_end(text, colon.end(), end)
            found.extend(_label_value(text, colon.end(), stop, match.lastgroup or "share"))
    return found


def _label_value(text: str, start: int, end: int, role: str) -> list[Clause]:
    """Read what stands after a label: plain units, units with their own role words, or units marked （牵头）."""
    if _ROLE.search(text, start, end) and not _MARKED_ANYWHERE.search(text, start, end):
        return _clauses(text, start, end, role)
    marked: list[Clause] = []
    for name, span in named_units(text, start, end):
        mark = _MARKED.search(name)
        if mark:
            own = (
                "support"
                if mark["role"] in ("配合", "协办", "参与")
                else "guide"
                if mark["role"] == "指导"
                else "lead"
            )
            cut = Span(span.start, span.start + mark.start())
            marked.append(Clause(own, [(name[: mark.start()], cut)]))
        elif marked and marked[-1].role == role:
            marked[-1].units.append((name, span))
        else:
            marked.append(Clause(role, [(name, span)]))
    return marked


_MARKED_ANYWHERE = re.compile(_MARKED.pattern.removesuffix("$"))


def _label_end(text: str, start: int, end: int) -> int:
    """Return where the units of a label end: at a stop, the next label, or the bracket that closes around them.

    A line that ends with 、 goes on.
    """
    for stop in _LABEL_STOP.finditer(text, start, end):
        if stop.group() == "\n" and text[start : stop.start()].rstrip()[-1:] in ("、", "，", ""):
            continue
        opened = sum(text.count(c, start, stop.start()) for c in "（([【［〔")
        closed = sum(text.count(c, start, stop.start()) for c in "）)]】］〕")
        if stop.group() not in tuple("）)]】］〕") or opened <= closed:
            return stop.start()
    return end


def read_bracket(text: str, bracket: Bracket) -> Attribution | None:
    """Read one bracket as an attribution, or return None when it is something else."""
    start, end = bracket.inner
    blanket = blanket_in(text, start, end)
    if blanket:
        end = blanket.start()
    clauses = _labelled(text, start, end)
    rule = "units.bracket_label"
    if not clauses:
        clauses, rule = _clauses(text, start, end), "units.bracket"
        if not clauses:
            return _bare(text, bracket)
        named = [name for clause in clauses for name, _ in clause.units]
        if not any(looks_like_unit(name) or ELLIPTIC.fullmatch(name) for name in named):
            return None
    return resolve(clauses, rule)


_NO_LIST = re.compile(r"含|包括|简称|例如|见|如下|除外|下同|原[\u4e00-\u9fff]+$")


def _bare(text: str, bracket: Bracket) -> Attribution | None:
    """Read a bracket that holds nothing but units (市应急局、市公安局), perhaps with a deadline beside them."""
    start, end = bracket.inner
    inside = text[start:end]
    left = text[max(0, bracket.outer.start - 12) : bracket.outer.start].rstrip()
    if re.search(r"(?:联系人|联系电话|联络员|咨询)[^。；\n]{0,12}$", left):
        return None
    if _NO_LIST.search(inside) or "\n" in inside or not left:
        return None
    if left[-1] not in "。；;！!" and looks_like_unit(re.split(r"[。；;，,、：:\s]", left)[-1] or left):
        return None
    pieces = [
        (name, span) for name, span in split_units(text, start, end) if not re.search(r"\d|完成|推进$", name)
    ]
    strong = [name for name, _ in pieces if _STRONG.search(name)]
    if not pieces or len(strong) * 2 < len(pieces) or not all(looks_like_unit(name) for name, _ in pieces):
        return None
    return resolve([Clause("share", pieces)], "units.bracket_bare")


def end_brackets(text: str, start: int, end: int) -> list[tuple[Bracket, Attribution]]:
    """Return the attributions printed in brackets that close a sentence of text[start:end].

    Brackets that follow each other directly （牵头单位：X）（配合单位：Y） are one attribution.
    """
    found: list[tuple[Bracket, Attribution]] = []
    for bracket in brackets(text, start, end):
        after = bracket.outer.end
        closes = (
            after >= end
            or text[after] in "。；;：:\n \u3000（([【［〔"
            or text[bracket.outer.start - 1 : bracket.outer.start] in (*"。；;\n ",)
        )
        attribution = read_bracket(text, bracket) if closes else None
        if not attribution:
            continue
        if found and not text[found[-1][0].outer.end : bracket.outer.start].strip():
            before, first = found[-1]
            joined = Bracket(Span(before.outer.start, after), Span(before.inner.start, bracket.inner.end))
            found[-1] = (joined, _joined(first, attribution))
        else:
            found.append((bracket, attribution))
    return found


def _joined(first: Attribution, second: Attribution) -> Attribution:
    """Add the roles of a second bracket to those of the first; beside a lead all others support."""
    for name in ("lead", "support", "responsible"):
        role = "support" if name == "responsible" and first.lead else name
        for unit, span in zip(getattr(second, name), second.spans.get(name, []), strict=True):
            if unit not in first.lead + first.support + first.responsible:
                getattr(first, role).append(unit)
                first.spans.setdefault(role, []).append(span)
    return first


def completed(own: Attribution | None, group: Attribution | None) -> Attribution | None:
    """Return an item's own attribution, with the charge of its group's heading where it names only helpers itself."""
    if not own or not group or own.lead or own.responsible:
        return own or group
    helpers = Attribution(
        support=list(own.support), spans={"support": list(own.spans.get("support", []))}, rule=own.rule
    )
    return _joined(_copy(group), helpers)


def _copy(found: Attribution) -> Attribution:
    spans = {role: list(places) for role, places in found.spans.items()}
    return Attribution(list(found.lead), list(found.support), list(found.responsible), spans, found.rule)


def labelled_lines(text: str, start: int, end: int) -> Attribution | None:
    """Read the labelled lines (责任单位：…) of an item."""
    if not _LABEL_LINE.search(text, start, end):
        return None
    clauses = _labelled(text, start, end)
    return resolve(clauses, "units.label") if clauses else None


def heading_units(text: str, span: Span) -> Attribution | None:
    """Read a group heading that says who is charged (市公安局负责：, 清查行动（市公安局牵头）), or None.

    A heading that only names a level or a unit charges nobody.
    """
    heading = text[span.start : span.end].rstrip("。：: ")
    if "牵头" not in heading and "负责" not in heading:
        return None
    closing = next(reversed([*brackets(text, *span)]), None)
    if closing and closing.outer.end == span.start + len(heading):
        found = read_bracket(text, closing)
        said = any(word in text[closing.inner.start : closing.inner.end] for word in ("牵头", "负责"))
        return replace(found, rule="units.group_heading") if found and said else None
    match = re.fullmatch(
        r"(?:由)?(?P<units>[^，。；]{2,40}?)(?P<role>牵头|负责)(?:负责|落实|组织|实施|推进|抓好|完成)*(?:的[^，。]{0,12})?",
        heading,
    )
    if not match or not all(
        looks_like_unit(name) for name, _ in split_units(match["units"], 0, len(match["units"]))
    ):
        return None
    clauses = _clauses(text, span.start, span.start + match.end("role"))
    return resolve(clauses, "units.group_heading") if clauses else None


def territorial_units(text: str, start: int, end: int) -> list[tuple[str, Span]]:
    """Return the units of a blanket sentence (以下均需…负责，不再列出), empty when there is none (R026)."""
    match = blanket_in(text, start, end)
    return split_units(text, match.start("units"), match.end("units")) if match else []
