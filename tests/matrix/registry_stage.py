"""What the registry keeps of one shop in Qingshi street beyond its record: risks, who answers, lists, a twin, a plate."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.accounts.tests.world import World
from bihuan.registry import responsibilities, risks
from bihuan.registry.lists import share
from bihuan.registry.models import (
    DuplicatePair,
    Enterprise,
    Equipment,
    Merger,
    OwnerNote,
    Plate,
    Premises,
    Recheck,
    RiskPolicy,
    StatusPeriod,
)
from bihuan.registry.schemas import start_draft

_CUT_OFFS = {
    "inclusive_upper": True,
    "words": [{"above": "160", "word": "重大"}, {"above": "0", "word": "低"}],
    "colours": [{"above": "160", "colour": "red"}, {"above": "0", "colour": "blue"}],
}


def registry_ids(world: World, inside: dict[str, User]) -> dict[str, Any]:
    """One of everything, all of it the shop's."""
    shop, officer, now = world.enterprises.shop, inside["LO"], timezone.now()
    today = timezone.localdate(now)
    unit = risks.save_unit(shop, {"name": "气瓶间", "kind": "storage", "population": 20}, by=officer)
    chemical = risks.save_chemical(
        shop, {"unit": unit, "name": "液化石油气", "state": "liquid", "categories": [], "design_maximum": Decimal(1)}, by=officer
    )  # fmt: skip
    point = risks.save_point(shop, {"name": "气瓶间", "kind": "place"}, by=officer)
    watcher = responsibilities.appoint("watcher", world.posts["inspector2"], by=officer, enterprise=shop)
    shared = share(
        by=officer,
        name="青石清单",
        source="registry.enterprises",
        query="",
        columns=(),
        sharing="organization",
    )
    period = StatusPeriod.objects.create(
        enterprise=shop,
        status="operating",
        from_on=today - dt.timedelta(days=40),
        reason="登记",
        by=officer,
        at=now,
    )
    recheck = Recheck.objects.create(enterprise=shop, period=period, months=1, due_on=today)
    twin = Enterprise.objects.create(
        name="好味来面食店", kind=shop.kind, department=shop.department, city=shop.city, county=shop.county,
        locality=shop.locality,
    )  # fmt: skip
    pair = DuplicatePair.objects.create(
        first=shop.pk, second=twin.pk, score=80, reasons=["名称相似80%"], found_at=now
    )
    merger = Merger.objects.create(
        old_id=9_000_001,
        old_name="好味来小吃",
        record={"name": "好味来小吃"},
        into=shop,
        reason="同一门面",
        by=officer,
        at=now,
    )
    mood = OwnerNote.objects.create(
        enterprise=shop, kind="demand", text="青石街道业主盼补贴", on=today, by=officer, at=now
    )
    plate = Plate.objects.create(enterprise=shop, issued_at=now, issued_by=officer)
    premises = Premises.objects.create(enterprise=shop, name="气瓶间", kind=shop.kind, locality=shop.locality)
    equipment = Equipment.objects.create(enterprise=shop, kind="gas_detector", number="报1")
    draft = start_draft(shop.kind, by=inside["CO"])
    policy = RiskPolicy.objects.create(
        region=world.regions.yunxi, method="LEC", label="区口径", content=_CUT_OFFS, source="细则", doc_no="区安委〔2026〕1号",
        from_on=today, by=inside["OO"], at=now,
    )  # fmt: skip
    return {
        "premises": premises.pk,
        "equipment": equipment.pk,
        "object_kind": shop.kind_id,
        "kind_schema": draft.pk,
        "risk_policy": policy.pk,
        "major_unit": unit.pk,
        "chemical": chemical.pk,
        "risk_point": point.pk,
        "responsibility": watcher.pk,
        "shared_list": shared.pk,
        "list_source": "registry.enterprises",
        "recheck": recheck.pk,
        "owner_note": mood.pk,
        "pair": pair.pk,
        "merger": merger.pk,
        "map_window": "103.0,30.0,104.0,31.0",
        "plate": plate.pk,
        "plate_token": plate.token,
    }
