"""Invented enterprises of the demo city: pure, seeded, the same on every machine.

Texts and places come from ``data/``. Nothing here touches the database.
"""

from __future__ import annotations

import datetime as dt
import json
import random
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from bihuan.demo.photos import photo
from bihuan.rules.codes import make_credit_code, organization_check_sign

__all__ = ["DEMO_TODAY", "enterprises", "load", "localities", "photo"]

DATA = Path(__file__).parent / "data"
CITY = "5397"
ZONE = "539771"
DEMO_TODAY = dt.date(2026, 11, 21)  # permits expire around this day unless another is given

KIND_COUNTS = {
    "restaurant": 150,
    "gas_pipeline": 4,
    "lpg_station": 22,
    "lpg_filling": 8,
    "delivery_station": 26,
    "chemical_plant": 14,
    "chemical_trade": 30,
    "gas_station": 34,
    "warehouse": 30,
    "school": 34,
    "hospital": 16,
    "market": 32,
}
# The cast that logs in: login -> kind, locality, name. Their managers stand in people.json.
CAST = {
    "qiye": ("restaurant", "539702003", "青石禾香小馆"),
    "huagong": ("chemical_plant", ZONE, "云溪青杉精细化工有限公司"),
}
TIER_WEIGHTS = {"street": 9, "town": 4, "township": 2, "zone": 5}
# Kinds that keep away from the usual spread: locality tiers and how much they draw.
KIND_WEIGHTS = {
    "chemical_plant": {"street": 0, "town": 1, "township": 0, "zone": 60},
    "warehouse": {"street": 2, "town": 3, "township": 1, "zone": 40},
    "lpg_filling": {"street": 0, "town": 5, "township": 1, "zone": 8},
    "gas_pipeline": {"street": 5, "town": 0, "township": 0, "zone": 10},
}
WORDS = [
    "禾香",
    "竹影",
    "溪畔",
    "青杉",
    "云麓",
    "石泉",
    "望舒",
    "松风",
    "春禾",
    "晚晴",
    "麦秋",
    "榆荫",
    "槐安",
    "桂雨",
    "枫桥边",
    "稻花",
    "梨园坡",
    "柳湾",
    "芦白",
    "蓼红",
    "苇岸",
    "菱歌",
    "橘灯",
    "杏雨",
    "桐荫",
    "荷塘口",
    "茶烟",
    "兰若里",
    "菊径",
    "梅岭下",
    "藕塘",
    "苔痕",
    "栗坡",
    "棠梨",
    "葵园",
    "薄荷地",
    "艾草坪",
    "紫云英",
    "芥子",
    "荠菜花",
]
STREETS = [
    "竹影路",
    "青杉路",
    "石泉街",
    "望舒路",
    "松风巷",
    "稻花街",
    "柳湾路",
    "桂雨街",
    "槐安路",
    "梨花巷",
    "溪畔路",
    "茶烟街",
]
# Endings of names by kind; the ones in SOLE are individual businesses (个体工商户).
ENDINGS = {
    "restaurant": [
        "小馆",
        "饭庄",
        "面馆",
        "火锅店",
        "烧烤店",
        "小吃店",
        "羊汤馆",
        "家常菜馆",
        "米线店",
        "餐饮有限公司",
    ],
    "gas_pipeline": ["管道燃气有限公司"],
    "lpg_station": ["液化气供应站", "燃气有限公司供应站"],
    "lpg_filling": ["液化气储配充装有限公司"],
    "delivery_station": ["瓶装气配送服务部", "送气服务站"],
    "chemical_plant": ["化工有限公司", "新材料有限公司", "涂料制造有限公司"],
    "chemical_trade": ["化工商贸有限公司", "化学品经营部", "溶剂销售有限公司"],
    "gas_station": ["加油站", "加油加气站"],
    "warehouse": ["仓储有限公司", "物流有限公司", "供应链有限公司"],
    "school": ["小学", "中学", "幼儿园"],
    "hospital": ["医院", "卫生院", "康复医院"],
    "market": ["超市", "农贸市场", "商场", "燃气具商店"],
}
SOLE = (
    "小馆",
    "饭庄",
    "面馆",
    "火锅店",
    "烧烤店",
    "小吃店",
    "羊汤馆",
    "家常菜馆",
    "米线店",
    "经营部",
    "服务部",
    "商店",
)
EMPLOYEES = {
    "restaurant": (3, 40),
    "gas_pipeline": (60, 220),
    "lpg_station": (4, 15),
    "lpg_filling": (12, 45),
    "delivery_station": (3, 14),
    "chemical_plant": (60, 480),
    "chemical_trade": (4, 30),
    "gas_station": (6, 24),
    "warehouse": (10, 120),
    "school": (20, 180),
    "hospital": (25, 600),
    "market": (5, 160),
}
# kind -> permits: name, years of validity (None: no end), issuing organization's name
PERMITS: dict[str, list[tuple[str, int | None, str]]] = {
    "restaurant": [("食品经营许可证", 5, "云溪市市场监督管理局")],
    "gas_pipeline": [("燃气经营许可证", 5, "云溪市住房和城乡建设局")],
    "lpg_station": [("燃气经营许可证", 5, "云溪市住房和城乡建设局")],
    "lpg_filling": [
        ("气瓶充装许可证", 4, "云溪市市场监督管理局"),
        ("燃气经营许可证", 5, "云溪市住房和城乡建设局"),
    ],
    "delivery_station": [("燃气经营许可证", 5, "云溪市住房和城乡建设局")],
    "chemical_plant": [
        ("安全生产许可证", 3, "云溪市应急管理局"),
        ("危险化学品登记证", 3, "云溪市应急管理局"),
    ],
    "chemical_trade": [("危险化学品经营许可证", 3, "云溪市应急管理局")],
    "gas_station": [
        ("危险化学品经营许可证", 3, "云溪市应急管理局"),
        ("成品油零售经营批准证书", 5, "云溪市商务局"),
    ],
    "warehouse": [("道路危险货物运输许可证", 4, "云溪市交通运输局")],
    "school": [("食品经营许可证（食堂）", 5, "云溪市市场监督管理局")],
    "hospital": [
        ("医疗机构执业许可证", 5, "云溪市卫生健康委员会"),
        ("食品经营许可证（食堂）", 5, "云溪市市场监督管理局"),
    ],
    "market": [("公众聚集场所消防安全检查意见书", None, "云溪市消防救援支队")],
}
SECOND_PREMISES = {
    "restaurant": "二店",
    "gas_pipeline": "调压计量站",
    "lpg_station": "便民服务点",
    "lpg_filling": "储罐区",
    "delivery_station": "便民配送点",
    "chemical_plant": "原料罐区",
    "chemical_trade": "仓库",
    "warehouse": "二号库区",
    "school": "食堂",
    "hospital": "住院部食堂",
    "market": "地下停车场",
}
EXPIRED_SHARE, EXPIRING_SHARE = 0.05, 0.10  # of permits: already over; over within ninety days
RISK_ORDER = ["red", "orange", "yellow", "blue"]


@cache
def load(name: str) -> dict[str, Any]:
    """Return the parsed ``data/<name>.json``. Callers must not change what they get."""
    parsed: dict[str, Any] = json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))
    return parsed


def localities() -> list[dict[str, Any]]:
    """Return the 24 townships and streets and the development zone, in the order of the file."""
    return [region for region in load("regions")["regions"] if region["tier"] in TIER_WEIGHTS]


def _inside(outline: list[list[float]], x: float, y: float) -> bool:
    """Whether a point of the schematic map lies in the polygon (ray casting)."""
    within = False
    for (ax, ay), (bx, by) in zip(outline, outline[1:] + outline[:1], strict=True):
        if (ay > y) != (by > y) and x < (bx - ax) * (y - ay) / (by - ay) + ax:
            within = not within
    return within


def _point(rng: random.Random, region: dict[str, Any]) -> tuple[float, float]:
    """Return longitude and latitude of a random place in the region's outline."""
    frame = load("regions")["map"]
    xs = [x for x, _ in region["outline"]]
    ys = [y for _, y in region["outline"]]
    while True:
        x, y = rng.uniform(min(xs), max(xs)), rng.uniform(min(ys), max(ys))
        if _inside(region["outline"], x, y):
            return (
                round(frame["longitude_origin"] + x * frame["longitude_per_unit"], 6),
                round(frame["latitude_origin"] + y * frame["latitude_per_unit"], 6),
            )


def _person(rng: random.Random) -> str:
    parts = load("people")["name_parts"]
    return rng.choice(parts["surnames"]) + rng.choice(parts["first"]) + rng.choice(parts["second"])


def _credit_code(serial: int, kind: str, name: str, county: str) -> str:
    """Return a formally valid code. 12: public institution, 92: individual business, 91: company (GB 32100)."""
    first_two = "92" if name.endswith(SOLE) else "91"
    if kind in {"school", "hospital"}:
        first_two = "12"
    body = f"MA{serial:06d}"
    return make_credit_code(first_two + county + body + organization_check_sign(body))


def _name(rng: random.Random, kind: str, region: dict[str, Any], taken: set[str]) -> str:
    """Return a name nobody has yet: place, an invented word, what it is."""
    place = "云溪" if region["tier"] == "zone" else region["short_name"]
    if kind in {"gas_pipeline", "chemical_plant", "warehouse", "lpg_filling"}:
        place = {"539721": "岚溪", "539722": "柏川"}.get(region["code"][:6], "云溪")
    endings = ENDINGS[kind]
    if kind == "hospital":  # 卫生院 are the hospitals of towns and townships
        endings = endings[1:2] if region["tier"] in {"town", "township"} else [endings[0], endings[2]]
    while True:
        name = place + rng.choice(WORDS) + rng.choice(endings)
        if name not in taken:
            taken.add(name)
            return name


def _address(rng: random.Random, region: dict[str, Any]) -> str:
    names = {item["code"]: item["name"] for item in load("regions")["regions"]}
    county = "" if region["tier"] == "zone" else names[region["parent"]]
    return f"云溪市{county}{region['name']}{rng.choice(STREETS)}{rng.randint(1, 399)}号"


def _permits(
    rng: random.Random, kind: str, serial: int, today: dt.date, *, sound: bool
) -> list[dict[str, Any]]:
    """Return the permits of one enterprise; ``sound`` keeps all of them valid for at least half a year."""
    permits: list[dict[str, Any]] = []
    for name, years, issuer in PERMITS[kind]:
        draw = rng.random()
        valid_to: dt.date | None = None
        if years is None:
            valid_from = today - dt.timedelta(days=rng.randint(200, 2500))
        else:
            if sound or draw >= EXPIRED_SHARE + EXPIRING_SHARE:
                valid_to = today + dt.timedelta(days=rng.randint(180, years * 365 - 30))
            elif draw < EXPIRED_SHARE:
                valid_to = today - dt.timedelta(days=rng.randint(1, 120))
            else:
                valid_to = today + dt.timedelta(days=rng.randint(1, 90))
            first_after = valid_to + dt.timedelta(days=1)
            # 1 March stands in for 29 February in years without one.
            leap_day = (first_after.month, first_after.day) == (2, 29)
            valid_from = (first_after + dt.timedelta(days=leap_day)).replace(year=first_after.year - years)
        permits.append(
            {
                "kind": name,
                "number": f"云溪示例许〔{valid_from.year}〕{serial:04d}-{len(permits) + 1}号",
                "issuer": issuer,
                "valid_from": valid_from,
                "valid_to": valid_to,
            }
        )
    return permits


def _contacts(rng: random.Random, serial: int, login: str | None) -> list[dict[str, str]]:
    """Return the principal and the safety manager; the latter is the person who logs in, if there is one."""
    contacts = [
        {"role": "principal", "name": _person(rng), "phone": f"1990000{1000 + serial * 2:04d}"},
        {"role": "safety", "name": _person(rng), "phone": f"1990000{1001 + serial * 2:04d}"},
    ]
    if login:
        manager = next(person for person in load("people")["people"] if person["login"] == login)
        contacts[1] |= {"name": manager["name"], "phone": manager["phone"]}
    return contacts


def _risk(rng: random.Random, default: str) -> str:
    """Return the kind's usual colour, sometimes one step graver or milder."""
    step = rng.choices((0, -1, 1), weights=(64, 10, 26))[0]
    return RISK_ORDER[min(max(RISK_ORDER.index(default) + step, 0), 3)]


def _premises(
    rng: random.Random, kind: str, name: str, address: str, region: dict[str, Any]
) -> list[dict[str, Any]]:
    """Return the main place and, for about one enterprise in eight, a second one."""
    longitude, latitude = _point(rng, region)
    places = [
        {
            "name": name,
            "kind": kind,
            "locality": region["code"],
            "address": address,
            "longitude": longitude,
            "latitude": latitude,
        }
    ]
    if kind in SECOND_PREMISES and rng.random() < 0.13:
        where = rng.choice(localities()) if kind == "restaurant" else region
        longitude, latitude = _point(rng, where)
        places.append(
            {
                "name": name + SECOND_PREMISES[kind],
                "kind": kind,
                "locality": where["code"],
                "address": _address(rng, where),
                "longitude": longitude,
                "latitude": latitude,
            }
        )
    return places


def _plan_of_places(rng: random.Random) -> list[tuple[str, dict[str, Any], str | None]]:
    """Return kind, locality and login for each of the 400, cast first; every locality has restaurants."""
    by_code = {region["code"]: region for region in localities()}
    planned: list[tuple[str, dict[str, Any], str | None]] = [
        (kind, by_code[code], login) for login, (kind, code, _) in CAST.items()
    ]
    left = dict(KIND_COUNTS)
    for kind, _, _ in planned:
        left[kind] -= 1
    for kind, count in left.items():
        weights = KIND_WEIGHTS.get(kind, TIER_WEIGHTS)
        spread = list(by_code.values()) if kind in {"restaurant", "school"} else []
        chosen = spread + rng.choices(
            list(by_code.values()),
            [weights[region["tier"]] for region in by_code.values()],
            k=count - len(spread),
        )
        planned += [(kind, region, None) for region in chosen]
    return planned


def _usual_risks() -> dict[str, str]:
    """Kind of object → its usual colour, from the kinds every installation begins with."""
    text = files("bihuan.registry").joinpath("data/kinds.json").read_text("utf-8")
    return {kind["key"]: kind["risk"] for kind in json.loads(text)}


def enterprises(seed: int = 2026, *, today: dt.date = DEMO_TODAY) -> list[dict[str, Any]]:
    """Return 400 invented enterprises, the same for the same ``seed`` and ``today``.

    Keys: name, credit_code, kind, department (key in organizations.json), city, county, locality (codes),
    address, longitude, latitude (degrees), risk, status, employees, login (or None), contacts [{role, name,
    phone}], permits [{kind, number, issuer, valid_from, valid_to}], premises [{name, kind, locality, address,
    longitude, latitude}]. The first two belong to the cast.
    """
    rng = random.Random(seed)  # noqa: S311 - invented data, no secret
    departments, risks = load("kinds")["departments"], _usual_risks()
    taken = {name for _, _, name in CAST.values()}
    rows = []
    for serial, (kind, region, login) in enumerate(_plan_of_places(rng)):
        name = CAST[login][2] if login else _name(rng, kind, region, taken)
        address = _address(rng, region)
        premises = _premises(rng, kind, name, address, region)
        county = region["code"][:6]
        rows.append(
            {
                "name": name,
                "credit_code": _credit_code(serial + 1, kind, name, county),
                "kind": kind,
                "department": departments[kind],
                "city": CITY,
                "county": county,
                "locality": region["code"],
                "address": address,
                "longitude": premises[0]["longitude"],
                "latitude": premises[0]["latitude"],
                "risk": risks[kind] if login else _risk(rng, risks[kind]),
                "status": "operating" if login or rng.random() < 0.95 else "idle",
                "employees": rng.randint(*EMPLOYEES[kind]),
                "login": login,
                "contacts": _contacts(rng, serial, login),
                "permits": _permits(rng, kind, serial + 1, today, sound=login is not None),
                "premises": premises,
            }
        )
    return rows
