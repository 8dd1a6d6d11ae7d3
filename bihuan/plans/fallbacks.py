"""Who answers where nobody is named: blanket duties, the rest, objects without a department (R026, R027, R036)."""

from __future__ import annotations

import re

from bihuan.plans.attribution import BLANKET
from bihuan.plans.claims import Claims
from bihuan.plans.model import Fallback, Span
from bihuan.plans.units import looks_like_unit, split_units

KINDS = {
    "blanket": "各项工作都另由其负责，不再逐项列出",
    "rest": "其余对象由其负责",
    "orphan": "没有主管部门的对象由其负责或受理",
}

# 上述任务均由各县区具体落实，不再逐一列出 — word orders the blanket rule of the attributions does not read.
_ALSO_BLANKET = re.compile(
    r"(?:以下|以上|上述|下列|本方案|各项|所有|全部)(?:各项|工作|任务|措施|内容|条款|事项|均|各条)*[，,]?(?:均|都|全部)(?:需|由|须|应|要|需要)?(?:由)?"
    r"(?P<units>[^。；;，,]{2,60}?)(?:具体|共同|组织|牵头|分别)?(?:负责|落实|承担|实施|配合)(?:落实|实施)?(?=[，,。；;）)\n]|$)"
)
_REST = re.compile(
    r"(?P<subject>(?:其余|其他|其它|未列(?:明|入|出)|未明确|未涉及|未尽|除上述[^，,。；;]{0,20}外)[^，,。；;：:\n]{0,30}?)(?:的)?[，,]?"
    r"(?:统一|均|都|一律|则)?(?:由(?P<by>[^。；;，,\n]{2,60}?)(?:具体|统一|共同|牵头|组织|归口)?(?:负责|管理|承担|落实|排查|检查|牵头)(?![人制])(?:排查|检查|整治|监管|管理|落实)?"
    r"|(?:纳入|归)(?P<into>[^。；;，,\n]{2,30}?)(?:管理|负责|监管))"
)
_ORPHAN = re.compile(
    r"(?P<subject>(?:无|没有|未明确|尚未明确|尚无|不明确)(?:行业|业务|直接|明确|相关|具体|上级|监管)*(?:主管|监管|管理|责任)?(?:部门|单位|责任)(?:主管|监管|管理|负责)?(?:的[^，,。；;\n]{0,16})?"
    r"|(?:(?:监管|管理|主管)(?:责任|部门|职责|单位)|职责|行业归口)(?:存在)?(?:不清|不明确|不明|交叉|有争议|空白)(?:的[^，,。；;\n]{0,16})?)"
    r"[，,]?(?:统一|一律|按照?[^，,。；;]{2,16}原则)?[，,]?"
    r"(?:由(?P<by>[^。；;，,\n]{2,60}?)(?:具体|统一|牵头|指定|协调|研究|提请|商|会同|进行)*(?:负责|监管|管理|明确|确定|指定|受理|排查|检查|牵头|认定|兜底)"
    r"|(?:直接)?(?:报送?|上报|移交|提请|交由?)(?P<to>[^。；;，,\n]{2,40}?)(?=[，,。；;\n]|研究|明确|协调|处理|负责|$))"
)


def find_fallbacks(text: str, start: int, end: int) -> list[Fallback]:
    """Return the blanket and fallback duties printed in text[start:end], in order."""
    found: list[Fallback] = []
    claims = Claims(Span(start, end))
    for kind, pattern, confidence in (
        ("blanket", BLANKET, 0.9),
        ("blanket", _ALSO_BLANKET, 0.7),
        ("orphan", _ORPHAN, 0.8),
        ("rest", _REST, 0.8),
    ):
        for match in pattern.finditer(text, start, end):
            fallback = _fallback(text, match, kind, confidence)
            if fallback and claims.take(fallback.span):
                found.append(fallback)
    return sorted(found, key=lambda fallback: fallback.span)


def _fallback(text: str, match: re.Match[str], kind: str, confidence: float) -> Fallback | None:
    groups = match.groupdict()
    name = next(key for key in ("units", "by", "into", "to") if groups.get(key))
    units = [unit for unit, _ in split_units(text, *match.span(name))]
    if not units or not any(
        looks_like_unit(unit) or unit.startswith(("属地", "当地", "所在")) for unit in units
    ):
        return None
    span = Span(match.start(), match.end())
    piece = span.of(text)
    left = len(piece) - len(piece.lstrip("，,。；; "))
    span = Span(span.start + left, span.end - (len(piece) - len(piece.rstrip("，,。；; "))))
    return Fallback(
        kind=kind,
        subject=(groups.get("subject") or "").strip(),
        units=units,
        text=span.of(text),
        span=span,
        confidence=confidence,
        rule=f"fallback.{kind}",
    )
