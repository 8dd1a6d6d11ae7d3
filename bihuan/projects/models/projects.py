"""Projects of the pool (项目储备库): what is to be built, where, by whom, and how far it has come (R240)."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import F, Q

from bihuan.accounts.models import Organization, Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import areas_q, scope_of
from bihuan.audit.moves import Transition
from bihuan.campaigns.models import Campaign
from bihuan.core.addresses import row_address
from bihuan.hazards.models import Hazard
from bihuan.registry.models import Enterprise
from bihuan.rules import projects as rules

from ..workflow import LIVE, ProjectStatus


class ProjectQuerySet(models.QuerySet["Project"]):
    def visible_to(self, user: User) -> ProjectQuerySet:
        """The area for offices and localities, with what lies over a locality as a whole; departments see those they
        lead; an enterprise what it owns, takes over, or lies on."""
        scope = scope_of(user, Permission.VIEW_PROJECTS)
        above = [code[:length] for code in scope.areas for length in (2, 4, 6) if length < len(code)]
        seen = areas_q(scope.areas) | Q(department__in=scope.departments)
        if above:
            seen |= Q(region__in=above)
        if scope.enterprises:
            lies_on = ProjectObject.objects.filter(enterprise__organization__in=scope.enterprises)
            seen |= (
                Q(owner__organization__in=scope.enterprises)
                | Q(taker__organization__in=scope.enterprises)
                | Q(pk__in=lies_on.values("project"))
            )
        return self.filter(seen)

    def live(self) -> ProjectQuerySet:
        """Approved and not given up."""
        return self.filter(status__in=LIVE)

    def behind(self, *, on: dt.date) -> ProjectQuerySet:
        """Past the day they were to be finished by, and not finished."""
        return self.filter(status__in=["approved", "funded", "started"], finish_on__lt=on)


class Project(models.Model):
    """One project: pipes to renew, valves to replace, a danger to remove by technical means (工程项目)."""

    name = models.CharField("项目名称", max_length=120)
    kind = models.CharField("项目种类", max_length=20, help_text="bihuan.rules.projects 的种类代码")
    campaign = models.ForeignKey(
        Campaign, models.PROTECT, verbose_name="专项整治", null=True, blank=True, related_name="projects"
    )
    department = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="牵头部门", related_name="led_projects", db_index=False
    )
    owner = models.ForeignKey(
        Enterprise, models.PROTECT, verbose_name="建设单位", null=True, blank=True, related_name="owned_projects"
    )  # fmt: skip
    owner_name = models.CharField("建设单位名称", max_length=120)
    taker = models.ForeignKey(
        Enterprise, models.PROTECT, verbose_name="接收运营单位", null=True, blank=True, related_name="taken_projects"
    )  # fmt: skip
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="地区", related_name="+")
    city = models.ForeignKey(Region, models.PROTECT, verbose_name="市", related_name="+", db_index=False)
    county = models.ForeignKey(
        Region, models.PROTECT, verbose_name="县区", null=True, related_name="+", db_index=False
    )
    locality = models.ForeignKey(
        Region, models.PROTECT, verbose_name="乡镇街道", null=True, related_name="+", db_index=False
    )
    place = models.CharField("工程地点", max_length=200, blank=True)
    need = models.TextField("建设理由和消除的隐患")
    basis = models.CharField("依据", max_length=200, blank=True)
    kilometres = models.DecimalField(
        "管道长度（公里）", max_digits=9, decimal_places=3, null=True, blank=True
    )
    households = models.PositiveIntegerField("惠及户数", null=True, blank=True)
    quantity = models.DecimalField("工程数量", max_digits=10, decimal_places=2, null=True, blank=True)
    estimate = models.DecimalField("估算投资（元）", max_digits=14, decimal_places=2)
    start_on = models.DateField("计划开工", null=True, blank=True)
    finish_on = models.DateField("计划完工", null=True, blank=True)
    gas_stop_on = models.DateField("停气日期", null=True, blank=True)
    status = models.CharField(
        "状态", max_length=10, choices=ProjectStatus.choices, default=ProjectStatus.RESERVED
    )
    resumes_to = models.CharField("恢复后的状态", max_length=10, blank=True)
    progress = models.PositiveSmallIntegerField("形象进度（%）", default=0)
    kilometres_done = models.DecimalField("已改造（公里）", max_digits=9, decimal_places=3, default=0)
    approval = models.CharField("入库文号", max_length=120, blank=True)
    support_terms = models.CharField("支持条件", max_length=500, blank=True)
    registered_by = models.ForeignKey(User, models.PROTECT, verbose_name="登记人", related_name="+")
    registered_at = models.DateTimeField("登记时间")
    approved_on = models.DateField("入库日期", null=True)
    started_on = models.DateField("开工日期", null=True)
    completed_on = models.DateField("完工日期", null=True)
    accepted_on = models.DateField("验收合格日期", null=True)
    handed_on = models.DateField("移交日期", null=True)
    used_on = models.DateField("投用日期", null=True)
    checks_seen = models.PositiveIntegerField("通气条件变动次数", default=0)

    objects = ProjectQuerySet.as_manager()

    is_late = False  # set by lists that know the day

    class Meta:
        verbose_name = verbose_name_plural = "工程项目"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["department", "name", "region"], name="projects_name_once"),
            models.CheckConstraint(condition=Q(progress__lte=100), name="projects_progress_is_percent"),
            models.CheckConstraint(condition=Q(estimate__gt=0), name="projects_estimate_is_money"),
            models.CheckConstraint(
                condition=Q(start_on=None) | Q(finish_on=None) | Q(finish_on__gte=F("start_on")),
                name="projects_plan_in_order",
            ),
            models.CheckConstraint(
                condition=Q(status="in_use", used_on__isnull=False) | (~Q(status="in_use") & Q(used_on=None)),
                name="projects_in_use_iff_stamped",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["handed", "in_use"], handed_on__isnull=False)
                | (~Q(status__in=["handed", "in_use"]) & Q(handed_on=None)),
                name="projects_handed_iff_stamped",
            ),
            models.CheckConstraint(
                condition=Q(status="suspended") & ~Q(resumes_to="")
                | (~Q(status="suspended") & Q(resumes_to="")),
                name="projects_suspended_comes_back",
            ),
        ]
        indexes = [
            models.Index(fields=["city", "status", "-id"], name="projects_city"),
            models.Index(fields=["county", "status", "-id"], name="projects_county"),
            models.Index(fields=["locality", "status", "-id"], name="projects_locality"),
            models.Index(fields=["department", "status", "-id"], name="projects_department"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return row_address("projects:detail", self.pk)

    @property
    def kind_words(self) -> str:
        return rules.label("kinds", self.kind)

    @property
    def unit(self) -> str:
        """What its quantity counts."""
        found = rules.row("kinds", self.kind)
        return found.unit if found else ""

    @property
    def lets_gas_in(self) -> bool:
        """Whether its kind asks for gas conditions before it is used."""
        found = rules.row("kinds", self.kind)
        return bool(found and found.gas_on)

    def is_behind(self, *, on: dt.date) -> bool:
        return self.status in {"approved", "funded", "started"} and bool(
            self.finish_on and self.finish_on < on
        )

    def signed_content(self) -> dict[str, object]:
        return {
            "name": self.name, "kind": self.kind, "campaign": self.campaign_id, "department": self.department_id,
            "owner": [self.owner_id, self.owner_name], "region": self.region_id, "place": self.place, "need": self.need,
            "estimate": f"{self.estimate:.2f}", "plan": [self.start_on, self.finish_on], "status": self.status,
        }  # fmt: skip


class ProjectTransition(Transition):
    """One line per move of a project. Never rewritten."""

    RECORD = "project"

    project = models.ForeignKey(Project, models.PROTECT, verbose_name="工程项目", related_name="transitions")

    class Meta(Transition.Meta):
        verbose_name = verbose_name_plural = "项目流转"


class ProjectObject(models.Model):
    """An object of the registry a project lies on or changes (项目涉及的对象)."""

    project = models.ForeignKey(Project, models.PROTECT, verbose_name="工程项目", related_name="objects_on")
    enterprise = models.ForeignKey(
        Enterprise, models.PROTECT, verbose_name="企业与场所", related_name="project_objects"
    )
    by = models.ForeignKey(User, models.PROTECT, verbose_name="登记人", related_name="+")
    at = models.DateTimeField("登记时间")

    class Meta:
        verbose_name = verbose_name_plural = "项目对象"
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["project", "enterprise"], name="projects_object_once")]

    def __str__(self) -> str:
        return f"{self.project_id} {self.enterprise_id}"


class ProjectHazard(models.Model):
    """A hazard that a project removes (项目消除的隐患)."""

    project = models.ForeignKey(Project, models.PROTECT, verbose_name="工程项目", related_name="hazards_on")
    hazard = models.ForeignKey(Hazard, models.PROTECT, verbose_name="隐患", related_name="project_links")
    by = models.ForeignKey(User, models.PROTECT, verbose_name="登记人", related_name="+")
    at = models.DateTimeField("登记时间")

    class Meta:
        verbose_name = verbose_name_plural = "项目隐患"
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["project", "hazard"], name="projects_hazard_once")]

    def __str__(self) -> str:
        return f"{self.project_id} {self.hazard_id}"
