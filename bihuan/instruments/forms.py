"""What people fill in about supervision papers and triggers."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils import timezone

from bihuan.accounts.models import Organization, Region
from bihuan.core.forms import RowsField, day_field, moment_field, words_field

from .models import InstrumentRecipient
from .sources import Source, sources
from .types import InstrumentType, kinds_of, labels, type_for
from .workflow import Audience, Level, Method, Period

POINT_ROWS = 6
PROMISE_ROWS = 6
OFFICIALS = (Organization.Kind.OFFICE, Organization.Kind.DEPARTMENT, Organization.Kind.LOCALITY)


def bodies_near(organization: Organization, kinds: tuple[str, ...]) -> Any:
    """Bodies of the issuing body's area a kind of paper may be sent to; enterprises are named, there are too many."""
    wanted = [kind for kind in kinds if kind in OFFICIALS]
    return (
        Organization.objects.current(on=timezone.localdate())
        .filter(kind__in=wanted, region__code__startswith=organization.region_id)
        .exclude(pk=organization.pk)
        .order_by("kind", "region_id", "id")
    )


class DraftForm(forms.Form):
    """A draft by hand; its points are rows of their own."""

    title = forms.CharField(label="标题", max_length=120)
    bodies = RowsField(
        label="收件单位",
        queryset=Organization.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    enterprises = words_field(
        "收件企业", 3000, required=False, rows=2, help_text="企业全称，每行一家；须已有企业账号"
    )
    basis = forms.CharField(label="依据", max_length=280, required=False, help_text="例：云安〔2026〕8号")
    situation = words_field("情况", 4000, required=False, rows=5)
    demand = words_field(
        "要求", 2000, rows=3, help_text="{reply_due} 印发时换成回复期限，{receipt_due} 换成签收期限"
    )
    meet_at = moment_field("约谈（到会）时间", required=False)
    meet_place = forms.CharField(label="约谈（到会）地点", max_length=120, required=False)

    def __init__(
        self, data: Any = None, *, kind: InstrumentType, organization: Organization, **kwargs: Any
    ) -> None:
        super().__init__(data, **kwargs)
        self.organization, self.kind = organization, kind
        self.fields["bodies"].queryset = bodies_near(organization, kind.recipients)  # type: ignore[attr-defined]
        if Organization.Kind.ENTERPRISE not in kind.recipients:
            del self.fields["enterprises"]
        if not kind.is_meeting:
            del self.fields["meet_at"], self.fields["meet_place"]

    def clean_enterprises(self) -> list[Organization]:
        """The named enterprises; each line that names none is told."""
        names = [line.strip() for line in self.cleaned_data["enterprises"].splitlines() if line.strip()]
        known = {
            each.name: each
            for each in Organization.objects.current(on=timezone.localdate()).filter(
                kind=Organization.Kind.ENTERPRISE, region__code__startswith=self.organization.region_id,
                name__in=set(names),
            )
        }  # fmt: skip
        wrong = [f"第 {number} 行“{name}”" for number, name in enumerate(names, start=1) if name not in known]
        if wrong:
            raise forms.ValidationError(f"{'、'.join(wrong)}在本辖区没有企业账号，请核对全称")
        return [known[name] for name in dict.fromkeys(names)]

    @property
    def recipients(self) -> list[Organization]:
        """Everybody the draft goes to."""
        return [*self.cleaned_data["bodies"], *self.cleaned_data.get("enterprises", [])]


class PointForm(forms.Form):
    """One thing asked, of one level or one body (R065)."""

    text = forms.CharField(label="问题", max_length=500, required=False)
    level = forms.ChoiceField(label="层级", choices=[("", "不分层级"), *Level.choices], required=False)
    organization = forms.ModelChoiceField(
        label="责任单位", queryset=Organization.objects.none(), required=False, empty_label="全部收件单位"
    )
    demand = forms.CharField(label="要做什么", max_length=300, required=False)
    due_on = day_field("期限", required=False)

    def __init__(self, *args: Any, bodies: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organization"].queryset = bodies  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        filled_in = given.get("demand") or given.get("due_on") or given.get("organization")
        if filled_in and not given.get("text") and not self.errors:
            raise forms.ValidationError("这一行写了要求，还没有写问题")
        return given


class ReasonForm(forms.Form):
    reason = words_field("理由", 500)


class NoteForm(forms.Form):
    note = words_field("意见", 500, required=False, rows=2)


class ReplyForm(forms.Form):
    text = words_field("办理情况", 4000, rows=5, help_text="做了什么、办到什么程度、还差什么、什么时候办完")


class ServiceForm(forms.Form):
    method = forms.ChoiceField(
        label="送达方式", choices=[each for each in Method.choices if each[0] != Method.ONLINE]
    )
    receiver_name = forms.CharField(label="签收人（拒收人）", max_length=60)
    note = words_field("说明", 200, required=False, rows=2, help_text="拒收的写明理由和见证人")


class ExtendForm(forms.Form):
    due_on = day_field("新的回复期限")
    reason = words_field("理由", 300, rows=2)


class TalkForm(forms.Form):
    """A talk as it was held; promises are rows of their own."""

    held_at = moment_field("约谈时间")
    place = forms.CharField(label="地点", max_length=120)
    chair = forms.CharField(label="主持人", max_length=60)
    attendees = words_field("参加人员", 1000, rows=2)
    words = words_field("约谈内容", 8000, rows=6)
    present = RowsField(
        label="到场单位", queryset=InstrumentRecipient.objects.none(), widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, data: Any = None, *, owed: Any, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.fields["present"].queryset = owed  # type: ignore[attr-defined]
        self.fields["present"].label_from_instance = lambda row: row.organization.name  # type: ignore[attr-defined]


class PromiseForm(forms.Form):
    """One promise of the talk."""

    recipient = forms.ModelChoiceField(
        label="承诺单位", queryset=InstrumentRecipient.objects.none(), required=False, empty_label="请选择"
    )
    text = forms.CharField(label="承诺事项", max_length=500, required=False)
    due_on = day_field("完成期限", required=False)

    def __init__(self, *args: Any, owed: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["recipient"].queryset = owed  # type: ignore[attr-defined]
        self.fields["recipient"].label_from_instance = lambda row: row.organization.name  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        parts = [given.get("recipient"), given.get("text"), given.get("due_on")]
        if any(parts) and not all(parts) and not self.errors:
            raise forms.ValidationError("承诺单位、承诺事项、完成期限要一起填")
        return given


class EditionForm(forms.Form):
    """A body's own edition of a kind of paper."""

    opening = words_field("开头", 1000)
    demand = words_field("要求", 1000)
    consequence = words_field("逾期后果", 500, required=False, rows=2)
    reply_days = forms.IntegerField(
        label="回复期限（自然日）", min_value=1, max_value=365, required=False, help_text="不填用出厂期限"
    )
    escalates_to = forms.ChoiceField(label="逾期升级为", required=False)
    escalate_after = forms.IntegerField(label="逾期几天后升级", min_value=0, max_value=365)
    document = forms.CharField(label="依据文件", max_length=200)
    effective_from = day_field("执行自")
    effective_to = day_field("执行至", required=False)

    def __init__(self, data: Any = None, *, kind: InstrumentType, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        others = [(key, label) for key, label in labels().items() if key != kind.key]
        self.fields["escalates_to"].choices = [("", "不升级"), *others]  # type: ignore[attr-defined]
        if not kind.asks_reply:
            del self.fields["reply_days"]


class TriggerForm(forms.Form):
    """A version of a trigger; the settings of its condition are fields of their own."""

    name = forms.CharField(label="名称", max_length=80)
    region = forms.ModelChoiceField(label="范围", queryset=Region.objects.none(), empty_label=None)
    period = forms.ChoiceField(label="周期", choices=Period.choices)
    audience = forms.ChoiceField(label="发给", choices=Audience.choices)
    kind = forms.ChoiceField(label="文种")
    demand = words_field("要求", 300, required=False, rows=2)
    document = forms.CharField(label="依据", max_length=200)
    effective_from = day_field("执行自")
    effective_to = day_field("执行至", required=False)

    def __init__(
        self, data: Any = None, *, source: Source, organization: Organization, named: bool, **kwargs: Any
    ) -> None:
        super().__init__(data, **kwargs)
        self.fields["region"].queryset = Region.objects.filter(  # type: ignore[attr-defined]
            code__startswith=organization.region_id
        ).order_by("code")
        self.fields["kind"].choices = [(each.key, each.label) for each in kinds_of(organization)]  # type: ignore[attr-defined]
        if not named:
            del self.fields["name"]
        self.settings = []
        for each in source.parameters:
            name = f"p_{each.key}"
            if each.choices:
                field: forms.Field = forms.ChoiceField(label=each.label, choices=each.choices, required=False)
            else:
                field = forms.IntegerField(label=each.label, min_value=each.minimum, max_value=each.maximum)
            field.initial = each.default
            self.fields[name] = field
            self.settings.append(name)
        self.order_fields(["name", *self.settings])

    def parameters(self) -> dict[str, Any]:
        """The settings of the condition as filled in."""
        return {name.removeprefix("p_"): self.cleaned_data[name] for name in self.settings}


class SourceForm(forms.Form):
    source = forms.ChoiceField(label="条件")

    def __init__(self, data: Any = None) -> None:
        super().__init__(data)
        self.fields["source"].choices = [(each.key, each.label) for each in sources()]  # type: ignore[attr-defined]


class TrialForm(forms.Form):
    months = forms.IntegerField(label="用过去几个月的数据", min_value=1, max_value=36, initial=6)


def tomorrow_morning() -> dt.datetime:
    """Half past nine on the next day, where a talk is proposed."""
    day = timezone.localdate() + dt.timedelta(days=3)
    return timezone.make_aware(dt.datetime.combine(day, dt.time(9, 30)))


__all__ = [
    "POINT_ROWS", "PROMISE_ROWS", "DraftForm", "EditionForm", "ExtendForm", "NoteForm", "PointForm", "PromiseForm",
    "ReasonForm", "ReplyForm", "ServiceForm", "SourceForm", "TalkForm", "TrialForm", "TriggerForm", "tomorrow_morning",
    "type_for",
]  # fmt: skip
