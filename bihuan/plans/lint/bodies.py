"""Leading bodies against the tasks: who works without being a member, who is a member without work, what is only announced."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bihuan.plans.lint.draft import Draft
from bihuan.plans.lint.finding import Finding
from bihuan.plans.lint.names import (
    abbreviates,
    complete,
    identity,
    is_department,
    same_unit,
    short_forms,
    without_post,
)
from bihuan.plans.model import Body, Span
from bihuan.plans.units import UNIT_END, is_collective

_KIND = r"领导小组|工作专班|专班|指挥部|协调小组|工作小组|推进小组|联席会议"
_SETUP = re.compile(
    rf"(?P<verb>成立|组建|设立)(?P<name>[^。；;，,\n：:]{{0,80}}?(?P<kind>{_KIND}))(?!办公室|成员|会议室)"
)
_COMPOSED = re.compile(r"组长|召集人|总指挥|指挥长|班长|成员|组成")
_OTHER_LEVEL = re.compile(
    r"(?:各(?!相关|有关部门)[\u4e00-\u9fff（）()、]{0,14}|下级|省[级委]?|国务院[\u4e00-\u9fff]{0,8}|相应|参照|也|各自)[^，,]{0,12}$|要求[^，,]{0,10}$"
)
_OTHERS_BODY = re.compile(r"(?:企业|单位|部门|学校|医院|乡镇|街道|镇|县区|场所|项目)[^，,。；;]{0,8}$")
_MEMBER_LIST = re.compile(r"成员名单|组成人员|名单|组\s{0,4}长\s{0,2}[:：]")
_OFFICE = re.compile(
    r"(?:下设|设立|设|内设)(?:立)?(?:[\u4e00-\u9fff]{0,12})?办公室|办公室(?:[（(][^（）()]{1,20}[）)])?[，,]?(?:设|挂靠)在"
)
_OFFICE_PLACE = re.compile(
    r"办公室[^。；;\n]{0,60}?(?:设|挂靠|依托)(?:在|于)?(?=[\u4e00-\u9fff])|办公室在(?=[\u4e00-\u9fff])|(?:设|挂靠)在[^。；;\n]{2,40}|在[^。，,；;\n]{2,24}(?:下设|设立|设)办公室"
)
_OFFICE_HEAD = re.compile(
    r"(?<!副)主任(?!委员)|负责人|(?:局长|[\u4e00-\u9fff]{1,3}长)[^。；;\n]{0,10}兼任|由[^。；;\n]{2,40}(?:兼任|担任)"
)
_COMMITTEE = re.compile(
    r"安委|安全生产委员会|领导小组|专班|指挥部|联席会议|管委会|政府$|办公室$|党委$|^市委$|^县委$"
)
_PRIVATE = re.compile(
    r"(?:公司|企业|集团|服务商|协会|学校|学院|医院|银行|项目部|班组|店铺|机构|单位|部门|矿区)(?:[（(].*)?$"
)
_MANY = 8
_GENERAL = re.compile(
    r"各|有关|相关|其他|其余|主管|责任|成员|职能|行业|属地|所在|辖区|直属|下属|本级|同级|上级"
)
_OWN_REFERENCE = re.compile(
    rf"(?:报|送|向|经|由|在|请|至|给|到|对)(?P<level>市|县|区)?(?:专项)?(?:整治|行动|治理)?(?:工作)?(?P<kind>{_KIND})"
    rf"|(?:(?<=[。；;，,\n])|^)(?P<level2>市|县|区)?(?:专项)?(?:整治|行动|治理)?(?:工作)?(?P<kind2>{_KIND})(?:办公室)?(?=要|负责|应|将|每|定期|统筹|适时)"
)


@dataclass(frozen=True)
class _Setup:
    """A sentence that sets up a body of the plan's own level."""

    name: str
    kind: str
    span: Span
    sentence: Span


def _kind(word: str) -> str:
    return "专班" if "专班" in word else word


def kind_of(name: str) -> str:
    """Return what kind of leading body a name ends in (领导小组, 专班, 指挥部…), or an empty string."""
    match = re.search(rf"(?:{_KIND})$", name)
    return _kind(match.group()) if match else ""


def _setups(draft: Draft) -> list[_Setup]:
    """Return where the plan sets up bodies of its own level: compiled bodies first, then sentences without composition."""
    found = [
        _Setup(body.name, kind_of(body.name), place, draft.sentence_at(place.start))
        for body in draft.plan.bodies
        if body.rule == "body.sentence"
        and kind_of(body.name)
        and (place := body.field_spans.get("name", [body.span])[0])
        and not _of_others(draft, body.span.start)
    ]
    for match in _SETUP.finditer(draft.plain, *draft.body):
        sentence = draft.sentence_at(match.start())
        if _of_others(draft, match.start()) or re.search(
            r"若干|多个|\d+个|[一二三四五六七八九十]个", match["name"]
        ):
            continue
        described = re.split(r"(?:成员|参加|参与|组成|组长|召集人|组长单位|总指挥)的", match["name"])[-1]
        described = described.removeprefix("了")
        span = Span(match.end("name") - len(described), match.end("name"))
        if any(span.start < s.span.end and s.span.start < span.end for s in found):
            continue
        found.append(_Setup(described, _kind(match["kind"]), span, sentence))
    return sorted(found, key=lambda setup: setup.span)


def _of_others(draft: Draft, position: int) -> bool:
    """Say whether what is set up at a position belongs to others: lower levels, enterprises, the province."""
    before = draft.text[draft.sentence_at(position).start : position]
    return bool(_OTHER_LEVEL.search(before) or _OTHERS_BODY.search(before))


def _composition(draft: Draft, setup: _Setup) -> Body | None:
    """Return the compiled body a set-up sentence announces: in the same paragraph, or a list elsewhere under its name."""
    paragraph_end = draft.text.find("\n", setup.span.end)
    stop = min(paragraph_end if paragraph_end >= 0 else len(draft.text), setup.span.end + 900)
    near = Span(setup.sentence.start, stop)
    for body in draft.plan.bodies:
        if body.name.endswith("办公室"):
            continue
        if near.start <= body.span.start < near.end or body.span.start <= setup.span.start < body.span.end:
            return body
    for body in draft.plan.bodies:
        if not body.name.endswith("办公室") and (
            body.name.endswith(setup.name)
            or abbreviates(setup.name.removeprefix("市"), body.name.removeprefix("市"))
        ):
            return body
    return None


def check_composition(draft: Draft) -> Iterator[Finding]:
    """Report bodies that are announced without head or members; a list in an annex is a composition."""
    for setup in _setups(draft):
        body = _composition(draft, setup)
        if not body and _composed_elsewhere(draft, setup):
            continue
        following = draft.text[setup.span.end : setup.span.end + 40]
        annexed = re.search(r"(?:见|详见)附|名单附后|附后", following) and _MEMBER_LIST.search(
            draft.text, setup.span.end
        )
        lacks = []
        if not body:
            if annexed or _COMPOSED.search(draft.text, setup.span.end, _paragraph_end(draft, setup.span.end)):
                continue
            lacks = ["负责人", "成员单位"]
        else:
            here = Span(setup.sentence.start, max(setup.sentence.end, body.span.end)).of(draft.text)
            if not body.head and not re.search(r"组长|召集人|指挥|班长", here):
                lacks.append("负责人")
            if not body.members and "成员" not in here and "组成" not in here:
                lacks.append("成员单位")
        if lacks:
            name = setup.name if len(setup.name) > len(setup.kind) else f"×××{setup.kind}"
            yield draft.finding(
                "body.not_composed",
                "warning",
                setup.span,
                f"成立“{setup.name}”，但没有写明{'和'.join(lacks)}。",
                f"补写：“成立{name}，由市政府分管领导任组长，××局、××局主要负责人任副组长，××局、××局、××局为成员。”"
                if "负责人" in lacks
                else f"在组长之后补写：“成员由××局、××局、××局等单位负责同志组成。”，或写明“{name}成员名单见附件”并附名单。",
            )


def _composed_elsewhere(draft: Draft, setup: _Setup) -> bool:
    """Say whether another sentence composes what must be the same body, under its short or its long name."""
    mine = _bare(setup.name)
    return any(
        (abbreviates(mine, other) or abbreviates(other, mine))
        for other in (_bare(b.name) for b in draft.plan.bodies if b.members)
    )


def _paragraph_end(draft: Draft, position: int) -> int:
    end = draft.text.find("\n", position)
    return min(end if end >= 0 else len(draft.text), position + 300)


def check_names(draft: Draft) -> Iterator[Finding]:
    """Report one body under two names: set up twice under different names, or set up as 领导小组 and addressed as 专班.

    A name shortened to its kind (工作专班 for 某某市…工作专班) is the same body, and so is a declared short form.
    """
    setups = [s for s in _setups(draft) if len(s.name) > len(s.kind) + 2]
    for i, later in enumerate(setups):
        for earlier in setups[:i]:
            if later.kind == earlier.kind and _bare(later.name) != _bare(earlier.name):
                short = re.search(
                    rf"[（(](?:以下)?(?:简)?称[“\"]?{re.escape(_bare(later.name))}",
                    draft.text[earlier.span.end :][:60],
                )
                if short:
                    continue
                yield draft.finding(
                    "body.two_names",
                    "warning",
                    later.span,
                    f"前面成立的是“{earlier.name}”，这里成立的是“{later.name}”，看上去是同一机构。",
                    f"全文统一为“{max(earlier.name, later.name, key=len)}”；确需简称的，首次出现时写明“（以下简称……）”。",
                )
                break
    kinds = {s.kind for s in _setups(draft)}
    if len(kinds) != 1:
        return
    kind = next(iter(kinds))
    reported = set()
    own_level = re.search(
        r"^[\u4e00-\u9fff]{2,6}?([市县区])", draft.plan.title.value if draft.plan.title else ""
    )
    for match in _OWN_REFERENCE.finditer(draft.plain, *draft.body):
        group = "kind" if match["kind"] else "kind2"
        level = match["level"] or match["level2"]
        other = _kind(match[group])
        if level and own_level and level != own_level.group(1):
            continue  # the body of the level above
        if other == kind or other in reported or other == "联席会议":
            continue
        if re.search(
            r"(?:成立|组建|设立|建立)[^。；;\n]{0,30}$",
            draft.text[max(0, match.start() - 40) : match.start(group)],
        ):
            continue
        if re.search(
            r"(?:国务院|省|州|安委会|上级)[^，。；;]{0,10}$",
            draft.text[max(0, match.start() - 12) : match.start(group)],
        ):
            continue
        reported.add(other)
        setup = next(s for s in _setups(draft) if s.kind == kind)
        span = Span(_with_work(draft.text, match.start(group)), match.end(group))
        yield draft.finding(
            "body.two_names",
            "warning",
            span,
            f"方案成立的是“{setup.name}”，这里称“{draft.quote(span)}”。",
            f"改为“{setup.name}”或其规定的简称。",
        )


def _with_work(text: str, start: int) -> int:
    """Return where a name begins that may be printed with 工作 before its kind."""
    return start - 2 if text[:start].endswith("工作") else start


def _bare(name: str) -> str:
    return re.sub(r"^(?:全)?[市县区州省](?!场)|工作|\s", "", name)


def check_office(draft: Draft) -> Iterator[Finding]:
    """Report offices of the plan's bodies without a seat; one with a seat but no head is only advice."""
    done: set[int] = set()
    for match in _OFFICE.finditer(draft.plain, *draft.body):
        sentence = draft.sentence_at(match.start())
        if sentence.start in done:
            continue
        done.add(sentence.start)
        before = draft.text[sentence.start : match.start()]
        if not re.search(_KIND, before[-60:]) or _OTHER_LEVEL.search(re.split(_KIND, before)[0]):
            continue
        stop = draft.text.find("\n", match.start(), match.start() + 220)
        around = draft.text[sentence.start : stop if stop >= 0 else match.start() + 220]
        around = re.split(r"\n", around)[0]
        place = _OFFICE_PLACE.search(around)
        head = _OFFICE_HEAD.search(around[around.find("办公室") :])
        span = Span(*match.span())
        if not place:
            yield draft.finding(
                "body.no_office",
                "warning",
                span,
                "下设办公室，但没有写明设在哪个单位" + ("" if head else "、由谁任主任") + "。",
                "补写：“办公室设在××局，办公室主任由××局局长兼任。”",
            )
        elif not head:
            yield draft.finding(
                "body.no_office",
                "advice",
                span,
                "写明了办公室设在哪里，没有写明办公室主任。",
                "补写：“办公室主任由××局局长兼任。”",
            )


def _main_body(draft: Draft) -> Body | None:
    """Return the body with the most members, if its members can be told as units."""
    bodies = [
        b
        for b in draft.plan.bodies
        if len(b.members) >= 3
        and not b.name.endswith("办公室")
        and not (b.rule == "body.sentence" and _of_others(draft, b.span.start))
    ]
    body = max(bodies, key=lambda b: len(b.members), default=None)
    if not body:
        return None
    told = [m for m in body.members if is_collective(m) or any(_is_unit(part) for part in _parts(m))]
    return body if len(told) * 2 >= len(body.members) else None


def _parts(member: str) -> list[str]:
    """Return what of a member may be its unit: 李某 市应急局局长 and 李某（市应急局局长） are known by their second part."""
    pieces = re.split(r"[\s（）()]+|(?:(?<=负责人)|(?<=负责同志)|(?<=领导)|(?<=局长))[和及]", member)
    return [without_post(piece) for piece in (member, *pieces) if len(piece) >= 2]


def _is_unit(name: str) -> bool:
    return bool(UNIT_END.search(name)) or is_department(name)


def charged(draft: Draft) -> list[tuple[str, Span]]:
    """Return every unit that holds a task or a duty, in printed order, as often as it is named."""
    found: list[tuple[str, Span]] = []
    for task in draft.plan.tasks:
        for role in ("lead", "support", "responsible"):
            names, places = getattr(task, role), task.field_spans.get(role, [])
            found += [
                (n.lstrip("（("), places[i] if i < len(places) else task.span) for i, n in enumerate(names)
            ]
    for duty in draft.plan.duties:
        places = duty.field_spans.get("unit", [])
        found.append((duty.unit, places[0] if places else duty.span))
    return sorted(found, key=lambda pair: pair[1])


def _people(body: Body) -> list[str]:
    return [*body.head, *body.deputies, *body.members]


def check_outsiders(draft: Draft) -> Iterator[Finding]:
    """Report public units that hold tasks without belonging to the leading body; one finding per unit, one for all if they are many.

    Collective names, enterprises, committees and the issuing office itself are no members to be.
    """
    body = _main_body(draft)
    if not body:
        return
    own = [
        *(part for member in _people(body) for part in _parts(member)),
        *([draft.plan.issuer.value] if draft.plan.issuer else []),
    ]
    own_words = "".join(_people(body))
    groups: list[list[tuple[str, Span]]] = []
    for name, span in charged(draft):
        if is_collective(name) or _GENERAL.search(name):
            continue
        if _COMMITTEE.search(name) or (_PRIVATE.search(name) and not name.endswith("部门")):
            continue
        if name.endswith("部门") and len(name) > 8:
            continue
        core = identity(name)[1]
        cut = any(core.startswith(identity(m)[1]) and len(identity(m)[1]) >= 2 for m in body.members)
        if len(core) < 2 or cut or core in own_words or any(same_unit(name, member) for member in own):
            continue
        if _cut_in_front(name, body.members):
            continue
        for group in groups:
            if same_unit(group[0][0], name):
                group.append((name, span))
                break
        else:
            groups.append([(name, span)])
    if len(groups) > _MANY:
        names = "、".join(group[0][0] for group in groups)
        yield draft.finding(
            "body.outsider",
            "warning",
            groups[0][0][1],
            f"有 {len(groups)} 家单位承担任务或职责，却不在{body.name}的成员单位中：{names}。",
            "在成员单位中增列承担任务的单位，或写明“其他承担任务的单位列席会议”。",
        )
        return
    for group in groups:
        name, span = group[0]
        yield draft.finding(
            "body.outsider",
            "warning",
            span,
            f"“{name}”承担 {len(group)} 项任务或职责，却不在{body.name}的成员单位中。",
            f"在成员单位中增列“{name}”；确不需要列入的，改由成员单位承担。",
        )


def _cut_in_front(name: str, others: list[str]) -> str:
    """Return the longer name whose first letter a name has lost (城镇 for 溧城镇)."""
    if not re.search(r"[镇乡区县]$", name) or len(name) > 3:
        return ""
    return next((o for o in others if len(o) == len(name) + 1 and o.endswith(name)), "")


def check_idle(draft: Draft) -> Iterator[Finding]:
    """Report members named nowhere outside the composition, in plans that do charge most of their members."""
    body = _main_body(draft)
    if not body:
        return
    outside = (
        draft.plain[: body.span.start]
        + "\n" * (body.span.end - body.span.start)
        + draft.plain[body.span.end :]
    )
    outside = outside[: draft.body.end]
    holders = [name for name, _ in charged(draft)]
    idle: list[tuple[str, Span]] = []
    places = body.field_spans.get("members", [])
    for i, member in enumerate(body.members):
        parts = _parts(member)
        if is_collective(member) or member.startswith("各") or not any(_is_unit(part) for part in parts):
            continue
        if any(same_unit(part, holder) for part in parts for holder in holders):
            continue
        whole = complete(member) or member
        if any(_cut_in_front(h, [member]) for h in holders) or any(
            _mentioned(part, outside) for part in (whole, *parts) if _is_unit(part)
        ):
            continue
        place = places[i] if i < len(places) else body.span
        name = without_post(member)
        idle.append((name, Span(place.start, place.start + len(name)) if member.startswith(name) else place))
    if len(idle) * 2 > len(body.members) or re.search(r"(?:其他|其余)成员单位", draft.plain):
        return
    for member, span in idle:
        yield draft.finding(
            "body.idle_member",
            "warning",
            span,
            f"“{member}”是{body.name}的成员，全文却没有给它任务或职责。",
            f"在部门分工中补写“{member}负责××工作”，或不再列为成员。",
        )


def _mentioned(member: str, text: str) -> bool:
    """Say whether a member is named as a unit: with 局, 部门 and the like, or in a shortened list (市发改、环保等)."""
    if UNIT_END.search(member) and member in text:
        return True
    _, core = identity(member)
    forms = short_forms(core)
    if forms == [core] and len(core) >= 3 and re.search(r"[镇乡区县委]$|公司$|街道$|中心$|管委会$", member):
        return member.strip() in text or core in text
    for form in forms:
        if re.search(
            rf"{re.escape(form)}(?:局|委(?!员|托)|厅|部门|大队|支队|总队|机关|系统|部(?!署|分|位|门|件))|(?:市|、|会同){re.escape(form)}(?=、|等|和)",
            text,
        ):
            return True
    return False


def check_named_office(draft: Draft) -> Iterator[Finding]:
    """Report an office (领导小组办公室) that is spoken of although nothing says where it is or that it is set up."""
    setups = _setups(draft)
    if not setups or re.search(
        r"办公室[^。；;\n]{0,60}(?:设|挂靠)在|(?:下设|设立|设|成立)[^。；;，,\n]{0,12}办公室", draft.plain
    ):
        return
    if re.search(r"办公室主任|主任由", draft.plain):
        return
    kinds = "|".join(sorted({re.escape(s.kind) for s in setups}))
    for match in re.finditer(rf"(?:{kinds})办公室", draft.plain[: draft.body.end]):
        if re.search(
            r"(?:国务院|省|州)[^，。；;]{0,10}$", draft.text[max(0, match.start() - 12) : match.start()]
        ):
            continue
        yield draft.finding(
            "body.no_office",
            "warning",
            Span(*match.span()),
            f"提到“{match.group()}”，全文没有写明它设在哪个单位、由谁任主任。",
            "在组织领导部分补写：“领导小组下设办公室，办公室设在××局，办公室主任由××局局长兼任。”",
        )
        return


CHECKS = (check_composition, check_names, check_office, check_named_office, check_outsiders, check_idle)
