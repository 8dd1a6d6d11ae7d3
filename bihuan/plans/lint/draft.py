"""A compiled plan as a reviewer reads it: its own text without annexes, its items as a tree, its sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from bihuan.plans.lint.catalogue import LINT_RULES
from bihuan.plans.lint.finding import Finding, Severity
from bihuan.plans.model import Heading, Plan, Section, Span, Task

REQUIREMENTS = re.compile(
    r"保障|要求|组织领导|组织实施|组织机构|机构|加强(?:组织)?领导|监督|考核|督导|纪律|附则|责任追究|宣传|报送|信息"
)
NUMBERED = re.compile(r"[\d一二三四五六七八九十①-⑳]")
_PAST = re.compile(r"基本情况|工作回顾|存在(?:的)?(?:主要)?问题|工作总结|主要做法|工作成效|主要特点")
# An item that says what inspectors look for orders no work of its own.
_LOOKED_FOR = re.compile(
    r"^[^。：:]{0,40}[。：:]\s*(?:重点(?:检查|排查|打击|查|整治|核查)|[^。；;]{0,14}是否|主要(?:检查|排查|查看))"
)
_CONDITION = re.compile(r"^[^。]{0,80}的\s*[；;。]?\s*$")
_NO_WORK = re.compile(r"范围|对象|适用")
_STOP = re.compile(r"[。；;！!？?\n]")
_CITED = re.compile(r"《[^《》\n]{1,120}》|〈[^〈〉\n]{1,120}〉")


@dataclass
class Item:
    """An enumerated item with its place in the tree."""

    heading: Heading
    parent: Item | None
    children: list[Item] = field(default_factory=list)

    @property
    def own(self) -> Span:
        """From the enumerator to the first child."""
        end = self.children[0].heading.span.start if self.children else self.heading.span.end
        return Span(self.heading.span.start, end)

    @property
    def top(self) -> Item:
        """The section this item stands in."""
        return self.parent.top if self.parent else self


@dataclass
class Draft:
    """One plan under review. `today`: the day it will be published at the earliest, if it bears no date yet."""

    plan: Plan
    today: date | None = None

    @property
    def text(self) -> str:
        """The text every span refers to."""
        return self.plan.source.text

    @cached_property
    def body(self) -> Span:
        """The plan's own text: everything before its annexes and its signature."""
        end = max((h.span.end for h in self.plan.headings), default=len(self.text))
        return Span(0, end)

    @cached_property
    def preamble(self) -> Span:
        """What stands before the first item."""
        first = min((h.span.start for h in self.plan.headings), default=self.body.end)
        return Span(0, first)

    @cached_property
    def items(self) -> list[Item]:
        """Every numbered item in printed order; bullets are no items to be counted."""
        found: list[Item] = []
        latest: dict[str, Item] = {}
        for heading in self.plan.headings:
            if not NUMBERED.search(heading.marker.of(self.text)):
                continue
            item = Item(heading, latest.get(heading.no.rpartition("/")[0]))
            if item.parent:
                item.parent.children.append(item)
            latest[heading.no] = item
            found.append(item)
        return found

    @cached_property
    def published(self) -> date | None:
        """The day of publication: as signed, else `today`."""
        return self.plan.issued_on or self.today

    @cached_property
    def year(self) -> int | None:
        """The year the document prints as its own: signature, number or title."""
        if self.published:
            return self.published.year
        for value in (self.plan.doc_no, self.plan.title):
            years = set(re.findall(r"(?:19|20)\d\d", value.value)) if value else set()
            if len(years) == 1:
                return int(years.pop())
        return None

    @cached_property
    def plain(self) -> str:
        """The text with the names of cited documents blanked out, offsets unchanged."""
        return _CITED.sub(lambda match: "\u3000" * len(match.group()), self.text)

    def sentences(self, span: Span) -> Iterator[Span]:
        """Yield the sentences (ended by 。；！？ or the line) of a stretch."""
        cursor = span.start
        for match in _STOP.finditer(self.text, span.start, span.end):
            if match.start() > cursor:
                yield Span(cursor, match.start())
            cursor = match.end()
        if cursor < span.end:
            yield Span(cursor, span.end)

    def sentence_at(self, position: int) -> Span:
        """Return the sentence that holds a position."""
        start = max(self.text.rfind(stop, 0, position) for stop in "。；;！!？?\n") + 1
        match = _STOP.search(self.text, position)
        return Span(start, match.start() if match else len(self.text))

    def section_of(self, position: int) -> Section | None:
        """Return the top-level section that holds a position."""
        return next((s for s in self.plan.sections if s.span.start <= position < s.span.end), None)

    def work_tasks(self) -> list[Task]:
        """Return the tasks that somebody must carry out: not the phases, not general requirements and safeguards."""
        phases = {phase.span.start for phase in self.plan.phases}
        found = []
        for task in self.plan.tasks:
            section = self.section_of(task.span.start)
            if task.span.start in phases or task.rule == "task.phase":
                continue
            if _LOOKED_FOR.search(task.text[:90]) or _CONDITION.match(task.text):
                continue
            if not task.no or (section and not self._orders_work(section)):
                continue
            if any(p.span.covers(task.span) for p in self.plan.phases if p.no):
                continue
            found.append(task)
        return found

    def paragraph_at(self, position: int) -> Span:
        """Return the paragraph that holds a position."""
        end = self.text.find("\n", position)
        return Span(self.text.rfind("\n", 0, position) + 1, end if end >= 0 else len(self.text))

    def _orders_work(self, section: Section) -> bool:
        return section.kind in ("work", "phases") and not any(
            pattern.search(section.title) for pattern in (REQUIREMENTS, _PAST, _NO_WORK)
        )

    def quote(self, span: Span, limit: int = 24) -> str:
        """Return the words of a place, shortened for a message."""
        words = re.sub(r"\s+", "", span.of(self.text))
        return words if len(words) <= limit else words[: limit - 1] + "…"

    def finding(
        self, code: str, severity: Severity, span: Span, message: str, proposal: str, why: str = ""
    ) -> Finding:
        """Make a finding; the reason is the rule's own unless the case has a better one."""
        return Finding(code, severity, span, message, why or LINT_RULES[code].why, proposal)
