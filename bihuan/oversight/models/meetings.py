"""Meetings (R022, R028-R030): leading groups, joint meetings, dispatch meetings; who came, what was decided."""

from __future__ import annotations

from django.db import models
from django.db.models import Exists, OuterRef, Q

from bihuan.accounts.models import Organization, Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.roles import ROLES
from bihuan.accounts.scope import areas_q, scope_of
from bihuan.audit.moves import Transition
from bihuan.campaigns.models import Campaign
from bihuan.core.addresses import row_address
from bihuan.papers.models import Paper

from ..workflow import MeetingStatus

_TOLD = [
    MeetingStatus.CONVENED, MeetingStatus.HELD, MeetingStatus.CONFIRMING, MeetingStatus.CONFIRMED,
    MeetingStatus.ISSUED,
]  # fmt: skip


def bodies_of(user: User) -> list[int]:
    """The bodies a person answers for in matters of supervision."""
    if not user.is_active:
        return []
    return [
        post.organization_id
        for post in user.posts
        if Permission.VIEW_OVERSIGHT in ROLES[post.role].permissions
    ]


class MeetingKind(models.TextChoices):
    COMMITTEE = "committee", "安委会全体会议"
    LEADING_GROUP = "leading_group", "领导小组会议"
    JOINT = "joint", "联席会议"
    DISPATCH = "dispatch", "调度会"
    TASK_FORCE = "task_force", "专班例会"
    REPORT = "report", "常委会（常务会）汇报"


class SeriesQuerySet(models.QuerySet["MeetingSeries"]):
    def visible_to(self, user: User) -> SeriesQuerySet:
        """The office that convenes and those above, and everybody who has a seat."""
        scope = scope_of(user, Permission.VIEW_OVERSIGHT)
        seats = SeriesSeat.objects.filter(series=OuterRef("pk"), organization__in=bodies_of(user))
        return self.filter(areas_q(scope.areas) | Exists(seats))


class MeetingSeries(models.Model):
    """A meeting that is held in a rhythm by rule (会议制度): who convenes, who has a seat, how often it is due."""

    class Rhythm(models.TextChoices):
        NONE = "none", "不定期"
        WEEK = "week", "每周"
        MONTH = "month", "每月"
        QUARTER = "quarter", "每季度"
        HALF = "half", "每半年"
        YEAR = "year", "每年"

    name = models.CharField("名称", max_length=80)
    kind = models.CharField("类别", max_length=16, choices=MeetingKind.choices)
    organization = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="召集单位", related_name="meeting_series"
    )
    city = models.ForeignKey(Region, models.PROTECT, verbose_name="市", related_name="+", db_index=False)
    county = models.ForeignKey(
        Region, models.PROTECT, verbose_name="县区", null=True, related_name="+", db_index=False
    )
    locality = models.ForeignKey(
        Region, models.PROTECT, verbose_name="乡镇街道", null=True, related_name="+", db_index=False
    )
    campaign = models.ForeignKey(
        Campaign,
        models.PROTECT,
        verbose_name="专项整治",
        null=True,
        blank=True,
        related_name="meeting_series",
    )
    body = models.CharField("议事机构", max_length=120, blank=True, help_text="例：燃气安全专项整治领导小组")
    rhythm = models.CharField("频次", max_length=8, choices=Rhythm.choices, default=Rhythm.QUARTER)
    chair_name = models.CharField("主持人", max_length=60, blank=True)
    chair_title = models.CharField("主持人职务", max_length=60, blank=True)
    basis = models.CharField("依据", max_length=200, blank=True)
    starts_on = models.DateField("起算日期")
    is_active = models.BooleanField("在用", default=True)
    created_by = models.ForeignKey(User, models.PROTECT, verbose_name="登记人", related_name="+")
    created_at = models.DateTimeField("登记时间")

    objects = SeriesQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "会议制度"
        ordering = ["id"]
        indexes = [
            models.Index(fields=["city", "id"], name="oversight_series_city"),
            models.Index(fields=["county", "id"], name="oversight_series_county"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "name"], condition=Q(is_active=True), name="oversight_series_once"
            )
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return row_address("oversight:series", self.pk)

    def signed_content(self) -> dict[str, object]:
        return {
            "name": self.name, "kind": self.kind, "organization": self.organization_id, "body": self.body,
            "campaign": self.campaign_id, "rhythm": self.rhythm, "chair": [self.chair_name, self.chair_title],
            "basis": self.basis, "from": self.starts_on, "active": self.is_active,
            "seats": [
                [each.organization_id, each.name, each.title] for each in self.seats.order_by("position")
            ],
        }  # fmt: skip


class SeriesSeat(models.Model):
    """A body that belongs to a meeting, with whoever comes for it as a rule (固定参会单位, R024)."""

    series = models.ForeignKey(MeetingSeries, models.CASCADE, verbose_name="会议制度", related_name="seats")
    organization = models.ForeignKey(Organization, models.PROTECT, verbose_name="单位", related_name="+")
    name = models.CharField("参会人", max_length=60, blank=True)
    title = models.CharField("职务", max_length=60, blank=True)
    position = models.PositiveSmallIntegerField("次序", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "固定参会单位"
        ordering = ["series_id", "position", "id"]
        constraints = [models.UniqueConstraint(fields=["series", "organization"], name="oversight_seat_once")]

    def __str__(self) -> str:
        return f"{self.series} {self.organization.short_name}"


class MeetingQuerySet(models.QuerySet["Meeting"]):
    def visible_to(self, user: User) -> MeetingQuerySet:
        """The convening office and those above; whoever was invited, once invitations are out."""
        scope = scope_of(user, Permission.VIEW_OVERSIGHT)
        seats = Attendance.objects.filter(meeting=OuterRef("pk"), organization__in=bodies_of(user))
        return self.filter(areas_q(scope.areas) | Q(Exists(seats), status__in=_TOLD))


class Meeting(models.Model):
    """One meeting: convened with an agenda, held, its minutes confirmed and issued (会议)."""

    series = models.ForeignKey(
        MeetingSeries, models.PROTECT, verbose_name="会议制度", null=True, blank=True, related_name="meetings"
    )
    kind = models.CharField("类别", max_length=16, choices=MeetingKind.choices)
    title = models.CharField("名称", max_length=100)
    organization = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="召集单位", related_name="meetings"
    )
    campaign = models.ForeignKey(
        Campaign, models.PROTECT, verbose_name="专项整治", null=True, blank=True, related_name="meetings"
    )
    city = models.ForeignKey(Region, models.PROTECT, verbose_name="市", related_name="+", db_index=False)
    county = models.ForeignKey(
        Region, models.PROTECT, verbose_name="县区", null=True, related_name="+", db_index=False
    )
    locality = models.ForeignKey(
        Region, models.PROTECT, verbose_name="乡镇街道", null=True, related_name="+", db_index=False
    )
    held_at = models.DateTimeField("时间")
    place = models.CharField("地点", max_length=120)
    chair_name = models.CharField("主持人", max_length=60)
    chair_title = models.CharField("主持人职务", max_length=60, blank=True)
    demand = models.CharField("参会要求", max_length=300, blank=True)
    status = models.CharField(
        "状态", max_length=12, choices=MeetingStatus.choices, default=MeetingStatus.DRAFT
    )
    minutes = models.TextField("纪要正文", blank=True)
    minutes_revision = models.PositiveIntegerField(
        "纪要修订号", default=0, help_text="每保存一次加一；两人同时写，后存的人据此知道"
    )
    minutes_at = models.DateTimeField("纪要保存时间", null=True, blank=True)
    drafted_by = models.ForeignKey(User, models.PROTECT, verbose_name="起草人", null=True, related_name="+")
    confirmed_by = models.ForeignKey(User, models.PROTECT, verbose_name="审定人", null=True, related_name="+")
    confirmed_at = models.DateTimeField("审定时间", null=True)
    paper = models.OneToOneField(
        Paper, models.PROTECT, verbose_name="会议纪要", null=True, related_name="meeting"
    )
    created_by = models.ForeignKey(User, models.PROTECT, verbose_name="经办人", related_name="+")
    created_at = models.DateTimeField("登记时间")

    objects = MeetingQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "会议"
        ordering = ["-held_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(confirmed_by=None) | ~Q(confirmed_by=models.F("drafted_by")),
                name="oversight_minutes_four_eyes",
            ),
            models.CheckConstraint(
                condition=Q(status="issued", paper__isnull=False) | (~Q(status="issued") & Q(paper=None)),
                name="oversight_issued_iff_paper",
            ),
        ]
        indexes = [
            models.Index(fields=["city", "-held_at"], name="oversight_meeting_city"),
            models.Index(fields=["county", "-held_at"], name="oversight_meeting_county"),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return row_address("oversight:meeting", self.pk)

    def signed_content(self) -> dict[str, object]:
        return {
            "title": self.title, "organization": self.organization_id, "held_at": self.held_at, "place": self.place,
            "chair": [self.chair_name, self.chair_title], "status": self.status, "minutes": self.minutes,
            "drafted_by": self.drafted_by_id, "confirmed_by": self.confirmed_by_id, "paper": self.paper_id,
            "agenda": [each.title for each in self.agenda.order_by("position")],
            "attendance": [
                [each.organization_id, each.name, each.state, each.deputy_name]
                for each in self.attendances.order_by("position")
            ],
            "resolutions": [
                [each.text, each.lead_id, each.due_on]
                for each in self.resolutions.order_by("position")
            ],
        }  # fmt: skip


class MeetingTransition(Transition):
    """One line per move of a meeting."""

    RECORD, KEPT = "meeting", ("held_at",)

    meeting = models.ForeignKey(Meeting, models.PROTECT, verbose_name="会议", related_name="transitions")
    held_at = models.DateTimeField("会议时间")

    class Meta(Transition.Meta):
        verbose_name = verbose_name_plural = "会议流转"


class AgendaItem(models.Model):
    """One item of an agenda; what an earlier meeting left open comes back by itself (议程)."""

    meeting = models.ForeignKey(Meeting, models.CASCADE, verbose_name="会议", related_name="agenda")
    position = models.PositiveSmallIntegerField("次序")
    title = models.CharField("议题", max_length=200)
    presenter = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="汇报单位", null=True, blank=True, related_name="+"
    )
    minutes = models.PositiveSmallIntegerField("时长（分钟）", default=10)
    material = models.TextField("材料", blank=True)
    carried = models.ForeignKey(
        "Resolution",
        models.PROTECT,
        verbose_name="上次议定事项",
        null=True,
        blank=True,
        related_name="carried",
    )

    class Meta:
        verbose_name = verbose_name_plural = "议程"
        ordering = ["meeting_id", "position", "id"]

    def __str__(self) -> str:
        return self.title


class Attendance(models.Model):
    """A body invited: who was to come, who came, who sent somebody else, who stayed away (到会情况)."""

    class State(models.TextChoices):
        INVITED = "invited", "待签到"
        PRESENT = "present", "到会"
        DEPUTY = "deputy", "委托参会"
        LEAVE = "leave", "请假"
        ABSENT = "absent", "缺席"

    meeting = models.ForeignKey(Meeting, models.CASCADE, verbose_name="会议", related_name="attendances")
    organization = models.ForeignKey(Organization, models.PROTECT, verbose_name="单位", related_name="+")
    name = models.CharField("应到人", max_length=60, blank=True)
    title = models.CharField("职务", max_length=60, blank=True)
    state = models.CharField("到会", max_length=8, choices=State.choices, default=State.INVITED)
    deputy_name = models.CharField("代为参会", max_length=60, blank=True)
    reason = models.CharField("事由", max_length=200, blank=True)
    position = models.PositiveSmallIntegerField("次序", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "到会情况"
        ordering = ["meeting_id", "position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["meeting", "organization"], name="oversight_invited_once"),
            models.CheckConstraint(
                condition=~Q(state="deputy") | ~Q(deputy_name=""), name="oversight_deputy_has_a_name"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organization.short_name} {self.get_state_display()}"
