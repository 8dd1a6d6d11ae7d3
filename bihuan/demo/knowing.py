"""What the demo city knows of its places beyond their names: attributes, equipment, and kinds no plan of it covers.

Some records are left unfinished and some equipment is overdue, as everywhere. Invented, seeded, the same every time.
"""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

from bihuan.accounts.scope import place_of
from bihuan.registry.attributes import Attribute
from bihuan.registry.equipping import reckon_next
from bihuan.registry.kinds import ensure_schemas
from bihuan.registry.models import Enterprise, EnterpriseChange, EnterpriseKind, Equipment
from bihuan.registry.schemas import all_in_force

from .chronicle import Chronicle
from .city import City
from .generate import load

SEED = 213
UNFINISHED = 0.12  # of the records lack something
# attribute, with its unit where kinds differ → how far its numbers reach in this city
REACH: dict[str, tuple[float, float]] = {
    "length km": (0.4, 9), "capacity 人": (40, 300),
    "cylinder_stock": (15, 150), "cylinder_count": (1, 10), "hose_length": (0.8, 2.6), "area": (40, 2600),
    "seats": (12, 160), "storeys": (1, 6), "users_residential": (8000, 60000), "users_other": (90, 900),
    "network_km": (60, 420), "old_network_km": (2, 30), "annual_supply": (300, 4200), "patrol_staff": (8, 40),
    "indoor_check_share": (62, 99), "cylinder_volume": (2, 12), "users_total": (600, 9000), "own_cylinders": (800, 12000),
    "delivery_staff": (3, 18), "tanks": (2, 8), "tank_volume": (60, 400), "filling_heads": (4, 16),
    "daily_filled": (4, 38), "vehicles": (2, 12), "storage_volume": (5, 300), "nearest_homes": (120, 1800),
    "height": (6, 98), "people_living": (0, 9), "students": (180, 2400), "boarders": (0, 900), "buses": (0, 9),
    "beds": (30, 600), "stalls": (20, 300), "gas_users": (0, 24), "capacity": (1, 20), "pressure": (0.4, 1.6),
    "operators": (2, 8), "exits": (1, 4), "rooms": (18, 160), "built_in": (1992, 2022), "workers": (6, 90),
    "collectors": (1, 6), "over_scale": (0, 4), "tower_cranes": (0, 5), "lifts": (0, 4), "to_pipeline": (4, 300),
    "length": (120, 2600), "diameter": (110, 315), "occupied_spots": (0, 3), "crossings": (0, 4), "patrol_days": (1, 7),
    "daily_capacity": (1200, 20000), "catering": (0, 12), "start_km": (1, 40), "end_km": (41, 60), "accidents": (0, 6),
    "deaths": (0, 1), "tonnage": (8, 300), "passengers": (12, 80), "crew": (2, 6), "disabled": (4, 60), "night_staff": (1, 6),
    "stove_distance": (0.4, 2), "odorant": (8, 24), "third_party": (1, 3), "third_party_protected": (0, 1),
    "cylinders_seized": (0, 12),
}  # fmt: skip
# kind → names of places there are beside the plans' own kinds
PLACES: dict[str, tuple[str, ...]] = {
    "boiler_furnace": ("云溪纸业二车间蒸汽锅炉", "青石洗涤厂热水锅炉", "北岭建材隧道窑"),
    "workshop": ("银杏制衣作坊", "白塔豆制品加工作坊", "双渡木器加工作坊"),
    "small_place": ("望湖便利店", "古渡旅社", "茶坪理发洗浴店", "石桥诊所"),
    "entertainment": ("南桥星光歌舞厅", "岚城时光影城"),
    "hotel": ("云溪湖畔酒店", "桃岭客栈"),
    "elderly_home": ("望湖养老院", "河湾镇敬老院"),
    "high_rise": ("云溪国际中心", "城东观澜小区1号楼"),
    "dust_factory": ("北岭铝制品抛光厂", "沙坝家具厂"),
    "construction_site": ("城西安置房二期工地", "岚溪二中新建教学楼工地"),
    "pipeline_section": ("城东幸福路中压管段", "南桥老街庭院管段", "经开区次高压管段"),
    "scenic_spot": ("云溪湖风景区", "雁落峡漂流景区"),
    "road_section": ("云柏公路K12急弯路段", "赤岩乡道临崖路段"),
    "vessel": ("双渡客渡一号", "云溪湖游船三号"),
}
# kind → equipment most of its places have
EQUIPPED: dict[str, tuple[str, ...]] = {
    "restaurant": ("gas_detector",), "lpg_filling": ("gas_tank", "safety_valve", "lightning"),
    "lpg_station": ("gas_detector",), "gas_pipeline": ("pressure_pipe", "safety_valve"),
    "chemical_plant": ("pressure_vessel", "safety_valve", "lightning"), "gas_station": ("lightning", "extinguisher"),
    "hospital": ("lift", "pressure_vessel"), "hotel": ("lift",), "high_rise": ("lift",), "market": ("lift",),
    "boiler_furnace": ("boiler", "safety_valve", "pressure_gauge"), "construction_site": ("crane",),
    "warehouse": ("forklift",),
}  # fmt: skip
SHARES = {"licence_state": (30, 1, 1)}  # who is found without a licence is closed before long
MAKERS = ("云溪特种设备制造厂", "岚溪机电有限公司", "柏川仪表厂")


def know(city: City, chronicle: Chronicle) -> None:
    """Enter what is known of every place, further kinds of places, and equipment due before and after today."""
    ensure_schemas()
    rng = random.Random(SEED)  # noqa: S311 - invented data, no secret
    others = _others(city, rng)
    asked = all_in_force()
    everybody = [*city.enterprises, *others]
    for enterprise in everybody:
        if enterprise.kind_id in asked and rng.random() > UNFINISHED / 2:
            version, attributes = asked[enterprise.kind_id]
            enterprise.attributes = _answers(attributes, rng, city.today)
            enterprise.attributes_version = version
    Enterprise.objects.bulk_update(everybody, ["attributes", "attributes_version"], batch_size=200)
    _equip(everybody, rng, city.today)
    by, at = city.users["office"], city.start_of(147, 10)
    EnterpriseChange.objects.bulk_create(
        EnterpriseChange(
            enterprise=each, what=EnterpriseChange.What.CREATED, changes=[["名称", "", each.name]],
            reason="批量导入", by=by, at=at,
        )
        for each in others
    )  # fmt: skip
    chronicle.note(
        "registry.import", by, by=by, at=at, summary=f"批量导入底册：新增{len(others)}家，更新0家",
        payload={"created": [each.pk for each in others], "updated": {}},
    )  # fmt: skip


def _others(city: City, rng: random.Random) -> list[Enterprise]:
    kinds = EnterpriseKind.objects.in_bulk()
    localities = [row for row in load("regions")["regions"] if row["kind"] in ("township", "zone")]
    made = []
    for key, names in PLACES.items():
        for name in names:
            row = next(
                (each for each in localities if each["short_name"][:2] in name), rng.choice(localities)
            )
            locality = city.regions[row["code"]]
            place = place_of(locality)
            kind = kinds[key]
            made.append(
                Enterprise(
                    name=name, kind=kind, department=kind.default_department, city_id=place.city_id,
                    county_id=place.county_id or locality.code, locality=locality, address=f"{locality.name}{name}",
                    longitude=locality.longitude, latitude=locality.latitude, risk=kind.default_risk,
                    employees=rng.randint(2, 60),
                )
            )  # fmt: skip
    return Enterprise.objects.bulk_create(made)


def _answers(attributes: tuple[Attribute, ...], rng: random.Random, today: dt.date) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for attribute in attributes:
        if rng.random() < (UNFINISHED / 2 if attribute.required else 2 * UNFINISHED):
            continue
        value = _answer(attribute, rng, today)
        if value is not None:
            found[attribute.name] = value
    return found


def _answer(attribute: Attribute, rng: random.Random, today: dt.date) -> Any:
    low, high = REACH.get(f"{attribute.name} {attribute.unit}", REACH.get(attribute.name, (None, None)))
    match attribute.type:
        case "choice":
            # What stands first in a list is commonest.
            shares = SHARES.get(attribute.name, range(len(attribute.choices), 0, -1))
            return rng.choices(attribute.choices, weights=shares)[0]
        case "choices":
            picked = set(rng.sample(attribute.choices, k=min(len(attribute.choices), rng.randint(1, 3))))
            return [choice for choice in attribute.choices if choice in picked]
        case "yes_no":
            return rng.random() < 0.8
        case "integer" if low is not None and high is not None:
            return rng.randint(int(low), int(high))
        case "number" if low is not None and high is not None:
            return round(rng.uniform(low, high), 1)
        case "date":
            return (today - dt.timedelta(days=rng.randint(20, 500))).isoformat()
    return None


def _equip(enterprises: list[Enterprise], rng: random.Random, today: dt.date) -> None:
    made: list[Equipment] = []
    for enterprise in enterprises:
        for kind in EQUIPPED.get(enterprise.kind_id, ()):
            if rng.random() < 0.25:
                continue
            installed = today - dt.timedelta(days=rng.randint(500, 2600))
            last = today - dt.timedelta(days=rng.choice((40, 120, 200, 340, 350, 372)))
            piece = Equipment(
                enterprise=enterprise, kind=kind, number=f"{kind.upper()[:3]}-{len(made) + 1:04d}",
                maker=rng.choice(MAKERS), made_on=installed - dt.timedelta(days=90), installed_on=installed,
                last_inspected_on=max(last, installed),
            )  # fmt: skip
            reckon_next(piece)
            made.append(piece)
    Equipment.objects.bulk_create(made)
