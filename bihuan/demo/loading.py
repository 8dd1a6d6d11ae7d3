"""Loading the demo city from the first region to the last notification, in one go."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from bihuan.accounts.models import Region

from .chronicle import Chronicle
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
    rng = random.Random(SEED)  # noqa: S311 - invented data, no secret
    chronicle = Chronicle()
    with transaction.atomic():
        say("城市：区划、单位、岗位、人员、企业")
        build(today, chronicle, enterprises=size.enterprises)
        chronicle.write()
    del rng
