"""Text whose bytes were read one place off, put back where the bytes prove what stood there.

A careless conversion of a GBK page eats one byte; every following pair is then read across two characters until an
ASCII byte brings the reading back into step: （四）积极 becomes 。ㄋ模┓e極. The characters that are still printed hold
most of the bytes, so the damage can be undone where it left enough of them. Pairs that meant no character at all were
dropped by that conversion: what stood there is lost, is printed as □ and flagged, never guessed (R269).

Two things must agree before anything is changed. An enumerator is restored when damaging it in this very way yields
exactly the characters printed, and it continues the numbering. Words are restored when the shifted reading consists
of words known from the rest of the document or from official language, and the printed reading does not.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from bihuan.plans.model import Span
from bihuan.plans.numerals import chinese_number
from bihuan.plans.reading.mapped import Edit, Mapped
from bihuan.plans.reading.traditional import simplify

LOST = "□"
_NUMERALS = "一二三四五六七八九十"
_ENUMERATOR = re.compile(
    r"(?:(?<=[\n。；;])|\A)[ \t\u3000]{0,4}[（(]\s?([一二三四五六七八九十]{1,3})\s?[)）]"
)
# Row A3 of GBK holds the full-width forms of ASCII; as the second half of 保, 危 and 164 others A3 is misread as one.
_ROW_A3 = re.compile(r"(?<=[\u4e00-\u9fffA-Za-z\d])[?？]?[！，；：（）？!,;:()?](?=[\u4e00-\u9fff])")
_ODD = re.compile(
    r"[\u2504-\u254f\u2552-\u257f\u3100-\u312f\u2ff0-\u2fff\u3040-\u30ff\u0370-\u03ff\u2474-\u249bāáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜ∈∏∑∞]"
)
_FUNCTION = frozenset(
    "的了在和与及对为将把被从向由等或以于至到中上下内外各是有不也要其，。、；：“”（）《》！？,;:()"
)
# What is left of a pinyin note that was put between the two bytes of a character: 入?yún)^ for 入區.
_SPLIT_NOTE = re.compile(
    r"(?<=[\u4e00-\u9fff])[?？](?=[a-z]{0,4}[āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜ])[a-zāáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜü]{1,7}[)）](?=[\u4e00-\u9fff@-~])"
)
# Mending one place costs about a millisecond.
MOST = 200
_STEP = 40
_WIDTH = 24

# Two-character words that official documents use everywhere; they join those of the document itself as evidence.
_WORDS = frozenset(
    ["安全", "生产", "工作", "企业", "监管", "管理", "责任", "落实", "加强", "强化", "深化", "深入", "开展", "推进", "推动", "全面", "进一", "一步", "积极", "构建", "建立", "建设", "健全", "完善", "严格", "严厉", "打击", "排查", "治理", "整治", "隐患", "事故", "重大", "重点", "行业", "领域", "部门", "政府", "各级", "单位", "人员", "领导", "组织", "机制", "制度", "体系", "标准", "检查", "督查", "督办", "督促", "考核", "巡查", "省市", "市县", "危险", "化学", "学品", "品企", "化品", "烟花", "花爆", "爆竹", "煤矿", "矿山", "建筑", "施工", "交通", "运输", "消防", "燃气", "设备", "设施", "场所", "经营", "储存", "使用", "培训", "教育", "宣传", "文化", "活动", "专项", "行动", "方案", "计划", "通知", "要求", "措施", "任务", "目标", "阶段", "时期", "期间", "年度", "全市", "全区", "全县", "全省", "全国", "国务", "务院", "保障", "确保", "提高", "提升", "能力", "水平", "效果", "防范", "遏制", "预防", "控制", "应急", "救援", "预案", "演练", "风险", "分级", "管控", "双重", "信息", "平台", "网络", "技术", "科技", "法律", "法规", "执法", "依法", "行政", "许可", "审批", "处罚", "责令", "限期", "改正", "整改", "停产", "停业", "关闭", "取缔", "吊销", "追究", "问责", "通报", "约谈", "报送", "报告", "总结", "汇报", "会议", "研究", "部署", "安排", "实施", "组成", "成立", "小组", "办公", "公室", "副组", "组长", "成员", "负责", "牵头", "配合", "协调", "指导", "联合", "社会", "群众", "公众", "举报", "监督", "媒体", "报道", "基层", "乡镇", "街道", "社区", "农村", "学校", "医院", "工程", "项目", "资金", "投入", "经费", "保险", "抓好", "做好", "搞好", "全力", "切实", "认真", "及时", "定期", "持续", "继续", "不断", "明确", "制定", "制订", "编制", "修订", "印发", "执行", "履行", "坚持", "坚决", "按照", "根据", "结合", "针对", "围绕", "通过", "船为", "为重", "重点", "点行", "危化", "五规", "规划", "十五", "十二", "二五", "三五", "四五", "会议", "大会", "两会", "春节", "国庆", "汛期", "夏季", "冬季", "高温", "节日", "假日", "特种", "作业", "职业", "健康", "卫生", "质量", "环境", "保护", "污染", "防治", "城镇", "城市", "居民", "用户", "管道", "气瓶", "充装", "餐饮", "小区", "住宅", "高层", "电气", "电动", "车辆", "驾驶", "道路", "水上", "渔业", "农机", "旅游", "商贸"]
)  # fmt: skip


@dataclass(frozen=True)
class Damage:
    """A damaged stretch, in offsets of the text it was found in, and what the bytes show; `text` is None: nothing proven."""

    span: Span
    kind: str
    text: str | None
    message: str


@lru_cache(maxsize=4096)
def _bytes(character: str) -> bytes:
    """Return the one or two GBK bytes of a character, or b"" where it has none."""
    try:
        encoded = character.encode("gb18030")
    except UnicodeEncodeError:
        return b""
    return encoded if len(encoded) <= 2 else b""


@lru_cache(maxsize=8192)
def _pair(high: int, low: int) -> str:
    """Return the character of a byte pair as a page shows it: "" for a pair that means none."""
    try:
        character = bytes((high, low)).decode("gb18030")
    except UnicodeDecodeError:
        return ""
    return character if len(character) == 1 and unicodedata.category(character) not in ("Co", "Cn") else ""


@lru_cache(maxsize=8192)
def _is_common(character: str) -> bool:
    """Say whether a character is one of the 3,755 of GB 2312's first level, in whichever script."""
    encoded = _bytes(simplify(character))
    return len(encoded) == 2 and 0xB0 <= encoded[0] <= 0xD7 and encoded[1] >= 0xA1


def damaged_enumerator(numeral: str) -> tuple[str, int]:
    """Return how （numeral） is printed after the byte before it was lost, and how many whole characters that takes.

    The last byte of ） waits for the first one of the next character, so it is not part of what is returned.
    """
    shifted = b"\xa1" + f"（{numeral}）".encode("gb18030")
    shown = "".join(_pair(shifted[i], shifted[i + 1]) for i in range(0, len(shifted) - 1, 2))
    return shown, len(shown)


_DAMAGED = {
    numeral: damaged_enumerator(numeral)[0] for numeral in [*_NUMERALS, *("十" + n for n in _NUMERALS[:9])]
}
# Of （六） nothing is left but the full stop; the sign after it, whose first byte is A9, tells it from a real one.
_DAMAGED_START = re.compile(
    "|".join(
        sorted(
            (re.escape(shown) for shown in set(_DAMAGED.values()) if len(shown) > 1), key=len, reverse=True
        )
    )
    + r"|。(?=[\u2500-\u257f\u2ff0-\u2fff〾])"
)


@dataclass(frozen=True)
class _Path:
    """One way to read a stretch: the characters, what they cost in plausibility, and where reading came into step."""

    cost: float
    shown: tuple[str, ...]
    proven: tuple[bool, ...]
    end: int
    carry: int | None


class _Reader:
    """Reads a damaged text with the words of its undamaged part as evidence."""

    def __init__(self, text: str, suspected: list[Span]):
        self.text = text
        intact = list(text)
        for start, end in suspected:
            intact[start:end] = "\n" * (end - start)
        plain = simplify("".join(intact))
        self.words = set(map("".join, itertools.pairwise(plain)))

    def _known(self, first: str, second: str) -> bool:
        word = simplify(first + second)
        return word in self.words or word in _WORDS

    def _after(
        self, path: _Path, character: str, end: int, carry: int | None, *, sure: bool = False, lost: int = 1
    ) -> _Path:
        """Return the path with one more character, or with `lost` ones where `character` is ""."""
        before = path.shown[-1] if path.shown else ""
        cost, proven = path.cost, path.proven
        if not character:
            return _Path(cost + 1.6, (*path.shown, LOST * lost), (*proven, True), end, carry)
        if before and before[0] != LOST and self._known(before, character):
            if not proven[-1]:
                cost, proven = cost - 1.0, (*proven[:-1], True)
            return _Path(cost, (*path.shown, character), (*proven, True), end, carry)
        if sure or character in _FUNCTION:
            return _Path(cost, (*path.shown, character), (*proven, True), end, carry)
        extra = (
            1.0
            if _is_common(character)
            else 3.0
            if not character.isalnum() or not character.isascii()
            else 2.0
        )
        return _Path(cost + extra, (*path.shown, character), (*proven, False), end, carry)

    def _steps(self, path: _Path, at: int) -> list[_Path]:
        """Return the ways to go on at text[at] from a path whose reading is still one byte off."""
        character, carry = self.text[at], path.carry
        assert carry is not None
        encoded = _bytes(character)
        found = []
        if character == "\n" or not encoded:
            return [self._after(path, "", at, None)]
        if len(encoded) == 2:
            found.append(self._shifted(path, _pair(carry, encoded[0]), at + 1, encoded[1]))
        elif 0x40 <= encoded[0] <= 0x7E:
            whole = _pair(carry, encoded[0])
            if whole and _is_common(whole):
                found.append(self._after(path, whole, at + 1, None, sure=True))
        if len(encoded) == 1 and 0x21 <= encoded[0] <= 0x7E:
            # The full-width form, folded to half width after the damage was done.
            found.append(self._shifted(path, _pair(carry, 0xA3), at + 1, encoded[0] + 0x80))
        return [*found, self._after(path, "", at, None)]

    def _shifted(self, path: _Path, character: str, end: int, carry: int) -> _Path:
        if character and (character in _FUNCTION or _is_common(character)):
            return self._after(path, character, end, carry)
        # Two halves that make no character belong to two: what stood between them was dropped.
        return self._after(path, "", end, carry, lost=2)

    def realign(self, at: int, carry: int) -> tuple[str, int, float]:
        """Read on from text[at] with a byte carried over; return the reading, its end and its cost over the printed one.

        Characters that no neighbour confirms become `LOST`.
        """
        stop = self.text.find("\n", at)
        stop = min(at + _STEP, len(self.text) if stop < 0 else stop)
        rest = [0.0] * (stop - at + 1)
        for i in range(stop - 1, at - 1, -1):
            pair_known = i + 1 < stop and self._known(self.text[i], self.text[i + 1])
            pair_known = pair_known or (i > at and self._known(self.text[i - 1], self.text[i]))
            plain = pair_known or self.text[i] in _FUNCTION or self.text[i].isspace()
            rest[i - at] = rest[i - at + 1] + (0.0 if plain else 1.0 if _is_common(self.text[i]) else 2.5)
        open_paths = [_Path(0.0, (), (), at, carry)]
        done: list[_Path] = []
        for position in range(at, stop + 1):
            here = [path for path in open_paths if path.end == position]
            following: list[_Path] = []
            for path in here:
                steps = (
                    self._steps(path, position)
                    if position < stop
                    else [self._after(path, "", position, None)]
                )
                for step in steps:
                    (done if step.carry is None else following).append(step)
            open_paths = sorted(following, key=lambda path: path.cost)[:_WIDTH]
        best = min(done, key=lambda path: (path.cost + rest[min(path.end, stop) - at], -path.end))
        # A character no neighbour confirms is made of the halves of two, the rest of both dropped between them.
        reading = "".join(
            character if sure else LOST * 2 for character, sure in zip(best.shown, best.proven, strict=True)
        )
        return reading, best.end, best.cost + rest[min(best.end, stop) - at] - rest[0]


def find_damage(text: str) -> list[Damage]:
    """Return the damaged stretches of a text in order, none overlapping.

    A text damaged in more than `MOST` places is past mending: the rest is flagged as a whole.
    """
    starts = [m for m in _DAMAGED_START.finditer(text) if _is_start(text, m)]
    # Every comma might be one: without a single odd character or question mark in the whole text none is.
    turned = "?" in text or "？" in text or any(map(_is_odd, set(text)))
    turns = [
        m
        for m in _ROW_A3.finditer(text if turned else "")
        if _odd_after(text, m.end()) or _is_double(m.group())
    ]
    split = list(_SPLIT_NOTE.finditer(text))
    odd = [m for m in _ODD.finditer(text) if _is_stray(text, m.start())]
    if not (starts or turns or split or odd):
        return []
    anchors = sorted([*starts, *turns, *split, *odd], key=lambda m: (m.start(), -m.end()))
    # What stands right behind a damaged place may be damaged too and is no evidence.
    reader = _Reader(text, [Span(m.start(), min(m.end() + 12, len(text))) for m in [*starts, *turns, *split]])
    numbers = [(m.start(), chinese_number(m[1]) or 0) for m in _ENUMERATOR.finditer(text)]
    kinds = {id(m): kind for kind, group in enumerate((starts, turns, split, odd)) for m in group}
    found: list[Damage] = []
    tried = end = 0
    for match in anchors:
        if match.start() < end:
            continue
        tried += 1
        if tried > MOST:
            rest = "自此处起乱码过多，未逐一恢复，请改用电子原件"
            found.append(Damage(Span(match.start(), len(text)), "garbled", None, rest))
            break
        kind = kinds[id(match)]
        damage = None
        if kind == 0:
            damage = _enumerator(reader, match, numbers)
        elif kind == 1:
            damage = _turn(reader, match)
        elif kind == 2:
            damage = _split_note(reader, match)
        else:
            span = Span(match.start(), match.end())
            damage = Damage(span, "garbled", None, f"“{_around(text, span)}”处疑似乱码，无法恢复，请对照原件")
        if damage:
            found.append(damage)
            end = damage.span.end
    return found


def _is_double(signs: str) -> bool:
    return len(signs) > 1 and signs[0] in "?？"


def _is_start(text: str, match: re.Match[str]) -> bool:
    """Say whether a damaged enumerator may begin here: its first sign reads 。 where no sentence can end."""
    before = text[match.start() - 1 : match.start()]
    return before in "\n。；;！？\u3000 "


def _odd_after(text: str, at: int) -> bool:
    """Say whether one of the next two characters is one that official texts do not hold."""
    return _is_odd(text[at : at + 1]) or _is_odd(text[at + 1 : at + 2])


@lru_cache(maxsize=8192)
def _is_odd(character: str) -> bool:
    return (
        "\u4e00" <= character <= "\u9fff" and _bytes(character)[:1] >= b"\xd8" and not _is_common(character)
    )


def _is_stray(text: str, at: int) -> bool:
    """Say whether a sign of another script stands between Chinese characters, not in a drawing, a word or a list."""
    before, after = text[at - 1 : at], text[at + 1 : at + 2]
    script = unicodedata.name(text[at], "?").split()[0]
    if any(unicodedata.name(near, "").startswith(script) for near in (before, after) if near):
        # A drawing, or a word of that script.
        return False
    chinese = sum("\u4e00" <= c <= "\u9fff" for c in (before or " ") + (after or " "))
    if unicodedata.category(text[at]) in ("Ll", "Lu") and "\u0370" <= text[at] <= "\u03ff":
        return False
    return chinese >= 1 and not (text[at].isalpha() and (before + after).isascii()) and text[at] not in "∈∏∑∞"


def _around(text: str, span: Span) -> str:
    left = max(text.rfind("\n", 0, span.start) + 1, span.start - 4)
    right = text.find("\n", span.end)
    return text[left : min(span.end + 6, right if right >= 0 else len(text))]


def _enumerator(reader: _Reader, match: re.Match[str], numbers: list[tuple[int, int]]) -> Damage | None:
    text, at = reader.text, match.end()
    tail = _bytes(text[at : at + 1])
    # The last byte of ） must head the next pair, or have been dropped before an ASCII byte.
    fits = [n for n, shown in _DAMAGED.items() if shown == match.group()] if tail else []
    ascii_follows = len(tail) == 1
    if not tail or not (tail[0] == 0xA9 or ascii_follows):
        fits = []
    before = next((number for place, number in reversed(numbers) if place < match.start()), 0)
    after = next((number for place, number in numbers if place > match.start()), 0)
    fits = [n for n in fits if (chinese_number(n) or 0) in (1, before + 1) or chinese_number(n) == after - 1]
    if len(fits) != 1:
        return None
    numeral = fits[0]
    numbers.append((match.start(), chinese_number(numeral) or 0))
    numbers.sort()
    printed = f"（{numeral}）"
    if ascii_follows:
        reading, end = "", at
    else:
        reading, end, _ = reader.realign(at + 1, tail[1])
    return _realigned(text, Span(match.start(), end), printed + reading)


def _turn(reader: _Reader, match: re.Match[str]) -> Damage | None:
    """Read a full-width sign as the second byte of a lost character and the first byte of the next one."""
    text = reader.text
    sign = unicodedata.normalize("NFKC", match.group()[-1])
    reading, end, gain = reader.realign(match.end(), ord(sign) + 0x80)
    kept = sum(c not in _FUNCTION and c != LOST for c in reading)
    span = Span(match.start(), end)
    if gain <= -2.5 and kept and end - match.end() >= 2:
        return _realigned(text, span, LOST + reading)
    if _is_double(match.group()) and _odd_after(text, match.end()):
        return Damage(span, "garbled", None, f"“{_around(text, Span(*match.span()))}”处疑似缺字，请对照原件")
    return None


def _split_note(reader: _Reader, match: re.Match[str]) -> Damage:
    """Read what stands behind the rest of a note as the second byte of the character it was put into."""
    text, at = reader.text, match.end()
    encoded = _bytes(text[at])
    if len(encoded) == 1:
        return _realigned(text, Span(match.start(), at + 1), LOST)
    reading, end, _ = reader.realign(at + 1, encoded[1])
    return _realigned(text, Span(match.start(), end), LOST + reading)


def _realigned(text: str, span: Span, whole: str) -> Damage:
    lost = f"，其中“{LOST}”处的字已丢失" if LOST in whole else ""
    return Damage(
        span,
        "realigned",
        whole,
        f"此处字节错位，印作“{span.of(text)}”；按字节移位恢复为“{whole}”{lost}，请对照原件",
    )


def repair(mapped: Mapped) -> tuple[Mapped, list[Damage]]:
    """Put back what is proven; return the text and every damaged stretch, in offsets of the original."""
    damages = find_damage(mapped.text)
    if not damages:
        return mapped, []
    placed = [
        damage.__class__(mapped.to_original(damage.span), damage.kind, damage.text, damage.message)
        for damage in damages
    ]
    edits = [Edit(d.span.start, d.span.end, d.text, "lost") for d in damages if d.text is not None]
    return mapped.edited(edits), placed
