"""Pages of `returns`, judged as tests/matrix/pages.py judges the others.

The county's office collects a monthly return; Qingshi street has signed its own. Whoever answers for a place, a line or
the whole may look at returns of it; only the street's own people fill it in, only the office receives and defines.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from bihuan.returns import actions
from bihuan.returns.bulletins import actions as bulletins
from bihuan.returns.figures import figures_of
from bihuan.returns.models import Bulletin, Return
from bihuan.returns.tests.factories import content, return_of

if TYPE_CHECKING:
    from .stage import Stage

PAGES = """
returns:list                  | GET      | list      | OL OO DL DO LL LO IS |
returns:collecting            | GET      | list      | OL OO DL DO LL LO IS |
returns:burden                | GET      | list      | OL OO DL DO LL LO IS |
returns:reporters             | GET      | list      | OL OO DL DO LL LO IS |
returns:definitions           | GET      | list      | OL OO DL DO LL LO IS |
returns:shipped               | GET      | list      | OL OO DL DO LL LO IS |
returns:shipped adopt         | POST     | list      | OO                  |
returns:create                | GET POST | list      | OO                  |
returns:bring                 | POST     | list      | OO                  |
returns:compile               | POST     | county    | OO                  |
returns:definition            | GET      | county    | OL OO LL LO IS      | DL DO
returns:trial                 | GET      | county    | OL OO LL LO IS      | DL DO
returns:layout                | GET      | county    | OL OO LL LO IS      | DL DO
returns:edit                  | GET POST | county    | OO                  |
returns:start                 | POST     | county    | OO                  |
returns:stop                  | POST     | county    | OO                  |
returns:adhoc                 | POST     | county    | OO                  |
returns:period                | GET      | county    | OL OO LL LO IS      | DL DO
returns:summed                | GET      | county    | OL OO LL LO IS      | DL DO
returns:period_export         | GET      | county    | OL OO LL LO IS      | DL DO
returns:urge                  | POST     | county    | OO                  |
returns:accept                | POST     | county    | OO                  |
returns:detail                | GET      | street    | OL OO LL LO IS      | DL DO
returns:save                  | POST     | street    | LL LO               | DL DO
returns:recheck               | POST     | street    | OL OO LL LO IS      | DL DO
returns:live                  | GET      | street    | OL OO LL LO IS      | DL DO
returns:figure                | GET      | street    | OL OO LL LO IS      | DL DO
returns:compare               | GET      | street    | OL OO LL LO IS      | DL DO
returns:print                 | GET      | street    | OL OO LL LO IS      | DL DO
returns:sheet                 | GET      | street    | OL OO LL LO IS      | DL DO
returns:move accept           | POST     | street    | OO                  | DL DO
returns:move send_back        | POST     | street    | OO                  | DL DO
returns:move unlock           | POST     | street    | OO                  | DL DO
returns:move urge             | POST     | street    | OO                  | DL DO
returns:move withdraw         | POST     | street    | LL LO               | DL DO
returns:docx                  | GET      | street    | OL OO LL LO IS      | DL DO
returns:pdf                   | GET      | street    | OL OO LL LO IS      | DL DO
returns:bulletins             | GET      | list      | OL OO DL DO LL LO IS |
returns:bulletin-draft        | POST     | county    | OO                  |
returns:bulletin              | GET      | county    | OL OO               | DL DO LL LO IS
returns:bulletin issued       | GET      | county    | OL OO LL LO IS      | DL DO
returns:bulletin-edit         | POST     | county    | OO                  |
returns:bulletin-choose       | POST     | county    | OO                  |
returns:bulletin-recount      | POST     | county    | OO                  |
returns:bulletin-check        | POST     | county    | OO                  |
returns:bulletin-move         | POST     | county    | OL                  | DL DO
returns:bulletin-print        | GET      | county    | OL OO               | DL DO LL LO IS
returns:bulletin-docx         | GET      | county    | OL OO               | DL DO LL LO IS
returns:bulletin-pdf          | GET      | county    | OL OO               | DL DO LL LO IS
returns:bulletin-version      | GET      | county    | OL OO               | DL DO LL LO IS
returns:bulletin-figures      | GET      | county    | OL OO LL LO IS      | DL DO
returns:bulletin-rows         | GET      | county    | OL OO LL LO IS      | DL DO
"""
ADDRESSES: dict[str, dict[str, str]] = {
    "returns:shipped": {"key": "return_key"},
    "returns:figure": {"code": "return_code"},
    "returns:move": {"pk": "return", "key": "="},
    **{
        f"returns:{name}": {"pk": "return"}
        for name in ("detail", "save", "recheck", "live", "compare", "print", "sheet", "docx", "pdf")
    },
    **{
        f"returns:bulletin{name}": {"pk": "bulletin"}
        for name in ("", "-edit", "-choose", "-recount", "-check", "-print", "-docx", "-pdf")
    },
    "returns:bulletin issued": {"pk": "bulletin_issued"},
    "returns:bulletin-move": {"pk": "bulletin_issued"},
    "returns:bulletin-version": {"pk": "bulletin", "number": "=1"},
    "returns:bulletin-figures": {"code": "bulletin_code"},
    "returns:bulletin-rows": {"code": "bulletin_code"},
    **{
        f"returns:{name}": {"pk": "return_definition"}
        for name in ("definition", "trial", "layout", "edit", "start", "stop", "adhoc")
    },
    **{
        f"returns:{name}": {"pk": "return_period"}
        for name in ("period", "summed", "period_export", "urge", "accept")
    },
}
QUERIES: dict[str, dict[str, str]] = {
    "returns:live": {"cell": "return_cell"},
    "returns:summed": {"row": "return_row", "item": "return_item"},
    "returns:bulletin-rows": {"cell": "return_cell"},
}
BODIES: dict[str, dict[str, str]] = {
    "returns:shipped adopt": {"starts_on": "=2026-01-01"},
    "returns:compile": {"campaign": "campaign"},
    "returns:start": {"starts_on": "=2026-01-01"},
    "returns:stop": {"reason": "=并入月报"},
    "returns:move send_back": {"reason": "=数不对"},
    "returns:move unlock": {"reason": "=漏报"},
    "returns:move withdraw": {"reason": "=填错"},
    "returns:bulletin-draft": {"period": "return_period"},
    "returns:bulletin-edit": {"version": "=1", "title": "=标题"},
    "returns:bulletin-move": {"move": "=withdraw_bulletin", "reason": "=口径有误"},
}
MARKS: dict[str, str] = {}


def _issued(stage: Stage) -> Bulletin:
    """A bulletin of the county's office that went out."""
    definition = actions.create_definition(
        content(key="stage.bulletin", name="通报试报表", owers=["locality"]), stage.world.organizations.county_office,
        by=stage.inside["OO"], starts_on=timezone.localdate() - dt.timedelta(days=32), put_in_force=True,
    )  # fmt: skip
    actions.open_due(timezone.now())
    period = definition.periods.order_by("-last")[0]
    bulletin = bulletins.draft_bulletin(period, by=stage.inside["OO"])
    bulletins.check_bulletin(bulletin, reason="试印", by=stage.inside["OO"])
    bulletins.issue_bulletin(bulletin, by=stage.inside["OL"])
    return bulletin


def ids(stage: Stage) -> dict[str, Any]:
    """What the stage holds of it, by the names the tables use."""
    world, office = stage.world, stage.inside["OO"]
    definition = actions.create_definition(
        content(key="stage.month", owers=["locality"]), world.organizations.county_office, by=office,
        starts_on=timezone.localdate() - dt.timedelta(days=32), put_in_force=True,
    )  # fmt: skip
    actions.open_due(timezone.now())
    last = Return.objects.filter(period__definition=definition).order_by("-period__last")[0].period
    record = return_of(last, world.organizations.qingshi)
    filing = actions.sign_return(record, by=stage.inside["LL"], zero=True)
    sheet = figures_of(return_of(last, world.organizations.qingshi), filing)
    bulletin = bulletins.draft_bulletin(last, by=office)
    issued = _issued(stage)
    return {
        "bulletin": bulletin.pk, "bulletin_issued": issued.pk, "bulletin_code": issued.code,
        "return_key": "daily.dispatch", "return_row": "own", "return_item": "found", "return_definition": definition.pk, "return_period": last.pk, "return": record.pk,
        "return_code": sheet.whole("found").code, "return_cell": "|found",
    }  # fmt: skip
