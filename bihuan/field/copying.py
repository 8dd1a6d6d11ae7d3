"""What a phone takes along: compact tables of everything an inspector needs where there is no signal."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db.models import Case, Exists, F, IntegerField, OuterRef, QuerySet, Value, When, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from bihuan.accounts.models import Organization, Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.roles import ROLES
from bihuan.accounts.scope import areas_q
from bihuan.campaigns.models import CheckItem, Checklist, Task
from bihuan.campaigns.queries.campaigns import tasks_for
from bihuan.campaigns.queries.coverage import covered_by
from bihuan.checklists.models import Book, BookVersion
from bihuan.checklists.structure import unit_label
from bihuan.duties import clock
from bihuan.hazards.deadlines import deadline, latest_deadline
from bihuan.hazards.models import Hazard
from bihuan.hazards.workflow import Level, Status
from bihuan.inspections.asking import is_alone, is_major
from bihuan.inspections.forms import words_of_failure
from bihuan.inspections.kinds import conducted_by
from bihuan.inspections.models import Coverage, Inspection
from bihuan.inspections.queries import conductible
from bihuan.planning.joint import partners_of
from bihuan.registry.models import Contact, Enterprise, EnterpriseKind, Permit, Premises, RiskColour
from bihuan.registry.schemas import all_in_force
from bihuan.rules import hazards as criteria_rules
from bihuan.rules.regions import ancestors

from .owed import DAYS_AHEAD, duties_of, planned_for
from .tables import Group

MOST_ENTERPRISES = 5000
LAST_VISITS = 3
DAYS_BACK = 7
MOST_COLLEAGUES = 200
LISTS_SINCE = dt.timedelta(days=60)

ENTERPRISE_COLUMNS = [
    "id", "name", "kind", "locality", "department", "risk", "status", "address", "longitude", "latitude", "employees",
    "remark", "attributes", "contacts", "premises", "permits", "tasks", "seen", "visits", "hazards",
]  # fmt: skip
_RISK_ORDER = Case(
    *(When(risk=colour, then=Value(place)) for place, colour in enumerate(RiskColour.values)),
    default=Value(len(RiskColour.values)),
    output_field=IntegerField(),
)


@dataclass
class Bundle:
    """Everything for one person. `left_out`, `duties_left_out`: enterprises and duties beyond what a phone carries."""

    groups: dict[str, Group]
    me: dict[str, Any]
    deadlines: dict[str, dict[str, list[str]]]
    left_out: int
    duties_left_out: int


def bundle_for(user: User, *, region: str = "", today: dt.date) -> Bundle:
    """The copy for `user`; `region` brings the enterprises of one place only."""
    tasks = list(tasks_for(user))
    rows = conductible(user)
    if region:
        rows = rows.filter(areas_q((region,)))
    total = rows.count()
    duties, duties_left_out = duties_of(user, today)
    groups = {
        "enterprises": _enterprises(user, _carried(rows, total), tasks),
        "tasks": _tasks(tasks),
        "checklists": _checklists(user, tasks, today),
        "duties": duties,
        "planned": planned_for(user, _inspecting_organizations(user), today),
        "colleagues": _colleagues(user),
        "criteria": _criteria(today),
        "kinds": _kinds(),
        "organizations": _labels(_departments(user)),
    }
    groups["regions"] = _regions(user, groups["enterprises"])
    left_out = max(0, total - MOST_ENTERPRISES)
    return Bundle(groups, _me(user), deadlines_from(today), left_out, duties_left_out)


def _carried(rows: QuerySet[Enterprise], total: int) -> QuerySet[Enterprise]:
    """All in scope; of more than a phone carries, those with open hazards first, then by risk."""
    if total <= MOST_ENTERPRISES:
        return rows.order_by("id")
    troubled = Exists(Hazard.objects.open().filter(enterprise=OuterRef("pk")))
    order = Case(When(troubled, then=Value(0)), default=Value(1), output_field=IntegerField())
    return rows.order_by(order, _RISK_ORDER, "id")[:MOST_ENTERPRISES]


def _enterprises(user: User, rows: QuerySet[Enterprise], tasks: list[Task]) -> Group:
    plain = [
        "id", "name", "kind_id", "locality_id", "department_id", "risk", "status", "address", "longitude", "latitude",
        "employees", "remark", "attributes",
    ]  # fmt: skip
    heads = list(rows.values_list(*plain))
    ids = [head[0] for head in heads]
    contacts = _gathered(Contact.objects, ids, "role", "name")
    premises = _gathered(Premises.objects.filter(is_active=True), ids, "id", "name", "address", "kind_id")
    permits = _gathered(Permit.objects.held(), ids, "kind", "number", "valid_to")
    visits, hazards = _visits(user, ids), _hazards(user, ids)
    covering = covered_by(tasks, Enterprise.objects.filter(pk__in=ids))
    seen: dict[int, list[int]] = defaultdict(list)
    for enterprise, task in (
        Coverage.objects.filter(task__in=tasks, enterprise__in=ids)
        .order_by("task_id")
        .values_list("enterprise_id", "task_id")
    ):
        seen[enterprise].append(task)
    group = Group(ENTERPRISE_COLUMNS)
    for head in heads:
        pk = head[0]
        group.rows.append([
            *head, contacts.get(pk, []), premises.get(pk, []), permits.get(pk, []),
            covering.get(pk, []), seen.get(pk, []), visits.get(pk, []), hazards.get(pk, []),
        ])  # fmt: skip
    return group


def _gathered(rows: Any, ids: list[int], *columns: str) -> dict[int, list[list[Any]]]:
    found: dict[int, list[list[Any]]] = defaultdict(list)
    for pk, *values in rows.filter(enterprise__in=ids).order_by("id").values_list("enterprise_id", *columns):
        found[pk].append(values)
    return found


def _visits(user: User, ids: list[int]) -> dict[int, list[list[Any]]]:
    """The last visits of each enterprise, the newest first; two on one day are two."""
    number = Window(
        RowNumber(), partition_by=F("enterprise"), order_by=[F("inspected_on").desc(), F("id").desc()]
    )
    rows = (
        Inspection.objects.visible_to(user)
        .filter(enterprise__in=ids)
        .annotate(number=number)
        .filter(number__lte=LAST_VISITS)
        .order_by("-inspected_on", "-id")
        .values_list("enterprise_id", "inspected_on", "kind", "hazard_count", "organization__short_name")
    )
    kinds = dict(Inspection.Kind.choices)
    found: dict[int, list[list[Any]]] = defaultdict(list)
    for pk, on, kind, count, organization in rows:
        found[pk].append([on, str(kinds.get(kind, kind)), count, organization])
    return found


def _hazards(user: User, ids: list[int]) -> dict[int, list[list[Any]]]:
    statuses = dict(Status.choices)
    rows = (
        Hazard.objects.visible_to(user)
        .open()
        .filter(enterprise__in=ids)
        .order_by("due_on", "id")
        .values_list("enterprise_id", "id", "description", "level", "status", "due_on", "location")
    )
    found: dict[int, list[list[Any]]] = defaultdict(list)
    for pk, hazard, description, level, status, due_on, location in rows:
        found[pk].append([hazard, description, level, str(statuses.get(status, status)), due_on, location])
    return found


def _tasks(tasks: list[Task]) -> Group:
    current: dict[int, int] = {}
    for task, pk in Checklist.objects.filter(task__in=tasks).order_by("version").values_list("task_id", "id"):
        current[task] = pk
    group = Group(["id", "campaign", "no", "heading", "checklist"])
    group.rows = [
        [task.pk, str(task.campaign), task.no, task.heading or task.text[:60], current.get(task.pk)]
        for task in tasks
    ]
    return group


def _checklists(user: User, tasks: list[Task], today: dt.date) -> Group:
    """Checklists of the tasks, the versions replaced lately included: a visit begun with one is handed in with it."""
    begun = timezone.now() - LISTS_SINCE
    wanted: dict[int, Checklist] = {}
    for each in Checklist.objects.filter(task__in=tasks).order_by("task_id", "-version"):
        newest = all(other.task_id != each.task_id for other in wanted.values())
        if newest or each.created_at >= begun:
            wanted[each.pk] = each
    books: set[int] = set()
    for place in {body.region_id for body in _inspecting_organizations(user)}:
        books.update(Book.objects.in_force_at(place).values_list("pk", flat=True))
    in_force = BookVersion.objects.in_force(today).filter(book__in=books)
    for each in Checklist.objects.filter(book_version__in=in_force).select_related("book_version"):
        wanted[each.pk] = each
    items: dict[int, list[CheckItem]] = defaultdict(list)
    for item in CheckItem.objects.filter(checklist__in=wanted).order_by("position"):
        items[item.checklist_id].append(item)
    group = Group(["id", "task", "book", "version", "title", "items"])
    for pk, each in wanted.items():
        title = str(each.book_version.title) if each.book_version else "任务检查表"
        told = [_item(item, today) for item in items[pk]]
        group.rows.append([pk, each.task_id, each.book_version_id, each.version, title, told])
    return group


def _item(item: CheckItem, today: dt.date) -> dict[str, Any]:
    """One item; what is empty is left out. `shown` is the unit as a reading carries it; `alone`: a good number is a good answer."""
    demand = item.demand
    told = {
        "position": item.position,
        "text": item.text,
        "failure": words_of_failure(item),
        "criterion": item.criterion,
        "method": item.method,
        "basis": item.basis,
        "dispositions": item.dispositions,
        "authority": item.authority,
        "major": is_major(item, today),
        "criterion_code": item.criterion_code if is_major(item, today) else "",
        "measure": (item.measure or {}) | {"shown": unit_label(demand)} if demand else None,
        "alone": demand is not None and is_alone(item),
        "guidance": item.guidance,
        "proof": item.proof,
        "section": item.section,
        "kinds": item.kinds,
        "when": item.when,
        "photo": "" if item.photo == "failed" else item.photo,
    }
    return {name: value for name, value in told.items() if value or name == "position"}


def _inspecting_organizations(user: User) -> list[Organization]:
    return [
        post.organization
        for post in user.posts
        if Permission.CONDUCT_INSPECTION in ROLES[post.role].permissions
    ]


def _colleagues(user: User) -> Group:
    """Who may come along: one's own people, then the experts of the area and of those above it, and on joint visits the
    inspectors of the bodies that agreed to come (综合查一次, R059)."""
    bodies = _inspecting_organizations(user)
    areas = {code for body in bodies for code in (body.region_id, *ancestors(body.region_id))}
    active = User.objects.filter(
        is_active=True, is_service=False, holdings__to_on=None, holdings__post__is_active=True
    )
    columns = ("id", "full_name", "certificate_no", "holdings__post__organization")
    own = active.filter(holdings__post__organization__in=[body.pk for body in bodies]).exclude(pk=user.pk)
    experts = active.filter(
        holdings__post__organization__kind=Organization.Kind.EXPERTS,
        holdings__post__organization__region__in=areas,
    )
    partners = active.filter(
        holdings__post__organization__in=partners_of(body.pk for body in bodies),
        holdings__post__role__in=[
            role for role, each in ROLES.items() if Permission.CONDUCT_INSPECTION in each.permissions
        ],
    )
    group, known = Group(["id", "name", "certificate_no", "organization", "expert"]), set()
    for rows, is_expert in ((own, False), (experts, True), (partners, False)):
        for row in rows.order_by("full_name", "pk").values_list(*columns)[:MOST_COLLEAGUES]:
            if row[0] not in known:
                known.add(row[0])
                group.rows.append([*row, is_expert])
    return group


def _criteria(today: dt.date) -> Group:
    group = Group(["code", "domain", "text"])
    for domain, label in criteria_rules.domains(today).items():
        group.rows += [[each.code, label, each.text] for each in criteria_rules.criteria(domain, today)]
    return group


def _kinds() -> Group:
    """Kinds with what is asked of each: [name, label, unit] of every attribute in force."""
    asked = all_in_force()
    group = Group(["key", "label", "attributes"])
    for key, label in EnterpriseKind.objects.order_by("position").values_list("key", "label"):
        _, attributes = asked.get(key, (0, ()))
        group.rows.append([key, label, [[each.name, each.label, each.unit] for each in attributes]])
    return group


def _labels(pairs: Iterable[tuple[Any, str]]) -> Group:
    return Group(["key", "label"], [list(pair) for pair in pairs])


def _departments(user: User) -> Iterable[tuple[int, str]]:
    areas = {
        code
        for body in _inspecting_organizations(user)
        for code in (body.region_id, *ancestors(body.region_id))
    }
    rows = Organization.objects.filter(kind=Organization.Kind.DEPARTMENT, region__in=areas)
    own = Organization.objects.filter(pk__in=[body.pk for body in _inspecting_organizations(user)])
    return (rows | own).order_by("id").values_list("id", "short_name")


def _regions(user: User, enterprises: Group) -> Group:
    """Places of the enterprises on board, and those one may choose when not all fit."""
    place = ENTERPRISE_COLUMNS.index("locality")
    codes = {row[place] for row in enterprises.rows}
    for code in {body.region_id for body in _inspecting_organizations(user)}:
        below = Region.objects.filter(code__startswith=code).order_by("code")
        codes.update(below.values_list("code", flat=True)[:500])
    return _labels(Region.objects.filter(code__in=codes).order_by("code").values_list("code", "name"))


def _me(user: User) -> dict[str, Any]:
    bodies = _inspecting_organizations(user)
    return {
        "id": user.pk,
        "name": user.full_name,
        "certificate_no": user.certificate_no,
        "organizations": [body.pk for body in bodies],
        "organization": bodies[0].name if bodies else "",
        "kinds": [[kind.value, str(kind.label)] for kind in conducted_by(bodies[0])] if bodies else [],
        "may_grade": user.has_perm(Permission.GRADE_HAZARD),
    }


def deadlines_from(today: dt.date) -> dict[str, dict[str, list[str]]]:
    """For each level and day: the day the rule gives, and the last one an inspector may set."""
    due_by = partial(clock.due, using=clock.calendar())  # read once: it is asked for twice sixty-eight days
    found: dict[str, dict[str, list[str]]] = {}
    for level in Level.values:
        days = (today + dt.timedelta(days=offset) for offset in range(-DAYS_BACK, DAYS_AHEAD + 1))
        by_day = {}
        for day in days:
            due_on = deadline(level, day, due_by=due_by).due_on
            by_day[day.isoformat()] = [due_on.isoformat(), latest_deadline(level, day, due_on).isoformat()]
        found[level] = by_day
    return found
