"""Forms and templates annexed to a plan: their blanks, options, tables and declarations (R068-R072).

A form is believed where a line or an annex mark names one (承诺书, 登记表, 检查表…) and blanks follow: labelled lines
(单位名称：____), boxes (□合格), coded options (1、影剧院), empty tables, or at least two known labels glued together.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable

from bihuan.plans.around import found_around
from bihuan.plans.claims import Claims
from bihuan.plans.form_labels import (
    CHOICE_LABEL,
    CONTACT,
    LABEL,
    OPEN_LABEL,
    PERSON,
    is_personal,
    kind_of_label,
    plain,
)
from bihuan.plans.grid import Grid
from bihuan.plans.model import Form, FormChoice, FormField, FormTable, Span

_KIND = (
    r"(?:承诺书|责任书|保证书|告知书|告知单|通知书|登记表|汇总表|检查表|排查表|自查表|统计表|明细表|清单|台账|一览表|审批表|申报表|申请表|报告表|情况表|会诊表|记录表"
    r"|评分表|考核表|评估表|反馈表|推荐表|进度表|报表|调查表|信息表|任务书|报告书|总结|报告|表)"
)
_TAIL = r"(?:\s?[（(](?:模板|样式|样表|式样|参考文本|范本|格式|示例)\s?[)）])?"
_ANNEX = (
    r"附\s{0,4}(?:件|表|录)\s{0,2}(?:\d{1,2}(?:-\d)?|[一二三四五六七八九十]{1,2})?\s{0,2}[:：.．、]?\s{0,4}"
)
_TITLE_LINE = re.compile(
    rf"(?:(?<=\n)|\A)[ \t\u3000]*(?:{_ANNEX})?(?P<title>[\u4e00-\u9fffA-Za-z0-9“”《》、（）()·\-—]{{2,48}}?{_KIND}{_TAIL})[ \t\u3000]*(?=\n|\Z)"
)
_TITLE_INLINE = re.compile(
    rf"{_ANNEX}(?P<title>[\u4e00-\u9fff“”、]{{4,40}}?{_KIND}(?![\u4e00-\u9fff]{{0,2}}[；;])(?:\s?[（(](?:模板|样式|样表|式样|范本|格式)\s?[)）])?)"
)
_TEMPLATE = re.compile(r"[（(](?:模板|样式|样表|式样|参考文本|范本|格式|示例)")
_SENTENCE = re.compile(r"(?:(?<=[\n。：:])|\A)[ \t\u3000]*[^\n。：:□☐_]{14,400}。(?:[^\n。□☐_]{6,400}。)*")
_DECLARES = re.compile(
    r"本(?:单位|人|企业|公司|机构|部门)|我(?:单位|公司|企业|局)?|承诺|保证|声明|填[报写]说明|注[:：]"
)
_COLON = re.compile(
    r"(?P<label>[\u4e00-\u9fff][\u4e00-\u9fff、/ \u3000]{0,18}(?:[（(][^（）()\n]{1,16}[)）])?)\s?[:：](?P<blank>[ \t\u3000_＿]*(?:年[ \t\u3000_＿]*月[ \t\u3000_＿]*日)?)"
)
_COLON_MARK = re.compile(r"[:：]")
# Label, bracket and blank before a colon (counted from _COLON).
_LONGEST_LABEL = 48
_BOXES = "□☐◻○◯"
_BOX_BEFORE = re.compile(rf"[{_BOXES}]\s?(?P<text>[^{_BOXES}\n；;。，,]{{1,24}})")
_BOX_BEHIND = re.compile(rf"(?P<text>[\u4e00-\u9fffA-Za-z]{{1,12}})\s?[{_BOXES}]")
_CODE = r"(?<!\d){}\s?[、.．]\s?"
_CAPTION = re.compile(
    r"(?:(?<=[\n）)])|\A)[ \t\u3000]*(?:表?\s?\d{1,2}\s?[、.．]?\s?|[一二三四五][、.．]\s?)?"
    r"(?P<caption>(?:经|已|未|需|对|本次|存在)[\u4e00-\u9fff]{2,24}?的[\u4e00-\u9fff]{0,4}(?:隐患|问题|事项|项目|单位|人员|设备))"
)
_HEADER = re.compile(r"序\s{0,2}号(?=[\s|]{0,3}[\u4e00-\u9fff])")
_CELL = re.compile(r"[\u4e00-\u9fffA-Za-z0-9（）()/%]{2,14}")
_JOINT = re.compile(r"\s{0,2}[、和及与/]\s{0,2}")
_HINT = re.compile(r"\s{0,2}[（(](?P<hint>[^（）()]{2,40})[)）]")
_NUMBERED = re.compile(
    r"(?:(?<=\n)|\A)[ \t]*(?:\d{1,2}[.．、]|[（(]\d{1,2}[)）])\s?(?P<label>[\u4e00-\u9fff]{2,14})[ \t]*(?=\n|\Z)"
)
_GROUP = re.compile(
    r"(?:(?<=\n)|\A)[ \t]*[一二三四五六七八九十]{1,2}、(?P<group>[\u4e00-\u9fff]{2,16})[ \t]*(?=\n|\Z)"
)
_PLACEHOLDER = re.compile(
    r"(?P<blank>[xX×]{2,6}|\*{2,8}|[_＿]{2,30})(?P<unit>项|条|处|家|人|名|起|户|个|次|万元|元|%|年|月|日|时间)?"
)
_OPTION_END = re.compile(r"[\n。；;:：]")


def find_forms(
    text: str, start: int, end: int, headings: Iterable[str] = (), tables: Iterable[Grid] = ()
) -> list[Form]:
    """Return the forms printed in text[start:end], usually everything behind the plan's own text.

    `headings` are titles of the plan itself: one of them inside a list of options is the name of a family. `tables`
    are printed tables that order no work.
    """
    known = {plain(title) for title in headings if len(plain(title)) >= 4}
    grids = list(tables)
    found = []
    for title, region in _regions(text, start, end):
        form = _Reader(text, title, region, known, [g for g in grids if region.covers(g.span)]).form()
        if form:
            found.append(form)
    return found


def _regions(text: str, start: int, end: int) -> list[tuple[Span, Span]]:
    """Return (title, stretch) for every form title; a title printed again on a later page opens nothing."""
    titles = [Span(*match.span("title")) for match in _TITLE_LINE.finditer(text, start, end)]
    lines = Claims(Span(start, end), titles)
    inline = (Span(*match.span("title")) for match in _TITLE_INLINE.finditer(text, start, end))
    titles = sorted([*titles, *(span for span in inline if lines.leave(span))])
    if not titles:
        return []
    opened: list[Span] = []
    for span in titles:
        if opened and plain(span.of(text)) == plain(opened[-1].of(text)):
            continue
        opened.append(span)
    stops = [*(span.start for span in opened[1:]), end]
    return [(title, Span(title.start, stop)) for title, stop in zip(opened, stops, strict=True)]


class _Reader:
    """Reads one form: what is understood is taken out, the rest is looked through for labels."""

    def __init__(self, text: str, title: Span, region: Span, known: set[str], grids: list[Grid]):
        self.text = text
        self.title = title
        self.region = region
        self.known = known
        self.fields: list[FormField] = []
        self.tables: list[FormTable] = []
        self.declarations: list[Span] = []
        self.taken = Claims(region, [title])
        self.run_on = False
        self._drop_repeated_title()
        for grid in grids:
            self._grid(grid)
        self._coded_options()
        self._table_headers()
        self._sentences()
        self._boxes()
        self._colons()
        self._signer()
        self._numbered()
        self._glued()
        self._placeholders()

    def form(self) -> Form | None:
        """Return the form, or None when the stretch holds too few blanks to be one."""
        weight = len(self.fields) + sum(len(table.columns) for table in self.tables)
        if weight < 2:
            return None
        fields = _grouped(sorted(self.fields, key=lambda field: field.span))
        stop = self.taken.end
        title = re.sub(r"\s", "", self.title.of(self.text))
        template = bool(_TEMPLATE.search(title)) and not self.tables
        rule = "form.template" if template else "form.run_on" if self.run_on else "form.lines"
        return Form(
            title=title,
            fields=fields,
            tables=sorted(self.tables, key=lambda table: table.span),
            declarations=[re.sub(r"\s*\n\s*", "", span.of(self.text)).strip() for span in self.declarations],
            span=Span(self.title.start, stop),
            confidence=0.7 if self.run_on or template else 0.85,
            rule=rule,
        )

    def _free(self, span: Span) -> bool:
        return self.taken.leave(span)

    def _add(self, label: str, span: Span, *, kind: str = "", **more) -> None:
        name = plain(label).strip("、/：:")
        self.fields.append(
            FormField(name, kind or kind_of_label(name), span, is_personal=is_personal(name), **more)
        )
        self.taken.add(span)

    def _drop_repeated_title(self) -> None:
        title = self.title.of(self.text)
        at = self.text.find(title, self.title.end, self.region.end)
        while at >= 0:
            self.taken.add(Span(at, at + len(title)))
            at = self.text.find(title, at + len(title), self.region.end)

    def _grid(self, grid: Grid) -> None:
        """Read a printed table: a header over empty rows, or labels beside empty cells."""
        rows = [
            [self._cell(grid, row, column) for column in range(grid.width)]
            for row in range(min(grid.height, 200))
        ]
        head = rows[0]
        if grid.width >= 3 and all(head) and all(len(cell) <= 24 for cell in head):
            self.tables.append(
                FormTable("", [plain(c) for c in head], [r for r in rows[1:] if any(r)], grid.span)
            )
            self.taken.add(grid.span)
            return
        for box in grid.boxes:
            label = plain(box.span.of(self.text)) if box.lines else ""
            right = grid.places.get((box.row, box.column + box.columns))
            if 2 <= len(label) <= 20 and right and not right.lines:
                self._add(label, box.span)

    def _cell(self, grid: Grid, row: int, column: int) -> str:
        box = grid.places.get((row, column))
        return box.span.of(self.text) if box and box.lines and box.row == row and box.column == column else ""

    def _sentences(self) -> None:
        """Take whole sentences out; those in which the undersigned speaks are declarations."""
        for match in _SENTENCE.finditer(self.text, self.title.end, self.region.end):
            words = match.group()
            span = Span(match.start() + len(words) - len(words.lstrip()), match.end())
            if not self._free(span) or (
                _TEMPLATE.search(self.title.of(self.text)) and _PLACEHOLDER.search(words)
            ):
                continue
            if _DECLARES.search(words):
                self.declarations.append(span)
            self.taken.add(span)

    def _coded_options(self) -> None:
        """Read 使用性质 and the like with options 1、…2、…3、…, families between them."""
        for label in CHOICE_LABEL.finditer(self.text, self.title.end, self.region.end):
            codes = self._codes(label.end())
            if len(codes) < 3 or not self._free(Span(label.start(), codes[-1].end())):
                continue
            choices, stop = self._options(label.end(), codes)
            self.run_on = True
            self._add(label.group(), Span(label.start(), stop), kind="choice", choices=choices)

    def _codes(self, start: int) -> list[re.Match[str]]:
        found: list[re.Match[str]] = []
        limit = min(self.region.end, start + 40)
        while len(found) < 99:
            match = re.compile(_CODE.format(len(found) + 1)).search(self.text, start, limit)
            if not match:
                break
            found.append(match)
            start, limit = match.end(), min(self.region.end, match.end() + 60)
        return found

    def _options(self, start: int, codes: list[re.Match[str]]) -> tuple[list[FormChoice], int]:
        family = plain(self.text[start : codes[0].start()]).strip("：:")
        choices = []
        stop = codes[-1].end()
        for i, code in enumerate(codes):
            last = i + 1 == len(codes)
            end = self._last_option_end(code.end()) if last else codes[i + 1].start()
            words = self.text[code.end() : end]
            words, following = self._split_family(words) if not last else (words, "")
            stop = code.end() + len(words.rstrip())
            choices.append(
                FormChoice(plain(words).rstrip("；;，,"), str(i + 1), family, Span(code.end(), stop))
            )
            family = following or family
        return choices, stop

    def _split_family(self, words: str) -> tuple[str, str]:
        """Cut the name of the next family off the end of an option: a heading of the plan, or what follows 其他……场所."""
        bare = plain(words)
        heading = next((bare[i:] for i in range(1, len(bare) - 3) if bare[i:] in self.known), "")
        if not heading and (
            closed := re.match(
                r"(?P<own>其[他它].{1,12}?(?P<noun>场所|单位|企业|设施|建筑))(?P<next>.{4,30}(?P=noun))$",
                bare,
            )
        ):
            heading = closed["next"]
        if not heading:
            return words, ""
        keep = len(bare) - len(heading)
        position = next(i for i in range(len(words) + 1) if len(plain(words[:i])) == keep)
        return words[:position], heading

    def _last_option_end(self, start: int) -> int:
        """Return where the last option ends: before the next label that is not part of it, or at a stop."""
        limit = min(self.region.end, start + 60)
        for label in LABEL.finditer(self.text, start + 2, limit):
            if len(plain(label.group())) >= 3 and plain(label.group()) not in ("经营场所",):
                return label.start()
        stop = _OPTION_END.search(self.text, start, limit)
        return stop.start() if stop else limit

    def _table_headers(self) -> None:
        """Read headers whose cells are glued or separated by blanks: behind a caption, or beginning with 序号."""
        for match in _CAPTION.finditer(self.text, self.title.end, self.region.end):
            self._header(plain(match["caption"]), match.start("caption"), match.end())
        for match in _HEADER.finditer(self.text, self.title.end, self.region.end):
            self._header("", match.start(), match.start())
        for left, right in self._lines():
            cells = re.split(r"[ \t\u3000]*[|\t][ \t\u3000]*|[ \u3000]+", self.text[left:right].strip("| "))
            span = Span(left, right)
            named = sum(bool(LABEL.search(cell) or OPEN_LABEL.search(cell)) for cell in cells)
            short = len(cells) >= 3 and all(_CELL.fullmatch(cell) for cell in cells)
            if short and named * 2 >= len(cells) and self._free(span):
                self.tables.append(FormTable("", cells, [], span))
                self.taken.add(span)

    def _header(self, caption: str, start: int, cursor: int) -> None:
        columns: list[str] = []
        while cursor < self.region.end:
            joint = _JOINT.match(self.text, cursor) if columns else None
            at = joint.end() if joint else cursor
            gap = re.compile(r"[ \t\u3000|\n]{0,4}").match(self.text, at, self.region.end)
            at = gap.end() if gap and not joint else at
            broken = "\n" in self.text[cursor:at]
            cell = self._spaced(at) or self._label_at(at, listed=broken)
            if not cell or not self._free(Span(cell.start(), cell.end())):
                break
            if joint:
                columns[-1] += self.text[joint.start() : joint.end()].strip() + plain(cell.group())
            else:
                columns.append(plain(cell.group()))
            cursor = cell.end()
        span = Span(start, cursor)
        if len(columns) >= (2 if caption else 3) and self._free(span):
            self.tables.append(FormTable(caption, columns, [], span))
            self.taken.add(span)
            self.run_on = self.run_on or not re.search(r"[ \t\u3000|]", span.of(self.text))

    def _spaced(self, at: int) -> re.Match[str] | None:
        """Return a label justified with blanks (整 改 措 施 落 实 情 况): one cell, whatever words it holds."""
        return re.compile(
            r"[\u4e00-\u9fff](?:[ \u3000][\u4e00-\u9fff]){1,15}(?![ \u3000][\u4e00-\u9fff])"
        ).match(self.text, at, self.region.end)

    def _label_at(self, at: int, *, listed: bool) -> re.Match[str] | None:
        """Return the cell that begins here; behind a line break only a `listed` label is believed."""
        if re.match(r"[一二三四五六七八九十]", self.text[at : at + 1]):
            return None
        known = LABEL.match(self.text, at, self.region.end)
        return known or (None if listed else OPEN_LABEL.match(self.text, at, self.region.end))

    def _boxes(self) -> None:
        for left, right in self._lines():
            line = self.text[left:right]
            if sum(line.count(box) for box in _BOXES) < 2 or not self._free(Span(left, right)):
                continue
            first = min(i for i, c in enumerate(line) if c in _BOXES)
            colon = max(line.rfind("：", 0, first), line.rfind(":", 0, first))
            behind = (
                colon < 0
                and bool(re.match(r"[\u4e00-\u9fff]{1,12}\s?$", line[:first]))
                and len(line[:first]) <= 4
            )
            begin = colon + 1 if colon >= 0 else 0 if behind else first
            pattern = _BOX_BEHIND if line[begin:first].strip() else _BOX_BEFORE
            choices = [
                FormChoice(m["text"].strip(), "", "", Span(left + m.start("text"), left + m.end("text")))
                for m in pattern.finditer(line, begin)
            ]
            label = line[:begin].strip(" ：:\u3000") or "选项"
            label = re.sub(r"^(?:\d{1,2}[.．、]|[（(]\d{1,2}[)）])\s?", "", label)
            self._add(label, Span(left, right), kind="choice", choices=choices)

    def _colons(self) -> None:
        for match in found_around(
            _COLON, _COLON_MARK, _LONGEST_LABEL, self.text, self.title.end, self.region.end
        ):
            span = Span(match.start(), match.end())
            after = self.text[match.end() : match.end() + 1]
            empty = (
                after in ("", "\n", "（", "(") or bool(match["blank"]) or _COLON.match(self.text, match.end())
            )
            if not empty or not self._free(span):
                continue
            if after in ("（", "(") and not LABEL.fullmatch(match["label"].strip()):
                continue
            label = match["label"].strip()
            hint = re.search(r"[（(](?P<hint>[^（）()]+)[)）]$", label)
            name = label[: hint.start()] if hint else label
            # 企业名称：  指导服务时间： — a wide blank parts two labels.
            wide = re.split(r"[ \u3000]{2,}", name)
            if len(wide) > 1 and len(plain(wide[-1])) >= 2:
                name = wide[-1]
            mark = hint["hint"] if hint else ""
            kind = "date" if "年" in match["blank"] else ""
            self._add(name, span, kind=kind or kind_of_label(f"{name}{mark}"), hint=mark)

    def _numbered(self) -> None:
        groups = [
            (m.start(), m["group"]) for m in _GROUP.finditer(self.text, self.title.end, self.region.end)
        ]
        for match in _NUMBERED.finditer(self.text, self.title.end, self.region.end):
            span = Span(*match.span("label"))
            if self._free(span):
                above = bisect_left(groups, (match.start(), ""))
                self._add(match["label"], span, group=groups[above - 1][1] if above else "")

    def _glued(self) -> None:
        """Read known labels in what is left: two or more with nothing but blanks, hints and other labels around them."""
        labels = [
            m
            for m in LABEL.finditer(self.text, self.title.end, self.region.end)
            if self._free(Span(m.start(), m.end())) and self._alone(m)
        ]
        if len(labels) < 2:
            return
        self.run_on = True
        for match in labels:
            if not self._free(Span(match.start(), match.end())):
                continue
            hint = _HINT.match(self.text, match.end(), self.region.end)
            stop = hint.end() if hint else match.end()
            self._add(match.group(), Span(match.start(), stop), hint=plain(hint["hint"]) if hint else "")

    def _alone(self, match: re.Match[str]) -> bool:
        """Say whether a label stands as a cell: not inside running words."""
        before = self.text[match.start() - 1 : match.start()]
        ends = match.start() in self.taken.ends
        near = LABEL.finditer(self.text, max(self.title.end, match.start() - 12), match.start())
        left = (
            ends
            or not re.match(r"[\u4e00-\u9fff，,、“《]", before)
            or any(m.end() == match.start() for m in near)
        )
        after = self.text[match.end() : match.end() + 1]
        right = not re.match(r"[\u4e00-\u9fff，,、。；;”》]", after) or LABEL.match(self.text, match.end())
        return bool(left and right)

    def _signer(self) -> None:
        """Give a signature without a name the bracket that follows it (签名： 时间： （消防安全责任人）)."""
        for i, each in enumerate(self.fields):
            if each.kind != "signature" or each.hint or len(each.label) > 2:
                continue
            tail = re.compile(
                r"[ \t\u3000\n]*(?:[\u4e00-\u9fff]{2}[:：][ \t\u3000\n年月日]*)?[（(](?P<who>[^（）()]{2,20})[)）]"
            ).match(self.text, each.span.end, self.region.end)
            if tail and not re.search(r"盖章|公章", tail["who"]):
                self.fields[i] = FormField(each.label, each.kind, each.span, each.group, plain(tail["who"]))
                self.taken.add(Span(*tail.span("who")))

    def _placeholders(self) -> None:
        """Read blanks inside sentences (缺陷xx项, 本人____) of templates and lines."""
        template = bool(_TEMPLATE.search(self.title.of(self.text)))
        for match in _PLACEHOLDER.finditer(self.text, self.title.end, self.region.end):
            span = Span(match.start(), match.end())
            if not self._free(span) or not (template or match["blank"][0] in "_＿"):
                continue
            before = re.search(
                r"[\u4e00-\u9fff]{2,20}$", self.text[max(self.title.end, span.start - 20) : span.start]
            )
            label = (
                re.sub(r"^(?:其中|年|月|日|共|本次)|(?:主要有|共有|有|为|是|在|计)$", "", before.group())
                if before
                else ""
            )
            if len(label) < (2 if match["unit"] else 3) or label.endswith(("和", "及", "与", "或")):
                continue
            unit = match["unit"] or ""
            kind = "date" if unit in ("年", "月", "日", "时间") else "number" if unit else "text"
            self._add(label, span, kind=kind, hint=unit)

    def _lines(self) -> Iterable[tuple[int, int]]:
        cursor = self.title.end
        while cursor < self.region.end:
            stop = self.text.find("\n", cursor, self.region.end)
            stop = self.region.end if stop < 0 else stop
            left, right = cursor, stop
            while left < right and self.text[left].isspace():
                left += 1
            while right > left and self.text[right - 1].isspace():
                right -= 1
            if right > left:
                yield left, right
            cursor = stop + 1


def _grouped(fields: list[FormField]) -> list[FormField]:
    """Let telephone, identity number and post belong to the person printed before them."""
    found, person = [], ""
    for each in fields:
        if PERSON.search(each.label):
            person = each.label
        elif CONTACT.search(each.label):
            if person and not each.group:
                each = FormField(
                    each.label, each.kind, each.span, person, each.hint, each.choices, each.is_personal
                )
        else:
            person = ""
        found.append(each)
    return found
