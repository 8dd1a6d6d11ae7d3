"""Title, issuer, document number and date: the head of a document and its signature (GB/T 9704-2012, 7.2 and 7.3.5)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from bihuan.plans.dates import CHINESE_DAY, NUMERIC_DAY, day_of, signed_day
from bihuan.plans.metadata import Entry
from bihuan.plans.model import Field, Span
from bihuan.plans.title_words import PAPER_WORDS, PLAN_WORDS, TITLE_SUFFIX

_KIND = rf"(?:{PAPER_WORDS}|安排|决定|部署|清单)"
_PUBLISHED = re.compile(
    rf"(?:关于|印发)(?:印发|转发|下发|发布|做好)?\s{{0,2}}[《〈](?P<title>[^《》]{{4,120}}?{TITLE_SUFFIX})[》〉]\s{{0,2}}的\s{{0,2}}通知"
)
_PUBLISHED_PLAIN = re.compile(
    rf"关于(?:印发|转发|下发)\s{{0,2}}(?P<title>[^《》。，；：]{{4,80}}?{_KIND}\s{{0,4}}{TITLE_SUFFIX})\s{{0,2}}的\s{{0,2}}通知"
)
_ENCLOSED = re.compile(
    rf"现将[《〈](?P<title>[^《》\n]{{4,100}}?{_KIND}{TITLE_SUFFIX})[》〉]\s{{0,2}}(?:已经[^。]{{0,30}})?(?:印发|转发|下发)"
)
_ISSUED = re.compile(r"关于(?:印发|转发|下发|发布|批转)(?P<title>[^。；：:]{6,120}?)的\s?通知(?=\s)")
_TITLE_LINE = re.compile(rf"(?P<title>[^。；：:《》\n][^。；：:\n]{{3,80}}?{_KIND}{TITLE_SUFFIX})$")
# Words other than the usual kinds end a title only near the top and in a line long enough to be one.
_RARE_KIND = r"(?:任务分工|分工|措施|预案|指引|指南|行动|公告|通报|函|纲要|倡议书|责任书|制度|工作提示|提示|标准|安排表|分解表|工作台账)"
_RARE_TITLE = re.compile(
    rf"(?P<title>[^。；：:《》\n，,][^。；：:\n，,]{{10,80}}?{_RARE_KIND}{TITLE_SUFFIX})$"
)
_TITLE_RUN_ON = re.compile(
    rf"(?P<title>[^。；：:《》\s，,][^。；：:《》\n，,]{{3,80}}?{_KIND}{TITLE_SUFFIX})"
    r"(?=\s{0,3}(?:为了?|按照|根据|依据|各[\u4e00-\u9fff]{1,14}[:：、(（]|[\u4e00-\u9fff]{2,20}[:：]))"
)
_IN_SENTENCE = re.compile(
    r"^(?:根据|按照|为|现将|特制定|依据|结合|请|经|关于印发|来源|附件|时间|日期|索引号|发布|当前位置|您|首页|上一篇|下一篇)"
)
_DOC_NO = re.compile(
    r"(?P<no>[\u4e00-\u9fff]{2,14}\s{0,2}[〔\[（(【［]\s{0,2}(?:19|20)\d\d\s{0,2}[〕\]）)】］]\s{0,2}(?:第\s{0,2})?\d{1,5}\s{0,2}号)"
)
_NUMERIC_DATE = re.compile(
    r"(?P<y>(?:19|20)\d\d)\s{0,2}年\s{0,2}(?P<m>\d{1,2})\s{0,2}月\s{0,2}(?P<d>\d{1,2})\s{0,2}日"
    r"|(?P<y2>(?:19|20)\d\d)[-./](?P<m2>\d{1,2})[-./](?P<d2>\d{1,2})(?!\d)"
)
_ORGAN_END = (
    r"(?:委员会|办公室|办公厅|人民政府|政府|管委会|领导小组|指挥部|委|局|厅|部|处|公司|集团|中心|院|大队|支队|总队|协会|大学|学院|学校|中学"
    r"|小学|幼儿园|医院|厂|矿|街道办事处|办事处|专班)"
)
_SIGNATURE = re.compile(
    rf"(?:(?<=[。；;!！?？\n\s）)、:：”])|\A)(?P<issuer>[\u4e00-\u9fff（()）·]{{2,42}}?{_ORGAN_END}(?:[（(][\u4e00-\u9fff]{{1,14}}[）)])?)"
    rf"\s{{0,12}}(?P<date>{NUMERIC_DAY}|{CHINESE_DAY})(?!前|之前|以前|起|至|-|—|印发)"
)
_DAY = rf"(?:{NUMERIC_DAY}|(?:19|20)\d\d[-./]\d{{1,2}}[-./]\d{{1,2}}|{CHINESE_DAY})"
# A short line of its own and a date below it sign a document whatever the line calls itself (校长室, 安全科).
_SIGNED_LINES = re.compile(
    rf"(?<=\n)[ \t\u3000]{{0,60}}(?P<issuer>[\u4e00-\u9fff（()）·]{{2,30}})[ \t\u3000]*\n[ \t\u3000]*[（(]?(?P<date>{_DAY})[）)]?[ \t\u3000]*(?=\n|\Z)"
)
_DATED_LINE = re.compile(
    rf"(?<=\n)[ \t\u3000]*[（(]?(?P<date>{_DAY})[）)]?[ \t\u3000]*(?=\n|\Z|(?<=[日）)])[ \u3000]{{1,4}}[^\n。]{{6,60}}(?:{PLAN_WORDS})(?:\n|[ \u3000]))"
)
_LETTERHEAD = re.compile(rf"(?P<issuer>[\u4e00-\u9fff（()）]{{3,42}}?{_ORGAN_END})(?:部门)?文件")
_TITLE_ISSUER = re.compile(
    rf"^(?P<issuer>[\u4e00-\u9fff（()）]{{2,42}}{_ORGAN_END}(?:[ \u3000]+[\u4e00-\u9fff（()）]{{2,42}}{_ORGAN_END})*)(?=关于)"
)
_ORGAN_START = re.compile(
    r"(?:文件|名单|模板\)|模板）|标准|附件|方案|制度|清单|表)(?=[\u4e00-\u9fff（()）]{4,42}$)"
)
# A first line that is nothing but an organ, the title below it.
_OWN_LINE = re.compile(
    r"[\u4e00-\u9fff（()）]{2,30}(?:政府|委员会|办公室|局|厅|委|公司|集团|学校|中学|小学|中心校|幼儿园|医院|街道办事处|管委会|指挥部|领导小组|矿|厂|大队|支队|学院|大学|中心)"
)
# 技 术 部: a letterhead set wide is an office's name whatever the office is.
_SPACED_OUT = re.compile(r"[\u4e00-\u9fff](?:[ \u3000]{1,4}[\u4e00-\u9fff]){2,20}")
_OFFICE_LINE = re.compile(r"[\u4e00-\u9fff]{2,20}[部科处室委]")
_ORGAN_LINE = re.compile(rf"[\u4e00-\u9fff（()）]{{3,36}}?{_ORGAN_END}")
_TITLE_ORGAN = re.compile(r"[\u4e00-\u9fff]{2,24}?(?:公司|局|厅|委员会|政府|办公室|管委会|集团)")
_LABELLED_ISSUER = re.compile(
    r"(?:发布机构|发文机关|发文单位|制定机关|发布单位)[ \u3000]{0,2}[:：][ \u3000]{0,3}(?P<issuer>[\u4e00-\u9fff]{3,40})"
)


@dataclass(frozen=True)
class Header:
    """What head and signature say. `signature` is where the plan's text ends, if a signature closes it."""

    title: Field | None
    issuer: Field | None
    doc_no: Field | None
    issued_on: date | None
    issued_on_span: Span | None
    signature: Span | None


def read_header(
    text: str, body_start: int, tail_start: int, body_end: int, metadata: Sequence[Entry] = ()
) -> Header:
    """Read title, issuer, number and date.

    `body_start`: offset of the first section; `tail_start`: where the last numbered item begins;
    `body_end`: where annexes begin or the text ends. `metadata` serves where the document itself is silent.
    """
    head_end = body_start
    doc_no = _doc_no(text, min(head_end, 3000))
    title = _title(text, head_end, doc_no)
    signature, issuer, day, day_span = _signature(text, head_end, tail_start, body_end, title)
    if day is None:
        day, day_span = _page_date(text, min(head_end, 3000))
    if issuer is None:
        issuer = _letterhead(text, head_end, title)
    stated = {entry.kind: entry for entry in reversed(metadata) if entry.value}
    if day is None and "day" in stated:
        found = _NUMERIC_DATE.match(stated["day"].value)
        day = _date_of(found) if found else signed_day(stated["day"].value)
        day_span = stated["day"].place if day else None
    doc_no = doc_no or _stated(stated, "doc_no", "head.number", _DOC_NO)
    issuer = issuer or _stated(stated, "issuer", "head.labelled", _OWN_LINE)
    title = title or _stated(stated, "title", "head.title.line", _TITLE_LINE)
    return Header(title, issuer, doc_no, day, day_span, signature)


def _stated(stated: dict[str, Entry], kind: str, rule: str, shape: re.Pattern[str]) -> Field | None:
    """Return what the page says about the document, if it has the shape of such a thing."""
    entry = stated.get(kind)
    return Field(entry.value, entry.place, 0.6, rule) if entry and shape.fullmatch(entry.value) else None


def own_year(text: str, header: Header) -> int | None:
    """Return the year the document prints as its own: signature, number, title, or 定于某年 in the preamble."""
    if header.issued_on:
        return header.issued_on.year
    if header.doc_no:
        year = re.search(r"(?:19|20)\d\d", header.doc_no.value)
        if year:
            return int(year.group())
    if header.title:
        years = set(re.findall(r"((?:19|20)\d\d)", header.title.value))
        if len(years) == 1:
            return int(years.pop())
    fixed = re.search(r"(?:决定|定|拟|将)(?:于|在)\s?((?:19|20)\d\d)\s?年", text[:3000])
    return int(fixed.group(1)) if fixed else None


_CITING = re.compile(r"根据|按照|依据|关于|贯彻|落实|结合|依照|转发|为|经|及|以及|和")


def _doc_no(text: str, end: int) -> Field | None:
    for match in _DOC_NO.finditer(text, 0, end):
        head = text[text.rfind("\n", 0, match.start()) + 1 : match.start()].strip()
        line_end = text.find("\n", match.end(), end)
        tail = text[match.end() : line_end if line_end >= 0 else end].strip()
        bracketed = head in ("（", "(") and tail in ("）", ")")
        before = text[max(0, match.start() - 1) : match.start()]
        if not bracketed and (
            before in ("（", "(", "》")
            or text[max(0, match.start() - 12) : match.start()].rstrip().endswith(("》（", "》("))
        ):
            continue
        if re.match(r"(?:文(?!号)|精神|要求|规定|》|的)", tail):
            continue
        value, start = match["no"], match.start("no")
        cut = re.search(r"(?:文件|字号|文号|号)(?=[\u4e00-\u9fff])", value[:-4])
        if cut:
            value, start = value[cut.end() :], start + cut.end()
        if _CITING.search(re.split(r"[〔\[（(【［]", value)[0]):
            continue
        return Field(value, Span(start, start + len(value)), 0.9, "head.number")
    return None


def _field(match: re.Match[str], group: str, confidence: float, rule: str) -> Field:
    value = re.sub(r"\s*\n\s*", "", match[group].strip())
    start = match.start(group) + (len(match[group]) - len(match[group].lstrip()))
    return Field(value, Span(start, start + len(match[group].strip())), confidence, rule)


def _title(text: str, end: int, doc_no: Field | None) -> Field | None:
    head_end = min(end, 6000)
    for pattern in (_PUBLISHED, _PUBLISHED_PLAIN):
        for match in pattern.finditer(text, 0, head_end):
            quoted = text.rfind("《", 0, match.start()) > text.rfind("》", 0, match.start())
            if not quoted and re.search(_KIND, match["title"]):
                issued = _field(match, "title", 0.95, "head.title.published")
                return _fuller_title(text, issued, head_end) or issued
    repeated = _repeated_title(text, head_end)
    if repeated:
        return repeated
    enclosed = _ENCLOSED.search(text, 0, head_end)
    if enclosed:
        return _field(enclosed, "title", 0.85, "head.title.published")
    lines = _lines(text, head_end)
    found = _line_title(lines, _TITLE_LINE) or _line_title(lines[:6], _RARE_TITLE)
    if found:
        return found
    start = doc_no.span.end if doc_no else 0
    while start < head_end and text[start].isspace():
        start += 1
    run_on = _TITLE_RUN_ON.match(text, start, head_end)
    if run_on and not _IN_SENTENCE.match(run_on["title"]):
        return _field(run_on, "title", 0.7, "head.title.run_on")
    return None


def _fuller_title(text: str, issued: Field, end: int) -> Field | None:
    """Return the plan's own title below its notice where that names the place before the words of the notice."""
    own = re.compile(rf"(?<=[\n \u3000])[\u4e00-\u9fff]{{2,14}}{re.escape(issued.value)}(?=\s)")
    match = own.search(text, issued.span.end, end)
    return replace(issued, value=match.group(), span=Span(*match.span())) if match else None


def _repeated_title(text: str, end: int) -> Field | None:
    """Return what a notice issues, whatever kind of paper it is, if the same words stand alone below as its title."""
    for issued in _ISSUED.finditer(text, 0, end):
        title = re.sub(r"\s", "", issued["title"])
        title = title.removeprefix("《").removesuffix("》") if "》" not in title[:-1] else title
        for start, line in _lines(text, end):
            if start > issued.end() and re.sub(r"\s", "", line) == title:
                return Field(title, Span(start, start + len(line)), 0.85, "head.title.published")
    return None


def _line_title(lines: list[tuple[int, str]], pattern: re.Pattern[str]) -> Field | None:
    """Return the title that stands on one line of the head, or on up to four lines of one phrase."""
    for i, (start, first) in enumerate(lines):
        if _SPACED_OUT.fullmatch(first) and _ORGAN_LINE.fullmatch(_closed_up(first)):
            continue
        joined = ""
        for j in range(i, min(i + 4, len(lines))):
            offset, line = lines[j]
            if re.sub(r"\s", "", line) in ("通知", "方案", "意见", "实施方案", "工作方案", "行动方案"):
                line = re.sub(r"\s", "", line)
            joined += line
            if len(joined) > 90 or _IN_SENTENCE.match(joined) or re.search(r"[，,]", joined):
                break
            if pattern.fullmatch(joined):
                return _placed_title(lines, i, joined, start, Span(start, offset + len(lines[j][1])))
            if not _goes_on(line):
                break
    return None


def _goes_on(line: str) -> bool:
    """Say whether a title may go on after this line: no letterhead, number, date, or finished phrase."""
    if _DOC_NO.search(line) or _NUMERIC_DATE.search(line) or re.search(r"文件$|[号日。：:；!！|>》]$", line):
        return False
    return "关于" in line or not (_ORGAN_LINE.fullmatch(line) or len(line) < 6)


def _placed_title(lines: list[tuple[int, str]], i: int, joined: str, start: int, span: Span) -> Field:
    above, organ = lines[i - 1] if i else (0, "")
    if i == 1 and _ORGAN_LINE.fullmatch(organ) and not joined.startswith(organ[:4]):
        # A title of several lines whose first is the organ's name.
        return Field(organ + joined, Span(above, span.end), 0.9, "head.title.line")
    return Field(joined, Span(start, span.end), 0.9, "head.title.line")


def _lines(text: str, end: int) -> list[tuple[int, str]]:
    found: list[tuple[int, str]] = []
    start = 0
    while start < end and len(found) < 80:
        stop = text.find("\n", start, end)
        stop = end if stop < 0 else stop
        line = text[start:stop]
        stripped = line.strip(" \t\u3000#*")
        if stripped:
            found.append((start + line.index(stripped), stripped))
        start = stop + 1
    return found


def _closed_up(line: str) -> str:
    """Return a line set wide (技 术 部) without its gaps, any other line as it is."""
    return re.sub(r"[ \u3000]", "", line) if _SPACED_OUT.fullmatch(line) else line


def _date_of(match: re.Match[str]) -> date | None:
    year, month, day = (
        (match["y"], match["m"], match["d"]) if match["y"] else (match["y2"], match["m2"], match["d2"])
    )
    return day_of(int(year), int(month), int(day), last=True)


def _signature(
    text: str, head_end: int, tail_start: int, body_end: int, title: Field | None
) -> tuple[Span | None, Field | None, date | None, Span | None]:
    """Find "issuer date": after the last item first (it closes the text), then in the head of a notice.

    The tail goes some way beyond the annex list, for the signature may stand below it.
    """
    for start, stop, closes in (
        (tail_start, body_end, True),
        (body_end, body_end + 1500, True),
        (0, head_end, False),
    ):
        stop = min(stop, len(text))
        matches = list(_SIGNATURE.finditer(text, start, stop))
        signatures = list(_SIGNED_LINES.finditer(text, start, stop))
        if not closes:
            # Below a title only an organ's name signs (云溪市应急局 and the date in brackets).
            matches += [m for m in signatures if _OWN_LINE.fullmatch(m["issuer"])]
        else:
            matches += [m for m in signatures if not re.search(rf"{_KIND}$|[表单]$|^附", m["issuer"])]
        if not matches:
            dated = _DATED_LINE.finditer(text, start, stop)
            # In a head a bare date signs where it is written out (二〇三一年…) or stands below the notice's text.
            matches += [m for m in dated if closes or not m["date"][0].isdigit() or "。" in text[: m.start()]]
        if not matches:
            continue
        matches.sort(key=lambda m: m.end())
        match = matches[0] if start == body_end and closes else matches[-1]
        day = _printed_date(match["date"])
        if day is None:
            continue
        place = Span(match.start("date"), match.end("date"))
        inside = closes and match.start() < body_end
        if match.re is _DATED_LINE:
            return (place if inside else None), None, day, place
        name, name_start = _trim_issuer(match["issuer"], match.start("issuer"), title)
        name, signed = _joint_issuers(text, Span(name_start, name_start + len(name)), start)
        issuer = Field(name, signed, 0.9, "head.signature")
        return (Span(signed.start, match.end()) if inside else None), issuer, day, place
    return _undated(text, tail_start, body_end)


# A month without a day below the signature: it dates nothing to the day.
_NO_DAY = re.compile(
    r"\s*\n[ \t\u3000]*(?:(?:19|20)\d\d|[〇○零一二三四五六七八九]{4})\s?年\s?[\d一二三四五六七八九十]{1,3}\s?月\Z"
)


def _undated(
    text: str, tail_start: int, body_end: int
) -> tuple[Span | None, Field | None, date | None, Span | None]:
    """Return the signature without a date: an organ alone on the last line of the plan's own text."""
    stop = min(body_end, len(text))
    while stop > tail_start and text[stop - 1].isspace():
        stop -= 1
    closing = stop
    below = _NO_DAY.search(text[:stop], tail_start)
    if below:
        stop = below.start()
    first = text.rfind("\n", tail_start, stop) + 1
    line = text[first:stop] if first > tail_start else ""
    name = _closed_up(line.strip())
    if not _OWN_LINE.fullmatch(name) and not (below and _OFFICE_LINE.fullmatch(name)):
        return None, None, None, None
    place = Span(stop - len(line.lstrip()), stop)
    issuer = Field(name, Span(place.start, place.start + len(line.strip())), 0.7, "head.signature")
    return Span(place.start, closing), issuer, None, None


def _joint_issuers(text: str, signed: Span, floor: int) -> tuple[str, Span]:
    """Add the organs that sign before the last one, on its line or on the lines above (joint issue)."""
    first = signed.start
    while first > floor:
        above = max(floor, text.rfind("\n", floor, first - 1) + 1)
        line = text[above:first]
        organs = line.split()
        if not organs or len(line) > 120 or not all(_OWN_LINE.fullmatch(organ) for organ in organs):
            break
        first = above + (len(line) - len(line.lstrip()))
    return re.sub(r"\s+", " ", text[first : signed.end]), Span(first, signed.end)


def _printed_date(printed: str) -> date | None:
    numeric = _NUMERIC_DATE.match(printed)
    return _date_of(numeric) if numeric else signed_day(printed)


def _trim_issuer(name: str, start: int, title: Field | None) -> tuple[str, int]:
    """Cut what a lost line break glued in front of the issuer: an annex title, a bracket, the end of a word."""
    cut = _ORGAN_START.search(name)
    if title and _TITLE_ORGAN.match(title.value):
        at = name.rfind(title.value[:6])
        if at > 0:
            return name[at:], start + at
    if cut:
        return name[cut.end() :], start + cut.end()
    name = re.sub(r"[（(](?:盖章|印章|公章|章|代章)[）)]$", "", name)
    while name[:1] in ")）、" or (name[:1] in "(（" and not re.search(r"[)）]", name)):
        name, start = name[1:], start + 1
    return name, start


def _page_date(text: str, end: int) -> tuple[date | None, Span | None]:
    """Return the date a web page or letterhead prints beside the title; dates inside sentences do not count."""
    for match in _NUMERIC_DATE.finditer(text, 0, end):
        before = text[max(0, match.start() - 12) : match.start()]
        after = text[match.end() : match.end() + 2]
        if before.endswith(("（", "(")) and after.startswith(("）", ")")):
            # A date in brackets on a line of its own below the title.
            before, after = before[:-1], after[1:] + text[match.end() + 2 : match.end() + 3]
        labelled = re.search(r"(?:时间|日期|发布|成文|印发)[\u4e00-\u9fff]{0,4}\s{0,2}[:：]?\s{0,4}$", before)
        first = not before.strip(" \u3000*•") or before.rstrip(" \u3000*•-").endswith("\n")
        alone = first and (not after.strip() or after.startswith("\n") or _CLOCK.match(text, match.end()))
        if labelled or alone:
            day = _date_of(match)
            if day:
                return day, Span(match.start(), match.end())
    return None, None


# The hour a page was put on the web, perhaps with the name of the site.
_CLOCK = re.compile(r"[ \u3000T]{1,3}\d{1,2}[:：]\d{2}(?:[:：]\d{2})?[^\n。]{0,40}(?:\n|\Z)")
# 云溪市人民政府关于印发…的通知 above a plan of another title.
_NOTICE_BY = re.compile(
    rf"(?:(?<=\n)|\A)[ \t\u3000]*(?P<issuer>[\u4e00-\u9fff（()）]{{2,42}}?{_ORGAN_END})[ \t\u3000]*\n?[ \t\u3000]*"
    r"关于(?:印发|转发|下发|发布|批转)[^。；：:]{4,120}?的\s?通知[ \t\u3000]*(?=\n|\Z)"
)


# （云溪市领导小组办公室 二〇三一年六月） on a line of its own below the title.
_BELOW_TITLE = re.compile(
    rf"(?<=\n)[ \t\u3000]*[（(](?P<issuer>[\u4e00-\u9fff]{{3,40}}{_ORGAN_END[:-1]}|领导小组办公室))[ \u3000]{{0,4}}"
    r"(?:[〇○零一二三四五六七八九]{4}|(?:19|20)\d\d)\s?年[^\n（）()]{2,10}[）)][ \t\u3000]*(?=\n|\Z)"
)


def _letterhead(text: str, head_end: int, title: Field | None) -> Field | None:
    match = _LETTERHEAD.search(text, 0, min(head_end, 400))
    if match:
        return _field(match, "issuer", 0.8, "head.letterhead")
    if title and "关于" in title.value:
        issuer = _TITLE_ISSUER.match(title.value)
        if issuer:
            value = issuer["issuer"]
            return Field(
                value, Span(title.span.start, title.span.start + len(value)), 0.6, "head.title_issuer"
            )
    below = _BELOW_TITLE.search(text, title.span.end, min(head_end, title.span.end + 80)) if title else None
    if below:
        return _field(below, "issuer", 0.8, "head.letterhead")
    notice = _NOTICE_BY.search(text, 0, min(head_end, 2000))
    if notice and "\n\n" not in notice.group():
        return _field(notice, "issuer", 0.7, "head.title_issuer")
    lines = _lines(text, min(head_end, 400))
    first = lines[:1] + [entry for entry in lines[1:3] if _SPACED_OUT.fullmatch(entry[1])]
    for start, line in first:
        value = _closed_up(line)
        organ = _OWN_LINE.fullmatch(value) or (value != line and _OFFICE_LINE.fullmatch(value))
        if title and title.span.start > start and organ:
            return Field(value, Span(start, start + len(line)), 0.6, "head.letterhead")
    match = _LABELLED_ISSUER.search(text, 0, min(head_end, 2000))
    return _field(match, "issuer", 0.7, "head.labelled") if match else None
