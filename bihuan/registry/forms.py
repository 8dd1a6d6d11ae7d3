"""Forms of the registry page. What may stand in a field is decided in `cleaning`, for tables and forms alike."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.forms import BaseInlineFormSet, inlineformset_factory
from django.forms.utils import ErrorDict
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from bihuan.accounts.models import Organization, Region, User
from bihuan.core.forms import CalendarDayField
from bihuan.core.http import row_number
from bihuan.rules.codes import mask_phone
from bihuan.rules.coordinates import CRS_LABELS, Crs
from bihuan.rules.regions import ancestors, prefix_range

from . import cleaning
from .access import EditScope, edit_scope
from .attributeforms import ASKED_FOR, CHANGED_KIND, AttributeFields, kind_asked_for
from .filling import PREFIX, empty
from .models import Contact, Enterprise, Permit, Premises
from .periods import needs_acceptance
from .responsibilities import UNSETTLED
from .workflow import NEXT, EnterpriseStatus

MAX_PARTS = 50
COUNTY_DIGITS = 6


def _day() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


def localities_of(scope: EditScope) -> Any:
    """Where a person may register: below their areas, and below the regions of their departments."""
    homes = Organization.objects.filter(pk__in=scope.departments).values_list("region_id", flat=True)
    near = Q(pk__in=())
    for code in (*scope.areas, *homes):
        low, high = prefix_range(code)
        near |= Q(pk__gte=low, pk__lt=high)
    return Region.objects.filter(near, kind__in=[Region.Kind.TOWNSHIP, Region.Kind.ZONE])


def counties_of(scope: EditScope) -> Any:
    """The counties a person keeps whole: there an object may be entered before its township is known."""
    near = Q(pk__in=())
    for code in scope.areas:
        if len(code) <= COUNTY_DIGITS:
            low, high = prefix_range(code)
            near |= Q(pk__gte=low, pk__lt=high)
    return Region.objects.filter(near, kind=Region.Kind.COUNTY)


def departments_of(scope: EditScope) -> Any:
    """Departments a person may name: one's own, or all that may answer for one's area."""
    near = Q(pk__in=scope.departments)
    for code in scope.areas:
        low, high = prefix_range(code)
        near |= Q(region_id__gte=low, region_id__lt=high) | Q(region_id__in=ancestors(code))
    return Organization.objects.current(on=timezone.localdate()).filter(
        near, kind=Organization.Kind.DEPARTMENT
    )


class DepartmentField(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return str(obj.short_name)


class LocalityField(forms.ModelChoiceField):
    """Where an object lies; the county alone is for one whose township nobody knows yet (R036)."""

    def label_from_instance(self, obj: Any) -> str:
        return str(obj.name) if obj.is_locality else f"{obj.name}（{UNSETTLED}）"


class CrsField(forms.ChoiceField):
    """In which system the numbers beside it are. What the page shows is the record's own, so it begins with CGCS2000."""

    def __init__(self) -> None:
        super().__init__(
            label="坐标系", choices=[(crs.value, label) for crs, label in CRS_LABELS.items()], required=False,
            initial=Crs.CGCS2000.value, help_text="在高德、腾讯或百度地图上查到的请选明，保存时换算为CGCS2000，只换算一次",
        )  # fmt: skip

    def has_changed(self, initial: Any, data: Any) -> bool:
        """A page that does not ask has changed nothing."""
        return bool(data) and super().has_changed(initial, data)


class EnterpriseForm(AttributeFields, forms.ModelForm):
    """One enterprise with the attributes of its kind. `seen_at` carries the version the person looked at.

    `attributes_of` carries the kind whose attributes the page showed; a page that shows none says nothing of them.
    """

    seen_at = forms.CharField(required=False, widget=forms.HiddenInput)
    attributes_of = forms.CharField(required=False, widget=forms.HiddenInput)
    # Longer than a code, so that one pasted with blanks is still read.
    credit_code = forms.CharField(
        label="统一社会信用代码",
        required=False,
        max_length=40,
        help_text="18位，末位是校验码；没有代码的小场所可留空，以名称和乡镇街道识别",
    )
    source_crs = CrsField()
    release_code = forms.BooleanField(
        label="代码校验人工放行",
        required=False,
        help_text="仅限营业执照确为此码而校验不过的个体户与历史码，须写理由",
    )

    class Meta:
        model = Enterprise
        fields = (
            "name", "credit_code", "code_unchecked_reason", "kind", "department", "locality", "address",
            "longitude", "latitude", "risk", "status", "employees", "remark",
        )  # fmt: skip
        field_classes = {"department": DepartmentField, "locality": LocalityField}
        widgets = {"remark": forms.Textarea(attrs={"rows": 2})}
        help_texts = {
            "name": "按营业执照全称",
            "department": "留空的会在列表中标红，等待指定",
            "longitude": "十进制度数，与纬度一起填写",
        }

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.scope = edit_scope(user)
        self.on = timezone.localdate()
        instance: Enterprise = self.instance
        localities, departments = self.fields["locality"], self.fields["department"]
        assert isinstance(localities, forms.ModelChoiceField)
        assert isinstance(departments, forms.ModelChoiceField)
        # What the record already says stays choosable, even a department abolished since.
        localities.queryset = Region.objects.filter(
            Q(pk__in=localities_of(self.scope).values("pk"))
            | Q(pk__in=counties_of(self.scope).values("pk"))
            | Q(pk=instance.locality_id)
        ).order_by("code")
        departments.queryset = Organization.objects.filter(
            Q(pk__in=departments_of(self.scope).values("pk")) | Q(pk=instance.department_id)
        )
        if instance.pk:
            del self.fields["status"]
            self.initial["release_code"] = instance.code_unchecked
            self.initial["seen_at"] = instance.updated_at.isoformat()
        else:
            # A new record names every field, as None: setdefault would change nothing.
            if self.initial.get("department") is None:
                self.initial["department"] = self.scope.own_department
            if self.initial.get("locality") is None and len(choices := list(localities.queryset[:2])) == 1:
                self.initial["locality"] = choices[0].pk

        kind = kind_asked_for(self.data if self.is_bound else None, instance, self.initial)
        shown = self.data.get(ASKED_FOR) if self.is_bound else kind or ""
        self.kind_changed = shown is not None and shown != (kind or "")
        self.ask_for(kind, instance.attributes if instance.kind_id == kind else {})
        if shown is None:
            self.stop_asking()

    def clean_name(self) -> str:
        return cleaning.clean_name(self.cleaned_data["name"])

    def clean_longitude(self) -> float | None:
        return self.cleaned_data["longitude"]

    def clean_address(self) -> str:
        return cleaning.clean_words(self.cleaned_data["address"], "地址", 200)

    def clean_employees(self) -> int | None:
        number = self.cleaned_data["employees"]
        return None if number is None else cleaning.clean_employees(str(number))

    def clean_seen_at(self) -> dt.datetime | None:
        text = self.cleaned_data["seen_at"]
        try:
            return parse_datetime(text) if text else None
        except ValueError as error:
            raise ValidationError("页面版本无效，请刷新后重试") from error

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if "credit_code" in data:
            self._clean_code(data)
        if self.kind_changed and self.asked:
            # What was filled in belongs to the kind shown before; the new one has not been asked yet.
            self.add_error("kind", CHANGED_KIND)
        try:
            if "longitude" in data and "latitude" in data:
                cleaning.check_place(data["longitude"], data["latitude"])
                _bring_home(data, self.instance)
        except ValidationError as error:
            self.add_error("longitude", error)
        locality, department = data.get("locality"), data.get("department")
        moved = self.instance.pk is None or (
            (self.instance.locality_id, self.instance.department_id)
            != (getattr(locality, "pk", None), getattr(department, "pk", None))
        )
        if locality is not None and "department" in data and moved:
            refusal = self.scope.refusal(locality, department, on=self.on)
            if refusal:
                self.add_error("department" if "部门" in refusal else "locality", refusal)
        return data

    def _clean_code(self, data: dict[str, Any]) -> None:
        reason = data.get("code_unchecked_reason", "") if data.get("release_code") else ""
        if data.get("release_code") and not reason.strip() and data["credit_code"]:
            self.add_error("code_unchecked_reason", "人工放行须填写理由，例如“执照原件如此，2015年前发证”")
            return
        try:
            code, released = cleaning.clean_credit_code(data["credit_code"] or "", reason)
        except ValidationError as error:
            self.add_error("credit_code", error)
            return
        data["credit_code"], data["code_unchecked"] = code, released
        data["code_unchecked_reason"] = reason if released else ""

    def _post_clean(self) -> None:
        """Saving is the action's work: nothing is put into the instance here, and it checks uniqueness itself."""

    def hold_back_errors(self) -> None:
        """Show what was filled in without judging it: only the fields of another kind were asked for."""
        self._errors = ErrorDict()

    def values(self) -> dict[str, Any]:
        """What save_enterprise takes."""
        leave_out = {"seen_at", "release_code", ASKED_FOR}
        said = {
            name: value
            for name, value in self.cleaned_data.items()
            if name not in leave_out and not name.startswith(PREFIX)
        }
        answers = self.answers()
        return said if answers is None else said | {"attributes": answers}


class ContactForm(forms.ModelForm):
    """A contact. The stored phone is never put into the page: an empty field keeps it."""

    phone = forms.CharField(label="电话", required=False, max_length=30)
    drop_phone = forms.BooleanField(label="删除电话", required=False)

    class Meta:
        model = Contact
        fields = ("role", "name")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["phone"].widget.attrs |= {"inputmode": "tel", "autocomplete": "off"}
        if self.instance.pk and self.instance.phone:
            self.fields["phone"].help_text = f"现为{mask_phone(self.instance.phone)}，不改请留空"
        else:
            del self.fields["drop_phone"]

    def clean_name(self) -> str:
        return cleaning.clean_person(self.cleaned_data["name"], "姓名")

    def clean_phone(self) -> str:
        return cleaning.clean_phone(self.cleaned_data["phone"])

    def save(self, commit: bool = True) -> Any:
        if self.cleaned_data.get("drop_phone"):
            self.instance.phone = ""
        elif self.cleaned_data["phone"]:
            self.instance.phone = self.cleaned_data["phone"]
        return super().save(commit)


class PermitForm(forms.ModelForm):
    class Meta:
        model = Permit
        fields = ("kind", "number", "issuer", "issuing_level", "valid_from", "valid_to", "applied_on")
        widgets = {
            name: forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
            for name in ("valid_from", "valid_to", "applied_on")
        }
        help_texts = {"applied_on": "已向发证机关申请续期的，填申请日期；换发后另加一行录入新证"}

    def clean_valid_from(self) -> dt.date | None:
        day = self.cleaned_data["valid_from"]
        return cleaning.check_date(day, "有效期起") if day else None

    def clean_valid_to(self) -> dt.date | None:
        day = self.cleaned_data["valid_to"]
        return cleaning.check_date(day, "有效期止") if day else None

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        try:
            cleaning.check_validity(data.get("valid_from"), data.get("valid_to"))
        except ValidationError as error:
            self.add_error("valid_to", error)
        return data


class PremisesForm(forms.ModelForm):
    source_crs = CrsField()

    class Meta:
        model = Premises
        fields = ("name", "kind", "locality", "address", "longitude", "latitude", "is_active")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        try:
            cleaning.check_place(data.get("longitude"), data.get("latitude"))
            _bring_home(data, self.instance)
            self.instance.source_crs = data["source_crs"]
        except ValidationError as error:
            self.add_error("longitude", error)
        return data

    def save(self, commit: bool = True) -> Any:
        if self.instance.pk and "kind" in self.changed_data:
            empty(self.instance)  # another kind is asked for other things
        return super().save(commit)


def _bring_home(data: dict[str, Any], record: Enterprise | Premises) -> None:
    """Let the place of a form be in CGCS2000, as the record keeps it. Raises ValidationError."""
    before = (record.longitude, record.latitude, record.source_crs)
    data["longitude"], data["latitude"], data["source_crs"] = cleaning.place_given(
        data.get("longitude"), data.get("latitude"), data.get("source_crs", ""), before
    )


class PartFormSet(BaseInlineFormSet):
    """Inline forms whose doubled entries are named in Chinese."""

    def get_unique_error_message(self, unique_check: Any) -> str:
        return "与本页另一行重复，请删去一行"

    def get_form_error(self) -> str:
        return "与本页另一行重复，请删去或改正"


def part_formsets(
    enterprise: Enterprise, data: Any = None, *, more: str = ""
) -> dict[str, BaseInlineFormSet]:
    """Contacts, permits, premises of an enterprise as formsets; `more` names the one that gets another empty row."""
    made: dict[str, BaseInlineFormSet] = {}
    kinds: list[tuple[str, Any, Any, bool]] = [
        ("contacts", Contact, ContactForm, True),
        ("permits", Permit, PermitForm, True),
        # Inspections and hazards point at premises: they go out of use, never away.
        ("premises", Premises, PremisesForm, False),
    ]
    for prefix, model, form, can_delete in kinds:
        factory = inlineformset_factory(
            Enterprise, model, form=form, formset=PartFormSet, extra=1, can_delete=can_delete, can_delete_extra=False,
            max_num=MAX_PARTS, validate_max=True, absolute_max=MAX_PARTS + 5,
        )  # fmt: skip
        sent = data
        if data is not None and more == prefix:
            sent = data.copy()
            total = row_number(sent.get(f"{prefix}-TOTAL_FORMS", "0"))
            sent[f"{prefix}-TOTAL_FORMS"] = str(total + 1)
        made[prefix] = factory(sent, instance=enterprise, prefix=prefix)
    return made


class StatusForm(forms.Form):
    """A change of status with its reason; only what the table allows. Beginning again has a form of its own."""

    status = forms.ChoiceField(label="改为")
    on = CalendarDayField(label="自哪天起", required=False, widget=_day(), help_text="不填为今天")
    expected_until = CalendarDayField(label="预计复产日期", required=False, widget=_day())
    moved_to = forms.CharField(
        label="迁往何处", required=False, max_length=200, help_text="搬迁的填写；以后按月回去看的是原址"
    )
    document = forms.CharField(label="依据文件", required=False, max_length=120)
    reason = forms.CharField(label="理由", max_length=300, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, enterprise: Enterprise, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        allowed = set(NEXT[enterprise.status])
        if needs_acceptance(enterprise.status):
            allowed.discard(EnterpriseStatus.OPERATING)
        field = self.fields["status"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(key, label) for key, label in EnterpriseStatus.choices if key in allowed]


class RevealForm(forms.Form):
    """Why a person wants to see a number in full."""

    reason = forms.CharField(
        label="查看理由", max_length=300, help_text="例如“通知复查时间”，将与姓名、时间一并留痕"
    )


class AssignForm(forms.Form):
    """Which department picked enterprises get; empty means each kind's usual one."""

    department = DepartmentField(
        Organization.objects.none(), label="主管部门", required=False, empty_label="按类型的通常主管部门"
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["department"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = departments_of(edit_scope(user))


class SheetForm(forms.Form):
    """The table somebody brings."""

    sheet = forms.FileField(label="企业名单")


class MappingForm(forms.Form):
    """Which column of the sheet fills which field."""

    def __init__(self, *args: Any, headers: list[str], specs: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", "（不导入）"), *((header, header) for header in headers)]
        for spec in specs:
            self.fields[spec.name] = forms.ChoiceField(
                label=spec.label,
                choices=choices,
                required=False,
                help_text="必须对应" if spec.required else "",
            )
