"""What makes a place dangerous: chemicals, major-hazard units, risk points and grades (R042, R043, R048, R194)."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from bihuan.accounts.models import User
from bihuan.core.addresses import row_address
from bihuan.core.fields import SealedCharField
from bihuan.rules.majorhazards import UNIT_KINDS

from .enterprises import Enterprise, Premises
from .kinds import RiskColour


class RiskProfile(models.Model):
    """What is said of an enterprise as a whole: 两重点 (R042), standardization, dual prevention (R187 to R189)."""

    class Scale(models.TextChoices):
        ABOVE = "above", "规模以上"
        SMALL = "small", "小微"

    class DualPrevention(models.TextChoices):
        NONE = "none", "未开展"
        BUILDING = "building", "建设中"
        BUILT = "built", "已建成，运行未核查"
        RUNNING = "running", "已建成，运行正常"
        IDLE = "idle", "已建成，运行不正常"

    enterprise = models.OneToOneField(
        Enterprise, models.PROTECT, verbose_name="企业", related_name="risk_profile"
    )
    key_chemicals = models.BooleanField("涉及重点监管危险化学品", default=False)
    key_processes = models.BooleanField("涉及重点监管危险化工工艺", default=False)
    processes = models.CharField("工艺名称", max_length=200, blank=True)
    standardization = models.PositiveSmallIntegerField(
        "标准化等级", null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(3)]
    )
    standardized_until = models.DateField("标准化证书有效期止", null=True, blank=True)
    scale = models.CharField(
        "企业规模", max_length=8, choices=Scale.choices, blank=True, default="", db_default=""
    )
    dual_prevention = models.CharField(
        "双重预防机制", max_length=10, choices=DualPrevention.choices, blank=True, default="", db_default=""
    )
    dual_checked_on = models.DateField("运行核查日期", null=True, blank=True)
    updated_at = models.DateTimeField("更新时间", auto_now=True)

    class Meta:
        verbose_name = verbose_name_plural = "风险概况"

    def __str__(self) -> str:
        return f"{self.enterprise} 风险概况"


class PastAccident(models.Model):
    """An accident at an enterprise; those of the last twelve months weigh in its grade."""

    class Kind(models.TextChoices):
        INJURY = "injury", "无人死亡的一般事故"
        FATAL = "fatal", "有人死亡的一般事故"
        LARGER = "larger", "较大事故"
        MAJOR = "major", "重大以上事故"

    enterprise = models.ForeignKey(
        Enterprise, models.PROTECT, verbose_name="企业", related_name="past_accidents"
    )
    kind = models.CharField("事故等级", max_length=10, choices=Kind.choices)
    on = models.DateField("发生日期")
    note = models.CharField("简况", max_length=300, blank=True)
    by = models.ForeignKey(User, models.PROTECT, verbose_name="登记人", related_name="+")
    at = models.DateTimeField("登记时间")

    class Meta:
        verbose_name = verbose_name_plural = "事故记录"
        ordering = ["-on", "-id"]

    def __str__(self) -> str:
        return f"{self.on} {self.get_kind_display()}"


class MajorUnit(models.Model):
    """A production or storage unit with its identification S and grade R (GB 18218), as last reckoned (R194).

    `s`, `r` are shown figures, cut off and never rounded up; the explanation holds every term. `grade` is None while
    it constitutes nothing or facts are missing.
    """

    enterprise = models.ForeignKey(
        Enterprise, models.PROTECT, verbose_name="企业", related_name="major_units"
    )
    premises = models.ForeignKey(
        Premises, models.PROTECT, verbose_name="场所", null=True, blank=True, related_name="major_units"
    )
    name = models.CharField("单元名称", max_length=80)
    kind = models.CharField("单元类型", max_length=10, choices=list(UNIT_KINDS.items()))
    population = models.PositiveIntegerField("厂界外500米内常住人口", null=True, blank=True)
    variant = models.CharField("系数取法", max_length=40, blank=True)
    is_major = models.BooleanField("构成重大危险源", default=False)
    s = models.CharField("S值", max_length=24, blank=True)
    r = models.CharField("R值", max_length=24, blank=True)
    grade = models.PositiveSmallIntegerField("重大危险源级别", null=True, blank=True)
    explanation = models.JSONField("计算说明", default=dict)
    problem = models.CharField("不能计算的原因", max_length=300, blank=True)
    evaluated_on = models.DateField("安全评估日期", null=True, blank=True)
    filed_on = models.DateField("备案日期", null=True, blank=True)
    filing_no = models.CharField("备案编号", max_length=60, blank=True)
    filed_with = models.CharField("备案机关", max_length=80, blank=True)
    reevaluate_by = models.DateField("下次评估期限", null=True, blank=True)
    is_active = models.BooleanField("在用", default=True)

    class Meta:
        verbose_name = verbose_name_plural = "重大危险源单元"
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["enterprise", "name"], name="registry_unit_name")]
        indexes = [
            models.Index(
                fields=["enterprise", "grade"],
                condition=Q(is_active=True, is_major=True),
                name="registry_major_units",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return row_address("registry:unit", self.pk)


class Guardian(models.Model):
    """One of the three persons who stand for a major-hazard unit (包保责任人, 应急厅〔2021〕12号)."""

    class Role(models.TextChoices):
        PRINCIPAL = "principal", "主要负责人"
        TECHNICAL = "technical", "技术负责人"
        OPERATION = "operation", "操作负责人"

    unit = models.ForeignKey(MajorUnit, models.CASCADE, verbose_name="单元", related_name="guardians")
    role = models.CharField("包保责任", max_length=10, choices=Role.choices)
    name = models.CharField("姓名", max_length=60)
    title = models.CharField("职务", max_length=60, blank=True)
    phone = SealedCharField("电话", max_length=20, blank=True, default="")

    class Meta:
        verbose_name = verbose_name_plural = "包保责任人"
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["unit", "role"], name="registry_guardian_role")]

    def __str__(self) -> str:
        return f"{self.get_role_display()} {self.name}"


class Chemical(models.Model):
    """A dangerous chemical kept or made at a place: how much there can be, how much there is (R048)."""

    class State(models.TextChoices):
        GAS = "gas", "气态"
        LIQUID = "liquid", "液态"
        SOLID = "solid", "固态"

    enterprise = models.ForeignKey(Enterprise, models.PROTECT, verbose_name="企业", related_name="chemicals")
    premises = models.ForeignKey(
        Premises, models.PROTECT, verbose_name="场所", null=True, blank=True, related_name="chemicals"
    )
    unit = models.ForeignKey(
        MajorUnit, models.PROTECT, verbose_name="单元", null=True, blank=True, related_name="chemicals"
    )
    name = models.CharField("品名", max_length=80)
    cas = models.CharField("CAS号", max_length=12, blank=True)
    state = models.CharField("形态", max_length=8, choices=State.choices)
    categories = models.JSONField("危险性类别", default=list, blank=True)
    design_maximum = models.DecimalField("设计最大量（吨）", max_digits=14, decimal_places=4)
    actual = models.DecimalField("实际储量（吨）", max_digits=14, decimal_places=4, null=True, blank=True)
    place = models.CharField("存放位置", max_length=120, blank=True)
    is_key = models.BooleanField("重点监管危险化学品", default=False)
    is_present = models.BooleanField("在库", default=True)

    class Meta:
        verbose_name = verbose_name_plural = "危险化学品"
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(design_maximum__gt=0), name="registry_chemical_maximum_positive"
            ),
            models.CheckConstraint(
                condition=Q(actual=None) | Q(actual__gte=0), name="registry_chemical_actual_sane"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class RiskPoint(models.Model):
    """A place, device or job where something may go wrong (风险点); its colour is that of its gravest danger."""

    class Kind(models.TextChoices):
        PLACE = "place", "区域场所"
        DEVICE = "device", "设备设施"
        WORK = "work", "作业活动"

    enterprise = models.ForeignKey(
        Enterprise, models.PROTECT, verbose_name="企业", related_name="risk_points"
    )
    premises = models.ForeignKey(
        Premises, models.PROTECT, verbose_name="场所", null=True, blank=True, related_name="risk_points"
    )
    name = models.CharField("风险点", max_length=80)
    kind = models.CharField("风险点类型", max_length=8, choices=Kind.choices)
    place = models.CharField("部位", max_length=120, blank=True)
    outcome = models.CharField("可能后果", max_length=120, blank=True)
    measures = models.CharField("管控措施", max_length=500, blank=True)
    responsible = models.CharField("责任人", max_length=60, blank=True)
    colour = models.CharField("风险等级", max_length=8, choices=RiskColour.choices, blank=True)
    is_active = models.BooleanField("在用", default=True)

    class Meta:
        verbose_name = verbose_name_plural = "风险点"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["enterprise", "name"], name="registry_risk_point_name")
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return row_address("registry:risk_point", self.pk)


class RiskAssessment(models.Model):
    """One danger at a risk point judged once, by the policy named. A new judgement follows, none is rewritten."""

    class Method(models.TextChoices):
        LEC = "LEC", "LEC法"
        MATRIX = "LS", "风险矩阵法"

    point = models.ForeignKey(RiskPoint, models.PROTECT, verbose_name="风险点", related_name="assessments")
    danger = models.CharField("危险源", max_length=120)
    method = models.CharField("评价方法", max_length=4, choices=Method.choices)
    values = models.JSONField("取值", default=dict)
    colour = models.CharField("风险等级", max_length=8, choices=RiskColour.choices)
    explanation = models.JSONField("计算说明", default=dict)
    on = models.DateField("评价日期")
    is_current = models.BooleanField("现行", default=True)
    by = models.ForeignKey(User, models.PROTECT, verbose_name="评价人", related_name="+")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "风险评价"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["point", "danger"],
                condition=Q(is_current=True),
                name="registry_one_current_assessment",
            )
        ]

    def __str__(self) -> str:
        return f"{self.point} {self.danger}"


class Diagnosis(models.Model):
    """What experts found of an enterprise as a whole (安全风险评估诊断, 应急〔2018〕19号): score, grade, when they come again."""

    enterprise = models.ForeignKey(Enterprise, models.PROTECT, verbose_name="企业", related_name="diagnoses")
    on = models.DateField("评估日期")
    score = models.DecimalField("得分", max_digits=5, decimal_places=1)
    direct = models.JSONField("直接判为D级的情形", default=list, blank=True)
    grade = models.CharField("评估分级", max_length=1)
    colour = models.CharField("分级颜色", max_length=8, choices=RiskColour.choices)
    explanation = models.JSONField("计算说明", default=dict)
    institution = models.CharField("评估机构", max_length=120, blank=True)
    experts = models.CharField("专家", max_length=200)
    conclusion = models.CharField("主要问题和建议", max_length=500, blank=True)
    next_on = models.DateField("下次评估期限")
    is_current = models.BooleanField("现行", default=True)
    by = models.ForeignKey(User, models.PROTECT, verbose_name="经办人", related_name="+", db_index=False)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "评估诊断"
        ordering = ["-on", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["enterprise"], condition=Q(is_current=True), name="registry_one_current_diagnosis"
            ),
            models.CheckConstraint(condition=Q(score__gte=0), name="registry_diagnosis_score"),
            models.CheckConstraint(condition=~Q(experts=""), name="registry_diagnosis_has_experts"),
        ]
        indexes = [
            models.Index(
                fields=["next_on", "enterprise"], condition=Q(is_current=True), name="registry_diagnosis_next"
            )
        ]

    def __str__(self) -> str:
        return f"{self.enterprise} {self.on}评估诊断"


class EnterpriseGrading(models.Model):
    """Grade A (best) to D of an enterprise: reckoned, or set by experts against the reckoning, with reason (R043)."""

    enterprise = models.ForeignKey(Enterprise, models.PROTECT, verbose_name="企业", related_name="gradings")
    grade = models.CharField("分级", max_length=1)
    colour = models.CharField("分级颜色", max_length=8, choices=RiskColour.choices)
    reckoned = models.CharField("计算分级", max_length=1)
    score = models.SmallIntegerField("得分")
    explanation = models.JSONField("计算说明", default=dict)
    is_override = models.BooleanField("专家调整", default=False)
    reason = models.CharField("调整理由", max_length=300, blank=True)
    is_current = models.BooleanField("现行", default=True)
    on = models.DateField("分级日期")
    by = models.ForeignKey(User, models.PROTECT, verbose_name="经办人", related_name="+")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "企业分级"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["enterprise"], condition=Q(is_current=True), name="registry_one_current_grading"
            ),
            models.CheckConstraint(
                condition=Q(is_override=False) | ~Q(reason=""), name="registry_override_has_reason"
            ),
        ]
        indexes = [
            models.Index(
                fields=["grade", "enterprise"], condition=Q(is_current=True), name="registry_current_grade"
            )
        ]

    def __str__(self) -> str:
        return f"{self.enterprise} {self.grade}级"
