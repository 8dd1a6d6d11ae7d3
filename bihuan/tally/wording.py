"""Differing cells in words an operator can follow up: which figure, of whom and where, what it should be."""

from __future__ import annotations

from bihuan.accounts.models import Organization, Region
from bihuan.registry.models import EnterpriseKind

from .models import METRICS, Cell
from .rebuild import Difference

_LABELS = {
    field.attname: str(field.verbose_name) for field in Cell._meta.concrete_fields if field.attname in METRICS
}


def sentences(differences: list[Difference]) -> list[str]:
    """One sentence for each difference; names are read once for all."""
    regions = dict(
        Region.objects.filter(pk__in={each.region for each in differences}).values_list("code", "name")
    )
    departments = dict(
        Organization.objects.filter(
            pk__in={each.dimensions.get("department_id", 0) for each in differences}
        ).values_list("pk", "short_name")
    )
    kinds = dict(EnterpriseKind.objects.values_list("key", "label"))
    found = []
    for each in differences:
        where = [regions.get(each.region, f"区划{each.region}")]
        for name, value in each.dimensions.items():
            match name:
                case "campaign_id":
                    where.append(f"专项整治{value}号")
                case "task_id":
                    where.append(f"任务{value}号")
                case "department_id":
                    where.append(departments.get(value, f"部门{value}号"))
                case "kind":
                    where.append(kinds.get(value, str(value)))
                case _:
                    where.append(f"来源{value}")
        what = "，".join(
            f"{_LABELS[metric]}应为 {right}，现为 {kept}" for metric, (right, kept) in each.metrics.items()
        )
        found.append(f"{'、'.join(where)}，{_span(each)}：{what}")
    return found


def _span(each: Difference) -> str:
    match each.span:
        case Cell.Span.ALL:
            return "累计"
        case Cell.Span.MONTH:
            return f"{each.start:%Y年%m月}"
        case _:
            return f"{each.start:%Y年%m月%d日}"
