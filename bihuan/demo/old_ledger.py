"""A handful of hazards from before the system, imported from the office's old sheet by the real importer."""

from __future__ import annotations

import datetime as dt
import random

from bihuan.attachments.imports import SheetRow, SheetRows
from bihuan.hazards.importing import HazardImporter

from .city import City
from .generate import load
from .moments import as_of

IMPORTED_DAYS_AGO = 52


def import_old_ledger(city: City, count: int, rng: random.Random) -> None:
    """Enter `count` old hazards: most closed long ago, every twelfth handed in and waiting to be reviewed."""
    texts = load("hazard_texts")["hazards"]
    rows: list[SheetRow] = []
    for number in range(count):
        enterprise = city.enterprises[(number * 37 + 5) % len(city.enterprises)]
        general = [row for row in texts[enterprise.kind_id] if row["level"] == "general"]
        text = general[number % len(general)]
        found = city.today - dt.timedelta(days=rng.randint(75, 130))
        waiting = number % 12 == 11
        closed = "" if waiting else (found + dt.timedelta(days=rng.randint(4, 20))).isoformat()
        rows.append(
            SheetRow(
                number=number + 2,
                values={
                    "name": enterprise.name,
                    "credit_code": enterprise.credit_code or "",
                    "description": text["text"],
                    "location": text["location"],
                    "basis": f"{text['basis']['name']}{text['basis']['article']}",
                    "found_on": found.isoformat(),
                    "due_on": (found + dt.timedelta(days=15)).isoformat(),
                    "status": "待复查" if waiting else "已销号",
                    "closed_on": closed,
                    "responsible_person": city.safety[enterprise.pk],
                    "measures": text["measures"],
                },
            )
        )
    by = city.users["office"]
    importer = HazardImporter()
    with as_of(city.start_of(IMPORTED_DAYS_AGO, 15)):
        prepared = importer.prepare(SheetRows.of(rows), by)
        if prepared.errors:
            raise RuntimeError(f"the old ledger of the demo has bad rows: {prepared.errors}")
        importer.save_rows([row for _, row in prepared.rows], by)
