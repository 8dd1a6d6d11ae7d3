"""Who went where, with which checklist version, found what or nothing, and signed (R061, R062)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from bihuan.accounts.models import Organization, Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import areas_q, scope_of
from bihuan.campaigns.models import Campaign, CheckItem, Checklist, Task
from bihuan.core.addresses import row_address
from bihuan.hazards.models import Hazard
from bihuan.registry.models import Enterprise, Premises


class InspectionQuerySet(models.QuerySet["Inspection"]):
    def visible_to(self, user: User) -> InspectionQuerySet:
        scope = scope_of(user, Permission.VIEW_INSPECTIONS)
        query = areas_q(scope.areas)
        if scope.departments:
            query |= Q(department__in=scope.departments) | Q(organization__in=scope.departments)
        if scope.enterprises:
            query |= Q(enterprise__organization__in=scope.enterprises)
        if scope.participant:
            query |= Q(pk__in=InspectionMember.objects.filter(user=scope.user_id).values("inspection"))
        return self.filter(query)

    def delivered_by(self, user: User) -> InspectionQuerySet:
        """Checks a gas company's people made at its users: theirs to read, though the place is not (随瓶安检)."""
        scope = scope_of(user, Permission.SIGN_PLEDGE)
        return self.filter(kind=Inspection.Kind.DELIVERY, organization__in=scope.enterprises)


class Inspection(models.Model):
    """A visit, recorded once and whole: answers, findings and signatures arrive together and never change."""

    class Kind(models.TextChoices):
        SELF_CHECK = "self_check", "企业自查"
        TOWNSHIP = "township", "属地检查"
        DEPARTMENT = "department", "部门检查"
        JOINT = "joint", "联合检查"
        EXPERT = "expert", "专家检查"
        UNANNOUNCED = "unannounced", "四不两直"
        LOOK_BACK = "look_back", "回头看"
        UPPER_LEVEL = "upper_level", "上级督查"
        DELIVERY = "delivery", "随瓶安检"
        ENFORCEMENT = "enforcement", "执法检查"

    client_id = models.UUIDField("设备编号", unique=True, help_text="由现场设备生成，重复提交只算一次")
    kind = models.CharField("类别", max_length=12, choices=Kind.choices)
    signed_kind = models.CharField(
        "签字时的类别",
        max_length=12,
        blank=True,
        default="",
        db_default="",
        help_text="早期记录签字时用的类别；空为与类别相同",
    )
    campaign = models.ForeignKey(
        Campaign, models.PROTECT, verbose_name="专项整治", null=True, blank=True, related_name="inspections"
    )
    task = models.ForeignKey(
        Task,
        models.PROTECT,
        verbose_name="任务",
        null=True,
        blank=True,
        related_name="inspections",
        db_index=False,
    )
    checklist = models.ForeignKey(
        Checklist, models.PROTECT, verbose_name="检查表", null=True, blank=True, related_name="inspections"
    )
    enterprise = models.ForeignKey(
        Enterprise, models.PROTECT, verbose_name="企业", related_name="inspections", db_index=False
    )
    premises = models.ForeignKey(
        Premises, models.PROTECT, verbose_name="场所", null=True, blank=True, related_name="inspections"
    )
    organization = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="检查单位", related_name="inspections", db_index=False
    )
    department = models.ForeignKey(
        Organization,
        models.PROTECT,
        verbose_name="主管部门",
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    city = models.ForeignKey(Region, models.PROTECT, verbose_name="市", related_name="+", db_index=False)
    county = models.ForeignKey(Region, models.PROTECT, verbose_name="县区", related_name="+", db_index=False)
    locality = models.ForeignKey(
        Region, models.PROTECT, verbose_name="乡镇街道", related_name="+", db_index=False
    )
    started_at = models.DateTimeField("开始时间")
    finished_at = models.DateTimeField("结束时间")
    inspected_on = models.DateField("检查日期")
    received_at = models.DateTimeField("收到时间")
    longitude = models.FloatField("经度", null=True, blank=True)
    latitude = models.FloatField("纬度", null=True, blank=True)
    accuracy = models.PositiveIntegerField(
        "定位误差", null=True, blank=True, help_text="米，手机自己的估计；空为没有说"
    )
    clock_skew = models.IntegerField(
        "手机时钟偏差", null=True, blank=True, help_text="秒，手机比服务器快为正；空为没有测"
    )
    accompanying_name = models.CharField("陪同人", max_length=60, blank=True)
    accompanying_title = models.CharField("陪同人职务", max_length=60, blank=True)
    opinion = models.CharField("检查意见", max_length=500, blank=True)
    hazard_count = models.PositiveSmallIntegerField("发现隐患", default=0)
    is_clean = models.BooleanField("未发现隐患", default=False)
    recorded_by = models.ForeignKey(User, models.PROTECT, verbose_name="记录人", related_name="+")
    submission_hash = models.CharField(
        "收到内容摘要", max_length=72, help_text="同一设备编号再次提交时，用来分辨是重发还是另一份"
    )

    objects = InspectionQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "检查"
        ordering = ["-inspected_on", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(is_clean=True, hazard_count=0) | Q(is_clean=False, hazard_count__gt=0),
                name="inspections_clean_iff_no_hazard",
            )
        ]
        indexes = [
            *[
                models.Index(fields=[column, "-inspected_on", "-id"], name=f"inspections_{column[:8]}_recent")
                for column in (
                    "city",
                    "county",
                    "locality",
                    "department",
                    "organization",
                    "enterprise",
                    "task",
                )
            ],
            models.Index(
                fields=["campaign", "enterprise"],
                condition=Q(kind="self_check"),
                name="inspections_self_checks",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.inspected_on} {self.enterprise}"

    def get_absolute_url(self) -> str:
        return row_address("inspections:detail", self.pk)

    def signed_content(self) -> dict[str, object]:
        """Everything that was on the record when it was signed, answers included."""
        return {
            "client_id": self.client_id,
            "kind": self.signed_kind or self.kind,
            "task": self.task_id,
            "checklist": self.checklist_id,
            "enterprise": self.enterprise_id,
            "premises": self.premises_id,
            "organization": self.organization_id,
            "started_at": self.started_at,
            "finished_at": self.finished_at,
            "members": [
                [member.user_id, member.name, member.certificate_no]
                for member in self.members.order_by("position")
            ],
            "accompanying": [self.accompanying_name, self.accompanying_title],
            "opinion": self.opinion,
            "clean": self.is_clean,
            "answers": [
                [answer.position, answer.text, answer.verdict, answer.note, answer.measured, answer.hazard_id]
                for answer in self.answers.order_by("position")
            ],
        }


class InspectionMember(models.Model):
    """One of the inspectors; enforcement needs two with certificates (安全生产法, 现场检查记录)."""

    inspection = models.ForeignKey(Inspection, models.PROTECT, verbose_name="检查", related_name="members")
    user = models.ForeignKey(User, models.PROTECT, verbose_name="账号", null=True, related_name="+")
    name = models.CharField("姓名", max_length=60)
    certificate_no = models.CharField("执法证号", max_length=40, blank=True)
    position = models.PositiveSmallIntegerField("次序")

    class Meta:
        verbose_name = verbose_name_plural = "检查人员"
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["inspection", "position"], name="inspections_member_position")
        ]

    def __str__(self) -> str:
        return self.name


class Answer(models.Model):
    """The verdict on one item; a failed one leads to a hazard. The item's words are kept as they were."""

    class Verdict(models.TextChoices):
        PASS = "pass", "合格"
        FAIL = "fail", "不合格"
        NOT_APPLICABLE = "na", "不适用"

    inspection = models.ForeignKey(Inspection, models.PROTECT, verbose_name="检查", related_name="answers")
    check_item = models.ForeignKey(
        CheckItem, models.PROTECT, verbose_name="检查项", null=True, related_name="+"
    )
    position = models.PositiveSmallIntegerField("次序")
    text = models.CharField("检查事项", max_length=300)
    verdict = models.CharField("结论", max_length=4, choices=Verdict.choices)
    measured = models.CharField("实测", max_length=40, blank=True)
    note = models.CharField("情况", max_length=500, blank=True)
    hazard = models.OneToOneField(
        Hazard, models.PROTECT, verbose_name="隐患", null=True, related_name="answer"
    )

    class Meta:
        verbose_name = verbose_name_plural = "检查结论"
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["inspection", "position"], name="inspections_answer_position"),
            models.CheckConstraint(
                condition=Q(verdict="fail") | Q(hazard=None), name="inspections_only_failed_has_hazard"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.position} {self.get_verdict_display()}"


class Coverage(models.Model):
    """The first visit to an object under a task: what coverage counts (R062, R183)."""

    task = models.ForeignKey(Task, models.PROTECT, verbose_name="任务", related_name="coverage")
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, verbose_name="企业", related_name="coverage")
    first_inspection = models.ForeignKey(
        Inspection, models.PROTECT, verbose_name="首次检查", related_name="+"
    )
    on = models.DateField("日期")

    class Meta:
        verbose_name = verbose_name_plural = "覆盖"
        constraints = [
            models.UniqueConstraint(fields=["task", "enterprise"], name="inspections_coverage_once")
        ]

    def __str__(self) -> str:
        return f"{self.task_id} {self.enterprise_id}"


class Signal(models.Model):
    """A remark on the evidence of a visit with its reason, for whoever reviews it. It forbids nothing (U11, D8)."""

    class Code(models.TextChoices):
        PLACE = "place", "定位偏远"
        CLOCK = "clock", "时钟偏差"
        PHOTO_PLACE = "photo_place", "照片拍摄地不符"
        PHOTO_TIME = "photo_time", "照片拍摄时间不符"
        EDITED = "edited", "照片经过修图"
        REUSED = "reused", "照片重复使用"
        ALIKE = "alike", "照片高度相似"
        UNCHANGED = "unchanged", "整改前后照片雷同"
        COPIED = "copied", "文字雷同"
        TRAVEL = "travel", "赶路时间不合"
        SHORT = "short", "用时过短"
        UNPLANNED = "unplanned", "计划外未经批准"
        RECUSED = "recused", "应回避未回避"
        NOT_DRAWN = "not_drawn", "不是抽中的人"
        KIND_PEOPLE = "kind_people", "人员与类别不符"

    inspection = models.ForeignKey(Inspection, models.PROTECT, verbose_name="检查", related_name="signals")
    code = models.CharField("提示", max_length=12, choices=Code.choices)
    position = models.PositiveSmallIntegerField("次序")
    words = models.CharField("理由", max_length=300)
    detail = models.JSONField("依据", default=dict, help_text="照片和另一条记录的编号")
    at = models.DateTimeField("提示时间")

    class Meta:
        verbose_name = verbose_name_plural = "佐证提示"
        ordering = ["inspection_id", "position"]
        constraints = [
            models.UniqueConstraint(fields=["inspection", "position"], name="inspections_signal_position")
        ]

    def __str__(self) -> str:
        return f"{self.get_code_display()}：{self.words}"


class Weighing(models.Model):
    """That the evidence of a visit was weighed, and when: no signal means that nothing was found."""

    inspection = models.OneToOneField(
        Inspection, models.PROTECT, verbose_name="检查", related_name="weighing", primary_key=True
    )
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "佐证核对"

    def __str__(self) -> str:
        return f"{self.inspection_id}"


class SignalNote(models.Model):
    """What was said of a signal: an explanation of those who made the visit, or the judgement of a reviewer."""

    class Kind(models.TextChoices):
        EXPLAINED = "explained", "说明"
        UPHELD = "upheld", "属实"
        DISMISSED = "dismissed", "不成立"

    signal = models.ForeignKey(Signal, models.PROTECT, verbose_name="佐证提示", related_name="notes")
    kind = models.CharField("性质", max_length=10, choices=Kind.choices)
    text = models.CharField("内容", max_length=300)
    by = models.ForeignKey(User, models.PROTECT, verbose_name="填写人", related_name="+")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "提示说明"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}：{self.text}"
