"""Moves that touch every unit: done at once for few units, as background work for hundreds (a whole district's heads).

One transaction either way: everybody gets a notice, or nobody does.
"""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import PermissionDenied

from bihuan.accounts.models import User
from bihuan.core.errors import Refused
from bihuan.jobs.actions import start
from bihuan.jobs.models import Job
from bihuan.jobs.running import Kind, Progress
from bihuan.jobs.running import register as register_kind

from . import actions
from .models import Assessment
from .standing import may_move, runs
from .workflow import Move

KIND = "assessment.move"
SNAPSHOT = "snapshot"
DIRECT = 100  # of so many units it is done while somebody waits, about a second
_DOING: dict[str, Callable[[Assessment, User], object]] = {
    Move.START: lambda assessment, by: actions.start_assessment(assessment, by=by),
    Move.FREEZE: lambda assessment, by: actions.freeze(assessment, by=by),
    Move.PUBLISH: lambda assessment, by: actions.publish(assessment, by=by),
    Move.FINALIZE: lambda assessment, by: actions.finalize(assessment, by=by),
    SNAPSHOT: lambda assessment, by: actions.take_interim(assessment, by=by),
}


def register() -> None:
    """Let the worker make these moves; called in `AppConfig.ready`."""
    register_kind(Kind(KIND, "考核办理", _run, _stopped))


def is_heavy(move: str) -> bool:
    """Whether a move touches every unit."""
    return move in _DOING


def said(move: str) -> str:
    """What was done, in words."""
    return "已做一次过程计分" if move == SNAPSHOT else f"已{Move(move).label}"


def do(assessment: Assessment, move: str, *, by: User) -> Job | None:
    """Make the move now, or with many units as a job, which is returned.

    Raises PermissionDenied, and like the move itself when it is made now; a job says it on its page.
    """
    if not (runs(by, assessment.organization_id) if move == SNAPSHOT else may_move(by, move, assessment)):
        raise PermissionDenied
    count = assessment.units.count()
    if count <= DIRECT:
        _DOING[move](assessment, by)
        return None
    word = "过程计分" if move == SNAPSHOT else Move(move).label
    return start(
        KIND, title=f"{word}：{assessment.title}", by=by, parameters={"assessment": assessment.pk, "move": move},
        total=count, unit="个",
    )  # fmt: skip


def _run(progress: Progress) -> str:
    job = progress.job
    move, number = job.parameters["move"], job.parameters["assessment"]
    assessment = (
        Assessment.objects.visible_to(job.owner)
        .select_related("sheet", "organization__region")
        .filter(pk=number)
        .first()
    )
    if assessment is None:
        raise Refused("这项考核不在您的范围内，或已不存在")
    progress.begin("整批办理，全部办成才生效", total=job.total)
    try:
        _DOING[move](assessment, job.owner)
    except PermissionDenied as error:
        raise Refused("您的岗位已不能办理这项考核，请由现任的同事办理") from error
    job.done = job.total
    return said(move)


def _stopped(job: Job) -> str:
    return "没有办理，考核保持原样；可以继续"
