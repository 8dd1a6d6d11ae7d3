"""Which record a name and a code mean: the credit code, else the name within its locality.

Of some records only the county is known. Such a record, or such a row, means the namesake of that county.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from django.db.models import Q

from bihuan.core.errors import Refused

from .models import Enterprise, Merger

AT_ONCE = 5000  # keys per query
COUNTY_DIGITS = 6


class Ambiguous(Refused):
    """The key fits a record it contradicts, or several. `field` says where."""

    def __init__(self, message: str, field: str) -> None:
        super().__init__(message)
        self.field = field


class Key(NamedTuple):
    """What identifies an enterprise: its code if it has one, else name and locality."""

    name: str
    locality_id: str
    credit_code: str | None


class Existing:
    """The records that some keys could mean, read at once."""

    def __init__(self, keys: Iterable[Key], *, without: Enterprise | None = None) -> None:
        self.by_code: dict[str, Enterprise] = {}
        self.by_place: dict[tuple[str, str], list[Enterprise]] = defaultdict(list)
        self.by_county: dict[tuple[str, str], list[Enterprise]] = defaultdict(list)
        self._met: dict[int, Enterprise] = {}
        wanted = list(keys)
        for start in range(0, len(wanted), AT_ONCE):
            some = wanted[start : start + AT_ONCE]
            codes = [key.credit_code for key in some if key.credit_code]
            # Two looks, each by its own index: with OR a database without statistics walks the table.
            for query in (Q(credit_code__among=codes), Q(name__among=[key.name for key in some])):
                found = Enterprise.objects.filter(query).select_related("kind", "department", "locality")
                for enterprise in found.order_by("id"):
                    if without is None or enterprise.pk != without.pk:
                        self._take(enterprise)
            self._merged([code for code in codes if code not in self.by_code], without)

    def _merged(self, codes: list[str], without: Enterprise | None) -> None:
        """A code whose record became one with another means that one."""
        if not codes:
            return
        rows = Merger.objects.filter(old_code__in=codes).select_related(
            "into__kind", "into__department", "into__locality"
        )
        for merger in rows:
            if without is None or merger.into_id != without.pk:
                self.by_code[merger.old_code] = self._met.setdefault(merger.into_id, merger.into)

    def _take(self, enterprise: Enterprise) -> None:
        enterprise = self._met.setdefault(enterprise.pk, enterprise)
        if enterprise.credit_code:
            self.by_code[enterprise.credit_code] = enterprise
        place = self.by_place[(enterprise.name, enterprise.locality_id)]
        if all(known.pk != enterprise.pk for known in place):
            place.append(enterprise)
            self.by_county[(enterprise.name, enterprise.county_id)].append(enterprise)

    def find(self, key: Key) -> Enterprise | None:
        """The record meant, or None for a new one. A record without code is completed by the code that arrives.

        Raises Ambiguous when the same name in the same locality carries another code, or several records fit.
        """
        if key.credit_code and key.credit_code in self.by_code:
            return self.by_code[key.credit_code]
        namesakes = (
            self.by_place.get((key.name, key.locality_id))
            or self.by_county.get((key.name, key.locality_id))
            or self.by_place.get((key.name, key.locality_id[:COUNTY_DIGITS]), [])
        )
        if key.credit_code:
            bare = [each for each in namesakes if not each.credit_code]
            if namesakes and not bare:
                raise Ambiguous(
                    f"{namesakes[0].locality}已有同名对象，登记的统一社会信用代码是{namesakes[0].credit_code}，"
                    "请核对代码；确为两家的，请在名称后加注门店或地址以示区别",
                    "credit_code",
                )
            return bare[0] if bare else None
        if len(namesakes) > 1:
            raise Ambiguous(
                f"{namesakes[0].locality}有{len(namesakes)}家同名对象，请填写统一社会信用代码以区分",
                "credit_code",
            )
        return namesakes[0] if namesakes else None
