"""Drawing case files and looking through them (案卷评查, R126): the same draw for everybody, by a form kept with it."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from decimal import Decimal

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.attachments.actions import attach
from bihuan.audit.actions import record
from bihuan.core.errors import IllegalMove, Refused
from bihuan.inspections.models import Inspection, InspectionMember
from bihuan.rules import filereviews, sampling
from bihuan.rules.records import UnknownRule

from ..models import Assessment, CaseFile, FileDraw, FileReview
from ..standing import may_review_file, runs
from ..workflow import Audience, Status

MOST_EACH = 20


@transaction.atomic
def draw_files(assessment: Assessment, *, per_person: int, by: User) -> FileDraw:
    """Draw so many signed inspections of every officer, once for the whole assessment, from a seed that is kept.

    Raises PermissionDenied, IllegalMove unless it runs, Refused for another audience, a second draw or nothing to draw.
    """
    if not runs(by, assessment.organization_id):
        raise PermissionDenied
    if assessment.audience != Audience.OFFICERS:
        raise Refused("只有检查执法人员的考核抽取案卷")
    if not 1 <= per_person <= MOST_EACH:
        raise Refused(f"每人抽取的案卷应在 1 到 {MOST_EACH} 件之间")
    status = Assessment.objects.select_for_update().values_list("status", flat=True).get(pk=assessment.pk)
    if status != Status.RUNNING:
        raise IllegalMove(f"{assessment}不在考核中，不能抽取案卷")
    if FileDraw.objects.filter(assessment=assessment).exists():
        raise Refused("这次考核已经抽取过案卷，只抽一次；结果见案卷评查")
    try:
        form = filereviews.file_form(timezone.localdate())
    except UnknownRule as error:
        raise Refused(str(error)) from error
    strata = _signed_by(assessment)
    inputs = sampling.Inputs.of(
        {key: map(str, ids) for key, ids in strata.items()},
        {key: min(per_person, len(ids)) for key, ids in strata.items()},
    )
    population = sum(len(ids) for ids in strata.values())
    if not population:
        raise Refused("考核期内这些人员还没有签名的检查，没有案卷可抽")
    seed = secrets.token_hex(32)
    made = FileDraw.objects.create(
        assessment=assessment, per_person=per_person, population=population, inputs=inputs.as_json(),
        inputs_digest=inputs.digest(), commitment=sampling.commitment(seed), seed=seed, form=form.as_json(), by=by,
        at=timezone.now(),
    )  # fmt: skip
    drawn = sampling.draw(inputs, seed)
    CaseFile.objects.bulk_create(
        CaseFile(draw=made, unit_id=int(key), inspection_id=int(pk), position=position)
        for position, (key, pk) in enumerate(((key, pk) for key, ids in drawn.items() for pk in ids), start=1)
    )
    record(
        "assessment.draw_files", made, by=by, summary=f"{made}：{population} 件中抽取 {made.files.count()} 件"
    )
    return made


def _signed_by(assessment: Assessment) -> dict[str, list[int]]:
    """The inspections each officer signed in the days of the assessment, by unit. One query."""
    units = dict(assessment.units.exclude(person=None).values_list("person_id", "pk"))
    strata: dict[str, list[int]] = {str(pk): [] for pk in units.values()}
    rows = (
        InspectionMember.objects.filter(
            user__in=list(units), inspection__inspected_on__gte=assessment.period_from,
            inspection__inspected_on__lte=assessment.until(timezone.localdate()),
        )
        .exclude(inspection__kind=Inspection.Kind.SELF_CHECK)
        .order_by("inspection_id")
        .values_list("user_id", "inspection_id")
        .distinct()
    )  # fmt: skip
    for user, inspection in rows:
        strata[str(units[user])].append(inspection)
    return strata


def published(made: FileDraw) -> dict[str, object]:
    """What anybody needs to recompute the draw (复算材料), as `sampling.verify` reads it."""
    drawn = sampling.draw(sampling.Inputs.from_json(made.inputs), made.seed)
    return {
        **made.inputs, "seed": made.seed, "public_value": "", "commitment": made.commitment,
        "digest": made.inputs_digest, "result": [each for ids in drawn.values() for each in ids],
    }  # fmt: skip


@transaction.atomic
def review_file(
    file: CaseFile,
    *,
    points: Mapping[str, Decimal],
    remarks: Mapping[str, str],
    text: str,
    evidence: Iterable[object] = (),
    by: User,
) -> FileReview:
    """Look a case file through by the form kept with the draw; a further review corrects the one before.

    Raises PermissionDenied also for the officer's own body and for who took part, IllegalMove when frozen or when
    somebody was quicker, Refused for points beyond the form or points lost without a remark.
    """
    status = (
        Assessment.objects.select_for_update(no_key=True)
        .values_list("status", flat=True)
        .get(pk=file.draw.assessment_id)
    )
    if status != Status.RUNNING:
        raise IllegalMove(f"{file.draw.assessment}不在考核中，不能评查案卷")
    file.draw.assessment.status = status
    if not may_review_file(by, file):
        raise PermissionDenied
    lines = filereviews.lines_of(file.draw.form)
    try:
        share = filereviews.share_of(lines, points)
    except filereviews.ReviewError as error:
        raise Refused(str(error)) from error
    kept = []
    for line in lines:
        remark = remarks.get(line.key, "").strip()[:200]
        if points[line.key] < line.points and not remark:
            raise Refused(f"“{line.name}”扣了分，请写明扣分的情形")
        kept.append([line.key, f"{points[line.key]:.2f}", remark])
    if not text.strip():
        raise Refused("请填写评查意见")
    last = file.reviews.order_by("-revision").values_list("revision", flat=True).first() or 0
    row = FileReview(
        file=file,
        revision=last + 1,
        lines=kept,
        share=share,
        text=text.strip()[:500],
        by=by,
        at=timezone.now(),
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise IllegalMove("这份案卷刚刚评查过，请刷新查看") from error
    file.share = share
    file.save(update_fields=["share"])
    attach(row, [str(each) for each in evidence], "evidence", by=by)
    record("assessment.review_file", row, by=by, summary=f"评查{file}：{share:.1f}%")
    return row
