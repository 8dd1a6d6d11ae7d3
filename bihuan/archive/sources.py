"""Reading the database for the archive: a stretch of ids as one CSV file, by keyset, without a row passing through
Python objects (COPY on PostgreSQL, the csv module on SQLite)."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

from django.db import connection, models
from django.db.models import Case, F, OuterRef, QuerySet, Subquery, Value, When

from bihuan.audit.models import Event
from bihuan.hazards.models import HazardTransition
from bihuan.inspections.models import Inspection

from .layout import ACTS, LINES, VISITS, Stream

MODELS: dict[str, type[models.Model]] = {
    LINES.name: HazardTransition,
    VISITS.name: Inspection,
    ACTS.name: Event,
}
# When a row was written, which decides its month.
WRITTEN = {LINES.name: "at", VISITS.name: "received_at", ACTS.name: "at"}
FETCH = 5_000


def rows_of(stream: Stream, low: int, high: int) -> QuerySet[models.Model]:
    """The rows of a stream with `low < id <= high`, by id."""
    return MODELS[stream.name]._base_manager.filter(pk__gt=low, pk__lte=high).order_by("pk")


def _before(column: str) -> Case:
    """What the line before said; the first line of a hazard has none and is not looked for."""
    earlier = HazardTransition.objects.filter(hazard=OuterRef("hazard"), pk__lt=OuterRef("pk")).order_by(
        "-pk"
    )
    return Case(When(from_status="", then=Value(None)), default=Subquery(earlier.values(column)[:1]))


def _lines(rows: QuerySet[models.Model]) -> QuerySet[models.Model]:
    return rows.values_list(
        "pk", "hazard_id", "move", "from_status", "to_status", "round", "at", "counted_on", "level", "due_on",
        _before("level"), _before("due_on"), _before("counted_on"),
        "hazard__city_id", "hazard__county_id", "hazard__locality_id", "hazard__department_id", "hazard__kind_id",
        "hazard__campaign_id", "hazard__task_id", "hazard__source", "hazard__found_on", "hazard__enterprise_id",
        "hazard__found_organization_id", "hazard__reviewing_organization_id",
    )  # fmt: skip


# What an archive has kept does not change when kinds are told apart later: the word that was signed.
_AS_SIGNED = Case(When(signed_kind="", then=F("kind")), default=F("signed_kind"))


def _visits(rows: QuerySet[models.Model]) -> QuerySet[models.Model]:
    return rows.values_list(
        "pk", "received_at", "inspected_on", "is_clean", "city_id", "county_id", "locality_id", "department_id",
        "enterprise__kind_id", "campaign_id", "task_id", "enterprise_id", "organization_id", _AS_SIGNED,
    )  # fmt: skip


def _acts(rows: QuerySet[models.Model]) -> QuerySet[models.Model]:
    return rows.values_list(*({"id": "pk", "written_at": "at"}.get(name, name) for name in ACTS.raw))


_COLUMNS = {LINES.name: _lines, VISITS.name: _visits, ACTS.name: _acts}


def extract(stream: Stream, rows: QuerySet[models.Model], path: Path) -> None:
    """Write rows of a stream (see `rows_of`) as CSV, columns as `stream.raw` names them."""
    sql, parameters = _COLUMNS[stream.name](rows).query.sql_with_params()
    if connection.vendor == "postgresql":
        copy = f"COPY ({sql}) TO STDOUT (FORMAT csv)"
        with (
            connection.cursor() as cursor,
            path.open("wb") as target,
            cursor.copy(copy, parameters) as chunks,
        ):
            for chunk in chunks:
                target.write(chunk)
        return
    with connection.cursor() as cursor, path.open("w", encoding="utf-8", newline="") as target:
        cursor.execute(sql, parameters)
        writer = csv.writer(target, lineterminator="\n")
        while found := cursor.fetchmany(FETCH):
            writer.writerows(found)


def extract_ids(stream: Stream, low: int, high: int, path: Path) -> int:
    """Write the ids of a stretch, one per line; returns how many."""
    count = 0
    with path.open("w", encoding="ascii") as target:
        for pk in rows_of(stream, low, high).values_list("pk", flat=True).iterator(chunk_size=FETCH):
            target.write(f"{pk}\n")
            count += 1
    return count


def count(stream: Stream, low: int, high: int) -> int:
    """How many rows the database has in a stretch of ids."""
    return rows_of(stream, low, high).order_by().count()


def newest_before(stream: Stream, moment: dt.datetime, above: int) -> int:
    """The highest id written before a moment; `above` when nothing newer than that is old enough."""
    rows = MODELS[stream.name]._base_manager.filter(pk__gt=above, **{f"{WRITTEN[stream.name]}__lt": moment})
    return rows.order_by("-pk").values_list("pk", flat=True).first() or above


def step(stream: Stream, low: int, size: int, top: int) -> int:
    """The end of the next stretch: the id of the `size`-th row after `low`, at most `top`."""
    ids = rows_of(stream, low, top).values_list("pk", flat=True)
    return ids[size - 1 : size].first() or top if size else top
