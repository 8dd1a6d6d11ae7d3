"""Role-holders and members as rosters print them: a person with posts is one entry, units in a list are several."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bihuan.plans.model import Span
from bihuan.plans.units import looks_like_unit, split_units

SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
    "温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝路游辛靳管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳时穆农司卓古吉缪简车项连芦麦褚娄窦戚岑景党宫费卜冷晏席卫米柏宗瞿桂全佟应臧闵苟邬边卞姬师和仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩明佘池查麻苑迟邝况昌"
)
# 王某某　市应急局局长: a name, perhaps with a gap inside, then a gap and the post.
PERSON_FIRST = re.compile(
    rf"(?:[{SURNAMES}]|欧阳|上官|司马|诸葛|皇甫|尉迟|公孙|慕容)[ \u3000]{{0,3}}[\u4e00-\u9fff]{{1,2}}(?=[ \u3000（(:：]|$)"
)
_NAME_TOKEN = re.compile(rf"[{SURNAMES}][\u4e00-\u9fffX×*]{{1,2}}")
_POST_TOKEN = re.compile(
    r"[\u4e00-\u9fff]{1,}(?:[局处科所站队校院厂部会园矿镇乡县区市省]长|主任|书记|经理|工程师|总监|主席|政委|秘书长|负责人)$"
)
_SHARED_END = re.compile(
    r"等(?:\d{1,2}个|[一二三四五六七八九十]{1,2}个)?(?:有关|相关)?(?:[\u4e00-\u9fff]{0,6}(?:部门|单位|委办局|科室|成员|乡镇|街道))?(?:的)?(?:主要|分管|有关|相关)?(?:领导|负责人|负责同志|同志|人员)?$"
)
# The first post of one person is followed by the next: 党委副书记、镇长; 市委常委、副市长.
_FIRST_POST = re.compile(
    r"(?:常委|(?:党委|党组|党工委|党总支|支部|班子|政府)(?:委员|成员)|副书记|党组书记|支部书记|委员|党工委书记|副市长|副县长|副区长|政协副主席)$"
)
_NEXT_POST = re.compile(
    r"(?:常务|执行)?(?:副)?(?:[省市县区州镇乡]长|局长|主任|书记|校长|院长|处长|科长|所长|站长|支队长|大队长|总队长|队长|政委|政治委员|秘书长|总工程师|总经理|经理|董事长|厂长|部长|会长|主席|组长|总监|园长|股长|矿长)(?:[\u4e00-\u9fff]{2,3})?"
    r"|(?:[一二三四]级)?(?:主任科员|调研员|巡视员|高级主管)"
    r"|(?:办事处|管委会|[市县区镇乡]政府|政府|人大|政协|[市县区]委|纪委|监委|人武部|武装部|宣统|统战|组织|宣传|政法|公安局|派出所|机关|工会)[\u4e00-\u9fff]{0,8}(?:主任|书记|委员|部长|主席|局长|所长|秘书长|成员|[市县区]长)(?:[\u4e00-\u9fff]{2,3})?"
)


def split_people(text: str, start: int, end: int) -> list[tuple[str, Span]]:
    """Split a roster entry into role-holders, line by line; a shared ending after 等 is dropped.

    A line that begins with a person is one entry however many posts follow; units and posts split at 、.
    """
    found: list[tuple[str, Span]] = []
    for first, last in _lines(text, start, end):
        shared = _SHARED_END.search(text[first:last])
        if shared and shared.start():
            last = first + shared.start()
        found.extend(_line(text, first, last))
    return [
        (name, span)
        for name, span in (_without_phone(name, span) for name, span in found)
        if 1 < len(name) <= 60
    ]


# 赵某 电话6120, 钱某（1990000…）: how to reach a person is no part of the name; a number alone is nobody.
_PHONE = re.compile(
    r"[ \u3000，,]{0,4}[（(]?(?:(?:联系|办公|值班|固定|移动)?(?:电话|手机|座机|传真)(?:号码?)?|联系方式|邮箱|[Tt]el)\s?[:：]?\s?[\d\-—－ +A-Za-z@.、/]{0,40}[）)]?$"
    r"|[ \u3000]{0,4}[（(]?\d[\d\-—－]{3,14}[）)]?$"
)


def _without_phone(name: str, span: Span) -> tuple[str, Span]:
    phone = _PHONE.search(name)
    return (name[: phone.start()], Span(span.start, span.start + phone.start())) if phone else (name, span)


def _lines(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    cursor = start
    while cursor < end:
        stop = text.find("\n", cursor, end)
        stop = end if stop < 0 else stop
        left, right = cursor, stop
        while left < right and text[left] in " \t\u3000\xa0，,、；;:：":
            left += 1
        while right > left and text[right - 1] in " \t\u3000\xa0，,、；;。":
            right -= 1
        if right > left:
            yield left, right
        cursor = stop + 1


def _line(text: str, start: int, end: int) -> list[tuple[str, Span]]:
    line = text[start:end]
    tokens = line.split()
    if len(tokens) > 1 and (
        all(_NAME_TOKEN.fullmatch(token) for token in tokens)
        or all(looks_like_unit(token) or _POST_TOKEN.search(token) for token in tokens)
    ):
        return _at(text, start, end, re.compile(r"\s+"))
    holders = _holders(text, start, end)
    if holders:
        return holders
    columns = [part for part in re.split(r"[ \u3000]{2,}|\u3000|\t", line) if part.strip()]
    if (
        len(columns) > 1
        and not any(_NAME_TOKEN.fullmatch(re.sub(r"\s", "", part)) for part in columns)
        and not ("、" in line or PERSON_FIRST.match(line))
    ):
        return _at(text, start, end, re.compile(r"[ \u3000]{2,}|\u3000|\t"))
    if PERSON_FIRST.match(line) and not looks_like_unit(re.split(r"[ \u3000（(]", line)[0]):
        posts = re.search(r"[ \u3000（(]", line[1:])
        named = re.split(r"[、，,；;]", line)
        if len(named) > 1 and all(PERSON_FIRST.match(p.strip()) for p in named):
            return _at(text, start, end, re.compile(r"[、，,；;]"))
        if posts:
            return _at(text, start, end, _NEXT_PERSON)
    found: list[tuple[str, Span]] = []
    for match in [*_AFTER_POST.finditer(text, start, end), None]:
        stop = match.start() if match else end
        found.extend(_merged(text, split_units(text, start, stop)))
        start = match.end() if match else end
    return found


_POST_END = re.compile(
    r"(?:[局处科所站队校院厂部会园矿镇乡县区市省]长|主任|书记|经理|工程师|总监|主席|政委|秘书长|负责人|委员|常委|总工|科员)$"
)
_BARE_NAME = re.compile(r"[\u4e00-\u9fff]{2,3}")
_TOKEN = re.compile(r"[^ \u3000\t]+")


def _holders(text: str, start: int, end: int) -> list[tuple[str, Span]]:
    """Return the pairs of a line in which every post is followed by its holder (副市长 赵一鸣 秘书长 钱二虎), or none."""
    tokens = list(_TOKEN.finditer(text, start, end))
    pairs = list(zip(tokens[::2], tokens[1::2], strict=False))
    if not pairs or len(tokens) % 2:
        return []
    for post, name in pairs:
        held = name.group()
        if not _POST_END.search(post.group()) or not _BARE_NAME.fullmatch(held):
            return []
        if _POST_END.search(held) or looks_like_unit(held):
            return []
    spans = [Span(post.start(), name.end()) for post, name in pairs]
    return [(text[span.start : span.end], span) for span in spans]


# …负责人及各村书记: the conjunction after a post parts two entries.
_AFTER_POST = re.compile(r"(?<=负责人|责同志)(?:以及|及|和)(?=[\u4e00-\u9fff]{2})")
# A second person on the line: after a gap or a comma, a name that is itself followed by a gap and a post.
_NEXT_PERSON = re.compile(
    rf"(?<=[）)])[、，,；;](?=[\u4e00-\u9fff])|(?<=[\u4e00-\u9fff）)])[ \u3000；;，,、]{{1,6}}(?=[{SURNAMES}](?:[\u4e00-\u9fff]{{1,2}}|[ \u3000]{{1,3}}[\u4e00-\u9fff])[ \u3000（(]{{1,4}}[\u4e00-\u9fff]{{3,}})"
)


def _at(text: str, start: int, end: int, mark: re.Pattern[str]) -> list[tuple[str, Span]]:
    """Cut text[start:end] at every match of `mark` that does not stand inside the first entry's own name."""
    found, cursor = [], start
    for match in [m for m in mark.finditer(text, start, end) if m.start() - start > 1] + [None]:
        stop = match.start() if match else end
        name = text[cursor:stop].strip(" \u3000\t")
        offset = text.index(name, cursor)
        if name:
            found.append((name, Span(offset, offset + len(name))))
        cursor = match.end() if match else end
    return found


def _merged(text: str, pieces: list[tuple[str, Span]]) -> list[tuple[str, Span]]:
    """Join the posts of one person that 、 parted (党委副书记、镇长)."""
    found: list[tuple[str, Span]] = []
    for name, span in pieces:
        if found and text[found[-1][1].end : span.start].strip() == "、":
            before = found[-1][0]
            chained = _FIRST_POST.search(before) or (PERSON_FIRST.match(before) and " " in before)
            if chained and _NEXT_POST.fullmatch(name):
                whole = Span(found[-1][1].start, span.end)
                found[-1] = (text[whole.start : whole.end], whole)
                continue
        found.append((name, span))
    return found
