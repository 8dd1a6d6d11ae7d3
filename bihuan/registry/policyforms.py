"""Forms in which an office writes down its cut-offs: bands from the gravest to the mildest, and what weighs in a grade."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from itertools import pairwise
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms import BaseFormSet, formset_factory
from django.utils import timezone

from bihuan.accounts.models import Region, User
from bihuan.rules.enterprisegrades import ACCIDENTS, GRADES, LEVELS
from bihuan.rules.risk import risk_colours

from .models import RiskColour
from .policies import areas_of, colour_at
from .riskforms import day_field

BANDS = 6
TOP = 25  # the greatest product of the matrix


class PolicyForm(forms.Form):
    """What every policy has: its name, where and from when it holds, and the document it rests on."""

    label = forms.CharField(label="口径名称", max_length=40, help_text="例如“云溪市双重预防评价口径”")
    region = forms.ModelChoiceField(Region.objects.none(), label="适用地区")
    source = forms.CharField(
        label="依据文件", max_length=120, help_text="评价说明里会写明，例如“双重预防机制建设实施细则”"
    )
    doc_no = forms.CharField(label="文号", max_length=60)
    from_on = day_field("起用日期", required=True, help_text="不早于今天；此前的评价仍按当时的口径")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["region"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Region.objects.filter(pk__in=areas_of(user))
        if len(some := list(field.queryset[:2])) == 1:
            field.initial = some[0].pk
        self.fields["from_on"].initial = timezone.localdate()

    def named(self) -> dict[str, Any]:
        """What `policies.set_policy` takes besides method and content."""
        return {name: self.cleaned_data[name] for name in ("region", "label", "source", "doc_no", "from_on")}


class LecForm(PolicyForm):
    inclusive_upper = forms.BooleanField(
        label="等于分界值的归低一档", required=False, help_text="勾选：D=320归较大；不勾：D=320归重大"
    )


class BandForm(forms.Form):
    """One band: from which figure on, what it is called, which colour."""

    least = forms.DecimalField(
        label="分界值", required=False, min_value=0, max_value=10_000, decimal_places=2
    )
    word = forms.CharField(label="叫法", required=False, max_length=12)
    colour = forms.ChoiceField(label="颜色", required=False, choices=[("", "—"), *RiskColour.choices])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        said = [data.get("least") is not None, bool(data.get("word")), bool(data.get("colour"))]
        if any(said) and not all(said) and not self.errors:
            raise ValidationError("分界值、叫法、颜色须一起填写；不用的一行全部留空")
        return data


def band_rows(content: Mapping[str, Any], method: str, data: Any = None) -> BaseFormSet:
    """The rows of the bands, filled with those of `content`."""
    factory = formset_factory(BandForm, extra=0, min_num=BANDS, max_num=BANDS, absolute_max=BANDS)
    if method == "LEC":
        initial = [
            {"least": each["above"], "word": each["word"], "colour": colour_at(content, each["above"])}
            for each in content["words"]
        ]
    else:
        initial = [
            {"least": each["least"], "word": each["word"], "colour": each["colour"]}
            for each in sorted(content["bands"], key=lambda band: -band["least"])
        ]
    made: BaseFormSet = factory(data, initial=initial, prefix="band")
    return made


def bands_from(rows: BaseFormSet) -> list[dict[str, Any]]:
    """The bands that were filled in, the gravest first."""
    said = [row.cleaned_data for row in rows.forms if row.cleaned_data.get("least") is not None]
    return sorted(said, key=lambda band: -band["least"])


def lec_content(rows: BaseFormSet, *, inclusive_upper: bool) -> dict[str, Any]:
    """What `rules.assessments` reads of LEC bands."""
    bands = bands_from(rows)
    return {
        "inclusive_upper": inclusive_upper,
        "words": [{"above": _text(band["least"]), "word": band["word"]} for band in bands],
        "colours": [{"above": _text(band["least"]), "colour": band["colour"]} for band in bands],
    }


def matrix_content(rows: BaseFormSet) -> dict[str, Any]:
    """What `rules.assessments` reads of matrix bands: each reaches up to the one above it."""
    bands = bands_from(rows)
    if not bands:
        return {"bands": []}
    tops = [TOP, *(int(higher["least"]) - 1 for higher, _ in pairwise(bands))]
    return {
        "bands": [
            {"least": int(band["least"]), "most": most, "word": band["word"], "colour": band["colour"]}
            for band, most in zip(bands, tops, strict=True)
        ]
    }


def _text(number: Decimal) -> str:
    return f"{number.normalize():f}"


_POINTS: dict[str, tuple[str, str]] = {
    **{f"risk_{each.key}": ("risk", f"最高风险为{each.label}（{each.colour_label}）扣分") for each in risk_colours()},
    "risk_unassessed": ("risk", "风险尚未评价扣分"),
    **{f"installation_{level}": ("installation", f"有{label}重大危险源扣分") for level, label in LEVELS.items()},
    **{f"accidents_{key}": ("accidents", f"12个月内每起{label}扣分") for key, label in ACCIDENTS.items()},
}  # fmt: skip
_SINGLE = {
    "key_chemicals": "涉及重点监管危险化学品扣分",
    "key_processes": "涉及重点监管危险化工工艺扣分",
    "open_major": "未销号重大隐患每项扣分",
    "open_major_most": "未销号重大隐患最多扣分",
}


class GradeForm(PolicyForm):
    """What weighs in the grade of an enterprise, in points of a hundred, and from which score each grade begins."""

    def __init__(self, *args: Any, content: Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, (part, label) in _POINTS.items():
            self._points(name, label, -content[part][name.removeprefix(f"{part}_")])
        for name, label in _SINGLE.items():
            self._points(name, label, -content[name])
        for level in "123":
            label = f"标准化{LEVELS[int(level)]}达标加分"
            self._points(f"standardization_{level}", label, content["standardization"][level])
        least = {band["grade"]: band["least"] for band in content["bands"]}
        for grade in GRADES[:-1]:
            self._points(f"least_{grade}", f"{grade}级不低于", int(Decimal(least[grade])))
        direct = {each["accident"]: each["least"] for each in content["direct_d"]}
        for key, label in ACCIDENTS.items():
            self._points(f"direct_{key}", f"{label}几起直接定D级", direct.get(key, 0), "0为不直接定级")

    def _points(self, name: str, label: str, initial: int, help_text: str = "") -> None:
        self.fields[name] = forms.IntegerField(
            label=label, min_value=0, max_value=100, initial=initial, help_text=help_text
        )

    @property
    def groups(self) -> list[tuple[str, list[Any]]]:
        """The fields of points under their headings."""
        heads = (
            ("分级", ("least_",)),
            ("风险", ("risk_",)),
            ("两重点一重大", ("installation_", "key_")),
            ("重大隐患和标准化", ("open_", "standardization_")),
            ("事故", ("accidents_",)),
            ("直接定为D级", ("direct_",)),
        )
        return [(head, [self[name] for name in self.fields if name.startswith(some)]) for head, some in heads]

    def content(self, before: Mapping[str, Any]) -> dict[str, Any]:
        """What `rules.enterprisegrades` reads; colours of the grades are those of `before`."""
        data = self.cleaned_data
        colours = {band["grade"]: band["colour"] for band in before["bands"]}
        made: dict[str, Any] = {"start": 100, "risk": {}, "installation": {}, "accidents": {}}
        for name, (part, _) in _POINTS.items():
            made[part][name.removeprefix(f"{part}_")] = -data[name]
        made |= {name: -data[name] for name in _SINGLE}
        made["standardization"] = {level: data[f"standardization_{level}"] for level in "123"}
        made["direct_d"] = [
            {
                "accident": key,
                "least": data[f"direct_{key}"],
                "text": _direct_words(data[f"direct_{key}"], label),
            }
            for key, label in reversed(ACCIDENTS.items())
            if data[f"direct_{key}"]
        ]
        leasts = {grade: str(data[f"least_{grade}"]) for grade in GRADES[:-1]} | {GRADES[-1]: "0"}
        made["bands"] = [{"least": leasts[g], "grade": g, "colour": colours[g]} for g in GRADES]
        return made


def _direct_words(least: int, label: str) -> str:
    return f"12个月内发生{label}" if least == 1 else f"12个月内发生{least}起以上{label}"
