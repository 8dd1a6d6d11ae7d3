"""The enterprises that rows of a table are about, when what is entered belongs to one: equipment, chemicals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError

from bihuan.accounts.models import User
from bihuan.core.sheets import FieldSpec
from bihuan.rules.codes import normalize_code

from .access import EditScope
from .models import Enterprise, MajorUnit

AT_ONCE = 5000
ENTERPRISE = FieldSpec("enterprise", "企业名称", ("单位名称", "使用单位", "使用单位名称", "企业全称"), True)
CREDIT_CODE = FieldSpec("credit_code", "统一社会信用代码", ("信用代码", "社会信用代码"))


class RowEnterprises:
    """The enterprises some rows mean, read at once, as far as the person may enter something about them."""

    def __init__(self, rows: Sequence[Mapping[str, str]], scope: EditScope, by: User) -> None:
        self._scope = scope
        self._by_code: dict[str, Enterprise] = {}
        self._by_name: dict[str, list[Enterprise]] = {}
        self._premises: dict[int, dict[str, Any]] = {}
        self._units: dict[int, dict[str, MajorUnit]] = {}
        codes = {normalize_code(row.get("credit_code", "")) for row in rows} - {"", None}
        names = {" ".join(row.get("enterprise", "").split()) for row in rows} - {""}
        visible = Enterprise.objects.visible_to(by)
        for field_name, wanted in (("credit_code", sorted(codes)), ("name", sorted(names))):
            for start in range(0, len(wanted), AT_ONCE):
                for each in visible.filter(**{f"{field_name}__among": wanted[start : start + AT_ONCE]}):
                    if each.credit_code:
                        self._by_code[each.credit_code] = each
                    namesakes = self._by_name.setdefault(each.name, [])
                    if each.pk not in {known.pk for known in namesakes}:
                        namesakes.append(each)

    def find(self, name: str, code: str) -> Enterprise:
        """The one meant. Raises ValidationError."""
        name, code = " ".join(name.split()), normalize_code(code) or ""
        if not name and not code:
            raise ValidationError("企业名称为空，请填写底册里的名称或统一社会信用代码")
        if code:
            found = [self._by_code[code]] if code in self._by_code else []
        else:
            found = self._by_name.get(name, [])
        if not found:
            raise ValidationError(f"底册里没有您看得到的“{name or code}”，请先登记企业或核对名称")
        if len(found) > 1:
            raise ValidationError(f"底册里有{len(found)}家“{name}”，请补填统一社会信用代码")
        if not self._scope.covers(found[0]):
            raise ValidationError(f"“{name or code}”不在您的管理范围内，请由当地乡镇街道或主管部门登记")
        return found[0]

    def unit(self, enterprise: Enterprise, name: str) -> MajorUnit | None:
        """One of its major-hazard units by name; None while nobody has entered it."""
        if enterprise.pk not in self._units:
            self._units[enterprise.pk] = {each.name: each for each in enterprise.major_units.all()}
        return self._units[enterprise.pk].get(" ".join(name.split()))

    def place(self, enterprise: Enterprise, name: str) -> Any:
        """One of its premises by name. Raises ValidationError."""
        if enterprise.pk not in self._premises:
            self._premises[enterprise.pk] = {each.name: each for each in enterprise.premises.all()}
        try:
            return self._premises[enterprise.pk][" ".join(name.split())]
        except KeyError as error:
            raise ValidationError(f"“{enterprise}”没有登记名为“{name[:20]}”的场所") from error
