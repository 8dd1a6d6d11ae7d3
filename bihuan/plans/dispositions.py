"""The ladder of consequences of a violation: which rungs, in what order, under what condition (R052, R054).

A sentence such as 责令限期改正；逾期未改正的，责令停产停业整顿，可以并处2万元罚款；构成犯罪的，依法追究刑事责任 prints three rungs; each clause
that ends in 的 is the condition of all rungs up to the next such clause.
"""

from __future__ import annotations

import re
from decimal import Decimal

from bihuan.plans.criteria import decimal_of
from bihuan.plans.model import DispositionStep, Fine, Span

# (word of the ladder, how texts print it); order of printing is kept in the item.
LADDER = (
    ("立即改正", r"立即(?:改正|整改|停止违法行为)|立行立改|立查立改|即查即改|当场(?:改正|整改)|及时改正"),
    ("限期改正", r"限期(?!拆除|内)[\u4e00-\u9fff]{2}|责令改正|责令(?:其)?(?:重新)?整改"),
    ("限期拆除", r"限期拆除|强制拆除|责令拆除"),
    (
        "责令停止作业",
        r"(?:责令|立即|暂时)(?:其|立即){0,2}(?:停止|暂停)(?:作业|施工|建设)|撤出(?:全部)?作业人员",
    ),
    ("责令停止使用", r"责令停止使用|停止使用"),
    (
        "责令停产停业",
        r"停产停业|停产整顿|停业整顿|停工整改|停产整改|停止生产|停产停工|停工整顿|停止生产销售|暂时停产|停止营业|停业整改|停产停建",
    ),
    (
        "关停取缔",
        r"责令关停|依法关停|依法关闭|予以关闭|关闭取缔|依法取缔|予以取缔|坚决取缔|提请关闭|提请[^，。；]{0,6}关闭|责令关闭|取缔关闭",
    ),
    ("查封扣押", r"查封|扣押"),
    ("没收", r"没收"),
    ("警告", r"(?:给予|处以?|予以)警告|警告(?=[，,、。；;并])"),
    ("行政处罚", r"行政处罚|依法处罚|(?:实施|从重|依法)处罚|一案双罚"),
    ("罚款", r"罚款|处以罚"),
    ("暂扣许可证", r"暂扣[^，。；]{0,12}(?:证|照)"),
    ("吊销", r"吊销"),
    ("联合惩戒", r"联合惩戒|失信|黑名单"),
    ("追究刑责", r"刑事责任|追究刑责|移送司法|移交司法|移送公安机关|移交公安机关"),
    ("移交", r"移交(?!司法|公安机关)|移送(?!司法|公安机关)|抄告"),
    ("报废召回", r"报废|召回|下架"),
    ("处分", r"(?:给予|依[法纪规]+)[^，。；]{0,24}处分|党纪政务处分"),
    ("追究责任", r"追究[^，。；]{0,10}责任(?<!刑事责任)|问责|追责"),
)

# word -> (code, severity). The order follows the kinds of penalty in 行政处罚法第9条, put between mere correction and
# criminal liability; 移交 hands the case on and stands before the last rung.
CODES: dict[str, tuple[str, int]] = {
    "立即改正": ("correct_now", 10),
    "限期改正": ("correct_by", 20),
    "报废召回": ("recall", 25),
    "限期拆除": ("demolish", 30),
    "查封扣押": ("seize", 35),
    "警告": ("warn", 38),
    "行政处罚": ("penalize", 40),
    "罚款": ("fine", 42),
    "没收": ("confiscate", 45),
    "责令停止作业": ("stop_work", 48),
    "责令停止使用": ("stop_use", 50),
    "责令停产停业": ("suspend", 55),
    "联合惩戒": ("sanction", 58),
    "暂扣许可证": ("suspend_permit", 60),
    "吊销": ("revoke", 70),
    "关停取缔": ("close", 75),
    "处分": ("discipline", 78),
    "追究责任": ("hold_to_account", 80),
    "移交": ("transfer", 90),
    "追究刑责": ("prosecute", 100),
}

_RUNGS = [(word, re.compile(pattern)) for word, pattern in LADDER]
_ANY_RUNG = re.compile(
    r"(?=[立即当及限责强撤暂停依予坚提关取查扣没给处警行实从一罚吊联失黑刑追移抄报召下党问])(?:"
    + "|".join(pattern for _, pattern in LADDER)
    + ")"
)
# Clauses that only say when the next rung is reached.
AGGRAVATED = re.compile(
    r"^[，,、]?\s*(?:且|并且|其中|但|对|若|如|凡)?(?:(?:违法)?情节(?:特别|较为)?(?:较重|严重|恶劣)|构成犯罪|构成违法|违反治安管理|逾期(?:仍|仍然)?(?:不|未|拒不|没有)[^，。；]{1,10}"
    r"|拒不[^，。；]{2,8}|屡[教禁]不[改止]|屡查屡犯|再次[^，。；]{2,10}|多次[^，。；]{2,10}|仍[然]?(?:不|未|拒)[^，。；]{2,12}|整改(?:后)?(?:仍)?(?:不|未|无法)[^，。；]{1,10}|影响恶劣|性质恶劣"
    r"|造成[^，。]{0,12}(?:后果|事故|损失|影响|伤亡)|导致[^，。]{0,12}(?:后果|事故|损失|伤亡)|(?:因[^，。；]{2,10})?(?:不能|无法)(?:立即|当场)整改(?:到位)?|涉嫌犯罪|涉嫌[^，。；]{0,8}犯罪|触犯刑律"
    r"|经整改[^，。；]{2,12}|存在问题|符合条件)的?$"
)
_INLINE = re.compile(
    r"(?:(?:违法)?情节(?:特别)?(?:较重|严重|恶劣)|构成犯罪|逾期(?:仍)?(?:不|未|拒不)[^，。；的]{1,8}|拒不[^，。；的]{2,8}|影响恶劣|涉嫌犯罪|存在问题|造成[^，。；的]{0,10}(?:后果|事故))的(?=[\u4e00-\u9fff])"
)
_CONDITION = re.compile(r"^(?:且|并且|其中|但|对于?|若|如果?|凡是?)?(?P<condition>[^，,。；;\n]{2,40}的)$")
_STOP = re.compile(r"[，,。；;\n]")
_MONEY = r"(?:\d[\d,]{0,12}(?:\.\d{1,4})?|[一二两三四五六七八九十百千]{1,5})\s?(?:万元?|千元|百元|元)?"
_FINE = re.compile(
    rf"处(?:以)?(?P<low>{_MONEY})(?:(?P<above>以上)|至|-|—+|～|~)?(?P<high>{_MONEY})?(?P<limit>以上|以下|以内)?的?罚款"
    rf"|罚款(?:人民币)?(?P<low2>{_MONEY})(?:(?P<above2>以上)|至|-|—+|～|~)?(?P<high2>{_MONEY})?(?P<limit2>以上|以下|以内)?"
)
_OPTIONAL = re.compile(r"可以?[^，,。；;]{0,6}$")


def names_rung(text: str, start: int, end: int) -> bool:
    """Say whether text[start:end] names any consequence at all; one search in place of one for each rung."""
    return _ANY_RUNG.search(text, start, end) is not None


def ladder_of(text: str) -> list[str]:
    """Return the consequences named in a clause, in printed order and each once."""
    hits = []
    for word, pattern in _RUNGS:
        match = pattern.search(text)
        if match:
            hits.append((match.start(), word))
    return [word for _, word in sorted(hits)]


def ladder_steps(text: str, start: int, end: int) -> list[DispositionStep]:
    """Return the rungs printed in text[start:end], the part of a sentence behind the condition of the item.

    Each rung carries the condition that stands before it, "" for the item's own; the same rung under the same
    condition counts once.
    """
    steps: list[DispositionStep] = []
    condition = ""
    for left, right in _clauses(text, start, end):
        clause = text[left:right]
        inline = _INLINE.search(clause)
        if inline:
            condition = inline.group()
            left += inline.end()
        elif (whole := _CONDITION.match(clause)) and (steps or AGGRAVATED.match(clause)):
            condition = whole["condition"]
            continue
        for word, span in _rungs(text, left, right):
            if any(step.word == word and step.condition == condition for step in steps):
                continue
            code, severity = CODES[word]
            steps.append(
                DispositionStep(
                    word,
                    code,
                    severity,
                    condition,
                    span.of(text),
                    span,
                    bool(_OPTIONAL.search(text[left : span.start])),
                    _fine(text, left, right) if word == "罚款" else None,
                )
            )
    return steps


def _clauses(text: str, start: int, end: int):
    cursor = start
    for stop in [*(m.start() for m in _STOP.finditer(text, start, end)), end]:
        left, right = cursor, stop
        while left < right and text[left].isspace():
            left += 1
        if right > left:
            yield left, right
        cursor = stop + 1


def _rungs(text: str, start: int, end: int) -> list[tuple[str, Span]]:
    """Return the rungs named in one clause, none inside another."""
    if not names_rung(text, start, end):
        return []
    hits = [
        (Span(match.start(), match.end()), word)
        for word, pattern in _RUNGS
        for match in pattern.finditer(text, start, end)
    ]
    found: list[tuple[str, Span]] = []
    for span, word in sorted(hits, key=lambda hit: (hit[0].start, -hit[0].end)):
        if not found or span.start >= found[-1][1].end:
            found.append((word, span))
    return found


def _fine(text: str, start: int, end: int) -> Fine | None:
    """Return the sum of a fine (处2万元以上5万元以下罚款), or None when only 罚款 is printed."""
    match = _FINE.search(text, start, end)
    if not match:
        return None
    tail = "" if match["low"] else "2"
    low, high, limit = match["low" + tail], match["high" + tail], match["limit" + tail]
    span = Span(match.start(), match.end())
    if high:
        return Fine(_yuan(low, high), _yuan(high, high), span.of(text), span)
    only = _yuan(low, low)
    if match["above" + tail] or limit == "以上":
        return Fine(only, None, span.of(text), span)
    if limit:
        return Fine(None, only, span.of(text), span)
    return Fine(only, only, span.of(text), span)


def _yuan(printed: str, unit_from: str) -> Decimal | None:
    """Return a sum in yuan; a number without a unit takes that of the other end (2-5万元)."""
    plain = re.sub(r"\s", "", printed)
    number = plain.rstrip("元万")
    if not plain.endswith(("元", "万")):
        unit = re.search(r"[万千百]?元?$", re.sub(r"\s", "", unit_from))
        plain += unit.group() if unit else ""
    value = decimal_of(number)
    return value * 10_000 if value is not None and "万" in plain[len(number) :] else value
