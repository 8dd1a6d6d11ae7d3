"""Bodies printed as rosters: 组长：…  副组长：…  成员：… on lines of their own or within one line (R022, CONVENTION C6)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bihuan.plans.around import found_around
from bihuan.plans.model import Span
from bihuan.plans.people import split_people

GROUP = r"(?:领导小组|工作专班|专班|指挥部|协调小组|工作小组|工作组|专家组|推进组|督导组|督查组|检查组|行动组|协调组|专项组|整治组|保障组|宣传组|委员会|联席会议|协调机制|工作机制|安委会|小组|办公室)"
_GAP = r"[ \u3000\t]{0,6}"
_DEPUTY = rf"(?:常务|执行|第一|专职)?{_GAP}副{_GAP}(?:总?召集人|组{_GAP}长|主{_GAP}任|总?{_GAP}指{_GAP}挥(?:{_GAP}长)?|会{_GAP}长|班{_GAP}长|队{_GAP}长)"
_HEAD = rf"(?:第一|第二|总|双|执行|联合)?{_GAP}组{_GAP}长|总?{_GAP}召{_GAP}集{_GAP}人|总{_GAP}指{_GAP}挥(?:{_GAP}长)?|指{_GAP}挥{_GAP}长|政{_GAP}委|主{_GAP}任|班{_GAP}长|总{_GAP}负{_GAP}责{_GAP}人?"
_MEMBER = rf"(?:组{_GAP}成{_GAP}人{_GAP}员|组{_GAP}员|成{_GAP}员(?:{_GAP}单{_GAP}位)?|委{_GAP}员|主{_GAP}要{_GAP}成{_GAP}员)"
ROLE = re.compile(
    rf"(?:\A|(?<=[\n\s。；;，,、.．)）:：]))(?P<name>[\u4e00-\u9fff]{{0,30}}?{GROUP}(?<!办公室))?(?P<role>{_DEPUTY}|{_HEAD}|{_MEMBER})(?:\s{{0,4}}[:：]\s{{0,4}}|(?<=[ \u3000])[ \u3000]{{1,8}}(?=[\u4e00-\u9fff]))"
)
# How every such role ends, and how far before that it may begin (counted from ROLE: a name, a group, a spaced title).
_ROLE_END = re.compile(r"[长人任挥员委责位](?:[ \t\u3000]|\s{0,4}[:：])")
_LONGEST_ROLE = 120
_BARE_ROLE = re.compile(
    rf"(?:(?<=\n)|\A)[ \u3000\t]{{0,8}}(?P<name>)(?P<role>{_DEPUTY}|{_HEAD}|{_MEMBER})(?:[ \u3000\t]{{1,8}}(?=[\u4e00-\u9fffA-Z×*_])|[ \u3000\t]{{0,8}}(?=\n))"
    rf"|(?<=[，,；;])(?P<name2>)(?P<role2>成员)(?=各|由|[\u4e00-\u9fff]{{2,12}}(?:、|负责人))"
)
# 专班：牵头人 甲；成员单位 乙、丙。 The name, a colon, then roles that only a blank or nothing parts from their holders.
_LINE_ROLE = rf"(?:牵头人|负责人|{_DEPUTY}|{_HEAD}|{_MEMBER})"
ONE_LINE = re.compile(
    rf"(?:(?<=[\n\s。；;）)、.．])|\A)(?P<name>[\u4e00-\u9fff“”]{{0,30}}?{GROUP}(?<!办公室))[:：][ \u3000]?(?={_LINE_ROLE}[ \u3000：:\u4e00-\u9fff])"
)
_NEXT_ROLE = re.compile(
    rf"(?<=[：:；;，, \u3000])(?P<role>{_LINE_ROLE})[ \u3000：:]{{0,3}}(?=[\u4e00-\u9fff])"
)
_ENUMERATOR = re.compile(
    r"[\s\u3000]*(?:附\s?件\s{0,2}\d{0,2}[:：\s]{0,2}|[（(][一二三四五六七八九十\d]{1,3}[）)]|[一二三四五六七八九十]{1,3}、|\d{1,2}[.．、\s]{1,2}(?!\d)|第[一二三四五六七八九十]{1,2}[章节部分条])+"
)
# Lines that end a roster: the next heading, and sentences about the body.
_END_LINE = re.compile(
    r"[ \u3000\t]{0,8}(?:[一二三四五六七八九十]{1,3}[、.．]|[（(][一二三四五六七八九十\d]{1,3}[）)]|\d{1,2}[.．、](?!\d)|附\s?件|第[一二三四五六七八九十][章节条]"
    r"|(?:各|本|该|整治|行动|工作|专项|活动|上述|以上)?[\u4e00-\u9fff]{0,16}(?:领导小组|小组|专班|指挥部|工作组|委员会|办公室)(?:下设|主要|的|负责|办公室|成员|实行|具体|职责|设|人员|全面|在|要|统一|$|[:：，,])"
    r"|下设|主要职责|工作职责|职责|具体职责|职\s{0,4}责|联系人|联系电话|工作要求|要求|为|各|全面|统筹|负责)"
)
_SHORT_NAME = re.compile(r"[（(]\s?(?:以下)?(?:简|统)称[^（）()\n]{2,24}[)）]")
_VERB = re.compile(r"(?:成立|组建|下设|设立|建立|调整充实|调整|充实|关于|决定|明确|组成|设置)(?:了)?")


@dataclass(frozen=True)
class Roster:
    """One body of a roster: its name (None if nothing names it) and its people by role."""

    name: tuple[str, Span] | None
    head: list[tuple[str, Span]]
    deputies: list[tuple[str, Span]]
    members: list[tuple[str, Span]]
    span: Span


@dataclass(frozen=True)
class _Role:
    kind: str
    word: str
    start: int
    end: int
    name: tuple[str, Span] | None


def without_short_names(text: str) -> str:
    """Return the text with （以下简称…） blanked out: what a body is called further on is not its name."""
    return _SHORT_NAME.sub(lambda match: " " * len(match.group()), text)


def find_rosters(text: str) -> list[Roster]:
    """Return the rosters of a text in printed order."""
    groups: list[list[_Role]] = []
    for role in _roles(text):
        if groups and _continues(text, groups[-1], role):
            groups[-1].append(role)
        elif role.kind != "members" or role.name:
            groups.append([role])
    found: list[Roster] = []
    floor = 0
    for i, group in enumerate(groups):
        limit = groups[i + 1][0].start if i + 1 < len(groups) else len(text)
        roster = _roster(text, group, floor, limit)
        if roster:
            found.append(roster)
            floor = roster.span.end
    return found


def _roles(text: str) -> list[_Role]:
    found: dict[int, _Role] = {}
    roles = found_around(ROLE, _ROLE_END, _LONGEST_ROLE, text, 0, len(text))
    for match in [*roles, *_BARE_ROLE.finditer(text)]:
        groups = match.groupdict()
        word = re.sub(r"\s", "", groups["role"] or groups.get("role2") or "")
        place = "role" if groups["role"] else "role2"
        name = (match["name"], Span(*match.span("name"))) if groups["name"] else None
        start = match.start("name") if name else match.start(place)
        found.setdefault(match.end(), _Role(_kind(word), word, start, match.end(), name))
    for role in _roles_of_one_line(text):
        found.setdefault(role.end, role)
    return sorted(found.values(), key=lambda role: role.start)


def _roles_of_one_line(text: str) -> Iterator[_Role]:
    for line in ONE_LINE.finditer(text):
        stop = min(place for place in (*(text.find(c, line.end()) for c in "。\n"), len(text)) if place >= 0)
        name = cut_name(text, *line.span("name"))
        for i, match in enumerate(_NEXT_ROLE.finditer(text, line.end(), stop)):
            word = re.sub(r"\s", "", match["role"])
            named = name if i == 0 else None
            yield _Role(_kind(word), word, named[1].start if named else match.start(), match.end(), named)


def _kind(word: str) -> str:
    """Return which of the three lists of a roster a role word opens."""
    if "副" in word:
        return "deputies"
    return "members" if re.search(r"成员|组员|委员|人员", word) else "head"


def _continues(text: str, group: list[_Role], role: _Role) -> bool:
    """Say whether a role belongs to the body of the roles before it."""
    last = group[-1]
    if role.start - last.end > 1500:
        return False
    between = text[last.end : role.start]
    if role.kind == "head":
        return last.kind == "head" and last.word != role.word and len(between) < 200
    if role.kind == "deputies" and any(r.kind == "members" for r in group):
        return False
    if role.kind == "members" and any(r.kind == "members" for r in group) and "办公室" in between:
        return False
    return not re.search(
        r"\n\s{0,8}[（(一二三四五六七八九十]{1,3}[、）)][^\n]*(?:小组|专班|指挥部|工作组|委员会)", between
    )


def _roster(text: str, group: list[_Role], floor: int, limit: int) -> Roster | None:
    people: dict[str, list[tuple[str, Span]]] = {"head": [], "deputies": [], "members": []}
    stop = group[0].end
    for i, role in enumerate(group):
        end = group[i + 1].start if i + 1 < len(group) else min(limit, role.end + 1500)
        end = _value_end(text, role.end, end)
        if i + 1 == len(group):
            stop = end
        people[role.kind].extend(split_people(text, role.end, end))
    if not any(people.values()):
        return None
    named = next((role.name for role in group if role.name), None)
    name = named or _name_before(text, group[0], floor) or _name_after(text, stop)
    start = min(name[1].start if name else group[0].start, group[0].start)
    return Roster(name, people["head"], people["deputies"], people["members"], Span(start, max(stop, start)))


_VALUE_STOP = re.compile(
    r"[。\n]|(?<![第、一二三四五六七八九十])(?=[一二三四五六七八九十]{1,2}、(?:工作|主要|时间|实施|任务|组织|总体|目标|范围|重点|整治|活动|具体|保障|有关|职责|方法|检查|内容|步骤|措施|要求))|(?<=[\u4e00-\u9fff)）])[ \u3000]{1,4}(?=[\u4e00-\u9fff]{0,12}(?:小组|专班|指挥部|委员会)(?:下设|办公室|主要|负责|职责)|办公室设)|[；;，,](?=\s{0,2}(?:[\u4e00-\u9fff]{0,10}(?:下设|负责|职责|设在|办公室)|统筹|具体))"
)


def _inside_bracket(text: str, start: int, place: int) -> bool:
    opened = max(text.rfind("（", start, place), text.rfind("(", start, place))
    return opened > max(text.rfind("）", start, place), text.rfind(")", start, place))


def _value_end(text: str, start: int, end: int) -> int:
    """Return where the people of a role end: at a full stop, the next heading, or a line that speaks of the body."""
    for stop in _VALUE_STOP.finditer(text, start, end):
        if stop.group() in (*"；;，,",) and _inside_bracket(text, start, stop.start()):
            continue
        if stop.group() != "\n":
            return stop.start()
        line_end = text.find("\n", stop.end(), end)
        line = text[stop.end() : line_end if line_end >= 0 else end]
        if _END_LINE.match(line) and not _person_line(line):
            return stop.start()
        bare = line.strip()
        if (len(bare) > 60 and re.search(r"[。；;]", bare)) or (
            len(bare) > 30 and "，" in bare and bare.endswith("。")
        ):
            return stop.start()
    return end


def _person_line(line: str) -> bool:
    """各社区五职干部、网格员 goes on with the list; 各乡镇要… does not."""
    stripped = line.strip()
    return (
        stripped.startswith("各") and len(stripped) <= 40 and not re.search(r"要|应|须|按|[：:。]", stripped)
    )


def cut_name(text: str, start: int, end: int) -> tuple[str, Span] | None:
    """Return the name of a body printed in text[start:end], which ends with its group word.

    An enumerator, the verb that sets it up and a description before it (由…组成的) are cut off.
    """
    enumerator = _ENUMERATOR.match(text, start, end)
    if enumerator:
        start = enumerator.end()
    for cut in re.compile(
        rf"{_VERB.pattern}|的(?=[\u4e00-\u9fff“”]{{2,}})(?=[^的]*$)|以下|如下|相应|专门|特(?=成立)"
    ).finditer(text, start, end):
        if cut.end() < end - 1 and not (cut.group().startswith("组成") and cut.start() == start):
            start = cut.end()
    while start < end and text[start] in ' \u3000“"、和了':
        start += 1
    name = text[start:end]
    return (name, Span(start, end)) if 2 <= len(name) <= 50 else None


_NAME = re.compile(rf"[^，,。；;：:！!\n《》]{{0,60}}{GROUP}")
_GENERIC = re.compile(r"(?:工作)?(?:领导小组|小组|专班|工作组|指挥部)")
_OWNER = {"主任": r"(?:办公室|委员会|安委会)$", "other": r"(?<!办公室)$"}


def _name_before(text: str, first: _Role, floor: int) -> tuple[str, Span] | None:
    """Return the nearest name before a roster: on the lines above, or where a sentence sets the body up."""
    window = max(floor, first.start - 1600)
    owner = re.compile(_OWNER["主任" if first.word.endswith("主任") else "other"])
    matches = [m for m in _NAME.finditer(text, window, first.start) if owner.search(m.group())]
    near = [m for m in matches if text.count("\n", m.end(), first.start) <= 2 and first.start - m.end() < 160]
    setting_up = [m for m in matches if _VERB.search(m.group())]
    names = [cut_name(text, match.start(), match.end()) for match in (*near[-1:], *setting_up[-1:])]
    if len(names) == 2 and names[0] and names[1] and _GENERIC.fullmatch(names[0][0]):
        # 领导小组成员 above the people, its full name in the sentence that sets it up.
        names = names[::-1] if names[1][0].endswith(names[0][0]) else names
    for name in names:
        if name and not re.search(r"通知|根据|按照|经", name[0]):
            return name
    title = re.compile(rf"(?:成立|调整|组建)(?P<name>[^。；;：:]{{2,60}}?{GROUP})").search(
        text, 0, min(first.start, 600)
    )
    if title:
        return re.sub(r"\s", "", title["name"]), Span(*title.span("name"))
    return None


def _name_after(text: str, stop: int) -> tuple[str, Span] | None:
    """Return the name the text gives a nameless roster right after it: 领导小组下设办公室 -> 领导小组."""
    match = re.compile(
        r"(?P<name>[\u4e00-\u9fff]{0,20}(?:领导小组|工作专班|专班|指挥部|工作组|小组|委员会))(?=下设|办公室|的?主要职责|负责|职责|设)"
    ).search(text, stop, min(len(text), stop + 200))
    return (match["name"], Span(*match.span("name"))) if match else None
