"""Rounds of supervision on the spot (R108): who goes to which locality when, and what became of it."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from bihuan.accounts.models import Organization, Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import areas_q, scope_of
from bihuan.audit.moves import Transition
from bihuan.campaigns.models import Campaign
from bihuan.core.addresses import row_address

from ..workflow import RoundStatus, VisitStatus


class OversightRoundQuerySet(models.QuerySet["OversightRound"]):
    def visible_to(self, user: User) -> OversightRoundQuerySet:
        """The office that runs it and those above; whoever is in a team; localities and departments it came to."""
        scope = scope_of(user, Permission.VIEW_OVERSIGHT)
        visits = OversightVisit.objects.visible_to(user).filter(round=OuterRef("pk"))
        return self.filter(areas_q(scope.areas) | Exists(visits) | Exists(seats_of(user, "team__round")))


def seats_of(user: User, path: str) -> models.QuerySet[TeamSeat]:
    """The person's own places in the teams of the outer row."""
    if not user.is_active or not (
        user.has_perm(Permission.VIEW_OVERSIGHT) or user.has_perm(Permission.RECORD_OVERSIGHT)
    ):
        return TeamSeat.objects.none()
    return TeamSeat.objects.filter(**{path: OuterRef("pk")}, user=user)


class OversightRound(models.Model):
    """One round of supervision run by an office: its window, teams, schedule (督导轮次)."""

    class Kind(models.TextChoices):
        MONTHLY = "monthly", "月度全覆盖督导"
        QUARTERLY = "quarterly", "季度督查"
        SPECIAL = "special", "专项督导"

    kind = models.CharField("类别", max_length=10, choices=Kind.choices, default=Kind.MONTHLY)
    title = models.CharField("名称", max_length=80)
    organization = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="组织单位", related_name="oversight_rounds"
    )
    campaign = models.ForeignKey(
        Campaign,
        models.PROTECT,
        verbose_name="专项整治",
        null=True,
        blank=True,
        related_name="oversight_rounds",
    )
    city = models.ForeignKey(Region, models.PROTECT, verbose_name="市", related_name="+", db_index=False)
    county = models.ForeignKey(
        Region, models.PROTECT, verbose_name="县区", null=True, related_name="+", db_index=False
    )
    locality = models.ForeignKey(
        Region, models.PROTECT, verbose_name="乡镇街道", null=True, related_name="+", db_index=False
    )
    period = models.DateField("所属期间", help_text="月度、季度的第一天")
    starts_on = models.DateField("开始日期")
    ends_on = models.DateField("结束日期")
    focus = models.TextField("督导重点", blank=True)
    sites = models.PositiveSmallIntegerField("每个属地抽查点位", default=3)
    per_day = models.PositiveSmallIntegerField("每组每天属地数", default=1)
    is_announced = models.BooleanField(
        "提前告知属地", default=False, help_text="不勾选为“四不两直”：属地在督导提交以后才看到"
    )
    seed = models.CharField("排期种子", max_length=64)
    laid_out_at = models.DateTimeField("排期时间", null=True)
    status = models.CharField(
        "状态", max_length=10, choices=RoundStatus.choices, default=RoundStatus.PLANNING
    )
    summary = models.TextField("总体情况", blank=True)
    created_by = models.ForeignKey(User, models.PROTECT, verbose_name="编排人", related_name="+")
    created_at = models.DateTimeField("编排时间")

    objects = OversightRoundQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "督导轮次"
        ordering = ["-starts_on", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="oversight_round_in_order"),
            models.UniqueConstraint(
                fields=["organization", "kind", "period"],
                condition=~Q(status="cancelled") & ~Q(kind="special"),
                name="oversight_one_round_a_period",
            ),
        ]
        indexes = [
            models.Index(fields=["city", "starts_on"], name="oversight_round_city"),
            models.Index(fields=["county", "starts_on"], name="oversight_round_county"),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return row_address("oversight:round", self.pk)

    def signed_content(self) -> dict[str, object]:
        return {
            "kind": self.kind, "title": self.title, "organization": self.organization_id, "campaign": self.campaign_id,
            "period": self.period, "from": self.starts_on, "to": self.ends_on, "focus": self.focus, "sites": self.sites,
            "announced": self.is_announced, "seed": self.seed, "status": self.status, "summary": self.summary,
        }  # fmt: skip


class RoundTransition(Transition):
    """One line per move of a round."""

    RECORD = "round"

    round = models.ForeignKey(
        OversightRound, models.PROTECT, verbose_name="督导轮次", related_name="transitions"
    )

    class Meta(Transition.Meta):
        verbose_name = verbose_name_plural = "督导轮次流转"


class OversightTeam(models.Model):
    """A team of a round (督导组)."""

    round = models.ForeignKey(OversightRound, models.CASCADE, verbose_name="督导轮次", related_name="teams")
    number = models.PositiveSmallIntegerField("组号")
    name = models.CharField("名称", max_length=40)

    class Meta:
        verbose_name = verbose_name_plural = "督导组"
        ordering = ["round_id", "number"]
        constraints = [models.UniqueConstraint(fields=["round", "number"], name="oversight_team_number")]

    def __str__(self) -> str:
        return self.name


class TeamSeat(models.Model):
    """Somebody in a team: the leader, a member sent by a department, an expert (督导组成员)."""

    class Part(models.TextChoices):
        LEADER = "leader", "组长"
        MEMBER = "member", "组员"
        EXPERT = "expert", "专家"

    team = models.ForeignKey(OversightTeam, models.CASCADE, verbose_name="督导组", related_name="seats")
    round = models.ForeignKey(OversightRound, models.CASCADE, verbose_name="督导轮次", related_name="+")
    user = models.ForeignKey(User, models.PROTECT, verbose_name="人员", related_name="oversight_seats")
    organization = models.ForeignKey(Organization, models.PROTECT, verbose_name="单位", related_name="+")
    part = models.CharField("职责", max_length=8, choices=Part.choices)
    position = models.PositiveSmallIntegerField("次序", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "督导组成员"
        ordering = ["team_id", "position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["round", "user"], name="oversight_one_team_a_round"),
            models.UniqueConstraint(
                fields=["team"], condition=Q(part="leader"), name="oversight_one_leader_a_team"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.team} {self.user}"


class RoundRecusal(models.Model):
    """Who must not go to which locality in a round, and why (督导回避)."""

    round = models.ForeignKey(
        OversightRound, models.CASCADE, verbose_name="督导轮次", related_name="recusals"
    )
    user = models.ForeignKey(User, models.PROTECT, verbose_name="人员", related_name="+")
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="属地", related_name="+")
    reason = models.CharField("理由", max_length=200)
    by = models.ForeignKey(User, models.PROTECT, verbose_name="登记人", related_name="+")
    at = models.DateTimeField("登记时间")

    class Meta:
        verbose_name = verbose_name_plural = "督导回避"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["round", "user", "region"], name="oversight_recusal_once")
        ]

    def __str__(self) -> str:
        return f"{self.user} 回避 {self.region}"

    def signed_content(self) -> dict[str, object]:
        return {
            "round": self.round_id, "user": self.user_id, "region": self.region_id, "reason": self.reason,
            "by": self.by_id, "at": self.at,
        }  # fmt: skip


class OversightVisitQuerySet(models.QuerySet["OversightVisit"]):
    def visible_to(self, user: User) -> OversightVisitQuerySet:
        """The office that runs the round and those above; the team; the locality and its county once it was there, or
        told before; departments whose people were in the team."""
        scope = scope_of(user, Permission.VIEW_OVERSIGHT)
        told = Q(status=VisitStatus.DONE) | Q(
            round__is_announced=True, round__status__in=[RoundStatus.RUNNING, RoundStatus.CLOSED]
        )
        sent = TeamSeat.objects.filter(team=OuterRef("team"), organization__in=scope.departments)
        own = seats_of(user, "team__visits")
        return self.filter(
            areas_q(scope.areas, "round__")
            | (areas_q(scope.areas) & told)
            | Q(Exists(own))
            | (Q(Exists(sent)) & told)
        )

    def standing(self) -> OversightVisitQuerySet:
        """Those not cancelled, of rounds not cancelled."""
        return self.exclude(status=VisitStatus.CANCELLED).exclude(round__status=RoundStatus.CANCELLED)

    def late(self, *, on: dt.date) -> OversightVisitQuerySet:
        """Planned for a day gone by and still not made."""
        return self.filter(status=VisitStatus.PLANNED, planned_on__lt=on, round__status=RoundStatus.RUNNING)


class OversightVisit(models.Model):
    """One locality in a round: which team goes when, with which sites drawn, and what it says of it (督导点次)."""

    round = models.ForeignKey(OversightRound, models.PROTECT, verbose_name="督导轮次", related_name="visits")
    team = models.ForeignKey(
        OversightTeam, models.PROTECT, verbose_name="督导组", null=True, related_name="visits"
    )
    organization = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="被督导单位", related_name="oversight_visits"
    )
    city = models.ForeignKey(Region, models.PROTECT, verbose_name="市", related_name="+", db_index=False)
    county = models.ForeignKey(
        Region, models.PROTECT, verbose_name="县区", null=True, related_name="+", db_index=False
    )
    locality = models.ForeignKey(
        Region, models.PROTECT, verbose_name="乡镇街道", related_name="+", db_index=False
    )
    planned_on = models.DateField("计划日期", null=True)
    status = models.CharField("状态", max_length=10, choices=VisitStatus.choices, default=VisitStatus.PLANNED)
    visited_on = models.DateField("督导日期", null=True)
    met = models.CharField("见到的人", max_length=200, blank=True, help_text="属地负责人、经办人")
    overall = models.TextField("总体评价", blank=True)
    praise = models.TextField("好的做法", blank=True)
    submitted_by = models.ForeignKey(User, models.PROTECT, verbose_name="提交人", null=True, related_name="+")
    submitted_at = models.DateTimeField("提交时间", null=True)
    draw_seed = models.CharField("抽取种子", max_length=64)
    draw_commitment = models.CharField("种子承诺值", max_length=64)
    draw_inputs = models.JSONField("抽取名录", default=dict)
    draw_digest = models.CharField("名录摘要", max_length=64, blank=True)
    draw_replacements = models.JSONField("替换", default=list)
    drawn_at = models.DateTimeField("抽取时间", null=True)
    drawn_by = models.ForeignKey(User, models.PROTECT, verbose_name="抽取人", null=True, related_name="+")

    objects = OversightVisitQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "督导点次"
        ordering = ["planned_on", "id"]
        constraints = [
            models.UniqueConstraint(fields=["round", "locality"], name="oversight_locality_once"),
            models.CheckConstraint(
                condition=Q(status="done", visited_on__isnull=False, submitted_by__isnull=False)
                | (~Q(status="done") & Q(visited_on=None, submitted_by=None)),
                name="oversight_visited_iff_stamped",
            ),
        ]
        indexes = [
            models.Index(fields=["city", "planned_on"], name="oversight_visit_city"),
            models.Index(fields=["county", "planned_on"], name="oversight_visit_county"),
            models.Index(fields=["locality", "planned_on"], name="oversight_visit_locality"),
            models.Index(fields=["team", "planned_on"], name="oversight_visit_team"),
        ]

    def __str__(self) -> str:
        return f"{self.round} {self.organization.short_name}"

    def get_absolute_url(self) -> str:
        return row_address("oversight:visit", self.pk)

    def is_late(self, *, on: dt.date) -> bool:
        return self.status == VisitStatus.PLANNED and self.planned_on is not None and self.planned_on < on

    def signed_content(self) -> dict[str, object]:
        return {
            "round": self.round_id, "team": self.team_id, "organization": self.organization_id,
            "planned_on": self.planned_on, "visited_on": self.visited_on, "met": self.met, "overall": self.overall,
            "praise": self.praise, "status": self.status, "draw": [self.draw_commitment, self.draw_digest],
            "answers": [
                [each.code, each.answer, each.note] for each in self.answers.order_by("position")
            ],
            "sites": [
                [each.enterprise_id, each.origin, each.result, each.note]
                for each in self.picks.order_by("position")
            ],
            "findings": list(self.findings.order_by("pk").values_list("pk", flat=True)),
        }  # fmt: skip


class VisitTransition(Transition):
    """One line per move of a visit."""

    RECORD, KEPT = "visit", ("planned_on", "team_id")

    visit = models.ForeignKey(
        OversightVisit, models.PROTECT, verbose_name="督导点次", related_name="transitions"
    )
    planned_on = models.DateField("计划日期", null=True)
    team = models.ForeignKey(
        OversightTeam, models.PROTECT, verbose_name="督导组", null=True, related_name="+"
    )

    class Meta(Transition.Meta):
        verbose_name = verbose_name_plural = "督导点次流转"
