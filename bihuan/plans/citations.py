"""The documents a plan cites: the plans it carries out (R002), the laws and standards it rests on, and other papers.

Not every 《…》 is a parent: a parent is a plan, notice or opinion tied to this plan by 根据, 按照, 贯彻落实 and the like
where it gives its reasons (the notice, the preamble, 总体要求). Laws, rules and standards are its basis; whatever is left
(a form, a list, a programme named in passing) is a reference. The plan's own title is none of them.
"""

from __future__ import annotations

import re
import unicodedata

from bihuan.plans.model import Citation, Span
from bihuan.plans.outline import Outline
from bihuan.plans.sections import kind_of

_TITLE = re.compile(r"《(?P<title>[^《》\n]{2,120}(?:《[^《》\n]{1,60}》[^《》\n]{0,40}){0,2})》")
_DOC_NO = r"[\u4e00-\u9fffA-Za-z]{1,14}(?:字|发|办|函|规)?\s?[〔\[［【（(]\s?(?:(?:19|20|203)\d{1,2})?\s?[〕\]］】）)]\s?第?\s?\d{1,4}\s?号"
_AFTER_TITLE = re.compile(
    rf"\s?(?:[（(]\s?(?P<no>{_DOC_NO}|(?:GB|AQ|XF|GA|JGJ|CJJ|SY|DL|HG|MT|DB)[/A-Z]*\s?[\d.\-—]+)[^（）()]{{0,12}}[)）])?"
    r"\s?(?:[（(]\s?以下(?:统一?)?简称[：:]?\s?[《“\"‘']?(?P<short>[^》”\"’）()]{2,20})[》”\"’']?\s?[)）])?"
)
_RELATION = re.compile(
    r"(?:贯彻落实|认真落实|严格落实|深入落实|贯彻执行|贯彻实施|深入贯彻|贯彻|落实|严格按照|对照|按照|依照|遵照|依据|根据|结合|执行|推动|推进|围绕|为|按|转发|以)"
)
_RELATION_KEPT = (
    "贯彻落实",
    "贯彻执行",
    "贯彻",
    "落实",
    "按照",
    "依照",
    "遵照",
    "依据",
    "根据",
    "结合",
    "执行",
    "转发",
    "按",
    "对照",
)
_TIE = {"贯彻落实", "贯彻执行", "贯彻", "落实", "按照", "依照", "遵照", "依据", "根据", "结合", "转发", "按"}
# How titles of laws, rules and standards end (立法法; 规章制定程序条例第7条: 规定、办法; 标准化法).
_BASIS = re.compile(
    r"(?:法|条例|规定|规则|细则|办法|规程|规范|标准|准则|导则|通则|指南|技术要求|基本要求|目录|名录|判定标准|判定准则|修正案[（(][一二三四五六七八九十]+[)）])"
    r"(?:[（(][^（）()]{1,16}[)）])?$"
)
_PARENT = re.compile(
    r"(?:方案|计划|通知|意见|行动|要点|措施|规划|部署|决定|通报|通告|函|举措|纲要|三年行动|批示|讲话|清单|分工)(?:[（(][^（）()]{1,24}[)）])?$"
)
_ISSUER = re.compile(
    r"(?P<issuer>(?:[\u4e00-\u9fff]{0,24}?(?:政府安委会|安委会|安全生产委员会|委员会|办公厅|办公室|安委办|人民政府|政府|国务院|部|局|厅|委|公司|中共中央|党委)[、，,和及\s]{0,2}){1,4})(?:联合)?(?:印发|下发|发布|出台|制定|的|关于印发|印发的)?\s?$"
)
_PUBLISHED = re.compile(
    r"关于(?:印发|转发|下发|公布|发布)(?:《|<|〈|＜)?(?P<inner>[^《》<>〈〉＜＞]{4,80}?)(?:》|>|〉|＞)?的通知$"
)
_TITLE_ISSUER = re.compile(r"^(?P<issuer>[^关《》]{2,60}?)关于")
_BARE_NO = re.compile(
    rf"(?P<relation>根据|按照|依据|贯彻落实|落实|遵照)(?P<body>[^。；;《》\n]{{0,80}}?)(?:[（(]\s?)?(?P<no>{_DOC_NO})\s?[)）]?(?=文件|要求|精神|通知|部署|规定|的|[，,）)])"
)
# 推进《意见》实施, 推动《硬措施》落实落地
_CARRIED_OUT = re.compile(r"(?:的)?(?:贯彻)?(?:落实|实施|落地)")
# 根据市安委会云安〔2031〕5号: the issuer runs into the number.
_GLUED_ISSUER = re.compile(
    r"[\u4e00-\u9fff]+?(?:安委会|委员会|办公厅|办公室|政府|局|厅|部)(?=[\u4e00-\u9fff]{1,8}[〔\[［【（(])"
)
_SENTENCE = re.compile(r"[。；;\n]")


def find_citations(outline: Outline, text: str, own_titles: list[str]) -> list[Citation]:
    """Return the cited documents in printed order, each once; `own_titles` are the names of the plan and its notice."""
    own = {_key(title) for title in own_titles if title}
    reasons = _reason_spans(outline, text)
    found: list[Citation] = []
    seen: dict[str, int] = {}
    shorts: set[str] = set()
    # A form behind the plan cites the plan it belongs to; that is no parent.
    end = outline.body.end or len(text)
    for match in _TITLE.finditer(text, 0, end):
        title = re.sub(r"\s*\n\s*", "", match["title"])
        key = _key(title)
        if _is_own(key, own) or key in shorts or _key(re.sub(r"[（(].*", "", title)) in shorts:
            continue
        citation = _citation(text, match, title, any(s.start <= match.start() < s.end for s in reasons))
        if citation.short:
            shorts.add(_key(citation.short))
        if key not in seen:
            seen[key] = len(found)
            found.append(citation)
        elif _rank(citation) < _rank(found[seen[key]]):
            found[seen[key]] = citation
    found += _by_number(text, end, reasons, found)
    return sorted(found, key=lambda citation: citation.span)


def _rank(citation: Citation) -> tuple[int, bool]:
    return (["parent", "basis", "reference"].index(citation.kind), not citation.doc_no)


def _key(title: str) -> str:
    folded = unicodedata.normalize("NFKC", title)
    return re.sub(r"[\s《》<>〈〉“”\"'（）()\-—~至年〔〕\[\]]", "", folded)


def _is_own(key: str, own: set[str]) -> bool:
    return any(key == other or (len(key) >= 10 and key in other) for other in own)


def _reason_spans(outline: Outline, text: str) -> list[Span]:
    """Return where a plan gives its reasons: before the first heading, and under headings of introduction."""
    nodes = list(outline.walk())
    spans = [Span(0, nodes[0].start if nodes else len(text))]
    for node in nodes:
        if kind_of(text[node.title.start : node.title.end]) == "introduction":
            spans.append(Span(node.start, node.end))
    return spans


def _citation(text: str, match: re.Match[str], title: str, in_reasons: bool) -> Citation:
    after = _AFTER_TITLE.match(text, match.end())
    number = (after["no"] or "").strip() if after else ""
    short = (after["short"] or "") if after else ""
    stop = after.end() if after else match.end()
    relation, issuer = _tie(text, match.start())
    if not relation and _CARRIED_OUT.match(text, stop):
        relation = "落实"
    issuer_start = (
        match.start() - len(issuer) if issuer and text[: match.start()].endswith(issuer) else match.start()
    )
    published = _PUBLISHED.search(title)
    if not issuer and published and (named := _TITLE_ISSUER.match(title)):
        issuer = named["issuer"]
    plain = re.sub(r"[（(][^（）()]*[)）]$", "", title)
    law = bool(_BASIS.search(title)) and not published
    if law or re.match(r"[A-Z]{2}", number):
        kind, confidence, rule = "basis", 0.9, "cite.basis"
    elif relation in _TIE and (_PARENT.search(plain) or number):
        kind, confidence, rule = "parent", 0.9 if in_reasons else 0.6, "cite.parent"
    else:
        kind, confidence, rule = "reference", 0.7, "cite.reference"
    return Citation(
        title, number, issuer, relation, kind, Span(issuer_start, stop), confidence, rule,
        published["inner"] if published else "", short,
    )  # fmt: skip


def _tie(text: str, position: int) -> tuple[str, str]:
    """Return the word that ties a title to its sentence, and the issuer printed right before the title.

    The word may stand before a whole chain (按照《甲》《乙》和《丙》要求): only titles, issuers and joints lie between.
    """
    start = max(
        [m.end() for m in _SENTENCE.finditer(text, max(0, position - 400), position)]
        or [max(0, position - 400)]
    )
    before = text[start:position]
    skipped = _TITLE.sub("〇", before)
    skipped = re.sub(r"〇\s?(?:[（(][^（）()]{0,40}[)）]){0,2}", "〇", skipped)
    last = next(reversed(list(_RELATION.finditer(skipped))), None)
    if not last:
        return "", _issuer(skipped)
    between = skipped[last.end() :]
    if "〇" in between and re.search(
        r"〇[^〇]*(?:要求|精神|部署|规定|实施|落实落地|有关[^〇和及]{0,6})[^〇和及、以]*[，,]", between
    ):
        return "", _issuer(skipped)
    if len(re.sub("〇", "", between)) > 60 or re.search(r"[：:？！]", between):
        return "", _issuer(skipped)
    word = next((kept for kept in _RELATION_KEPT if last.group().endswith(kept)), "")
    return word, _issuer(between)


def _issuer(before: str) -> str:
    tail = re.split(r"[〇，,。；;：:]", before)[-1]
    tail = re.sub(r"^(?:[、和及与]|以及|结合|落实)+", "", tail)
    match = _ISSUER.search(tail)
    if not match:
        return ""
    name = match["issuer"].strip("、，,和及 ")
    return "" if re.search(r"我|本|各|有关|进一步|认真|要求|推动", name) else name


def _by_number(text: str, end: int, reasons: list[Span], found: list[Citation]) -> list[Citation]:
    """Return parents printed without title marks: 根据云安〔2031〕5号文件要求."""
    more = []
    for match in _BARE_NO.finditer(text, 0, end):
        body = match["body"].rstrip("（( ，,")
        span = Span(match.start("no"), match.end("no"))
        glued = _GLUED_ISSUER.match(span.of(text))
        if glued and not body:
            body = glued.group()
            span = Span(span.start + len(body), span.end)
        number = span.of(text)
        if any(number in c.doc_no or (c.span.start < span.end and span.start < c.span.end) for c in found):
            continue
        titled = re.search(r"关于.+$", body)
        issuer = _ISSUER.search(body[: titled.start()] if titled else body)
        in_reasons = any(s.start <= span.start < s.end for s in reasons)
        more.append(
            Citation(
                titled.group() if titled else "",
                number,
                issuer["issuer"].strip("、，,和及 ") if issuer else "",
                match["relation"],
                "parent",
                Span(match.start("body"), match.end("no")),
                0.75 if in_reasons else 0.55,
                "cite.parent_number",
            )
        )
    return more
