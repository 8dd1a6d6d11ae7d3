"""Words used two ways: abbreviations, the campaign's own name, departments old and new, long and short."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date

from bihuan.plans.lint.draft import Draft
from bihuan.plans.lint.finding import Finding
from bihuan.plans.lint.names import Mention, former_mentions, mentions
from bihuan.plans.model import Span

_DEFINED = re.compile(
    r"(?P<full>[\u4e00-\u9fffA-Za-z0-9“”《》、]{2,40})[（(](?:以下(?:统一)?(?:均)?简称|以下称|下称|简称)(?:为)?[:：]?\s?[“\"《「]?(?P<short>[^（）()”\"》」，,。；;]{1,24})[”\"》」]?[）)]"
)
_VERB = re.compile(r"^\d*[\u4e00-\u9fff]{0,6}?(?:成立|派出|组建|设立|建立|制定|印发|开展|根据|按照|依据)")
_CAMPAIGN = ("专项整治", "专项行动", "集中整治", "专项治理", "大检查", "百日行动", "攻坚行动", "大排查大整治")
_SELF = re.compile(
    rf"(?:(?:本次|此次|这次|本轮|该项)(?P<a>{'|'.join(_CAMPAIGN)})(?P<tail>行动)?"
    rf"|(?P<b>{'|'.join(_CAMPAIGN)})(?P<tail2>行动)?(?:工作)?(?:期间|结束后|领导小组|工作专班|工作方案要求))"
)
# The reform of 2018 was carried out in cities and counties by spring 2019.
_REFORMED = date(2019, 4, 1)


def check_abbreviations(draft: Draft) -> Iterator[Finding]:
    """Report a short form given to two things, and one thing given two short forms."""
    found: list[tuple[str, str, Span]] = []
    for match in _DEFINED.finditer(draft.text, *draft.body):
        full = re.split(r"[，,。；;《]|为|的|是", match["full"])[-1].strip("“”《》、")
        full = _VERB.sub("", full) or full
        found.append((match["short"].strip(), full, Span(*match.span("short"))))
    for i, (short, full, span) in enumerate(found):
        for earlier_short, earlier_full, earlier in found[:i]:
            if short == earlier_short and full != earlier_full and not _tail(full, earlier_full):
                yield draft.finding(
                    "term.abbreviation",
                    "warning",
                    span,
                    f"“{short}”前面已是“{earlier_full}”的简称，这里又用作“{full}”的简称。",
                    f"给“{full}”另定一个简称，或直接写全称。",
                )
                break
            if short == earlier_short and _one_document(draft, earlier, span):
                yield draft.finding(
                    "term.abbreviation",
                    "advice",
                    span,
                    f"简称“{short}”前面已经定义过。",
                    f"删去这里的“（以下简称……）”，直接写“{short}”。",
                )
                break
            if full == earlier_full and len(full) >= 4:
                yield draft.finding(
                    "term.abbreviation",
                    "warning",
                    span,
                    f"“{full}”前面简称“{earlier_short}”，这里又简称“{short}”。",
                    f"统一简称为“{earlier_short}”。",
                )
                break


def _one_document(draft: Draft, earlier: Span, later: Span) -> bool:
    """Say whether no heading of a document stands between two places: a notice and its plan each define their terms."""
    title = draft.plan.title.value if draft.plan.title else ""
    return not title or f"\n{title}" not in draft.text[earlier.end : later.start]


def _tail(one: str, other: str) -> bool:
    return one.endswith(other) or other.endswith(one)


def check_campaign(draft: Draft) -> Iterator[Finding]:
    """Advise where the text calls the campaign itself by another word than the title (专项整治, 本次专项行动)."""
    title = draft.plan.title
    if not title:
        return
    own = [word for word in _CAMPAIGN if word in title.value]
    if len(own) != 1 or ("行动" in title.value and own != ["专项行动"]):
        return
    for match in _SELF.finditer(draft.plain, draft.preamble.start, draft.body.end):
        word = match["a"] or match["b"]
        if word == own[0] or title.span.covers(Span(*match.span())):
            continue
        if any(word in phase.name for phase in draft.plan.phases):
            continue  # 集中整治期间 is the phase of that name
        if re.search(rf"{own[0]}$", draft.text[: match.start()][-6:]):
            continue
        start = match.start("a") if match["a"] else match.start("b")
        end = match.end("a") if match["a"] else match.end("b")
        yield draft.finding(
            "term.campaign",
            "advice",
            Span(start, end),
            f"标题称“{own[0]}”，这里称“{word}”。",
            f"改为“{own[0]}”。",
        )
        return


def check_former(draft: Draft) -> Iterator[Finding]:
    """Report departments under a name given up in 2018: together with the new name, or in a document issued since."""
    old: dict[str, list[tuple[Span, str]]] = defaultdict(list)
    for span, name, department in former_mentions(draft.plain, draft.body):
        old[department].append((span, name))
    if not old:
        return
    new = {m.department: m.name for m in mentions(draft.plain, draft.body)}
    recent = draft.published is not None and draft.published >= _REFORMED
    for department, places in old.items():
        match = next((name for core, name in new.items() if core.startswith(department[:4])), "")
        if not match and not recent:
            continue
        span, name = places[0]
        more = f"，共 {len(places)} 处" if len(places) > 1 else ""
        yield draft.finding(
            "term.renamed",
            "warning" if match else "advice",
            span,
            f"“{name}”是机构改革前的名称{more}" + (f"，文中又有“{match}”。" if match else "。"),
            f"改为“{match or department + '部门'}”。",
        )


def check_units(draft: Draft) -> Iterator[Finding]:
    """Advise where a department is written in two ways (市住建局, 市住房和城乡建设局); one finding per department."""
    written: dict[tuple[str, str], list[Mention]] = defaultdict(list)
    place = re.search(r"[\u4e00-\u9fff]{2,6}?[市县区州]", draft.plan.title.value if draft.plan.title else "")
    for mention in mentions(draft.plain, draft.body):
        # 云溪市应急管理局 in full is no second way of writing 市应急局.
        if place and draft.text[: mention.span.start + 1].endswith(place.group()):
            continue
        written[mention.level, mention.department].append(mention)
    for places in written.values():
        forms = Counter(m.name for m in places)
        if len(forms) < 2:
            continue
        usual = forms.most_common(1)[0][0]
        kinds = {m.name[-1] for m in places}
        if len(kinds) > 1 and "队" in kinds:
            continue
        odd = next(m for m in places if m.name != usual)
        declared = re.search(rf"简称[“\"]?(?:{'|'.join(map(re.escape, forms))})", draft.text)
        if declared:
            continue
        names = "、".join(f"“{name}”{count} 处" for name, count in forms.most_common())
        yield draft.finding(
            "term.unit_names",
            "advice",
            odd.span,
            f"同一单位写法不一：{names}。",
            f"全文统一为“{usual}”。",
        )


CHECKS = (check_abbreviations, check_campaign, check_former, check_units)
