"""Leading groups and task forces with a printed composition (R022, R023, CONVENTION C6)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from bihuan.plans.claims import Claims
from bihuan.plans.model import Announced, Body, Span
from bihuan.plans.people import SURNAMES, split_people
from bihuan.plans.rosters import GROUP, cut_name, find_rosters, without_short_names
from bihuan.plans.units import looks_like_unit, split_units

ROLES = {
    "leading_group": "领导小组",
    "command": "指挥部",
    "task_force": "工作专班",
    "expert_team": "专家组",
    "inspection_team": "检查督导组",
    "office": "办公室",
    "committee": "委员会",
    "joint_meeting": "联席会议、协调机制",
    "working_group": "工作组",
}
_ROLE_OF = (
    ("office", r"办公室$"),
    ("leading_group", r"领导小组$|领导机构$"),
    ("command", r"指挥部$"),
    ("task_force", r"专班$"),
    ("expert_team", r"专家"),
    ("inspection_team", r"(?:督导|督查|检查|巡查|执法)[\u4e00-\u9fff]{0,4}组$"),
    ("committee", r"委员会$|安委会$"),
    ("joint_meeting", r"联席会议$|机制$"),
)
_HEAD = r"(?<!副)(?:双组长|第一组长|组长|总召集人|召集人|总指挥长|总指挥|指挥长|主任|会长|班长)"
_DEPUTY = r"(?:常务|执行|第一)?副(?:组长|召集人|总召集人|主任|总指挥|指挥长|班长|会长)"
_SET_UP = re.compile(r"成立|组建|设立|建立|调整|组织成立")
_GOVERNED = re.compile(
    rf"(?<=[\u4e00-\u9fff])(?:领导小组|工作专班|专班|指挥部|工作组|小组|委员会)(?:实行双?组长(?:负责)?制)?[，,。]?(?=由[^，,。；;\n]{{2,60}}(?:担任|任|为)(?:{_HEAD})|(?:组长|总指挥|指挥长|召集人)由)"
)
_ROLE_WORD = re.compile(r"挂帅|组长|召集人|主任|指挥|会长|班长|成员|组成")
_BY = re.compile(
    rf"(?:由|以)?(?P<who>[^，,。；;：:由以]{{1,60}}?)\s?(?:分别|共同|兼)?(?:担任|(?<![主责])任|为|兼任)\s?(?P<role>{_DEPUTY}|{_HEAD})(?![\u4e00-\u9fff]{{0,2}}单位)"
)
_ROLE_FIRST = re.compile(
    rf"(?P<role>{_DEPUTY}|{_HEAD})\s?(?:分别|共同)?(?:由(?P<who>[^，,。；;]{{2,80}}?)(?:兼任|担任|(?<![主责])任)(?=[，,。；;、]|$)|[为是](?P<who2>[^，,。；;]{{2,80}}?)(?=[，,。；;]|$))"
)
# 由主要领导挂帅的领导小组: the head is named by another word.
_COMMANDED = re.compile(r"由(?P<who>[^，,。；;：:由以]{2,40}?)(?:挂帅|牵头挂帅|总负责|担纲)")
_MEMBERS_OF = re.compile(
    r"成员(?:单位)?(?:分别|主要)?(?:由|包括|为|有|从|[:：])\s?(?P<who>[^。；;\n]{2,500}?)(?:共同)?(?:组成|担任|参加|抽调|$|(?=[。；;\n]))"
)
# A post, perhaps with the name of who holds it: 区林业局局长钱二虎, 各镇分管领导.
_HOLDER = re.compile(
    r"由?[\u4e00-\u9fff、]{1,24}?(?:[局处科所站队校院厂部会园矿镇乡县区市省组]长|主任|书记|委员|经理|主席|总监|工程师|政委|秘书长|领导|负责人|负责同志)"
    rf"(?:[{SURNAMES}][\u4e00-\u9fff×X]{{1,2}}(?:同志)?)?"
)
_AS_MEMBERS = re.compile(r"(?:作为|为|任|是|担任)成员(?!单位的)")
_COMPOSED = re.compile(r"由(?P<who>[^。；;由]{4,300}?)(?:等)?(?:部门|单位)?(?:共同)?组成")
_MADE_OF = re.compile(
    rf"由(?P<who>[^。；;，,由\n]{{4,120}}?)(?:共同)?组成(?:的)?(?P<name>[\u4e00-\u9fff]{{0,24}}?{GROUP})(?=[，,。；;对开])"
)
_OFFICE_NAME = r"(?P<name>[\u4e00-\u9fff]{0,30}?办公室)"
_WHO = r"[^，,。；;：:\n由]{2,40}?"
_OFFICE = re.compile(
    rf"(?:办公室|办公室)?主任(?:由(?P<a>{_WHO})(?:兼任|担任|(?<![主责])任)|为(?P<b>{_WHO})(?=[，,。；;\n])|[:：]\s?(?P<c>[^，,。；;\n]{{2,40}}))"
    rf"|由?(?P<d>{_WHO})(?:兼任|担任|(?<![主责])任|为)(?:[\u4e00-\u9fff]{{0,14}}办公室)?主任"
)
_OFFICE_DEPUTY = re.compile(
    rf"[，,；;。]?(?:由)?(?P<a>{_WHO})(?:兼任|担任|(?<![主责])任|为)(?:[\u4e00-\u9fff]{{0,14}}办公室)?副主任|[，,；;。]?副主任由(?P<b>{_WHO})(?:兼任|担任|(?<![主责])任)"
)
_OFFICE_MEMBERS = re.compile(
    r"(?:办公室)?成员(?:由|为|包括|[:：])(?P<who>[^。；;\n]{2,300}?)(?:组成|担任|$|(?=[。；;\n]))"
)


def find_bodies(text: str, start: int, end: int) -> list[Body]:
    """Return the bodies printed with a composition, from running text and from name lists (annexes included)."""
    text = without_short_names(text)
    found = _composed(text, start, end)
    rosters = [
        _body(r.name, r.head, r.deputies, r.members, r.span, "body.list", 0.8)
        for r in find_rosters(text)
        if r.name
    ]
    for body in rosters:
        same = [other for other in found if _same(body, other)]
        if not same:
            found.append(body)
        elif _size(body) > max(_size(other) for other in same):
            found = [other for other in found if other not in same]
            found.append(replace(body, name=max((body.name, *(o.name for o in same)), key=len)))
    names, starts = {body.name for body in found}, {body.span.start for body in found}
    for office in _offices(text, start, end):
        if office.name not in names and office.span.start not in starts:
            names.add(office.name)
            found.append(office)
    return sorted(found, key=lambda body: body.span)


def _size(body: Body) -> int:
    return len(body.head) + len(body.deputies) + len(body.members)


def _same(body: Body, other: Body) -> bool:
    named = other.name.endswith(body.name) or body.name.endswith(other.name)
    return named and bool(
        {*body.head, *body.members} & {*other.head, *other.members} or other.span.covers(body.span)
    )


def find_announced(text: str, start: int, end: int, bodies: list[Body]) -> list[Announced]:
    """Return the bodies the plan sets up or names as its own without saying who belongs to them."""
    found: list[Announced] = []
    seen = {body.name for body in bodies}
    claims = Claims(Span(start, end), [body.span for body in bodies])
    verb = re.compile(
        rf"(?P<verb>成立|组建|设立|下设|建立)(?:了)?(?P<name>[^，,。；;：:、！\n（()《》由以]{{0,40}}?{GROUP})(?=[，,。；;：:、（(\n]|$|由|统|负|全|，|办|成员)"
    )
    for match in verb.finditer(text, start, end):
        name = cut_name(text, match.start("name"), match.end("name"))
        if not name or name[0] in seen or not claims.leave(name[1]):
            continue
        if match["verb"] == "建立" and not re.search(r"(?:小组|专班|指挥部|委员会)$", name[0]):
            continue
        seen.add(name[0])
        found.append(Announced(name[0], name[1], 0.7, "body.announced"))
    return found


def _composed(text: str, start: int, end: int) -> list[Body]:
    """Return the bodies whose composition a sentence prints (成立由X任组长…的领导小组)."""
    found: list[Body] = []
    for match in sorted(
        [*_SET_UP.finditer(text, start, end), *_GOVERNED.finditer(text, start, end)], key=lambda m: m.start()
    ):
        if found and match.start() < found[-1].span.end:
            continue
        sentence = _stop(text, match.end(), min(end, match.end() + 600), "。\n")
        paragraph = _stop(text, match.end(), min(end, match.end() + 900), "\n")
        # The composition may follow in the next sentences of the paragraph (组长由…担任。成员由…组成。).
        follow = (
            paragraph
            if match.group() in ("成立", "组建", "设立", "组织成立") or match.re is _GOVERNED
            else sentence
        )
        if not _ROLE_WORD.search(text, match.start(), follow):
            continue
        body = _composition(text, match, sentence, follow)
        if body:
            found.append(body)
    claims = Claims(Span(start, end), [body.span for body in found])
    for match in _MADE_OF.finditer(text, start, end):
        units = split_units(text, *match.span("who"))
        if (
            claims.leave(Span(*match.span()))
            and len(units) > 1
            and all(looks_like_unit(name) for name, _ in units)
        ):
            name = cut_name(text, *match.span("name"))
            if name:
                found.append(
                    _body(
                        name,
                        [],
                        [],
                        split_people(text, *match.span("who")),
                        Span(*match.span()),
                        "body.made_of",
                        0.65,
                    )
                )
    return found


def _stop(text: str, start: int, end: int, marks: str) -> int:
    places = [at for at in (text.find(mark, start, end) for mark in marks) if at >= 0]
    return min(places, default=end)


_ANY_GROUP = re.compile(GROUP)


def _composition(text: str, verb: re.Match[str], sentence_end: int, follow: int) -> Body | None:
    head: list[tuple[str, Span]] = []
    deputies: list[tuple[str, Span]] = []
    members: list[tuple[str, Span]] = []
    start, inner = verb.start(), verb.end()
    if verb.re is _SET_UP and not _ANY_GROUP.search(text, inner, sentence_end):
        return None
    last = start
    office = re.compile(r"办公室 {0,30}(?:设|主任|由|成员)|下设").search(text, inner, follow)
    limit = office.start() if office and _ROLE_WORD.search(text, inner, office.start()) else follow
    pending: list[tuple[str, Span]] = []
    for first, stop in _clauses(text, inner, limit):
        named = _ROLE_FIRST.match(text, first, stop) or _BY.match(text, first, stop)
        if not named and text[stop - 1] in "，,；;" and _HOLDER.fullmatch(text[first : stop - 1].strip()):
            # 局长甲，部长乙，主任丙任副组长: whoever stands before the role shares it.
            pending += split_people(text, first, stop - 1)
            continue
        shared, pending = pending, []
        while first < stop:
            by = _ROLE_FIRST.match(text, first, stop) or _BY.match(text, first, stop)
            if not by or re.search(r"办公室$", text[max(start, first - 12) : first]):
                break
            group = "who" if by["who"] else "who2"
            people = split_people(text, *by.span(group))
            (deputies if "副" in by["role"] else head).extend(shared + people)
            shared = []
            last = first = by.end()
            while first < stop and text[first] in "、和及":
                first += 1
    commanded = _COMMANDED.search(text, inner, sentence_end) if not head else None
    if commanded:
        head = split_people(text, *commanded.span("who"))
        last = max(last, commanded.end())
    listed = _MEMBERS_OF.search(text, inner, limit)
    if listed:
        members = split_people(text, *listed.span("who"))
        last = max(last, listed.end())
    closing = _AS_MEMBERS.search(text, last if last > inner else inner, limit)
    if closing and not members:
        first = max(last, inner, _sentence_start(text, closing.start(), inner))
        while first < closing.start() and text[first] in "，,；;、 \n由以":
            first += 1
        if "的" not in text[first : closing.start()][:3]:
            members = split_people(text, first, closing.start())
        last = closing.end()
    if not members and (head or deputies or verb.re is _SET_UP) and "组成" in text[inner:sentence_end]:
        match = _COMPOSED.search(text, inner, sentence_end)
        if match:
            members = split_people(text, *match.span("who"))
            last = max(last, match.end())
    if not (head or deputies or members):
        return None
    name = _governed_name(text, verb) if verb.re is _GOVERNED else _name(text, inner, sentence_end)
    if not name or (name[0] == "办公室" and not head):
        return None
    begin = min(start, name[1].start)
    return _body(name, head, deputies, members, Span(begin, max(last, name[1].end)), "body.sentence", 0.85)


def _governed_name(text: str, match: re.Match[str]) -> tuple[str, Span] | None:
    end = match.start() + len(match.group().rstrip("，,。"))
    start = end
    while start > 0 and end - start < 50 and text[start - 1] not in "，,。；;：:\n！ \u3000":
        start -= 1
    return cut_name(text, start, end)


def _clauses(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    cursor = start
    for match in re.compile(r"[，,。；;：:]").finditer(text, start, end):
        yield cursor, match.start() + 1
        cursor = match.end()
    if cursor < end:
        yield cursor, end


def _sentence_start(text: str, position: int, limit: int) -> int:
    """Return where the sentence that holds `position` begins, not before `limit`."""
    return max(limit, *(text.rfind(stop, limit, position) + 1 for stop in "。；;\n"))


def _name(text: str, start: int, end: int) -> tuple[str, Span] | None:
    """Return the name of the body: after the last 的 that follows a role, else right after the verb."""
    described = re.compile(
        rf"(?:{_HEAD}|{_DEPUTY}|成员|组成|参加|参与|挂帅)的(?P<name>[\u4e00-\u9fff“”0-9]{{2,50}}?{GROUP})(?=[，,。；;（(\n]|$|[，负统])"
    ).search(text, start, end)
    if described:
        return described["name"], Span(*described.span("name"))
    direct = re.compile(
        rf"\s{{0,2}}(?:了|由[^，,。]{{0,40}}的)?(?P<name>[^，,。；;：:由以（(\n]{{0,50}}?{GROUP})(?=[，,。；;：:（(\n]|$|由|统|负|全|成员|组成|及)"
    ).match(text, start, end)
    if direct:
        return cut_name(text, *direct.span("name"))
    group = _ANY_GROUP.search(text, start, end)
    if not group:
        return None
    first = group.start()
    while (
        first > start
        and group.start() - first < 50
        and re.match(r"[\u4e00-\u9fff“”（）()0-9\-—]", text[first - 1])
    ):
        first -= 1
    return cut_name(text, first, group.end())


def _offices(text: str, start: int, end: int) -> list[Body]:
    """Return offices whose head is named; others are only announced."""
    if "主任" not in text[start:end]:
        return []
    found: list[Body] = []
    for match in re.compile(rf"{_OFFICE_NAME}(?= {{0,30}}(?:[，,。；;：:（(\n]|设|由|主任)|$)").finditer(
        text, start, end
    ):
        if found and match.start() < found[-1].span.end:
            continue
        stop = _stop(text, match.end(), min(end, match.end() + 260), "\n")
        place = _office_name(text, match)
        named = _OFFICE.search(text, match.end(), stop)
        if not place or not named or named.start() - match.end() > 70:
            continue
        group = next(g for g in "abcd" if named[g])
        head = split_people(text, *named.span(group))
        deputy = _OFFICE_DEPUTY.search(text, named.end(), min(stop, named.end() + 120))
        deputies = split_people(text, *deputy.span("a" if deputy["a"] else "b")) if deputy else []
        listed = _OFFICE_MEMBERS.search(text, named.end(), stop)
        members = split_people(text, *listed.span("who")) if listed else []
        last = max(m.end() for m in (named, deputy, listed) if m)
        if head:
            found.append(
                _body(place, head, deputies, members, Span(place[1].start, last), "body.office", 0.75)
            )
    return found


def _office_name(text: str, match: re.Match[str]) -> tuple[str, Span] | None:
    """Cut what stands before the office's name: 领导小组下设办公室 sets up an 办公室."""
    name = re.sub(r"^.*(?:下设|设立|成立|组建|设在|设)(?=[\u4e00-\u9fff]*办公室)", "", match["name"])
    name = re.sub(r"^(?:[\u4e00-\u9fff]{0,4}同志|并|由|在|其|各|[和及])", "", name)
    stop = match.end("name")
    return (name, Span(stop - len(name), stop)) if len(name) >= 3 else None


def body_role(name: str) -> str:
    """Say what kind of body a name is (a key of `ROLES`)."""
    for role, pattern in _ROLE_OF:
        if re.search(pattern, name):
            return role
    return "working_group"


def _body(name, head, deputies, members, span: Span, rule: str, confidence: float) -> Body:
    return Body(
        name=name[0],
        head=[person for person, _ in head],
        deputies=[person for person, _ in deputies],
        members=[person for person, _ in members],
        span=span,
        confidence=confidence,
        rule=rule,
        field_spans={
            "name": [name[1]],
            "head": [place for _, place in head],
            "deputies": [place for _, place in deputies],
            "members": [place for _, place in members],
        },
        role=body_role(name[0]),
    )
