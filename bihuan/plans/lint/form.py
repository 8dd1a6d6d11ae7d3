"""The form of an official document: title, number, signature, annexes, contact (GB/T 9704-2012)."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from bihuan.plans.lint.draft import Draft
from bihuan.plans.lint.finding import Finding
from bihuan.plans.model import Span

_CITED = re.compile(
    r"(?:见|参见|附件格式见|按照|按|依据|填写|填报|对照)\s?[（(]?附件\s{0,2}(?P<n>\d{1,2}|[一二三四五六七八九十])?"
)
_IN_BRACKET = re.compile(
    r"[（(](?:详见|见|参见)?附件\s{0,2}(?P<n>\d{1,2}|[一二三四五六七八九十])?[）)]|[（(](?:见)?附后[）)]|名单附后"
)
_LIST = re.compile(r"(?<![见按照填据])附\s{0,2}件\s{0,2}[:：](?=\s{0,3}[\d《\u4e00-\u9fff])")
_HEAD = re.compile(
    r"(?:^|(?<=[\n。）)；;日\s]))\s{0,8}附\s{0,2}件\s{0,2}(?P<n>\d{1,2}|[一二三四五六七八九十])?(?!下载)(?=\s{0,3}(?:[\n\u4e00-\u9fff]|$))",
    re.MULTILINE,
)
_LISTED = re.compile(
    r"(?:^|[\s：:）)\u4e00-\u9fff])(?P<n>\d{1,2})\s{0,2}[.．、]?\s{0,2}(?=[\u4e00-\u9fff《])"
)
_NUMBER = re.compile(
    r"(?P<organ>[\u4e00-\u9fff]{2,12})\s{0,2}(?P<open>[〔\[（(【［])\s{0,2}(?P<year>\d{0,4})\s{0,2}年?(?P<close>[〕\]）)】］])\s{0,2}(?P<ordinal>第)?\s{0,2}(?P<n>\d{1,5})\s{0,2}号"
)
_KIND = re.compile(
    r"方案|计划|通知|意见|要点|办法|规定|细则|通告|公告|决定|规划|部署|安排|函|批复|纪要|制度|指引|指南|清单"
)
_CONTACT = re.compile(r"(?:联\s{0,4}系\s{0,4}人(?:及联系方式|及电话)?|联系电话|联系方式)\s{0,2}[:：]")
_PHONE = re.compile(r"\d{3,}|[xX×*]{3,}|@|邮箱")
_CHINESE = {c: str(i) for i, c in enumerate("零一二三四五六七八九十")}


def _number(printed: str | None) -> str:
    return _CHINESE.get(printed or "", printed or "")


def _annexes(draft: Draft) -> tuple[set[str], Span | None]:
    """Return the numbers of the annexes listed or attached ("" for one without number) and where they first stand."""
    text = draft.text
    present: set[str] = set()
    first: Span | None = None
    tail = max((h.marker.end for h in draft.plan.headings), default=0)
    for match in _LIST.finditer(text, tail):
        first = first or Span(match.start() + len(match.group()) - len(match.group().lstrip()), match.end())
        stop = re.search(
            r"(?:19|20)\d\d\s?年\s?\d{1,2}\s?月|\n\s*附\s{0,2}件|\n[^\n\d]{2,40}(?:办公室|委员会|局|公司)\n",
            text[match.end() : match.end() + 600],
        )
        area = text[match.end() : match.end() + (stop.start() if stop else 600)]
        numbers = [m["n"] for m in _LISTED.finditer(area)]
        run: list[str] = []
        for number in numbers:
            if int(number) == len(run) + 1:
                run.append(number)
        present |= set(run) or {""}
    for match in _HEAD.finditer(text, tail):
        if re.search(
            r"(?:见|按|照|填|据|报)\s{0,2}$", text[: match.start("n") if match["n"] else match.end()][-4:]
        ):
            continue
        start = match.start() + len(match.group()) - len(match.group().lstrip())
        first = first or Span(start, match.end())
        present.add(_number(match["n"]))
    return present, first


def check_annexes(draft: Draft) -> Iterator[Finding]:
    """Report annexes cited but absent, and annexes present that the text never mentions."""
    present, first = _annexes(draft)
    cited: set[str] = set()
    enclosed = False
    stop = first.start if first else len(draft.text)
    for pattern in (_CITED, _IN_BRACKET):
        for match in pattern.finditer(draft.plain, 0, stop):
            number = _number(match.groupdict().get("n"))
            if number in cited:
                continue
            cited.add(number)
            enclosed = enclosed or not number
            missing = (
                (number not in present and not ("" in present and number == "1")) if number else not present
            )
            if missing and number and "" in present and present == {""}:
                missing = number != "1"
            if missing and not (
                not number and re.search(r"附后", match.group()) and _attached(draft, match.end())
            ):
                yield draft.finding(
                    "form.annex_missing",
                    "warning",
                    Span(*match.span()),
                    f"正文引用“附件{number}”，文末没有列出，也没有附上。",
                    f"在正文之后列明“附件：{number + '.' if number else ''}××××”并附上，或删去引用。",
                )
    if not first or enclosed:
        return
    uncited = sorted((n for n in present if n not in cited), key=lambda n: int(n) if n.isdigit() else 0)
    uncited = [n for n in uncited if n or not cited]
    if len(present) > 1:
        uncited = [n for n in uncited if n]
    if re.search(r"附表|附件", draft.plain[draft.preamble.end : stop]) and not cited:
        return
    if uncited:
        names = "、".join(f"附件{n}" for n in uncited)
        yield draft.finding(
            "form.annex_uncited",
            "advice",
            first,
            f"{names}在正文中没有提到。",
            f"在用到的地方写明“（见{names.split('、')[0]}）”。",
        )


def _attached(draft: Draft, position: int) -> bool:
    """Say whether a form or list follows the plan's own text."""
    return len(draft.text[max(draft.body.end, position) :].strip()) > 40


def check_numbers(draft: Draft) -> Iterator[Finding]:
    """Report document numbers not written as 机关代字〔年份〕序号号: six-angle brackets, full year, no 第, no leading nought.

    A year lost or cut to two digits is a warning: such a document cannot be found. Several numbers with the same
    blemish are one finding.
    """
    groups: dict[tuple[str, ...], list[tuple[Span, str]]] = defaultdict(list)
    for match in _NUMBER.finditer(draft.text, 0, draft.body.end):
        organ = re.sub(r"^.*?(?:根据|按照|依据|关于|文件|号)", "", match["organ"])
        if not organ or organ[-1] in "第年月日共约" or (match["open"] in "（(" and len(match["year"]) < 4):
            continue
        problems = []
        if match["open"] != "〔" or match["close"] != "〕":
            problems.append("年份应当用六角括号〔〕")
        if len(match["year"]) != 4:
            problems.append("年份应当写全四位" if match["year"] else "缺少年份")
        if match["ordinal"]:
            problems.append("序号前不加“第”")
        if len(match["n"]) > 1 and match["n"].startswith("0"):
            problems.append("序号不编虚位")
        if problems:
            year = (
                match["year"]
                if len(match["year"]) == 4
                else f"20{match['year']}"
                if match["year"]
                else "××××"
            )
            place = Span(match.end("organ") - len(organ), match.end())
            groups[tuple(problems)].append((place, f"{organ}〔{year}〕{int(match['n'])}号"))
    for blemishes, places in groups.items():
        span, right = places[0]
        others = {draft.quote(place, 40) for place, _ in places} - {draft.quote(span, 40)}
        more = f"（同样的还有 {len(others)} 个文号）" if others else ""
        lost = any(b.endswith("年份") or "四位" in b for b in blemishes)
        yield draft.finding(
            "form.number",
            "warning" if lost else "advice",
            span,
            f"文号“{draft.quote(span, 40)}”：{'，'.join(blemishes)}{more}。",
            f"改为“{right}”。",
        )


def check_signature(draft: Draft) -> Iterator[Finding]:
    """Report a document without issuer or date, neither in a signature nor in its head."""
    plan = draft.plan
    lacks = ([] if plan.issuer else ["发文单位"]) + ([] if plan.issued_on else ["成文日期"])
    if not lacks or not plan.headings:
        return
    last = draft.body.end
    while last > 0 and draft.text[last - 1].isspace():
        last -= 1
    yield draft.finding(
        "form.signature",
        "warning",
        Span(max(0, last - 12), last),
        f"全文没有{'和'.join(lacks)}。",
        "在正文之后右下方写明发文单位全称和成文日期，如“××市安全生产委员会办公室　×年×月×日”。",
    )


def check_title(draft: Draft) -> Iterator[Finding]:
    """Advise where no title is found, or one that does not say what kind of document it is."""
    plan = draft.plan
    if (plan.title and _KIND.search(plan.title.value)) or not plan.headings:
        return
    if plan.title:
        span = plan.title.span
        message = f"标题“{draft.quote(span, 40)}”没有写明文种。"
        proposal = f"改为“{draft.quote(span, 60)}工作方案”。"
    else:
        end = draft.text.find("\n")
        span = Span(0, min(len(draft.text), end if 0 < end < 40 else 20))
        message = "没有找到标题，或标题没有写明文种（方案、通知、意见等）。"
        proposal = "在正文前写明标题，如“关于开展××安全专项整治的工作方案”。"
    yield draft.finding("form.title", "advice", span, message, proposal)


def check_contact(draft: Draft) -> Iterator[Finding]:
    """Report 联系人： or 联系电话： with nothing after it; forms in annexes are there to be filled in."""
    _, first = _annexes(draft)
    stop = len(draft.text)
    after = draft.text.find("\n附件", first.end if first else 0)
    if first and re.search(r"附\s{0,2}件\s{0,2}[:：]", first.of(draft.text)):
        stop = after if after > 0 else min(len(draft.text), first.end + 400)
    elif first:
        stop = first.start
    signed = draft.plan.issued_on_span
    stop = min(stop, max(draft.body.end, signed.end if signed else 0))
    matches = list(_CONTACT.finditer(draft.text, 0, stop))
    if not matches or any(_PHONE.search(_rest_of_line(draft.text, m.end())) for m in matches):
        return
    match = matches[0]
    yield draft.finding(
        "form.contact",
        "warning",
        Span(*match.span()),
        f"“{match.group().strip()}”后面没有填写{'姓名和电话' if '人' in match.group() else '号码'}。",
        "填写联系人姓名和办公电话。",
    )


def _rest_of_line(text: str, position: int) -> str:
    return text[position : position + 60].partition("\n")[0]


CHECKS = (check_annexes, check_numbers, check_signature, check_title, check_contact)
