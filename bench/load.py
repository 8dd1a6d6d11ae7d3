"""A million hazards into a demo installation, through the same models, deltas and cells as the product.

The rows are spread over the demo's enterprises' localities, both campaigns and their tasks, and three years; one in
fourteen is still open, one in seventy overdue. Cells are counted from the ledger lines by `tally.rebuild`, so figures
are those the product itself would have kept.
"""

from __future__ import annotations

import datetime as dt
import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction
from django.db.models import Model
from django.utils import timezone
from psycopg.types.json import Jsonb

from bihuan.accounts.models import User
from bihuan.campaigns.models import Task
from bihuan.hazards.models import Hazard, HazardTransition
from bihuan.registry.models import Enterprise
from bihuan.tally.rebuild import rebuild

CHUNK = 20_000


def clone_enterprises(total: int) -> list[Enterprise]:
    """Grow the registry to `total` enterprises by copying the demo's, so that hazards do not pile up on 400."""
    originals = list(Enterprise.objects.filter(organization=None))
    have = Enterprise.objects.count()
    copies = []
    for number in range(max(0, total - have)):
        source = originals[number % len(originals)]
        copies.append(
            Enterprise(
                name=f"{source.name}{number + 1}号", kind_id=source.kind_id, department_id=source.department_id,
                city_id=source.city_id, county_id=source.county_id, locality_id=source.locality_id,
                address=source.address, risk=source.risk, code_unchecked=True,
            )
        )  # fmt: skip
    Enterprise.objects.bulk_create(copies, batch_size=2000)
    return list(Enterprise.objects.all())


def load_hazards(total: int, *, seed: int = 2026) -> None:
    """Add `total` hazards with one ledger line each, and their cells. Indexes are dropped and rebuilt around it."""
    draw = random.Random(seed)
    today = timezone.localdate()
    enterprises = clone_enterprises(max(2_000, total // 40))
    tasks = list(Task.objects.select_related("campaign"))
    author = User.objects.get(username="jiedao")
    organization = author.organization
    now = timezone.now()
    first = (Hazard.objects.order_by("-pk").values_list("pk", flat=True).first() or 0) + 1
    with _without_indexes(Hazard), _without_indexes(HazardTransition):
        for start in range(0, total, CHUNK):
            size = min(CHUNK, total - start)
            hazards = [
                _hazard(draw, enterprises, tasks, author, organization, now, today) for _ in range(size)
            ]
            for offset, hazard in enumerate(hazards):
                hazard.pk = first + start + offset
            lines = [
                HazardTransition(
                    hazard_id=hazard.pk,
                    move="import",
                    from_status="",
                    to_status=hazard.status,
                    round=1,
                    by=author,
                    at=now,
                    level=hazard.level,
                    due_on=hazard.due_on,
                    counted_on=_counted_on(hazard),
                )
                for hazard in hazards
            ]
            with transaction.atomic():
                _insert(Hazard, hazards, with_key=True)
                _insert(HazardTransition, lines, with_key=False)
    rebuild()
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT setval(pg_get_serial_sequence('hazards_hazard', 'id'), %s)", [first + total]
            )
        cursor.execute("ANALYZE")


@contextmanager
def _without_indexes(model: type[Model]) -> Iterator[None]:
    """Drop the model's own indexes while rows stream in, and build them again afterwards."""
    indexes = list(model._meta.indexes)
    with connection.schema_editor() as editor:
        for index in indexes:
            editor.remove_index(model, index)
    yield
    with connection.schema_editor() as editor:
        for index in indexes:
            editor.add_index(model, index)


def _insert(model: type[Model], rows: list[Any], *, with_key: bool) -> None:
    """Plain rows by COPY or executemany: what is measured is reading them."""
    fields = [field for field in model._meta.concrete_fields if with_key or not field.primary_key]
    table = model._meta.db_table
    columns = ", ".join(f'"{field.column}"' for field in fields)
    values = [
        [field.get_db_prep_save(getattr(row, field.attname), connection) for field in fields] for row in rows
    ]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                for value in values:
                    copy.write_row(
                        [json.dumps(cell.obj) if isinstance(cell, Jsonb) else cell for cell in value]
                    )
        else:
            marks = ", ".join(["%s"] * len(fields))
            cursor.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", values)


def _hazard(draw, enterprises, tasks, author, organization, now, today) -> Hazard:
    enterprise = draw.choice(enterprises)
    task = draw.choice(tasks)
    found_on = today - dt.timedelta(days=int(draw.triangular(0, 1095, 60)))
    due_on = found_on + dt.timedelta(days=draw.choice([7, 15, 15, 15, 30]))
    level = "major" if draw.random() < 0.01 else "general"
    closed_on = found_on + dt.timedelta(days=int(draw.expovariate(1 / 9)))
    is_closed = closed_on <= today and draw.random() > 0.004
    status = "closed" if is_closed else draw.choice(["rectifying", "rectifying", "reinspecting"])
    return Hazard(
        enterprise=enterprise, campaign_id=task.campaign_id, task=task, department_id=enterprise.department_id,
        city_id=enterprise.city_id, county_id=enterprise.county_id, locality_id=enterprise.locality_id, kind_id=enterprise.kind_id,
        source="inspection", level=level, status=status, description="连接软管长度超过两米，接头松动",
        location="后厨", found_on=found_on, found_at=now, found_by=author, found_organization=organization,
        reviewing_organization=organization, due_on=due_on, closed_on=closed_on if is_closed else None,
        closed_at=now if is_closed else None,
    )  # fmt: skip


def _counted_on(hazard: Hazard) -> dt.date:
    return hazard.found_on if hazard.status == "rectifying" else hazard.closed_on or hazard.found_on
