"""Loading the demo city from the first region to the last notification, in one go."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from bihuan.accounts.models import Region

from .chronicle import Chronicle
from .campaigning import open_campaigns
from .city import build

SEED = 2026


@dataclass(frozen=True)
class Size:
    """How much of everything: enterprises (at most 400), hazards, inspections, photographs."""

    enterprises: int
    hazards: int
    inspections: int
    photos: int


SIZES = {
    "full": Size(enterprises=400, hazards=2500, inspections=4000, photos=250),
    "small": Size(enterprises=60, hazards=150, inspections=240, photos=12),
}


def is_empty() -> bool:
    """Whether nothing has been loaded or entered yet: the demo city never mixes with other data."""
    return not Region.objects.exists()


def load_city(size: Size, *, say: Callable[[str], None], today: dt.date | None = None) -> None:
    """Fill an empty installation. Deterministic for a day: dates are counted back from `today`."""
    today = today or timezone.localdate()
    chronicle = Chronicle()
    with transaction.atomic():
        say("城市：区划、单位、岗位、人员、企业")
        city = build(today, chronicle, enterprises=size.enterprises)
        chronicle.write()
        say("行动：导入、校核、发布两个方案")
        open_campaigns(city)
