"""A version tried on history: what it would have drafted, on whom, how often. A short one at once, a long one as work."""

from __future__ import annotations

import datetime as dt

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.accounts.scope import area_q
from bihuan.core.errors import Refused
from bihuan.duties.models import Duty
from bihuan.jobs.actions import start
from bihuan.jobs.models import Job
from bihuan.jobs.running import Kind, Progress, run_job
from bihuan.jobs.running import register as register_kind

from ..models import Trial, TrialFiring, TriggerVersion
from ..sources import Matter
from ..standing import sets
from .triggering import Addresses, found_by

KIND = "instruments.trial"
MOST_MONTHS = 36
DIRECT = 20_000  # duties of the region: up to so many are looked through while somebody waits
KEPT = 100  # matters kept with each paper a trial would have drafted; all of them are counted


def register() -> None:
    """Let the worker run trials; called in `AppConfig.ready`."""
    register_kind(Kind(KIND, "触发条件试算", _run, _stopped, moved=_moved))


def start_trial(version: TriggerVersion, *, months: int, by: User) -> Trial:
    """Try a version on the last `months` months up to yesterday. Raises PermissionDenied, Refused."""
    if not sets(by, version.trigger):
        raise PermissionDenied
    if not 1 <= months <= MOST_MONTHS:
        raise Refused(f"试算的月数应在 1 到 {MOST_MONTHS} 之间")
    until = timezone.localdate() - dt.timedelta(days=1)
    trial = Trial.objects.create(
        version=version, since=months_before(until, months), until=until, by=by, at=timezone.now()
    )
    few = not Duty.objects.filter(area_q(version.region_id))[DIRECT : DIRECT + 1].exists()
    job = start(
        KIND, title=f"试算“{version.trigger}”{months} 个月", by=by, parameters={"trial": trial.pk}, unit="件",
        url=trial.get_absolute_url(), queued=not few,
    )  # fmt: skip
    if few:
        run_job.call(str(job.pk))
        trial.refresh_from_db()
    return trial


def months_before(until: dt.date, months: int) -> dt.date:
    """The day after the same day so many months earlier: twelve months up to 2026-11-22 begin on 2025-11-23."""
    number = until.year * 12 + until.month - 1 - months
    year, month = divmod(number, 12)
    first_of_next = dt.date(year + (month == 11), (month + 1) % 12 + 1, 1)
    day = min(until.day, (first_of_next - dt.timedelta(days=1)).day)
    return dt.date(year, month + 1, day) + dt.timedelta(days=1)


def try_version(trial: Trial, progress: Progress | None = None) -> int:
    """Fill in a trial; returns the papers it would have drafted. Run again it begins anew and ends the same."""
    version = TriggerVersion.objects.select_related("trigger__organization", "region").get(
        pk=trial.version_id
    )
    found = found_by(version, trial.since, trial.until)
    if progress is not None:
        progress.begin("按收件单位归并", total=len(found))
    addresses = Addresses(version)
    groups: dict[tuple[dt.date, int], list[Matter]] = {}
    for number, (_, _, matter) in enumerate(found, start=1):
        body = addresses.of(matter)
        groups.setdefault((matter.on, body.pk if body else 0), []).append(matter)
        if progress is not None and number % 1000 == 0:
            progress.step(number)
    with transaction.atomic():
        trial.firings.all().delete()
        TrialFiring.objects.bulk_create(
            (
                TrialFiring(
                    trial=trial, on=on, organization_id=body or None, count=len(matters),
                    matters=[[each.words, each.url] for each in matters[:KEPT]],
                )
                for (on, body), matters in groups.items()
            ),
            batch_size=500,
        )  # fmt: skip
        Trial.objects.filter(pk=trial.pk).update(
            state=Trial.State.DONE, papers=len(groups), matters=len(found)
        )
    trial.refresh_from_db()
    return len(groups)


def _run(progress: Progress) -> str:
    trial = Trial.objects.select_related("version").get(pk=progress.job.parameters["trial"])
    papers = try_version(trial, progress)
    return f"{trial.since} 至 {trial.until} 会起草 {papers} 份文书，涉及 {trial.matters} 件事项"


def _stopped(job: Job) -> str:
    return "试算没有完成，可以重新试算"


def _moved(job: Job) -> None:
    if job.state in {Job.State.FAILED, Job.State.STOPPED}:
        Trial.objects.filter(pk=job.parameters["trial"], state=Trial.State.RUNNING).update(
            state=Trial.State.FAILED
        )
