"""One act on each of many picked records: a few while somebody waits, more as background work, every one exactly once.

Each record is a transaction of its own, together with the note that it was dealt with; so whoever goes on after an
interruption begins with the next one. What could not be done is said record by record.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponseRedirect

from bihuan.accounts.models import User
from bihuan.core.errors import Refused

from .actions import start
from .models import Job
from .running import Kind, Overtaken, Progress, run_job
from .running import register as register_kind

KIND = "each"
DIRECT = 10  # up to so many are dealt with while somebody waits
NOT_ALLOWED = "你的岗位不能对它办理此事"
Wanted = dict[str, Any]


@dataclass(frozen=True)
class Act:
    """What is done with one record. `find` returns it, None when it is not the person's to see; `do` raises Refused or
    PermissionDenied with nothing written. `wanted` holds JSON values, as the form was filled in.
    """

    key: str
    title: str
    unit: str
    find: Callable[[User, int], Any]
    do: Callable[[Any, Wanted, User], object]


_ACTS: dict[str, Act] = {}


def register_act(act: Act) -> None:
    """Make an act known to the worker; called in `AppConfig.ready`. Its jobs are of kind `each.<key>`."""
    _ACTS[act.key] = act
    register_kind(Kind(f"{KIND}.{act.key}", act.title, _run, _stopped))


def do_each(key: str, picked: Sequence[int], wanted: Wanted, *, by: User, back: str = "") -> Job:
    """Do an act with each record; the job is finished when few were picked. `back` is the list they were picked in."""
    act, few = _ACTS[key], len(picked) <= DIRECT
    job = start(
        f"{KIND}.{key}", title=f"{act.title}（{len(picked)} {act.unit}）", by=by, total=len(picked), unit=act.unit,
        parameters={"act": key, "picked": list(picked), "wanted": wanted, "back": back}, queued=not few,
    )  # fmt: skip
    if few:
        run_job.call(str(job.pk))
        job.refresh_from_db()
    return job


def answer(request: HttpRequest, job: Job) -> HttpResponseRedirect:
    """Where to go after `do_each`: back to the list when everything is done, else to the page that tells the rest."""
    back = job.parameters["back"]
    if job.state != Job.State.DONE or job.problems or not back:
        return HttpResponseRedirect(job.get_absolute_url())
    messages.success(request, f"{_ACTS[job.parameters['act']].title}：{job.message}")
    return HttpResponseRedirect(back)


def _run(progress: Progress) -> str:
    job = progress.job
    act, picked, wanted = (job.parameters[name] for name in ("act", "picked", "wanted"))
    reached = job.checkpoint or {"at": 0, "problems": []}
    progress.begin("逐项办理", total=len(picked), done=reached["at"])
    for number in range(reached["at"], len(picked)):
        reached = _deal_with(job, _ACTS[act], picked[number], wanted, reached)
        progress.step(number + 1, reached)
    job.checkpoint = reached
    job.done = len(picked)
    return _said(job)


def _deal_with(job: Job, act: Act, pk: int, wanted: Wanted, before: dict[str, Any]) -> dict[str, Any]:
    """One record and the note of it, together or not at all. Raises Overtaken when somebody else runs the job."""
    with transaction.atomic():
        problems = before["problems"]
        record = act.find(job.owner, pk)
        words = ""
        try:
            if record is not None:
                with transaction.atomic():
                    act.do(record, wanted, job.owner)
        except Refused as error:
            words = str(error)
        except PermissionDenied:
            words = NOT_ALLOWED
        if record is None:
            problems = [*problems, [f"{pk}", "", "不在您的范围内，或已不存在"]]
        elif words:
            problems = [*problems, [str(record)[:80], record.get_absolute_url(), words]]
        after = {"at": before["at"] + 1, "problems": problems}
        mine = Job.objects.filter(pk=job.pk, runner=job.runner, state=Job.State.RUNNING)
        if not mine.update(checkpoint=after, done=after["at"]):
            raise Overtaken
    job.checkpoint = after
    return after


def _said(job: Job) -> str:
    at, failed = job.checkpoint.get("at", 0), len(job.checkpoint.get("problems", []))
    return f"办成 {at - failed} {job.unit}" + (f"，未办成 {failed} {job.unit}" if failed else "")


def _stopped(job: Job) -> str:
    return f"{_said(job)}；其余 {job.total - job.checkpoint.get('at', 0)} {job.unit}没有办，可以继续"
