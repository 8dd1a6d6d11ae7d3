"""The ranking, every item of every unit, and the register of letters, as sheets to take away."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from django.db.models import Count, Max
from django.http import QueryDict
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.core.http import row_number
from bihuan.core.sheets import Column
from bihuan.jobs.exports import Export, Row

from .careers import holdings_for, years_of
from .models import AssessedUnit, Assessment, ItemScore, Letter, ScoreChange, Snapshot, UnitScore
from .workflow import OUT, SnapshotKind

RANKING_COLUMNS = (
    Column("名次", 6), Column("单位", 20), Column("人员", 12), Column("层级", 14), Column("基本分", 10), Column("加分", 8),
    Column("减分", 8), Column("总分", 10), Column("等次", 10), Column("一票否决", 10), Column("定格总分", 10),
    Column("不参加排名的理由", 24), Column("怎么算的", 50),
)  # fmt: skip
CARD_COLUMNS = (
    Column("单位", 20), Column("人员", 12), Column("层级", 14), Column("类别", 14), Column("考核内容", 24), Column("分值", 8),
    Column("得分", 8), Column("失分", 8), Column("计入", 6), Column("测得", 10), Column("计算件数", 10),
    Column("失分件数", 10), Column("申辩后", 8), Column("怎么算的", 50),
)  # fmt: skip
LETTER_COLUMNS = (
    Column("年度", 8), Column("责任书", 34), Column("上级", 24), Column("下级", 24), Column("岗位", 14), Column("状态", 12),
    Column("签订期限", 12), Column("下级签订", 12), Column("上级签订", 12), Column("逾期", 6), Column("文号", 26),
)  # fmt: skip
PROGRESS_COLUMNS = (
    Column("企业", 34), Column("所在地", 14), Column("主要负责人", 12), Column("审核单位", 24), Column("自评", 12),
    Column("自评期限", 12), Column("签字日期", 12), Column("签字人", 12), Column("已评项数", 10), Column("总分", 10),
    Column("等次", 10),
)  # fmt: skip
LEADER_COLUMNS = (
    Column("姓名", 12), Column("单位", 28), Column("职务", 14), Column("年度", 8), Column("任职起", 12), Column("任职止", 12),
    Column("考核", 34), Column("总分", 10), Column("等次", 10), Column("名次", 6), Column("一票否决", 10),
    Column("挂牌督办", 10), Column("约谈、警示、通报", 16), Column("结果运用", 34),
)  # fmt: skip


def counting(assessment: Assessment) -> Snapshot | None:
    """The snapshot the assessment stands on now."""
    final = assessment.snapshots.filter(kind=SnapshotKind.FINAL).order_by("-id").first()
    if final is not None and assessment.status not in {"running", "draft"}:
        return final
    return assessment.snapshots.order_by("-until", "-id").first()


class _Whole(ABC):
    """A list that is short enough to be read whole: rows by primary key after the last."""

    def __init__(self, user: User, query: str) -> None:
        pk = row_number(QueryDict(query).get("assessment", ""))
        self.assessment = Assessment.objects.overseen_by(user).filter(pk=pk).first()
        self.snapshot = counting(self.assessment) if self.assessment else None

    def is_longer_than(self, limit: int) -> bool:
        return self.total() > limit

    def total(self) -> int:
        return int(self.rows().count())

    def begin(self) -> Any:
        return [0, self.rows().aggregate(last=Max("pk"))["last"] or 0]

    @abstractmethod
    def rows(self) -> Any:
        """What is exported, in any order."""


class RankingSource(_Whole):
    def rows(self) -> Any:
        return UnitScore.objects.filter(snapshot=self.snapshot) if self.snapshot else UnitScore.objects.none()

    def after(self, position: Any, limit: int) -> tuple[list[Row], Any]:
        low, high = position
        found = list(
            self.rows().filter(pk__gt=low, pk__lte=high).select_related("unit__organization").order_by("pk")[:limit]
        )  # fmt: skip
        if not found or self.assessment is None:
            return [], position
        is_out = self.assessment.status in OUT
        rows: list[Row] = []
        for score in found:
            unit = score.unit
            held: Any = unit if is_out and unit.score is not None else score
            rows.append(
                (
                    held.rank, unit.organization.name, unit.person_name, unit.get_tier_display(), held.basic, held.plus,
                    held.minus, held.score, held.grade, "是" if held.vetoed else "", score.score, unit.exclusion, held.words,
                )
            )  # fmt: skip
        return rows, [found[-1].pk, high]


class CardSource(_Whole):
    def rows(self) -> Any:
        if self.snapshot is None:
            return ItemScore.objects.none()
        return ItemScore.objects.filter(unit_score__snapshot=self.snapshot)

    def after(self, position: Any, limit: int) -> tuple[list[Row], Any]:
        low, high = position
        found = list(
            self.rows()
            .filter(pk__gt=low, pk__lte=high)
            .select_related("item", "unit_score__unit__organization")
            .order_by("pk")[:limit]
        )
        if not found or self.assessment is None:
            return [], position
        changes = {
            (each.unit_id, each.item_id): each.new
            for each in ScoreChange.objects.filter(unit__assessment=self.assessment)
        }
        rows: list[Row] = []
        for score in found:
            unit, item = score.unit_score.unit, score.item
            rows.append(
                (
                    unit.organization.name, unit.person_name, unit.get_tier_display(), item.section, item.name, score.full,
                    score.got, score.full - score.got if item.kind == "basic" and score.applies else None,
                    "是" if score.applies else "否", score.value, score.counted, score.against,
                    changes.get((unit.pk, item.pk)), score.words,
                )
            )  # fmt: skip
        return rows, [found[-1].pk, high]


class ProgressSource(_Whole):
    """Every unit of a round of heads: who has handed in, who has been judged."""

    def rows(self) -> Any:
        if self.assessment is None:
            return AssessedUnit.objects.none()
        return AssessedUnit.objects.filter(assessment=self.assessment)

    def after(self, position: Any, limit: int) -> tuple[list[Row], Any]:
        low, high = position
        found = list(
            self.rows()
            .filter(pk__gt=low, pk__lte=high)
            .select_related("organization__region", "reviewer", "report__signed_by")
            .annotate(given=Count("judgements__item", distinct=True))
            .order_by("pk")[:limit]
        )
        if not found:
            return [], position
        rows: list[Row] = []
        for unit in found:
            report = getattr(unit, "report", None)
            rows.append(
                (
                    unit.organization.name, unit.organization.region.name, unit.person_name,
                    unit.reviewer.name if unit.reviewer else "", report.get_status_display() if report else "",
                    report.due_on if report else None,
                    timezone.localdate(report.signed_at) if report and report.signed_at else None,
                    report.signed_by.full_name if report and report.signed_by else "", unit.given, unit.score, unit.grade,
                )
            )  # fmt: skip
        return rows, [found[-1].pk, high]


class LeaderSource:
    """The years of the leaders whose records one may read."""

    def __init__(self, user: User, query: str) -> None:
        self._rows = holdings_for(user)

    def total(self) -> int:
        return self._rows.count()

    def is_longer_than(self, limit: int) -> bool:
        return self._rows[: limit + 1].count() > limit

    def begin(self) -> Any:
        return [0, self._rows.aggregate(last=Max("pk"))["last"] or 0]

    def after(self, position: Any, limit: int) -> tuple[list[Row], Any]:
        low, high = position
        found = list(self._rows.filter(pk__gt=low, pk__lte=high).order_by("pk")[:limit])
        if not found:
            return [], position
        today = timezone.localdate()
        rows: list[Row] = []
        for held in found:
            for each in years_of(held.user, [held], today=today):
                units: list[AssessedUnit | None] = [*each.results] or [None]
                for unit in units:
                    rows.append(
                        (
                            held.user.full_name, each.organization.name, each.post, each.year, each.since, each.until,
                            unit.assessment.title if unit else "", unit.score if unit else None, unit.grade if unit else "",
                            unit.rank if unit else None, "是" if unit and unit.vetoed else "", len(each.listings),
                            len(each.papers), "、".join(row.label for row in each.decided),
                        )
                    )  # fmt: skip
        return rows, [found[-1].pk, high]


class LetterSource:
    """The letters of a year one may see."""

    def __init__(self, user: User, query: str) -> None:
        year = row_number(QueryDict(query).get("year", "")) or timezone.localdate().year
        self._rows = Letter.objects.visible_to(user).filter(year=year)
        self._today = timezone.localdate()

    def total(self) -> int:
        return self._rows.count()

    def is_longer_than(self, limit: int) -> bool:
        return self._rows[: limit + 1].count() > limit

    def begin(self) -> Any:
        return [0, Letter.objects.aggregate(last=Max("pk"))["last"] or 0]

    def after(self, position: Any, limit: int) -> tuple[list[Row], Any]:
        low, high = position
        found = list(
            self._rows.filter(pk__gt=low, pk__lte=high)
            .select_related("form", "upper", "lower", "post", "paper")
            .order_by("pk")[:limit]
        )
        if not found:
            return [], position
        rows: list[Row] = [
            (
                letter.year, letter.form.title, letter.upper.name, letter.lower.name,
                letter.post.title if letter.post else "", letter.get_status_display(), letter.due_on,
                letter.lower_signed_on, letter.upper_signed_on,
                "是" if letter.status == "issued" and letter.due_on < self._today else "",
                letter.paper.number if letter.paper else "",
            )
            for letter in found
        ]  # fmt: skip
        return rows, [found[-1].pk, high]


RANKING = Export(
    "assessment_ranking", "考核排名", "assessment.export", Permission.VIEW_ASSESSMENT, RANKING_COLUMNS, RankingSource
)  # fmt: skip
CARDS = Export(
    "assessment_cards", "考核得分明细", "assessment.export", Permission.VIEW_ASSESSMENT, CARD_COLUMNS, CardSource
)  # fmt: skip
LETTERS = Export(
    "assessment_letters", "责任书签订", "assessment.export_letters", Permission.VIEW_ASSESSMENT, LETTER_COLUMNS, LetterSource
)  # fmt: skip
PROGRESS = Export(
    "assessment_progress", "履职考核进度", "assessment.export", Permission.RUN_ASSESSMENT, PROGRESS_COLUMNS, ProgressSource
)  # fmt: skip
LEADERS = Export(
    "assessment_leaders", "领导干部历年考核", "assessment.export", Permission.VIEW_ASSESSMENT, LEADER_COLUMNS, LeaderSource
)  # fmt: skip
