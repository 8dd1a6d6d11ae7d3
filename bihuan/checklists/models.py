"""The checklist library in the database: books, their versions, sections and items (R052-R058).

A version is written as a draft, published once and never changed afterwards; the next one takes its place. What a row
says and what `structure` means by it are joined in `storage`.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.db import models
from django.db.models import Exists, OuterRef, Q, Subquery

from bihuan.accounts.models import Organization, Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.roles import ROLES
from bihuan.checklists import structure
from bihuan.core.addresses import row_address
from bihuan.rules.regions import ancestors


def seats(user: User, permission: str) -> list[Organization]:
    """The organizations in whose name `user` has `permission`."""
    if not user.is_active:
        return []
    return [post.organization for post in user.posts if permission in ROLES[post.role].permissions]


class BookQuerySet(models.QuerySet["Book"]):
    def visible_to(self, user: User) -> BookQuerySet:
        """Shipped books, and those of one's own region, of the regions above it and of those below it."""
        places = {body.region_id for body in seats(user, Permission.VIEW_CHECKLISTS)}
        if not places:
            return self.none()
        query = Q(owner=None)
        for code in places:
            query |= Q(region__in=[code, *ancestors(code)]) | Q(region__code__startswith=code)
        return self.filter(query)

    def in_force_at(self, region: str) -> BookQuerySet:
        """Books an inspection in `region` may walk: shipped ones, and those of the region and of the ones above it.

        A shipped book gives way where an office's own copy of it is in use.
        """
        places = [region, *ancestors(region)]
        used = BookVersion.objects.filter(status=BookVersion.Status.PUBLISHED, book=OuterRef("pk"))
        copies = Book.objects.filter(Exists(used), origin__book=OuterRef("pk"), region__in=places)
        return self.filter(Q(owner=None) & ~Exists(copies) | Q(region__in=places))


class Book(models.Model):
    """A checklist of the library (检查表), over all its versions; without an owner it is a shipped one."""

    class Sector(models.TextChoices):
        GAS = "gas", "城镇燃气"
        CHEMICALS = "chemicals", "危险化学品"
        FIRE = "fire", "消防"
        CONSTRUCTION = "construction", "建筑施工"
        SMALL_PLACES = "small_places", "小场所"
        INDUSTRY = "industry", "工贸"
        TRANSPORT = "transport", "交通运输"
        EQUIPMENT = "equipment", "特种设备"
        OTHER = "other", "其他领域"

    key = models.SlugField("标识", max_length=40, help_text="表单的 form_id，各版本不变")
    title = models.CharField("名称", max_length=100)
    sector = models.CharField("领域", max_length=16, choices=Sector.choices, default=Sector.OTHER)
    owner = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="编制单位", null=True, blank=True, related_name="books"
    )
    region = models.ForeignKey(
        Region, models.PROTECT, verbose_name="适用区划", null=True, blank=True, related_name="+"
    )
    origin = models.ForeignKey(
        "BookVersion", models.PROTECT, verbose_name="复制自", null=True, blank=True, related_name="copies"
    )

    objects = BookQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "检查表库"
        ordering = ["sector", "title", "id"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "key"], name="checklists_book_key"),
            models.UniqueConstraint(
                fields=["key"], condition=Q(owner=None), name="checklists_shipped_book_key"
            ),
            models.CheckConstraint(
                condition=Q(owner=None, region=None) | Q(owner__isnull=False, region__isnull=False),
                name="checklists_book_owner_with_region",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return row_address("checklists:book", self.pk)


class BookVersionQuerySet(models.QuerySet["BookVersion"]):
    def visible_to(self, user: User) -> BookVersionQuerySet:
        """Versions of visible books; a draft is seen by the organization that writes it."""
        own = [body.pk for body in seats(user, Permission.MANAGE_CHECKLISTS)]
        return self.filter(book__in=Book.objects.visible_to(user)).filter(
            ~Q(status=BookVersion.Status.DRAFT) | Q(book__owner__in=own)
        )

    def in_force(self, on: date) -> BookVersionQuerySet:
        """Of every book the version in force on a day: the latest published one that has taken effect."""
        latest = (
            BookVersion.objects.filter(
                book=OuterRef("book"), status=BookVersion.Status.PUBLISHED, effective_from__lte=on
            )
            .order_by("-effective_from", "-number")
            .values("pk")[:1]
        )
        return self.filter(pk=Subquery(latest))


class BookVersion(models.Model):
    """One version of a book of the library: written as a draft, published once, never changed afterwards."""

    class Status(models.TextChoices):
        DRAFT = "draft", "草稿"
        PUBLISHED = "published", "已发布"
        WITHDRAWN = "withdrawn", "已撤回"

    book = models.ForeignKey(Book, models.PROTECT, verbose_name="检查表", related_name="versions")
    number = models.PositiveSmallIntegerField("版本")
    title = models.CharField("标题", max_length=100)
    note = models.CharField("说明", max_length=500, blank=True)
    status = models.CharField("状态", max_length=10, choices=Status.choices, default=Status.DRAFT)
    edits = models.PositiveIntegerField("改动次数", default=0, help_text="两个人同时改时，后一个被挡下")
    effective_from = models.DateField("施行日期", null=True, blank=True)
    created_by = models.ForeignKey(User, models.PROTECT, verbose_name="编制人", related_name="+")
    created_at = models.DateTimeField("编制时间")
    published_by = models.ForeignKey(User, models.PROTECT, verbose_name="发布人", null=True, related_name="+")
    published_at = models.DateTimeField("发布时间", null=True)
    withdrawn_by = models.ForeignKey(User, models.PROTECT, verbose_name="撤回人", null=True, related_name="+")
    withdrawn_at = models.DateTimeField("撤回时间", null=True)
    withdrawal_reason = models.CharField("撤回理由", max_length=300, blank=True)

    objects = BookVersionQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "检查表版本"
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["book", "number"], name="checklists_version_number"),
            models.UniqueConstraint(
                fields=["book"], condition=Q(status="draft"), name="checklists_one_draft"
            ),
            models.CheckConstraint(
                condition=Q(status="draft", published_at=None, effective_from=None)
                | ~Q(status="draft") & Q(published_at__isnull=False, effective_from__isnull=False),
                name="checklists_published_iff_dated",
            ),
            models.CheckConstraint(
                condition=Q(status="withdrawn", withdrawn_at__isnull=False) & ~Q(withdrawal_reason="")
                | ~Q(status="withdrawn") & Q(withdrawn_at=None, withdrawal_reason=""),
                name="checklists_withdrawn_iff_stamped",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} 第 {self.number} 版"

    def get_absolute_url(self) -> str:
        return row_address("checklists:version", self.pk)

    @property
    def is_draft(self) -> bool:
        return self.status == self.Status.DRAFT

    def signed_content(self) -> dict[str, object]:
        """Everything the version says, and who put it in force; a withdrawal is an event of its own."""
        return {
            "book": self.book_id,
            "number": self.number,
            "effective_from": self.effective_from,
            "published_by": self.published_by_id,
            "published_at": self.published_at,
            "title": self.title,
            "note": self.note,
            "sections": [
                [section.code, section.title, section.link, [item.content() for item in section.items.all()]]
                for section in self.sections.prefetch_related("items")
            ],
        }


class BookSection(models.Model):
    """A part of a version: one link of the chain (R053) under one heading."""

    version = models.ForeignKey(
        BookVersion, models.CASCADE, verbose_name="检查表版本", related_name="sections"
    )
    code = models.CharField("节号", max_length=20)
    title = models.CharField("标题", max_length=100)
    link = models.CharField("环节", max_length=20, choices=list(structure.LINKS.items()))
    position = models.PositiveSmallIntegerField("次序")

    class Meta:
        verbose_name = verbose_name_plural = "检查表的节"
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["version", "code"], name="checklists_section_code"),
        ]

    def __str__(self) -> str:
        return self.title


class BookItem(models.Model):
    """One thing that must be so, as `structure.Item`; numbers of a measure are kept as text, exactly as written."""

    section = models.ForeignKey(BookSection, models.CASCADE, verbose_name="检查表的节", related_name="items")
    position = models.PositiveSmallIntegerField("次序")
    code = models.CharField("编号", max_length=24)
    text = models.CharField("检查内容", max_length=200)
    criterion = models.CharField("判定标准", max_length=300, blank=True)
    measure = models.JSONField(
        "数值标准", null=True, blank=True, help_text="{label, comparator, number, unit, upper}，数写成文字"
    )
    method = models.JSONField("检查方法", default=list)
    basis = models.JSONField("依据", default=list, help_text="[{title, doc_no, article}]")
    source = models.CharField("来源", max_length=10, default="导入")
    verified = models.BooleanField("已核对原文", default=False)
    dispositions = models.JSONField("处置阶梯", default=list, help_text="[{word, condition}]")
    severity = models.CharField(
        "严重程度", max_length=10, choices=list(structure.SEVERITIES.items()), default="ordinary"
    )
    criterion_code = models.CharField(
        "判定条款", max_length=20, blank=True, help_text="不合格即按此条判定为重大隐患"
    )
    kinds = models.JSONField("适用对象类型", default=list, help_text="空为各类对象")
    guidance = models.CharField("整改指引", max_length=500, blank=True)
    proof = models.CharField("整改证明", max_length=300, blank=True)
    photo = models.CharField(
        "拍照要求", max_length=8, choices=list(structure.PHOTO_RULES.items()), default="failed"
    )

    when = models.CharField(
        "适用条件", max_length=200, blank=True, default="", db_default="", help_text="如 cylinder_stock > 100"
    )
    authority = models.CharField(
        "处置机关", max_length=40, blank=True, default="", db_default="", help_text="依法执行处置阶梯的机关"
    )

    class Meta:
        verbose_name = verbose_name_plural = "检查表库的检查项"
        ordering = ["section__position", "position"]
        constraints = [
            models.UniqueConstraint(fields=["section", "code"], name="checklists_item_code"),
        ]

    def __str__(self) -> str:
        return self.text

    def content(self) -> list[object]:
        """What the row says, as it is signed; an authority only where one is named, as earlier rows were signed."""
        said = [
            self.code, self.text, self.criterion, self.measure, self.method, self.basis, self.source, self.verified,
            self.dispositions, self.severity, self.criterion_code, self.kinds, self.guidance, self.proof, self.photo,
            self.when,
        ]  # fmt: skip
        return [*said, self.authority] if self.authority else said


def measure_of(stored: dict[str, str] | None) -> structure.Measure | None:
    """The numeric demand a row keeps as text, or None."""
    if not stored:
        return None
    upper = stored.get("upper", "")
    return structure.Measure(
        stored["label"], stored["comparator"], Decimal(stored["number"]), stored["unit"],
        Decimal(upper) if upper else None,
    )  # fmt: skip
