"""Routine and campaign visits become visits of the township, the department or those above, by who made them.

What was signed stays: the word that stood there is kept beside the new one. Stretch by stretch and each on its own,
so that nobody waits for ten million rows; run again after an interruption it goes on where it was.
"""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import F, Max

EARLIER = ("routine", "campaign")
BY_BODY = {"locality": "township", "department": "department", "office": "upper_level"}
STRETCH = 20_000


def keep_apart(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """Name the kind of every earlier visit; one made in another body's name counts as the department's."""
    visits = apps.get_model("inspections", "Inspection").objects
    last = visits.aggregate(last=Max("pk"))["last"] or 0
    for low in range(0, last, STRETCH):
        rows = visits.filter(pk__gt=low, pk__lte=low + STRETCH, kind__in=EARLIER)
        for body, kind in BY_BODY.items():
            rows.filter(organization__kind=body).update(signed_kind=F("kind"), kind=kind)
        rows.update(signed_kind=F("kind"), kind="department")


def as_signed(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """Give back the words that were signed."""
    rows = apps.get_model("inspections", "Inspection").objects.exclude(signed_kind="")
    rows.update(kind=F("signed_kind"), signed_kind="")


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("inspections", "0002_kinds_apart"), ("accounts", "0001_initial")]
    operations = [migrations.RunPython(keep_apart, as_signed, elidable=False)]
