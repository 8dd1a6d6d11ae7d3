"""Every ledger line says which state it leads to, and every hazard which kind of object it was found at.

What lines of earlier versions led to is worked out backwards from the hazard as it stands today. An extension names
the deadline it replaced; where a deadline was set anew and nothing kept the old one, the rule for that day is applied.
"""

from __future__ import annotations

import datetime as dt
from itertools import groupby
from typing import Any

import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import F, OuterRef, Subquery
from django.db.models.functions import Coalesce, TruncDate
from django.utils import timezone

BATCH = 2000
Replaced = dict[str, tuple[dt.date, dt.date]]  # evidence of an extension → deadline before and after
RESETTING = ("confirm", "grade_major", "downgrade", "extend", "approve_plan", "reopen")


def fill_in(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """Kind, level, deadline and day of what is there already: set-wise, then the few whose deadline was moved."""
    hazards = apps.get_model("hazards", "Hazard").objects
    lines = apps.get_model("hazards", "HazardTransition").objects
    enterprise = apps.get_model("registry", "Enterprise").objects.filter(pk=OuterRef("enterprise"))
    hazards.filter(kind=None).update(kind=Subquery(enterprise.values("kind")[:1]))
    its_hazard = apps.get_model("hazards", "Hazard").objects.filter(pk=OuterRef("hazard"))
    lines.update(
        level=Subquery(its_hazard.values("level")[:1]),
        due_on=Subquery(its_hazard.values("due_on")[:1]),
        counted_on=TruncDate("at"),
    )
    entered = lines.filter(from_status="") | lines.filter(move="fix_on_spot")
    entered.exclude(move="import", to_status__in=["closed", "reinspecting", "accepting"]).update(
        counted_on=Subquery(its_hazard.values("found_on")[:1])
    )
    lines.filter(move="import", to_status="closed").update(
        counted_on=Coalesce(Subquery(its_hazard.values("closed_on")[:1]), F("counted_on"))
    )
    moved = lines.filter(move__in=RESETTING).values("hazard")
    chosen = lines.filter(hazard__in=moved).order_by("hazard", "id").iterator(chunk_size=BATCH)
    extensions = apps.get_model("hazards", "Extension").objects
    replaced = {
        f"hazards.extension:{pk}": (old, new)
        for pk, old, new in extensions.values_list("pk", "old_due_on", "requested_due_on")
    }
    changed = []
    for _, life in groupby(chosen, key=lambda line: line.hazard_id):
        changed += _backwards(list(life), replaced)
        if len(changed) > BATCH:
            lines.bulk_update(changed, ["level", "due_on"], batch_size=400)
            changed = []
    lines.bulk_update(changed, ["level", "due_on"], batch_size=400)


def _backwards(life: list[Any], replaced: Replaced) -> list[Any]:
    """One hazard's lines with the state each led to, from the last, which led to the present one."""
    level, due_on = life[-1].level, life[-1].due_on
    for number in range(len(life) - 1, -1, -1):
        line = life[number]
        line.level, line.due_on = level, due_on
        if line.move == "confirm":
            due_on = None
        elif line.move == "grade_major":
            level = "general"
        elif line.move == "downgrade":
            level = "major"
        if line.move == "extend" and line.evidence in replaced:
            due_on = replaced[line.evidence][0]
        elif line.move in ("grade_major", "downgrade", "reopen", "approve_plan"):
            due_on = None if line.from_status == "reported" else _earlier(level, life[:number], replaced)
    return life


def _earlier(level: str, earlier: list[Any], replaced: Replaced) -> dt.date | None:
    """The deadline set last before: what an extension granted, else what the rule gave on that day; None before any."""
    from bihuan.duties import clock
    from bihuan.hazards.deadlines import deadline

    setting = ("confirm", "grade_major", "downgrade", "reopen", "extend")
    last = next((line for line in reversed(earlier) if line.move in setting or not line.from_status), None)
    if last is None or (not last.from_status and last.to_status == "reported"):
        return None
    ruled = deadline(level, timezone.localdate(last.at))
    if last.move == "extend" and last.evidence in replaced:
        asked = replaced[last.evidence][1]
        return clock.calendar().next_working(asked) if ruled.explanation["roll"] else asked
    return ruled.due_on


class Migration(migrations.Migration):
    dependencies = [("hazards", "0001_initial"), ("registry", "0001_initial")]

    operations = [
        migrations.AddField(
            "hazard",
            "kind",
            models.ForeignKey(
                null=True,
                db_index=False,
                help_text="发现时企业所属的类型；企业以后改类不影响已登记的隐患",
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="registry.enterprisekind",
                verbose_name="对象类型",
            ),
        ),
        migrations.AddField(
            "hazardtransition",
            "level",
            models.CharField(
                "等级", choices=[("general", "一般"), ("major", "重大")], default="general", max_length=8
            ),
            preserve_default=False,
        ),
        migrations.AddField("hazardtransition", "due_on", models.DateField("整改期限", null=True)),
        migrations.AddField(
            "hazardtransition",
            "counted_on",
            models.DateField("计入日期", null=True, help_text="新状态从哪一天起计入统计"),
        ),
        # The lines already written are of the first edition; from here on the second is the default.
        migrations.AddField(
            "hazardtransition",
            "edition",
            models.PositiveSmallIntegerField(
                "版式", default=1, help_text="1 为签名不含等级和日期的早期流转"
            ),
        ),
        migrations.AlterField(
            "hazardtransition",
            "edition",
            models.PositiveSmallIntegerField(
                "版式", default=2, help_text="1 为签名不含等级和日期的早期流转"
            ),
        ),
        migrations.RunPython(fill_in, migrations.RunPython.noop, elidable=False),
    ]
