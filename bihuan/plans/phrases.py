"""Who is charged by a phrase of the item itself: X牵头, 由X负责, X负责…, X会同Y (CONVENTION C1.4).

Most sentences that name units charge nobody: subjects of directives (各单位要…), partners (组织X、联合X), mandates
of bodies being set up, slogans, descriptions inside a 的-phrase. A phrase counts only where a clause begins with
its units and a role word follows them directly.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bihuan.plans.attribution import Attribution, Clause, named_units, resolve
from bihuan.plans.model import Span
from bihuan.plans.units import ELLIPTIC, looks_like_unit, split_units

_NAMES = r"[\u4e00-\u9fff（()）、]"
_PHRASE = re.compile(
    rf"(?P<units>{_NAMES}{{2,90}}?)"
    r"(?P<role>(?<![：:])牵头|会同|(?:统一|具体|全面|统筹|共同|分别|主要|直接|按职责(?:分工)?|按照(?:各自)?职责(?:分工)?)?[：:]?负责(?!人|同志|制(?![定订])|任|的)|指导(?:监督|督促)?(?=[，,。；;]|$))"
)
_ESTABLISHED = re.compile(r"成立|设立|组建|领导小组|工作专班|指挥部")
_DESCRIBED = re.compile(
    r"[^。；;]{0,40}?的[^，,。；;]{0,14}(?:机制|制度|格局|体系|模式|专班|组(?!织)|培训|机构|原则|会议|局面|网络|责任制|合力|氛围|队伍|活动|演练)"
)
_NOT_SUBJECT = re.compile(
    r"(?:(?<![主需重])要|(?<![供响反适效])应(?!急)当?|须|需|(?<!许)可以?|已|将|必须|安排|明确|指定|确定|督促|(?<![情广晚日])报送?|按照|根据|(?<!应)对|把|(?<!行)为|(?<!参)与|并|或|于|切实|各司|谁|其(?!他)|本(?!溪)|主要|未|不(?!动产)|没有?|(?<!自)由)"
    r"|^(?:建立|形成|构建|健全|完善|坚持|实行|落实|强化|推动|压实|谋划|探索|向|给|让|使|以|经|凡|组织(?!部)|协助|配合|联合|加强|做好|继续|开展|严格|依法|属于|主动|积极|参加|接受|邀请|协调|提请|商请|争取|支持|鼓励|引导|委托|聘请|抽调|选派|推行|执行|贯彻|遵循|作为|提高|增强|杜绝|发挥|突出|确立)"
)
# 政府负责、部门监管 among other short members is a slogan, not a charge.
_SLOGAN = re.compile(
    r"(?:党委|政府|部门|企业|单位|属地|社会|群众|个人|全民|行业|职工|齐抓|层层|分级|分片|条块)$"
)
_PERSONS = re.compile(
    r"专人|主要负责|谁[\u4e00-\u9fff]{1,6}谁|负责人|负责同志|领导$|书记$|经理$|主任$|局长$|人员$|^未|^不"
)
_HELPING = r"(?:按照?(?:各自)?职责(?:分工)?)?(?:予以|给予|共同|密切|积极|做好|全力)?(?:支持)?(?:配合|协助|参与|参加|协同|协办)(?!单位|部门)"
_HELP = re.compile(
    rf"[，,；;、]\s{{0,2}}(?:由)?(?P<units>{_NAMES}{{2,90}}?){_HELPING}(?=[^，,。；;、\n]{{0,14}}(?:[，,。；;、\n]|$))"
)
_HELP_SENTENCE = re.compile(rf"(?:由)?(?P<units>{_NAMES}{{2,90}}?){_HELPING}(?=[，,。；;\n]|$)")
_WITH = re.compile(rf"[，,]?\s{{0,2}}(?:并|负责)?会同(?P<units>{_NAMES}{{2,120}})")
_ACTION = re.compile(
    r"对|开展|组织(?!部)|制定|按|依|进行|研究|建立(?!行)|督促|推进|落实|实施|做好|加强|负责|共同|联合|定期|适时|及时|加快|完成|提出|编制|牵头|排查|检查(?!站|院)|审[查核批定]"
    r"|验收|出台|公布|处[理置]|查处|打击|整治|督[导查]|巡查|指导|协调|统筹|加大|强化|深入|印发|修订|起草|拟定|提请|核查|清理|摸排|抽查|约谈|通报|组成|成立|采取|妥善|抽[取调选]|选取|选派|召开|举办|赴|现场|派员|派出(?!所)|聘请|逐|复[核查](?!中心)|评[估审](?!中心)|为|在|将|要|全面|严厉|严格|尽快|每"
)


def phrase_units(text: str, start: int, end: int) -> Attribution | None:
    """Read an attribution phrased in the item itself: X牵头, 由X负责, X负责…, X会同Y, X指导 beside a 负责."""
    clauses: list[Clause] = []
    for first, stop in _sentences(text, start, end):
        helping = _HELP_SENTENCE.match(text, first, stop) if clauses else None
        if helping and not _NOT_SUBJECT.search(helping["units"]):
            helpers = [unit for unit in named_units(text, *helping.span("units")) if _unit(unit[0])]
            clauses.extend([Clause("support", helpers)] if helpers else [])
            continue
        if not re.search(r"负责|牵头|会同", text[first:stop]):
            continue
        for place in _subjects(text, first, stop):
            clauses.extend(_charged(text, place, start, stop))
    if all(clause.role == "guide" for clause in clauses):
        return None
    return resolve(clauses, "units.phrase") or None


def _charged(text: str, first: int, start: int, stop: int) -> list[Clause]:
    """Return the units a clause beginning at `first` charges, with their helpers; empty when it charges nobody."""
    match = _PHRASE.match(text, first, stop)
    if not match:
        return []
    opening = first + 1 if text[first] == "由" else first
    units = _units(text, opening, match.end("units"))
    names = text[opening : match.end("units")]
    if not units or _NOT_SUBJECT.search(names) or _PERSONS.search(names + match["role"]):
        return []
    if _ESTABLISHED.search(names) and _ESTABLISHED.search(text, start, first):
        return []
    if match["role"] in ("牵头", "会同") and _DESCRIBED.match(text, match.end(), stop):
        return []
    if len(units) == 1 and text[first] != "由" and _SLOGAN.fullmatch(names) and _slogan(text, match.end()):
        return []
    if match["role"] == "会同":
        partners = _partners(text, match.start("role"), stop)
        partners += _helpers(text, match.end(), stop)
        return [Clause("joint", units), *([Clause("support", partners)] if partners else [])]
    role = "guide" if match["role"].startswith("指导") else "lead" if match["role"] == "牵头" else "share"
    found = [Clause(role, units)]
    helpers = _helpers(text, match.end(), stop) + _partners(text, match.end(), stop)
    if helpers:
        found.append(Clause("support", helpers))
    return found


def _slogan(text: str, position: int) -> bool:
    """Say whether a bare 政府负责 ends there or goes on as a list of such words."""
    return text[position : position + 1] in ("", "、", "，", ",", "。", "；", ";", "的", "”", "\n")


def _units(text: str, start: int, end: int) -> list[tuple[str, Span]]:
    """Return the units of a phrase, or nothing when one member is no unit; 公安、应急等部门 is one list of units."""
    units = split_units(text, start, end)
    if all(looks_like_unit(name) for name, _ in units):
        return units
    shared = re.search(r"等(?:[\u4e00-\u9fff]{0,4})?(?:部门|单位)$", text[start:end]) or looks_like_unit(
        units[-1][0]
    )
    known = all(looks_like_unit(name) or ELLIPTIC.fullmatch(name) for name, _ in units)
    return units if shared and known else []


def _helpers(text: str, start: int, end: int) -> list[tuple[str, Span]]:
    """Return the units that help in the next clauses of the sentence (X牵头组织，Y、Z配合，W参与)."""
    found: list[tuple[str, Span]] = []
    for _ in range(4):
        match = _HELP.match(text, start, end)
        if match and not _NOT_SUBJECT.search(match["units"]):
            found += [unit for unit in named_units(text, *match.span("units")) if _unit(unit[0])]
            start = match.end()
        start = min(
            (at for at in (text.find(c, start + (not found), end) for c in "，,、") if at >= 0), default=-1
        )
        if start < 0:
            break
    return found


def _partners(text: str, start: int, end: int) -> list[tuple[str, Span]]:
    """Return the units a charged one acts with: 会同Y right there, or in the clause that follows."""
    for place in (start, *(at for at in [text.find("，", start, min(end, start + 40))] if at >= 0)):
        match = _WITH.match(text, place, end)
        if match:
            return _until_action(text, *match.span("units"))
    return []


def _until_action(text: str, start: int, end: int) -> list[tuple[str, Span]]:
    """Return the units that open text[start:end]; the last ends where a verb begins."""
    for action in [*_ACTION.finditer(text, start, end), None]:
        stop = action.start() if action else end
        units = named_units(text, start, stop) if stop > start else []
        if units and all(_unit(name) for name, _ in units):
            return units
    return []


def _unit(name: str) -> bool:
    return looks_like_unit(name) or bool(ELLIPTIC.fullmatch(name))


_STOP = re.compile(r"[。；;\n]")
_SUBJECT = re.compile(r"[，,：:]|由(?!于)")


def _sentences(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    cursor = start
    for match in _STOP.finditer(text, start, end):
        yield cursor, match.start()
        cursor = match.end()
    if cursor < end:
        yield cursor, end


def _subjects(text: str, start: int, end: int) -> Iterator[int]:
    """Yield every place in a sentence where a subject may stand."""
    while start < end and text[start] in " \u3000":
        start += 1
    yield start
    for match in _SUBJECT.finditer(text, start, end):
        if match.end() < end:
            yield match.end()
