"""A statistic that takes longer than a page may: worked out in the background, then shown by the page that asked."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Q

from bihuan.accounts.models import Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import scope_of
from bihuan.core.errors import Refused
from bihuan.jobs.actions import start
from bihuan.jobs.models import Job
from bihuan.jobs.running import Kind, Progress, context_of

from .asking import answer
from .catalogue import Asked, Statistic, statistics


def begin(statistic: Statistic, asked: Asked, *, region: str, url: str, by: User) -> Job:
    """Have a statistic worked out, unless this person has asked for it already; `region` is its name."""
    known = asked_before(url, by)
    if known is not None and known.is_unfinished:
        return known
    said = f"{region} {asked.first_day:%Y-%m} 至 {asked.last_day:%Y-%m}"
    parameters = {"statistic": statistic.name, "region": asked.region}
    parameters |= {"from": asked.first_day.isoformat(), "to": asked.last_day.isoformat()}
    return start(KIND.key, title=f"{statistic.title}（{said}）", by=by, parameters=parameters, url=url)


def asked_before(url: str, user: User) -> Job | None:
    """The person's last job for the page at `url`, None when there is none or it ended well."""
    found = Job.objects.visible_to(user).filter(kind=KIND.key, url=url).select_related("owner").first()
    return None if found is None or found.state == Job.State.DONE else found


def shown(url: str, user: User) -> dict[str, Any]:
    """What the page at `url` shows of its job."""
    job = asked_before(url, user)
    return context_of(job) if job else {"job": None}


def regions_of(user: User) -> list[Region]:
    """The regions a person may ask about: the own areas and two levels below (invariant 3)."""
    areas = scope_of(user, Permission.VIEW_HISTORY).areas
    query = Q(pk__in=areas) | Q(parent__in=areas) | Q(parent__parent__in=areas)
    found = {region.pk: region for region in Region.objects.filter(query).order_by("code")}
    return sorted(found.values(), key=lambda region: (region.pk not in areas, len(region.pk), region.pk))


def _run(progress: Progress) -> str:
    wanted = progress.job.parameters
    if wanted["region"] not in {region.pk for region in regions_of(progress.job.owner)}:
        raise Refused("您的岗位已不能查看这个地区的历史统计")
    first, last = (dt.date.fromisoformat(wanted[name]) for name in ("from", "to"))
    progress.begin("统计", total=0)
    rows = answer(statistics()[wanted["statistic"]], Asked(first, last, wanted["region"]), watcher=progress)
    progress.job.done = progress.job.total = len(rows)
    return f"共 {len(rows):,} 行"


def _stopped(job: Job) -> str:
    return "还没有算出来；继续时从头算"


KIND = Kind("statistic", "历史统计", _run, _stopped, permission=Permission.VIEW_HISTORY)
