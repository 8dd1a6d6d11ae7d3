"""Promises of the noodle shop, brought where tests need them by the acts people use. Every number is invented."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils import timezone

from bihuan.accounts.tests.world import World
from bihuan.inspections.tests.factories import ink, photo
from bihuan.pledges import actions
from bihuan.pledges.models import Pledge, PledgeForm
from bihuan.rules.codes import id_check_sign

# A province that exists, a county that does not, a birthday nobody has claimed, a valid check sign.
ID_NUMBERS = [
    number + id_check_sign(number)
    for number in ("53970219800101123", "53970219900202234", "53970219750303345")
]
PHONES = ["19900001111", "19900002222", "19900003333"]
NAMES = ["蒋好味", "蒋管理", "蒋联络"]


def fire_form() -> PledgeForm:
    actions.ensure_forms()
    return PledgeForm.objects.get(key="fire_self_check")


def persons() -> dict[str, dict[str, str]]:
    keys = ("responsible", "manager", "contact")
    return {
        key: {"name": NAMES[no], "phone": PHONES[no], "id_number": ID_NUMBERS[no]}
        for no, key in enumerate(keys)
    }


def corrected(**changes: Any) -> dict[str, Any]:
    return {
        "table": "corrected", "role": "corrected", "pk": None, "place": "疏散楼梯", "description": "楼梯口堆放杂物",
        "measures": "已清理，专人每日查看", "cells": {},
    } | changes  # fmt: skip


def uncorrected(**changes: Any) -> dict[str, Any]:
    return {
        "table": "uncorrected", "role": "uncorrected", "pk": None, "place": "后厨", "description": "没有装可燃气体探测器",
        "reason": "设备在途", "interim_measures": "停用燃气，改用电灶", "responsible_person": "蒋管理",
        "due_on": timezone.localdate() + dt.timedelta(days=10), "cells": {},
    } | changes  # fmt: skip


def make_draft(world: World, *, lines: list[dict[str, Any]] | None = None) -> Pledge:
    """A filled-in draft: ten 饭店、餐厅, three persons, one corrected and one uncorrected line."""
    pledge = actions.start_draft(world.enterprises.shop, fire_form(), by=world.people.shop)
    actions.save_draft(
        pledge,
        values={"use_code": "10", "answers": {}, "remarks": ""},
        persons=persons(),
        lines=[corrected(), uncorrected()] if lines is None else lines,
        by=world.people.shop,
    )
    return pledge


def make_signed(world: World, **changes: Any) -> Pledge:
    """The same, signed by hand with the seal, waiting for the housing bureau."""
    pledge = make_draft(world, **changes)
    actions.sign(pledge, image=ink(), seal=[photo(world.people.shop)], by=world.people.shop)
    return Pledge.objects.get(pk=pledge.pk)
