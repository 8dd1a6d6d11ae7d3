"""Leading groups and task forces with a printed composition (R022, R023, CONVENTION C6)."""

from __future__ import annotations

import re

from bihuan.plans.model import Body, Span
from bihuan.plans.units import split_units

_GROUP = (
    r"(?:领导小组|工作专班|专班|指挥部|协调小组|工作小组|工作组|专家组|推进组|委员会|协调机制|小组|办公室)"
)
_HEAD = r"(?<!副)(?:组长|召集人|总召集人|主任|总指挥|指挥长|总指挥长|会长|班长|第一组长|双组长)"
_DEPUTY = r"(?:常务)?副(?:组长|召集人|总召集人|主任|总指挥|指挥长|班长)"
_ANNOUNCED = re.compile(r"(?:成立|组建|设立)[^。\n]{2,600}")
_SET_UP = re.compile(r"(?:建立|调整)[^。\n]{2,600}")
_ROLE_WORD = re.compile(r"组长|召集人|主任|指挥|会长|班长|成员|组成")
_NAME = re.compile(rf"(?P<name>[\u4e00-\u9fff“”（）()0-9\-—]{{0,50}}{_GROUP})")
_BY = re.compile(
    rf"(?:由|以)?(?P<who>[^，,。；;由以]{{2,60}}?)\s?(?:担任|任|为|兼任)\s?(?P<role>{_DEPUTY}|{_HEAD})(?![\u4e00-\u9fff]{{0,2}}单位)"
)
_ROLE_FIRST = re.compile(
    rf"(?P<role>{_DEPUTY}|{_HEAD})\s?(?:分别)?由(?P<who>[^，,。；;]{{2,80}}?)(?:同志)?(?:兼任|担任|任)(?=[，,。；;]|$)"
)
_MEMBERS_OF = re.compile(
    r"成员(?:单位)?(?:分别)?(?:由|包括|为|有|[:：])\s?(?P<who>[^。；;\n]{2,500}?)(?:组成|担任|参加|$|(?=[。；;\n]))"
)
_AS_MEMBERS = re.compile(r"(?:作为|为|任)成员(?!单位的)")
_COMPOSED = re.compile(r"由(?P<who>[^。；;由]{4,300}?)(?:等)?(?:部门|单位)?(?:共同)?组成")
_LIST_ROLE = re.compile(
    r"(?:^|(?<=[\n\s。；;]))(?P<role>(?:常务)?副\s{0,4}组\s{0,4}长|副\s{0,4}(?:召集人|主任|总指挥|指挥长)|(?:第一)?组\s{0,4}长|召\s?集\s?人|总\s?指\s?挥|指\s?挥\s?长|主\s{0,4}任|成\s{0,4}员(?:单位)?)\s{0,4}[:：]\s{0,4}"
)
_LIST_TITLE = re.compile(
    rf"(?P<name>[\u4e00-\u9fff（）()\-—0-9]{{2,60}}?{_GROUP})(?:成员|组成人员|人员)?(?:名单|组成|组成人员|成员)"
)
_SHARED_END = re.compile(
    r"等(?:\d{1,2}个)?(?:[\u4e00-\u9fff]{0,6}(?:部门|单位|委办局|方面))?(?:的)?(?:主要|分管|有关|相关)?(?:领导|负责人|负责同志|同志|人员)?$"
)
_ENUMERATOR = re.compile(
    r"(?:附件\s{0,2}\d{0,2}\s{0,2}|[（(][一二三四五六七八九十\d]{1,3}[）)]|\d{1,2}[.．、\s]{0,2}(?![\d年]))+"
)


def find_bodies(text: str, start: int, end: int) -> list[Body]:
    """Return the bodies printed with a composition, from running text and from name lists (annexes included)."""
    found = _announced(text, start, end)
    found.extend(_offices(text, start, end))
    for body in _listed(text):
        same = [b for b in found if b.name.endswith(body.name) or body.name.endswith(b.name)]
        if not same:
            found.append(body)
    return sorted(found, key=lambda body: body.span)


def _announced(text: str, start: int, end: int) -> list[Body]:
    found: list[Body] = []
    for pattern in (_ANNOUNCED, _SET_UP):
        for match in pattern.finditer(text, start, end):
            stop = follow = match.end()
            if pattern is _ANNOUNCED:
                # The composition may follow in the next sentences of the paragraph (组长由…担任。成员由…组成。).
                paragraph = text.find("\n", match.start(), end)
                follow = min(end if paragraph < 0 else paragraph, match.start() + 900)
            if not _ROLE_WORD.search(text, match.start(), follow):
                continue
            body = _composition(text, match.start(), stop, follow)
            if body and not any(b.span.start < body.span.end and body.span.start < b.span.end for b in found):
                found.append(body)
    return found


_OFFICE = re.compile(
    r"(?P<name>[\u4e00-\u9fff]{0,24}?办公室)(?=[，,设在(（])[^。；;\n]{0,60}?[，,]?(?:由(?P<first>[^，,。；;]{2,40}?)(?:同志)?(?:兼任|担任|任)(?:办公室)?主任"
    r"|(?:办公室)?主任由(?P<second>[^，,。；;]{2,40}?)(?:同志)?(?:兼任|担任|任)(?=[，,。；;\n]))"
)


def _offices(text: str, start: int, end: int) -> list[Body]:
    """Return offices whose head is named; others are only announced."""
    if "主任" not in text[start:end]:
        return []
    found = []
    for match in _OFFICE.finditer(text, start, end):
        group = "first" if match["first"] else "second"
        name = re.sub(r"^.*?(?:下设|设立|成立|组建)", "", match["name"])
        stop = match.end("name")
        place = (name, Span(stop - len(name), stop))
        head = _people(text, *match.span(group))
        found.append(_body(place, head, [], [], Span(place[1].start, match.end()), "body.office", 0.75))
    return found


def _composition(text: str, start: int, sentence_end: int, follow: int) -> Body | None:
    head: list[tuple[str, Span]] = []
    deputies: list[tuple[str, Span]] = []
    members: list[tuple[str, Span]] = []
    last = start
    verb = re.compile(r"成立|组建|设立|建立|调整").match(text, start)
    inner = verb.end() if verb else start
    for first, stop in _clauses(text, inner, follow):
        while first < stop:
            by = _ROLE_FIRST.match(text, first, stop) or _BY.match(text, first, stop)
            if not by or re.search(r"办公室$", text[max(start, first - 12) : first]):
                break
            names = _people(text, *by.span("who"))
            (deputies if by["role"].startswith(("副", "常务副")) else head).extend(names)
            last = first = by.end()
            while first < stop and text[first] in "、和及":
                first += 1
    listed = _MEMBERS_OF.search(text, inner, follow)
    if listed:
        members = _people(text, *listed.span("who"))
        last = max(last, listed.end())
    closing = _AS_MEMBERS.search(text, last if last > inner else inner, follow)
    if closing and not members:
        first = max(last, inner, _sentence_start(text, closing.start(), inner))
        while first < closing.start() and text[first] in "，,；; \n由以":
            first += 1
        members = _people(text, first, closing.start())
        last = closing.end()
    if not members and (head or deputies or verb):
        match = _COMPOSED.search(text, inner, sentence_end) if "组成" in text[inner:sentence_end] else None
        if match:
            members = _people(text, *match.span("who"))
            last = max(last, match.end())
    if not (head or deputies or members):
        return None
    name = _name(text, inner, sentence_end)
    if not name:
        return None
    return _body(name, head, deputies, members, Span(start, max(last, name[1].end)), "body.sentence", 0.85)


def _clauses(text: str, start: int, end: int):
    cursor = start
    for match in re.compile(r"[，,。；;的]").finditer(text, start, end):
        if text[match.start()] == "的":
            continue
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
        rf"(?:{_HEAD}|{_DEPUTY}|成员|组成|参加|参与)的(?P<name>[\u4e00-\u9fff“”0-9]{{2,50}}?{_GROUP})(?=[，,。；;（(]|$|[，负统])"
    ).search(text, start, end)
    if described:
        return described["name"], Span(*described.span("name"))
    direct = re.compile(
        rf"\s{{0,2}}(?:了|由[^，,。]{{0,40}}的)?(?P<name>[^，,。；;：:由以（(]{{2,50}}?{_GROUP})(?=[，,。；;：:（(]|$|由|统|负|全)"
    ).match(text, start, end)
    if direct:
        return direct["name"], Span(*direct.span("name"))
    anywhere = _NAME.search(text, start, end)
    if anywhere:
        name = re.split(r"的", anywhere["name"])[-1]
        stop = anywhere.end("name")
        return name, Span(stop - len(name), stop)
    return None


def _people(text: str, start: int, end: int) -> list[tuple[str, Span]]:
    """Split role-holders at 、; a shared ending after 等 is dropped, post text stays with its person."""
    piece = text[start:end]
    shared = _SHARED_END.search(piece)
    if shared:
        end = start + shared.start()
    return [(name, span) for name, span in split_units(text, start, end) if 1 < len(name) <= 60]


def _body(name, head, deputies, members, span: Span, rule: str, confidence: float) -> Body:
    return Body(
        name=name[0],
        head=[n for n, _ in head],
        deputies=[n for n, _ in deputies],
        members=[n for n, _ in members],
        span=span,
        confidence=confidence,
        rule=rule,
        field_spans={
            "name": [name[1]],
            "head": [s for _, s in head],
            "deputies": [s for _, s in deputies],
            "members": [s for _, s in members],
        },
    )


def _listed(text: str) -> list[Body]:
    """Read name lists: 组 长：… 副组长：… 成 员：… under a title that names the body."""
    roles = list(_LIST_ROLE.finditer(text))
    found: list[Body] = []
    group: list[re.Match[str]] = []
    for i, role in enumerate(roles):
        word = re.sub(r"\s", "", role["role"])
        starts_new = not group or word in ("组长", "第一组长", "召集人", "总指挥", "指挥长", "主任")
        if starts_new and group and re.sub(r"\s", "", group[0]["role"]) != "第一组长":
            found.extend(_one_list(text, group, role.start()))
            group = []
        group.append(role)
        if i + 1 == len(roles):
            found.extend(_one_list(text, group, len(text)))
    return found


def _one_list(text: str, roles: list[re.Match[str]], limit: int) -> list[Body]:
    head: list[tuple[str, Span]] = []
    deputies: list[tuple[str, Span]] = []
    members: list[tuple[str, Span]] = []
    title_area = text[max(0, roles[0].start() - 300) : roles[0].start()]
    titles = list(_LIST_TITLE.finditer(title_area))
    stop = roles[0].end()
    for i, role in enumerate(roles):
        end = roles[i + 1].start() if i + 1 < len(roles) else min(limit, role.end() + 1200)
        word = re.sub(r"\s", "", role["role"])
        people, stop = _list_people(text, role.end(), end)
        (deputies if "副" in word else members if "成员" in word else head).extend(people)
    if not titles:
        plain = list(_NAME.finditer(title_area))
        if not plain:
            return []
        titles = plain[-1:]
    match = titles[-1]
    offset = max(0, roles[0].start() - 300)
    start = match.start("name")
    cut = _ENUMERATOR.match(match["name"])
    start += cut.end() if cut else 0
    name = (title_area[start : match.end("name")], Span(offset + start, offset + match.end("name")))
    if not (head or deputies or members):
        return []
    return [_body(name, head, deputies, members, Span(name[1].start, stop), "body.list", 0.8)]


def _list_people(text: str, start: int, end: int) -> tuple[list[tuple[str, Span]], int]:
    """Read the people after a role: one per line or separated by 、 or by wide spaces; a blank ends the list."""
    for stopper in re.compile(
        r"[。；;]|\n\s{0,4}(?=[一二三四五六七八九十]{1,2}、|[（(][一二三四五六七八九十]|\d{1,2}[.．、]|附件|领导小组下设|办公室)"
    ).finditer(text, start, end):
        end = stopper.start()
        break
    found: list[tuple[str, Span]] = []
    for line_start, line_end in _line_spans(text, start, end):
        line = text[line_start:line_end]
        person_first = re.match(
            r"[\u4e00-\u9fff]{1,2}\s{0,2}[\u4e00-\u9fff]{1,2}\s{1,6}[\u4e00-\u9fff]", line
        )
        if person_first:
            cursor = line_start
            starts = [line_start] + [
                line_start + m.start() + 1
                for m in re.finditer(
                    r"(?<=[\u4e00-\u9fff）)])\s(?=[\u4e00-\u9fff]{2,3}\s{1,4}[\u4e00-\u9fff]{3,}|[\u4e00-\u9fff]\s[\u4e00-\u9fff]\s{1,4}[\u4e00-\u9fff]{3,})",
                    line,
                )
                if m.start() > 6
            ]
            for i, cursor in enumerate(starts):
                stop = starts[i + 1] if i + 1 < len(starts) else line_end
                name = text[cursor:stop].strip()
                found.append((name, Span(cursor, cursor + len(name))))
        else:
            found.extend(_people(text, line_start, line_end))
    return found, end


def _line_spans(text: str, start: int, end: int):
    cursor = start
    while cursor < end:
        stop = text.find("\n", cursor, end)
        stop = end if stop < 0 else stop
        left, right = cursor, stop
        while left < right and text[left].isspace():
            left += 1
        while right > left and text[right - 1].isspace():
            right -= 1
        if right > left:
            yield left, right
        cursor = stop + 1
