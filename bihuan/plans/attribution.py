"""Who is charged: brackets, labelled lines and phrases, read by the grammar of official documents (R025).

A unit is only taken from a printed attribution. The subject of a directive (各单位要…) is not one, nor is a unit inside
a descriptive 的-phrase, nor the mandate of a body being set up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from bihuan.plans.model import Span
from bihuan.plans.units import is_collective, looks_like_unit, split_units

_ROLE = re.compile(
    r"(?P<lead>(?:共同|联合)?(?:负责牵头|牵头)(?:负责|组织|落实|实施|抓总|推进|推动|统筹)*)"
    r"|(?P<support>负责(?:配合|协助|参与)(?:落实)?"
    r"|(?:按照?(?:各自)?(?:职责|职能)(?:分工)?)?(?:配合|参与|参加|协助|协同|支持)(?:落实|实施|推进|做好)?(?!单位|部门))"
    r"|(?P<carry>(?:按照?(?:各自)?(?:职责|职能)(?:分工)?)?(?:组织落实|具体落实|抓好落实|组织实施|落实))"
    r"|(?P<guide>(?:负责)?(?:业务)?指导(?:督促|监督)?)"
    r"|(?P<share>(?:(?:按照?|根据|依据|依)(?:各自)?(?:[\u4e00-\u9fff]{0,2}(?:职责|职能|任务|分工|权限)){1,2}(?:范围)?(?:内)?)?"
    r"(?:分别|具体|共同|统一|全面|直接|组织|分工|统筹|各自|主要)?负责(?!人|同志|制(?![定订])|任)(?:落实|组织实施|实施|组织|推进)?)"
)
_LABEL = re.compile(
    r"(?P<lead>(?:牵头|主办|主责|总牵头)(?:责任)?(?:单位|部门|科室|处室|股室))"
    r"|(?P<support>(?:配合|参与|参加|协办|协助|协同|支持|落实)(?:责任)?(?:单位|部门|科室|处室|股室))"
    r"|(?P<guide>指导(?:单位|部门))"
    r"|(?P<share>(?:责任|承办|实施|负责|主管)(?:单位|部门|科室|处室|股室))"
)
_LABEL_LINE = re.compile(rf"(?:{re.sub(r'[?]P<[a-z]+>', '?:', _LABEL.pattern)})\s{{0,2}}[:：]")
_LABEL_STOP = re.compile(
    r"(?:完成时限|完成时间|时限要求|办结时限|整改时限|时间节点|时间要求|完成期限|时限|进度安排|责任人|责任领导|分管领导|牵头领导|联系人)\s{0,2}[:：]"
    r"|[。\n）)]|(?:牵头|责任|配合|参与|参加|协办|协助|主办|承办|指导|落实)(?:责任)?(?:单位|部门|科室|处室|股室)\s{0,2}[:：]"
)
BLANKET = re.compile(
    r"[，,。；;]?\s{0,2}(?:以下|以上|下列|下同)(?:各项|工作|任务|措施|内容|条款|均|各条)*\s{0,2}[，,]?(?:均|都)(?:需|由|须|应|要|需要)?(?:由)?"
    r"(?P<units>[^。；;]{2,60}?)(?:共同)?(?:负责|配合|组织|参与|落实){1,3}[，,。；;]?\s{0,2}(?:[，,]?不(?:再|另)(?:一一|逐一|逐项|重复|单独|分别|另行)?(?:列出|列明|标注|赘述|列|注明))"
)
_PERSONS = re.compile(r"专人|主要负责|谁[\u4e00-\u9fff]{1,6}谁|负责人|负责同志|^未|^不")


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
class _Clause:
    role: str
    units: list[tuple[str, Span]]


@dataclass(frozen=True)
class Bracket:
    """A bracket with its outer span; `text[inner]` is what it holds."""

    outer: Span
    inner: Span


def brackets(text: str, start: int, end: int, longest: int = 420) -> Iterator[Bracket]:
    """Yield the outermost brackets of text[start:end] in order, full and half width mixed as printed."""
    opened: list[int] = []
    for i in range(start, end):
        c = text[i]
        if c in "（(【〔[":
            opened.append(i)
        elif c in "）)】〕]" and opened:
            first = opened.pop()
            if not opened and i - first <= longest:
                yield Bracket(Span(first, i + 1), Span(first + 1, i))
        elif c == "\n":
            opened.clear()


def _clauses(text: str, start: int, end: int) -> list[_Clause]:
    """Read "X、Y牵头，Z配合" into clauses; everything before a role word since the last one is its unit list."""
    found: list[_Clause] = []
    cursor = start
    for match in _ROLE.finditer(text, start, end):
        if match.start() < cursor:
            continue
        before = text[cursor : match.start()]
        if _PERSONS.search(before[-8:] + match.group()):
            continue
        last_stop = max(before.rfind("；"), before.rfind(";"), before.rfind("。"))
        units = split_units(text, cursor + last_stop + 1, match.start())
        units = [(name, span) for name, span in units if _plausible(name)]
        role = match.lastgroup or "share"
        if units:
            found.append(_Clause(role, units))
        cursor = match.end()
    return found


def _plausible(name: str) -> bool:
    """Say whether a list member may stand for a unit; elliptic ones (建设) are short, sentences are not."""
    if len(name) > 34 or re.search(r"[。：:！？“”《》\d]|的$", name):
        return False
    return looks_like_unit(name) or len(name) <= 12


def _resolve(clauses: list[_Clause], rule: str) -> Attribution:
    """Give every clause its role beside the others (CONVENTION C2)."""
    result = Attribution(rule=rule)
    leads = [u for c in clauses if c.role == "lead" for u in c.units]
    shares = [u for c in clauses if c.role == "share" for u in c.units]
    supports = [u for c in clauses if c.role == "support" for u in c.units]
    guides = [u for c in clauses if c.role == "guide" for u in c.units]
    carriers = [u for c in clauses if c.role == "carry" for u in c.units]
    if leads or shares:
        supports = carriers + supports
    else:
        shares = carriers
    if leads:
        supports = shares + supports + guides
        shares = []
    elif len(shares) == 1 and not _is_plural(shares[0][0]):
        leads, shares = shares, []
        supports = supports + guides
    else:
        shares = shares + guides
    for name, units in (("lead", leads), ("support", supports), ("responsible", shares)):
        seen: set[str] = set()
        for unit, span in units:
            if unit not in seen:
                seen.add(unit)
                getattr(result, name).append(unit)
                result.spans.setdefault(name, []).append(span)
    return result


def _is_plural(name: str) -> bool:
    """Say whether one printed name stands for several units (各县区应急管理局, 有关部门)."""
    return name.startswith("各") or is_collective(name) is not None


def _labelled(text: str, start: int, end: int) -> list[_Clause]:
    """Read 牵头单位：… 责任单位：… 配合单位：… within text[start:end]."""
    found = []
    for match in _LABEL.finditer(text, start, end):
        colon = re.compile(r"\s{0,2}[:：]").match(text, match.end(), end)
        if not colon:
            continue
        units = split_units(text, colon.end(), _label_end(text, colon.end(), end))
        units = [(name, span) for name, span in units if _plausible(name)]
        if units:
            found.append(_Clause(match.lastgroup or "share", units))
    return found


def _label_end(text: str, start: int, end: int) -> int:
    """Return where the units of a label end: at a stop, the next label, or the bracket that closes around them."""
    for stop in _LABEL_STOP.finditer(text, start, end):
        opened = sum(text.count(c, start, stop.start()) for c in "（(")
        closed = sum(text.count(c, start, stop.start()) for c in "）)")
        if stop.group() not in ("）", ")") or opened <= closed:
            return stop.start()
    return end


def read_bracket(text: str, bracket: Bracket) -> Attribution | None:
    """Read one bracket as an attribution, or return None when it is something else."""
    start, end = bracket.inner
    blanket = BLANKET.search(text, start, end)
    if blanket:
        end = blanket.start()
    clauses = _labelled(text, start, end)
    rule = "units.bracket_label"
    if not clauses:
        clauses, rule = _clauses(text, start, end), "units.bracket"
    named = [name for clause in clauses for name, _ in clause.units]
    if not any(looks_like_unit(name) for name in named):
        return None
    return _resolve(clauses, rule)


def end_brackets(text: str, start: int, end: int) -> list[tuple[Bracket, Attribution]]:
    """Return the attributions printed in brackets that close a sentence of text[start:end]."""
    found = []
    for bracket in brackets(text, start, end):
        after = bracket.outer.end
        closes = (
            after >= end
            or text[after] in "。；;\n \u3000"
            or text[bracket.outer.start - 1 : bracket.outer.start] in (*"。；;\n ",)
        )
        if not closes:
            continue
        attribution = read_bracket(text, bracket)
        if attribution:
            found.append((bracket, attribution))
    return found


def labelled_lines(text: str, start: int, end: int) -> Attribution | None:
    """Read the labelled lines (责任单位：…) of an item."""
    if not _LABEL_LINE.search(text, start, end):
        return None
    clauses = _labelled(text, start, end)
    return _resolve(clauses, "units.label") if clauses else None


def heading_units(text: str, span: Span) -> Attribution | None:
    """Read a group heading that says who is charged (市公安局负责：), or None.

    A heading that only names a level or a unit charges nobody.
    """
    heading = text[span.start : span.end].rstrip("。：: ")
    match = re.fullmatch(
        r"(?:由)?(?P<units>[^，。；]{2,40}?)(?P<role>牵头|负责)(?:负责|落实|组织实施|的[^，。]{0,12})?",
        heading,
    )
    if not match or not all(
        looks_like_unit(name) for name, _ in split_units(match["units"], 0, len(match["units"]))
    ):
        return None
    clauses = _clauses(text, span.start, span.start + match.end("role"))
    return _resolve(clauses, "units.group_heading") if clauses else None


_PHRASE = re.compile(
    r"(?P<units>[\u4e00-\u9fff（()）、]{2,40}?)"
    r"(?P<role>牵头|会同|(?:统一|具体|全面|统筹|共同|分别|主要)?负责(?!人|同志|制(?![定订])|任|的)|指导(?=[，,。；;]))"
)
_ESTABLISHED = re.compile(r"成立|设立|组建|领导小组|工作专班|指挥部")
_DESCRIBED = re.compile(
    r"[^。；;]{0,40}?的[^，,。；;]{0,14}(?:机制|制度|格局|体系|模式|专班|小组|培训|机构|原则|会议)"
)
_NOT_SUBJECT = re.compile(
    r"(?:要|应(?!急)当?|须|需|可以?|已|将|必须|安排|明确|指定|确定|督促|报送?|按照|根据|对|把|为|与|并|或|于|切实|各司|谁|其|本|主要|未|不|没有?)"
)


def phrase_units(text: str, start: int, end: int) -> Attribution | None:
    """Read an attribution phrased in the item itself: X牵头, 由X负责, X负责…, X会同Y, X指导 beside a 负责."""
    clauses: list[_Clause] = []
    partners: list[tuple[str, Span]] = []
    for sentence_start, sentence_end in _sentences(text, start, end):
        if "负责" not in text[sentence_start:sentence_end] and not re.search(
            r"牵头|会同", text[sentence_start:sentence_end]
        ):
            continue
        for first, last in _commas(text, sentence_start, sentence_end):
            match = _PHRASE.match(text, first, last)
            if not match:
                continue
            units_start = first + 1 if text[first] == "由" else first
            units = split_units(text, units_start, match.end("units"))
            if not units or not all(looks_like_unit(name) for name, _ in units):
                continue
            names = text[units_start : match.end("units")]
            if _NOT_SUBJECT.search(names) or _PERSONS.search(names + match["role"]):
                continue
            if _ESTABLISHED.search(names) and _ESTABLISHED.search(text, start, first):
                continue
            if _DESCRIBED.match(text, match.end(), sentence_end) and match["role"] in ("牵头", "会同"):
                continue
            if match["role"] == "牵头":
                partners += _helpers(text, match.end(), sentence_end)
            if match["role"] == "会同":
                clauses.append(_Clause("lead", units))
                partner = re.compile(
                    r"[\u4e00-\u9fff（()）、]{2,40}?(?=等|对|开展|组织|制定|按|依|进行|[，,。；;])"
                ).match(text, match.end(), sentence_end)
                if partner:
                    partners += [
                        u for u in split_units(text, partner.start(), partner.end()) if looks_like_unit(u[0])
                    ]
            else:
                role = {"牵头": "lead", "指导": "guide"}.get(match["role"], "share")
                clauses.append(_Clause(role, units))
    if all(c.role == "guide" for c in clauses):
        return None
    if partners:
        clauses.append(_Clause("support", partners))
    result = _resolve(clauses, "units.phrase")
    return result or None


_HELP = re.compile(
    r"[，,]\s{0,2}(?P<units>[\u4e00-\u9fff（()）、]{2,80}?)(?:共同)?(?:配合|协助|参与|参加)(?:落实|做好)?(?=[，,。；;]|$)"
)


def _helpers(text: str, start: int, end: int) -> list[tuple[str, Span]]:
    """Return the units that help right after a 牵头 (X牵头，Y、Z配合)."""
    match = _HELP.match(text, start, end)
    if not match:
        return []
    return [unit for unit in split_units(text, *match.span("units")) if looks_like_unit(unit[0])]


def _sentences(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    cursor = start
    for match in re.compile(r"[。；;\n]").finditer(text, start, end):
        yield cursor, match.start()
        cursor = match.end()
    if cursor < end:
        yield cursor, end


def _commas(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield (start, sentence end) for every place in a sentence where a subject may stand."""
    yield start, end
    for match in re.compile(r"[，,：:]|由(?!于)").finditer(text, start, end):
        if match.end() < end:
            yield match.end(), end


def territorial_units(text: str, start: int, end: int) -> list[tuple[str, Span]]:
    """Return the units of a blanket sentence (以下均需…负责，不再列出), empty when there is none (R026)."""
    match = BLANKET.search(text, start, end)
    return split_units(text, match.start("units"), match.end("units")) if match else []
