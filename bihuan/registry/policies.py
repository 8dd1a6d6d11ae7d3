"""Cut-offs by which risk is judged in a place: what an office has set there, else what is shipped (R043).

A policy holds for the acts of its days; it is never set for days that are past, so no judgement changes behind anybody's
back. Judging anew under a later one is an act of its own, `rejudging`.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count, Q
from django.db.models.fields.json import KT
from django.utils import timezone

from bihuan.accounts.models import Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import area_q, scope_of
from bihuan.audit.actions import record
from bihuan.core.errors import IllegalMove, Refused
from bihuan.rules import assessments, enterprisegrades
from bihuan.rules.regions import is_within, prefix_range

from .models import EnterpriseGrading, RiskAssessment, RiskColour, RiskPolicy

Method = RiskPolicy.Method
Content = dict[str, Any]


def _row(policy: RiskPolicy) -> Content:
    """A policy as the rules read one; what an office has put into force with its document needs no other check."""
    return {
        **policy.content,
        "key": policy.key,
        "label": policy.label,
        "default": True,
        "source": policy.source,
        "doc_no": policy.doc_no,
        "effective_from": policy.from_on.isoformat(),
        "effective_to": policy.to_on.isoformat() if policy.to_on else None,
        "verified": True,
    }


def _local(method: str, place: str, on: dt.date) -> list[Content]:
    return [_row(each) for each in RiskPolicy.objects.in_force(on=on).reaching(place).filter(method=method)]


def lec_policy(place: str, on: dt.date, key: str | None = None) -> assessments.LecPolicy:
    """The cut-offs of D in a place (division code) on a day.

    `key` chooses among the shipped ones by name; where an office has set its own there is nothing to choose. Raises
    UnknownRule.
    """
    own = tuple(map(assessments.lec_policy_of, _local(Method.LEC, place, on)))[:1]
    return assessments.choose(own or assessments.lec_policies(), key, on, what="LEC分档口径")


def matrix_policy(place: str, on: dt.date, key: str | None = None) -> assessments.MatrixPolicy:
    """The same for the risk matrix."""
    own = tuple(map(assessments.matrix_policy_of, _local(Method.MATRIX, place, on)))[:1]
    return assessments.choose(own or assessments.matrix_policies(), key, on, what="风险矩阵切分口径")


def grade_policy(place: str, on: dt.date) -> enterprisegrades.EnterprisePolicy:
    """What each fact weighs in the grade of an enterprise there."""
    local = map(enterprisegrades.enterprise_policy_of, _local(Method.GRADE, place, on))
    return enterprisegrades.enterprise_policy(None, on, local=local)


def in_force(method: str, place: str, on: dt.date) -> RiskPolicy | None:
    """The policy an office has set that holds in a place; None where the shipped one does."""
    return RiskPolicy.objects.in_force(on=on).reaching(place).filter(method=method).first()


def choices(method: str, place: str, on: dt.date) -> list[tuple[str, str]]:
    """What may be chosen in a place: the one set there and no other, else the shipped ones, the default first."""
    own = in_force(method, place, on)
    if own is not None:
        return [("", f"{own.label}（{own.region.short_name}现行，{own.doc_no}）")]
    shipped = assessments.lec_policies() if method == Method.LEC else assessments.matrix_policies()
    others = [(each.key, each.label) for each in shipped if not each.default]
    return [("", f"{next(each.label for each in shipped if each.default)}（默认）"), *others]


# --- setting them ----------------------------------------------------------------------------------

_CHECKS: dict[str, Callable[[Content], None]] = {
    Method.LEC: lambda row: assessments.check_lec_policy(assessments.lec_policy_of(row)),
    Method.MATRIX: lambda row: assessments.check_matrix_policy(assessments.matrix_policy_of(row)),
    Method.GRADE: lambda row: enterprisegrades.check_enterprise_policy(
        enterprisegrades.enterprise_policy_of(row)
    ),
}


def areas_of(user: User) -> tuple[str, ...]:
    """The areas a person sets cut-offs for."""
    return scope_of(user, Permission.SET_POLICIES).areas


@transaction.atomic
def set_policy(
    method: str, region: Region, content: Content, *, label: str, source: str, doc_no: str, from_on: dt.date, by: User
) -> RiskPolicy:  # fmt: skip
    """Put cut-offs into force in an area; those before end the day before.

    Raises PermissionDenied outside one's area, Refused for cut-offs that leave a gap, contradict themselves or begin
    in the past.
    """
    if region.code not in areas_of(by):
        raise PermissionDenied
    today = timezone.localdate()
    if from_on < today:
        raise Refused("起用日期不能早于今天：已作的评价按当时的口径，不追改")
    if not label.strip() or not source.strip() or not doc_no.strip():
        raise Refused("口径名称、依据文件和文号都须填写，评价说明里要写明依据")
    made = RiskPolicy(
        region=region, method=method, label=label.strip()[:40], content=content, source=source.strip()[:120],
        doc_no=doc_no.strip()[:60], from_on=from_on, by=by, at=timezone.now(),
    )  # fmt: skip
    try:
        _CHECKS[method](_row(made))
    except assessments.AssessmentError as error:
        raise Refused(str(error)) from error
    Region.objects.select_for_update().get(pk=region.pk)  # one at a time: one is open
    before = RiskPolicy.objects.filter(region=region, method=method, to_on=None).first()
    if before is not None:
        if before.from_on > from_on:
            raise Refused(f"已有自{before.from_on}起用的“{before}”，新口径不能早于它")
        before.to_on = max(before.from_on, from_on - dt.timedelta(days=1))
        before.save(update_fields=["to_on"])
    made.save()
    record(
        "registry.policy", made, by=by, summary=f"{region}自{from_on}起用{made.get_method_display()}口径“{made}”",
        payload={"region": region.code, "method": method, "content": content, "source": source, "doc_no": doc_no},
    )  # fmt: skip
    return made


@transaction.atomic
def end_policy(policy: RiskPolicy, *, by: User) -> None:
    """Let an area go back to the cut-offs above it; one that has not begun yet goes, and the one before it goes on.

    Raises PermissionDenied, IllegalMove for one that ended already.
    """
    if policy.region_id not in areas_of(by):
        raise PermissionDenied
    today = timezone.localdate()
    waiting = RiskPolicy.objects.filter(pk=policy.pk, to_on=None)
    words = f"停用口径“{policy}”"
    record(
        "registry.policy_ended", policy, by=by, summary=words,
        payload={"region": policy.region_id, "method": policy.method, "from_on": policy.from_on.isoformat()},
    )  # fmt: skip
    if policy.from_on > today:
        gone, _ = waiting.delete()
        RiskPolicy.objects.filter(
            region=policy.region_id, method=policy.method, to_on=policy.from_on - dt.timedelta(days=1)
        ).update(to_on=None)
    else:
        # What began today holds for today: somebody may have judged by it.
        gone = waiting.update(to_on=max(policy.from_on, today - dt.timedelta(days=1)))
    if not gone:
        raise IllegalMove("这一口径已经停用")


# --- what they would change ------------------------------------------------------------------------


@dataclass(frozen=True)
class Shift:
    """So many judgements that are `before` now and would be `after`."""

    before: str
    after: str
    count: int

    @property
    def changes(self) -> bool:
        """Whether they would be another colour."""
        return self.before != self.after

    @property
    def words(self) -> tuple[str, str]:
        """Both colours in Chinese."""
        return str(RiskColour(self.before).label), str(RiskColour(self.after).label)


def impact(policy: RiskPolicy) -> list[Shift]:
    """How the current judgements of the policy's area would fall under it, the changed ones first.

    Judgements raised to major outright stay red and are left out; so are grades experts have set. Grades are banded
    by their scores as they stand.
    """
    lies = ruled_by(policy, "point__enterprise__" if policy.method != Method.GRADE else "enterprise__")
    counted: Counter[tuple[str, str]] = Counter()
    if policy.method == Method.GRADE:
        bands = grade_bands(policy.content)
        scores = EnterpriseGrading.objects.filter(
            lies, is_current=True, is_override=False, explanation__direct=[]
        )
        for colour, score, count in scores.values_list("colour", "score").annotate(Count("pk")).order_by():
            after = next(band["colour"] for band in bands if score >= Decimal(band["least"]))
            counted[colour, after] += count
    else:
        judge = _judge_of(policy)
        current = RiskAssessment.objects.filter(
            lies, is_current=True, method=policy.method, point__is_active=True, explanation__direct=[]
        )
        figures = current.annotate(figure=KT("explanation__value")).values_list("colour", "figure")
        for colour, figure, count in figures.annotate(Count("pk")).order_by():
            counted[colour, judge(Decimal(figure))] += count
    shifts = [Shift(before, after, count) for (before, after), count in counted.items()]
    return sorted(shifts, key=lambda each: (not each.changes, -each.count, each.before, each.after))


def ruled_by(policy: RiskPolicy, prefix: str) -> Q:
    """Rows of the policy's area, less those of areas within it that have cut-offs of their own."""
    low, high = prefix_range(policy.region_id)
    nearer = RiskPolicy.objects.in_force(on=max(policy.from_on, timezone.localdate())).filter(
        method=policy.method, region_id__gt=low, region_id__lt=high
    )
    lies = area_q(policy.region_id, prefix)
    for code in nearer.values_list("region", flat=True).distinct():
        lies &= ~area_q(code, prefix)
    return lies


def _judge_of(policy: RiskPolicy) -> Callable[[Decimal], str]:
    row = _row(policy)
    if policy.method == Method.LEC:
        lec = assessments.lec_policy_of(row)
        return lambda figure: assessments.lec_band(figure, lec)[1]
    matrix = assessments.matrix_policy_of(row)
    return lambda figure: assessments.matrix_band(int(figure), matrix).colour


def grade_bands(content: Mapping[str, Any]) -> list[dict[str, str]]:
    """The bands of a grade policy, the best first."""
    return sorted(content["bands"], key=lambda band: -Decimal(band["least"]))


def matrix_grid(place: str, on: dt.date) -> list[tuple[int, list[tuple[int, str]]]]:
    """The matrix of a place as people see it: (likelihood, [(product, colour) by severity]), the likeliest first."""
    policy = matrix_policy(place, on)
    one_to_five = range(1, 6)
    return [
        (
            row,
            [(row * column, assessments.matrix_band(row * column, policy).colour) for column in one_to_five],
        )
        for row in reversed(one_to_five)
    ]


def colour_at(content: Mapping[str, Any], cut: str) -> str:
    """The colour of a LEC figure at a cut-off or just above it: words and colours may be cut differently."""
    colours = {Decimal(each["above"]): str(each["colour"]) for each in content["colours"]}
    return next(colours[known] for known in sorted(colours, reverse=True) if Decimal(cut) >= known)


def may_set(policy: RiskPolicy, user: User) -> bool:
    """Whether the person's office set it, or sits where it holds."""
    return policy.region_id in areas_of(user)


def visible_to(user: User) -> Any:
    """Cut-offs that touch the places a person sees: set there, above, or below."""
    scope = scope_of(user, Permission.VIEW_REGISTRY)
    homes = {post.organization.region_id for post in user.posts} | set(scope.areas)
    near = [
        each.pk
        for each in RiskPolicy.objects.all()
        if any(is_within(each.region_id, home) or is_within(home, each.region_id) for home in homes)
    ]
    return RiskPolicy.objects.filter(pk__in=near).select_related("region", "by")
