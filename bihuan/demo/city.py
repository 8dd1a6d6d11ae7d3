"""The demo city itself: regions, bodies, posts, people, kinds of objects and the enterprises."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.contrib.auth.hashers import make_password
from django.utils import timezone

from bihuan.accounts.models import (
    Holding,
    Organization,
    OrganizationAlias,
    OrganizationChange,
    Post,
    Region,
    User,
)
from bihuan.accounts.queries import service_user
from bihuan.accounts.roles import Role
from bihuan.plans import normalize_unit
from bihuan.registry.kinds import shipped
from bihuan.registry.models import Contact, Enterprise, EnterpriseChange, EnterpriseKind, Permit, Premises

from .cast import PASSWORD
from .chronicle import Chronicle
from .generate import enterprises as invented_enterprises
from .generate import load

KINDS = {"township": Region.Kind.TOWNSHIP}
IN_OFFICE_DAYS = 720  # how long before today most people took their posts
INSTALLED_DAYS = 150  # how long before today the system was set up
IMPORT_CHUNK = 200
# Enterprises whose safety manager has a login; the others are answered for by their locality (代企业督办).
ACCOUNT_SHARE = 3  # two of every three
# login of the one who left → days ago, why. Their posts stand empty, so that the red list shows.
LEFT: dict[str, tuple[int, str]] = {
    "x539722201.2": (9, "调离，接任人员尚未确定"),
    "wenlv.2": (16, "退休，待补员"),
    "x539721200.2": (5, "借调上级部门，待明确接替人员"),
}


@dataclass
class City:
    """What the later chapters look up."""

    today: dt.date
    regions: dict[str, Region] = field(default_factory=dict)
    organizations: dict[str, Organization] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    enterprises: list[Enterprise] = field(default_factory=list)
    safety: dict[int, str] = field(default_factory=dict)  # enterprise id → name of its safety manager

    @cached_property
    def turns(self) -> dict[int, int]:
        """The place of each enterprise in the city's row, from 1: what things vary by, whatever keys a database gives."""
        return {enterprise.pk: turn for turn, enterprise in enumerate(self.enterprises, start=1)}

    def start_of(self, days_ago: int, hour: int = 9, minute: int = 0) -> dt.datetime:
        """A moment so many days before today, local time."""
        day = self.today - dt.timedelta(days=days_ago)
        return dt.datetime.combine(day, dt.time(hour, minute), tzinfo=timezone.get_default_timezone())


def build(today: dt.date, chronicle: Chronicle, *, enterprises: int) -> City:
    """Create the city with its first `enterprises` enterprises (of 400, spread evenly) and return it."""
    city = City(today)
    _regions(city)
    _organizations(city)
    people = _people(city, chronicle)
    _enterprises(city, chronicle, enterprises, people)
    return city


def _regions(city: City) -> None:
    rows = load("regions")["regions"]
    for row in rows:
        city.regions[row["code"]] = Region(
            code=row["code"],
            name=row["name"],
            short_name=row["short_name"],
            kind=row["kind"],
            parent_id=row["parent"] or None,
            outline=row["outline"],
            longitude=row["longitude"],
            latitude=row["latitude"],
        )
    Region.objects.bulk_create(sorted(city.regions.values(), key=lambda region: len(region.code)))


def _organizations(city: City) -> None:
    rows = load("organizations")["organizations"]
    for row in rows:
        city.organizations[row["key"]] = Organization(
            name=row["name"],
            short_name=row["short_name"],
            kind=row["kind"],
            region=city.regions[row["region"]],
            paper_prefix=row["paper_prefix"],
        )
    Organization.objects.bulk_create(city.organizations.values())
    aliases: list[OrganizationAlias] = []
    changes: list[OrganizationChange] = []
    for row in rows:
        organization = city.organizations[row["key"]]
        names = dict.fromkeys([organization.name, organization.short_name, *row["aliases"]])
        former = [entry for entry in row["names"] if entry["valid_to"]]
        names = {name: None for name in names if name not in {entry["name"] for entry in former}}
        keys: set[str] = set()
        for name in names:
            key = normalize_unit(name)
            if key not in keys:
                keys.add(key)
                aliases.append(OrganizationAlias(organization=organization, name=name, key=key))
        for entry in former:
            last = dt.date.fromisoformat(entry["valid_to"])
            aliases.append(
                OrganizationAlias(
                    organization=organization,
                    name=entry["name"],
                    key=normalize_unit(entry["name"]),
                    source=OrganizationAlias.Source.HISTORY,
                    valid_to=last,
                )
            )
            changes.append(
                OrganizationChange(
                    kind=OrganizationChange.Kind.RENAME,
                    before=organization,
                    after=organization,
                    former_name=entry["name"],
                    on=last + dt.timedelta(days=1),
                    document="云溪市机构改革方案",
                )
            )
    OrganizationAlias.objects.bulk_create(aliases)
    OrganizationChange.objects.bulk_create(changes)


def _people(city: City, chronicle: Chronicle) -> dict[str, dict[str, Any]]:
    """Officials with their posts; returns the enterprise managers of the cast, by login, for later."""
    rows = load("people")["people"]
    officials = [row for row in rows if row["organization"]]
    _appoint(
        city,
        chronicle,
        [(row, city.organizations[row["organization"]]) for row in officials],
        days_ago=IN_OFFICE_DAYS,
    )
    return {row["login"]: row for row in rows if not row["organization"]}


def _appoint(
    city: City, chronicle: Chronicle, seats: list[tuple[dict[str, Any], Organization]], *, days_ago: int
) -> None:
    """Create a login, a post of its own and the holding for each person."""
    at = city.start_of(INSTALLED_DAYS)
    password = make_password(PASSWORD)
    now = timezone.now()
    users = [
        User(
            username=row["login"],
            full_name=row["name"],
            phone=row["phone"],
            certificate_no=row.get("certificate_number", ""),
            password=password,
            password_changed_at=now,
            created_at=at,
        )
        for row, _ in seats
    ]
    User.objects.bulk_create(users)
    posts = [
        Post(organization=organization, title=row["post"], role=row["role"], is_default=row["is_default"])
        for row, organization in seats
    ]
    Post.objects.bulk_create(posts)
    holdings = []
    for user, post in zip(users, posts, strict=True):
        left = LEFT.get(user.username)
        holdings.append(
            Holding(
                user=user,
                post=post,
                from_on=city.today - dt.timedelta(days=days_ago),
                to_on=city.today - dt.timedelta(days=left[0]) if left else None,
                reason="任职",
            )
        )
    Holding.objects.bulk_create(holdings)
    city.users |= {user.username: user for user in users}
    admin = city.users["sysadmin"]
    installer = service_user()
    for user, post, holding in zip(users, posts, holdings, strict=True):
        by = installer if post.organization.kind == Organization.Kind.SYSTEM else admin
        chronicle.note(
            "accounts.create_user",
            user,
            by=by,
            at=at,
            summary=f"建立账号 {user.username}（{user.full_name}）",
        )
        chronicle.note("accounts.create_post", post, by=by, at=at, summary=f"设立岗位 {post}")
        to_on, holding.to_on = holding.to_on, None
        chronicle.note(
            "accounts.appoint",
            holding,
            by=by,
            at=at,
            summary=f"{user.full_name} 自 {holding.from_on} 任职 {post}",
            payload={"user": user.pk, "post": post.pk, "kind": holding.kind, "from": str(holding.from_on)},
        )
        if to_on is not None:
            days, why = LEFT[user.username]
            holding.to_on = to_on
            chronicle.note(
                "accounts.hand_over",
                holding,
                by=by,
                at=city.start_of(days, 17),
                summary=f"{user.full_name} 于 {to_on} 离任 {post}：{why}",
                payload={"successor": None, "reason": why},
            )


def _enterprises(city: City, chronicle: Chronicle, count: int, managers: dict[str, dict[str, Any]]) -> None:
    departments = load("kinds")["departments"]
    kinds = {}
    for position, row in enumerate(shipped(), start=1):
        kinds[row["key"]] = EnterpriseKind(
            key=row["key"],
            label=row["label"],
            sector=row["sector"],
            keywords=row["keywords"],
            default_department=city.organizations.get(departments.get(row["key"], "")),
            default_risk=row["risk"],
            position=position,
        )
    EnterpriseKind.objects.bulk_create(
        kinds.values(), update_conflicts=True, unique_fields=["key"], update_fields=["default_department"]
    )
    rows = _chosen(invented_enterprises(today=city.today), count)
    accounts = _enterprise_accounts(city, chronicle, rows, managers)
    for row in rows:
        city.enterprises.append(
            Enterprise(
                name=row["name"],
                credit_code=row["credit_code"],
                kind=kinds[row["kind"]],
                department=city.organizations[row["department"]],
                city=city.regions[row["city"]],
                county=city.regions[row["county"]],
                locality=city.regions[row["locality"]],
                address=row["address"],
                longitude=row["longitude"],
                latitude=row["latitude"],
                risk=row["risk"],
                status=row["status"],
                employees=row["employees"],
                organization=accounts.get(row["name"]),
            )
        )
    Enterprise.objects.bulk_create(city.enterprises)
    pairs = list(zip(city.enterprises, rows, strict=True))
    Premises.objects.bulk_create(
        Premises(
            enterprise=enterprise,
            name=place["name"],
            kind=kinds[place["kind"]],
            locality=city.regions[place["locality"]],
            address=place["address"],
            longitude=place["longitude"],
            latitude=place["latitude"],
        )
        for enterprise, row in pairs
        for place in row["premises"]
    )
    Contact.objects.bulk_create(
        Contact(enterprise=enterprise, **contact) for enterprise, row in pairs for contact in row["contacts"]
    )
    Permit.objects.bulk_create(
        Permit(enterprise=enterprise, **permit) for enterprise, row in pairs for permit in row["permits"]
    )
    for enterprise, row in pairs:
        city.safety[enterprise.pk] = next(
            each["name"] for each in row["contacts"] if each["role"] == "safety"
        )
    _note_import(city, chronicle)


def _chosen(rows: list[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    """The cast's own enterprises and then every n-th of the rest, so that a small city has every kind too."""
    rest = [row for row in rows if not row["login"]]
    cast = [row for row in rows if row["login"]]
    wanted = max(count - len(cast), 0)
    return cast + [rest[index * len(rest) // wanted] for index in range(wanted)] if wanted else cast


def _enterprise_accounts(
    city: City, chronicle: Chronicle, rows: list[dict[str, Any]], managers: dict[str, dict[str, Any]]
) -> dict[str, Organization]:
    """An organization and a manager's login for the cast and two of every three others; keyed by name."""
    seats: list[tuple[dict[str, Any], Organization]] = []
    for number, row in enumerate(rows):
        if not row["login"] and number % ACCOUNT_SHARE == 0:
            continue
        organization = Organization(
            name=row["name"],
            short_name=row["name"][:60],
            kind=Organization.Kind.ENTERPRISE,
            region=city.regions[row["locality"]],
            valid_from=city.today - dt.timedelta(days=150),
        )
        safety = next(each for each in row["contacts"] if each["role"] == "safety")
        person = managers.get(row["login"] or "") or {
            "login": f"q{number:03d}",
            "name": safety["name"],
            "phone": safety["phone"],
            "post": "安全管理人",
        }
        seats.append((person | {"role": Role.ENTERPRISE_MANAGER, "is_default": True}, organization))
    Organization.objects.bulk_create(organization for _, organization in seats)
    _appoint(city, chronicle, seats, days_ago=149)
    return {organization.name: organization for _, organization in seats}


def _note_import(city: City, chronicle: Chronicle) -> None:
    """The registry came in as a sheet, in chunks of 200 rows, each one recorded act."""
    by = city.users["office"]
    at = city.start_of(148, 10)
    EnterpriseChange.objects.bulk_create(
        EnterpriseChange(
            enterprise=enterprise,
            what=EnterpriseChange.What.CREATED,
            changes=[["名称", "", enterprise.name]],
            reason="批量导入",
            by=by,
            at=at,
        )
        for enterprise in city.enterprises
    )
    for first in range(0, len(city.enterprises), IMPORT_CHUNK):
        chunk = city.enterprises[first : first + IMPORT_CHUNK]
        chronicle.note(
            "registry.import",
            by,
            by=by,
            at=at + dt.timedelta(seconds=first // IMPORT_CHUNK),
            summary=f"批量导入底册：新增{len(chunk)}家，更新0家",
            payload={"created": [each.pk for each in chunk], "updated": {}},
        )
    Enterprise.objects.update(created_at=at, updated_at=at)
    for enterprise in city.enterprises:
        enterprise.created_at = enterprise.updated_at = at
