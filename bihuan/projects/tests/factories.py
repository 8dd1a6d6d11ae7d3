"""A project of the noodle shop's street at every stage of its life, brought there by the acts people use."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.utils import timezone

from bihuan.accounts.tests.world import World
from bihuan.batches.actions import TeamMember
from bihuan.inspections.tests.factories import ink
from bihuan.projects import actions
from bihuan.projects.models import FundAccount, FundPurpose, GasCheck, Handover, Project, ProjectSource

YUAN = Decimal


def today() -> dt.date:
    return timezone.localdate()


def later(days: int) -> dt.date:
    return today() + dt.timedelta(days=days)


def reserved(world: World, **changes: Any) -> Project:
    """In the pool: 2.5 kilometres of pipe in Qingshi, built and run by the noodle shop, led by the housing bureau."""
    given = {
        "region": world.regions.qingshi, "department": world.organizations.housing, "name": "幸福路中压管道更新",
        "kind": "pipeline", "owner": world.enterprises.shop, "taker": world.enterprises.shop,
        "owner_name": world.enterprises.shop.name, "need": "灰口铸铁管运行二十年", "kilometres": Decimal("2.500"),
        "households": 800, "estimate": Decimal("1000000.00"), "start_on": later(-20), "finish_on": later(60),
        "by": world.people.housing,
    }  # fmt: skip
    return actions.register_project(**(given | changes))


def shared(world: World, **changes: Any) -> Project:
    project = reserved(world, **changes)
    half = (project.estimate / 2).quantize(Decimal("0.01"))
    actions.set_shares(
        project,
        project.estimate,
        {"local": half, "enterprise": project.estimate - half},
        by=world.people.housing,
    )
    return project


def approved(world: World, **changes: Any) -> Project:
    project = shared(world, **changes)
    actions.approve_project(project, approval="云安办〔2026〕31号", by=world.people.office_leader)
    return project


def line(world: World, project: Project, source: str, kind: str, amount: Any, **changes: Any) -> Any:
    given = {
        "happened_on": today(),
        "document": f"{kind}-{amount}",
        "payee": "某某施工单位",
        "by": world.people.housing,
    }
    row = ProjectSource.objects.select_related("project__department", "project__owner").get(
        project=project, kind=source
    )
    return actions.post_money(row, kind, Decimal(amount), **(given | changes))


def funded(world: World, **changes: Any) -> Project:
    project = approved(world, **changes)
    for each in project.sources.all():
        line(world, project, each.kind, "commit", each.planned)
    actions.confirm_funding(project, by=world.people.housing)
    return project


def started(world: World, *, on: dt.date | None = None, **changes: Any) -> Project:
    project = funded(world, **changes)
    actions.start_works(project, started_on=on or today(), by=world.people.housing)
    return project


def completed(world: World, **changes: Any) -> Project:
    project = started(world, **changes)
    km = Decimal("2.400") if project.kilometres else None
    actions.complete_works(project, completed_on=today(), kilometres=km, by=world.people.housing)
    return project


def team(world: World) -> list[TeamMember]:
    return [
        TeamMember(world.organizations.housing, "李建明", "科长"),
        TeamMember(world.organizations.market, "吴正规", "科员", ink()),
    ]


def accept(world: World, project: Project, **changes: Any) -> Any:
    given = {
        "accepted_on": today(), "verdict": "passed", "opinion": "符合设计", "team": team(world),
        "by": world.people.housing,
    }  # fmt: skip
    return actions.accept_works(project, **(given | changes))


def accepted(world: World, **changes: Any) -> Project:
    project = completed(world, **changes)
    accept(world, project)
    return project


def prepared(world: World, project: Project, **changes: Any) -> Handover:
    given = {
        "taker": world.enterprises.shop, "facilities": "DN200 管道 2.4 公里，阀门 6 座", "documents": "竣工图 1 套",
        "by": world.people.housing,
    }  # fmt: skip
    return actions.prepare_handover(project, **(given | changes))


def handed(world: World, **changes: Any) -> Project:
    project = accepted(world, **changes)
    handover = prepared(world, project)
    actions.sign_handover(handover, name=world.people.shop.full_name, by=world.people.shop)
    return Project.objects.select_related("department", "owner", "taker").get(pk=project.pk)


def meet_all(world: World, project: Project) -> None:
    for check in GasCheck.objects.filter(project=project, status="open").select_related("project"):
        actions.meet_check(check, checked_on=today(), found="记录齐全", by=world.people.housing)


def fund(world: World, **grants: Any) -> FundAccount:
    """The office's fund of the year; money by purpose."""
    account = actions.open_account(
        name="整治资金", year=2026, organization=world.organizations.office, region=world.regions.city,
        document="云财〔2026〕18号", by=world.people.office,
    )  # fmt: skip
    for purpose, amount in (grants or {"renovation": 100000}).items():
        actions.grant(
            account,
            purpose,
            Decimal(amount),
            happened_on=today(),
            document="云财〔2026〕19号",
            by=world.people.office,
        )
    return account


def purpose(account: FundAccount, key: str = "renovation") -> FundPurpose:
    return FundPurpose.objects.select_related("account").get(account=account, purpose=key)
