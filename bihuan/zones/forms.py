"""Forms of the zone pages. What a boundary may be is decided in `geometry`, for drawings and files alike."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone

from bihuan.accounts.models import Region, User
from bihuan.rules.coordinates import CRS_LABELS, Crs

from .access import may_change, regions_to_draw_for
from .actions import Drawn
from .files import FORMATS, MAX_BYTES, Found, read_areas
from .geometry import BadGeometry, from_text, is_same, to_text
from .models import Zone, ZoneKind, ZoneVersion

CRS_CHOICES = [(crs.value, label) for crs, label in CRS_LABELS.items()]
FILES = ".geojson,.json,.kml,.kmz,.zip"
EARLIEST, LATEST = dt.date(1990, 1, 1), dt.date(2100, 12, 31)


def day_field(label: str, help_text: str = "") -> forms.DateField:
    return forms.DateField(
        label=label, help_text=help_text, initial=timezone.localdate,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )  # fmt: skip


def source_words(name: str, system: str) -> str:
    """The file a boundary came from, with the projection it was in; short enough for the record."""
    return f"{name[-60:]}，{system}" if system else name[-120:]


def check_day(day: dt.date, label: str) -> dt.date:
    if not EARLIEST <= day <= LATEST:
        raise ValidationError(f"{label}{day:%Y-%m-%d}的年份不合理，请核对")
    return day


class BoundaryForm(forms.Form):
    """Where a zone runs from a day on: vertices as text (the map and the table write them), or a file to read them from."""

    vertices = forms.CharField(
        label="顶点", required=False, strip=False,
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false", "data-part": "vertices"}),
        help_text="一行一个顶点：经度, 纬度；分成几块时空一行；单独一行“挖去”之后写要除去的部分",
    )  # fmt: skip
    crs = forms.ChoiceField(
        label="顶点或文件的坐标系", choices=CRS_CHOICES, initial=Crs.CGCS2000.value,
        help_text="保存时换算为CGCS2000，只换算这一次；在图上画的就是CGCS2000",
    )  # fmt: skip
    file = forms.FileField(
        label="从文件读入",
        required=False,
        help_text=FORMATS,
        widget=forms.ClearableFileInput(attrs={"accept": FILES}),
    )
    valid_from = day_field("生效日期")
    document = forms.CharField(
        label="依据文件", required=False, max_length=120, help_text="标题和文号，如“关于划定禁燃区的通告”"
    )
    boundary_words = forms.CharField(
        label="四至文字", required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 3}),
        help_text="照抄文件原话：东起…，南至…，西至…，北至…",
    )  # fmt: skip

    def clean_valid_from(self) -> dt.date:
        return check_day(self.cleaned_data["valid_from"], "生效日期")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        crs = Crs(data["crs"]) if data.get("crs") else None
        if crs is None:
            return data
        try:
            file = data.get("file")
            if file is not None:
                areas = read_areas(file.read(MAX_BYTES + 1), crs)
                if len(areas) > 1:
                    names = "、".join(area.name for area in areas[:6])
                    self.add_error(
                        "file", f"文件里有{len(areas)}个区域（{names}…），请用“批量导入”，或只导出其中一个"
                    )
                    return data
                data["geometry"], data["system"] = areas[0].geometry, areas[0].system
            else:
                data["geometry"] = from_text(data.get("vertices") or "", crs)
        except BadGeometry as error:
            self.add_error("file" if data.get("file") else "vertices", str(error))
        return data

    def drawn(self) -> Drawn:
        """What the actions take."""
        data = self.cleaned_data
        file = data.get("file")
        return Drawn(
            data["geometry"], data["valid_from"], data["boundary_words"], data["document"],
            data.get("reason", ""), ZoneVersion.Source.FILE if file else ZoneVersion.Source.DRAWN,
            source_words(file.name, data.get("system", "")) if file else "", data["crs"],
        )  # fmt: skip


class ZoneForm(BoundaryForm):
    """A new zone."""

    kind = forms.ModelChoiceField(ZoneKind.objects.all(), label="类型", empty_label=None)
    name = forms.CharField(label="名称", max_length=80)
    region = forms.ModelChoiceField(Region.objects.none(), label="所属辖区", help_text="由哪一级划定")
    field_order = (
        "kind",
        "name",
        "region",
        "valid_from",
        "document",
        "boundary_words",
        "vertices",
        "crs",
        "file",
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["region"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = regions_to_draw_for(user)
        first = field.queryset.first()
        if first is not None:
            self.initial.setdefault("region", first.pk)

    def clean_name(self) -> str:
        name = " ".join(self.cleaned_data["name"].split())
        if len(name) < 2:
            raise ValidationError("名称至少两个字，如“中心城区禁燃区”")
        return name


class RevisionForm(BoundaryForm):
    """A zone drawn anew."""

    reason = forms.CharField(label="调整理由", max_length=300, widget=forms.Textarea(attrs={"rows": 2}))
    seen = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=32000)
    field_order = (
        "reason", "valid_from", "document", "boundary_words", "vertices", "crs", "file", "seen",
    )  # fmt: skip

    @classmethod
    def of(cls, version: ZoneVersion) -> RevisionForm:
        """The form filled with how the zone runs now."""
        tomorrow = max(timezone.localdate(), version.valid_from + dt.timedelta(days=1))
        initial = {
            "vertices": to_text(version.geometry), "boundary_words": version.boundary_words, "seen": version.number,
            "valid_from": tomorrow, "crs": Crs.CGCS2000.value,
        }  # fmt: skip
        return cls(initial=initial)


class EndForm(forms.Form):
    """The last day of a zone, and why."""

    on = day_field("最后一天")
    reason = forms.CharField(label="终止理由", max_length=300, widget=forms.Textarea(attrs={"rows": 2}))

    def clean_on(self) -> dt.date:
        return check_day(self.cleaned_data["on"], "最后一天")


@dataclass(frozen=True)
class Brought:
    """What a file means for the record: zones to draw, zones to draw anew, zones it repeats."""

    new: list[Found]
    changed: list[tuple[Zone, Found]]
    same: list[Zone]


class ZoneImportForm(forms.Form):
    """A file whose areas become zones of one kind; areas that are known by name may be drawn anew by it."""

    class Known(models.TextChoices):
        REFUSE = "refuse", "不导入，列出是哪些"
        REVISE = "revise", "作为新一版，自生效日期起接替"

    kind = forms.ModelChoiceField(ZoneKind.objects.all(), label="类型", empty_label=None)
    region = forms.ModelChoiceField(Region.objects.none(), label="所属辖区")
    crs = forms.ChoiceField(label="文件的坐标系", choices=CRS_CHOICES, initial=Crs.CGCS2000.value)
    valid_from = day_field("生效日期")
    document = forms.CharField(label="依据文件", required=False, max_length=120)
    known = forms.ChoiceField(
        label="已有同名区域而范围不同的", choices=Known.choices, required=False, initial=Known.REFUSE,
        help_text="同名而范围也相同的，一律算没有变化",
    )  # fmt: skip
    reason = forms.CharField(label="调整理由", required=False, max_length=300, help_text="作为新一版的须填写")
    file = forms.FileField(label="区域文件")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        field = self.fields["region"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = regions_to_draw_for(user)
        first = field.queryset.first()
        if first is not None:
            self.initial.setdefault("region", first.pk)

    def clean_valid_from(self) -> dt.date:
        return check_day(self.cleaned_data["valid_from"], "生效日期")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("file") and data.get("crs"):
            try:
                areas = read_areas(data["file"].read(MAX_BYTES + 1), Crs(data["crs"]))
            except BadGeometry as error:
                self.add_error("file", str(error))
            else:
                if data.get("kind") and data.get("region"):
                    self._sort(data, areas)
        return data

    def _sort(self, data: dict[str, Any], areas: list[Found]) -> None:
        """Tell new areas from known ones, and the known ones that run otherwise from those that do not."""
        names = [area.name for area in areas]
        doubled = sorted({name for name in names if names.count(name) > 1})
        if doubled:
            self.add_error("file", f"文件里有重名的区域：{'、'.join(doubled[:6])}，请改名后重新导出")
            return
        zones = Zone.objects.filter(kind=data["kind"], region=data["region"], name__in=names)
        known = {zone.name: zone for zone in zones}
        last = {
            version.zone_id: version
            for version in ZoneVersion.objects.filter(zone__in=known.values()).order_by("number")
        }
        brought = Brought([], [], [])
        for area in areas:
            zone = known.get(area.name)
            if zone is None:
                brought.new.append(area)
                continue
            before = last.get(zone.pk)
            if before is not None and before.valid_to is None and is_same(before.geometry, area.geometry):
                brought.same.append(zone)
            else:
                brought.changed.append((zone, area))
        if brought.changed:
            self._check_changed(data, [zone for zone, _ in brought.changed])
        data["brought"] = brought

    def _check_changed(self, data: dict[str, Any], zones: list[Zone]) -> None:
        held = "、".join(zone.name for zone in zones[:6])
        if data.get("known") != self.Known.REVISE:
            self.add_error(
                "file",
                f"已有同名区域，范围与文件不同：{held}；要以文件为准的，请选“作为新一版”，否则请改名后再导入",
            )
        elif foreign := [zone.name for zone in zones if not may_change(self.user, zone)]:
            self.add_error("file", f"同名区域由别的单位划定，您不能调整：{'、'.join(foreign[:6])}")
        elif not data.get("reason", "").strip():
            self.add_error("reason", f"将调整{held}，请填写调整理由")

    @property
    def brought(self) -> Brought:
        found: Brought = self.cleaned_data["brought"]
        return found
