"""Looking back in the demo city: one round finished, one under way, one over blind spots, recurrences, two evaluations of effect."""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal

from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.attachments.actions import store_bytes
from bihuan.attachments.models import Attachment
from bihuan.hazards.models import Hazard
from bihuan.lookback import actions
from bihuan.lookback.models import LookbackRound

from .city import City
from .moments import as_of, at_hour
from .photos import photo

FINDINGS = {
    "held": (
        "现场核实，措施有效，没有反弹", "软管、阀门完好，有检查记录", "通道畅通，标识齐全", "报警器试验动作正常，店员会用", "气瓶已移出，储存间上锁",
        "台账与现场一致，近三个月无同类问题", "灭火器在有效期内，摆放到位", "切断阀动作可靠，有月检记录",
    ),
    "rebounded": ("又在原处堆放杂物，通道被占", "报警器断电，未接通", "软管重新使用了橡胶管", "应急灯拆下后没有装回", "气瓶又放回店堂"),
    "unclear": ("门店停业锁门，无法进入", "正在装修，设备已拆除，待复业再看"),
}  # fmt: skip


def look_back(city: City) -> None:
    """Hold two rounds as the city's office and its county offices would, and evaluate what was put right."""
    rng = random.Random(99)  # noqa: S311 - invented data, no secret
    office = _fresh(city.users["office"])
    closed = list(Hazard.objects.filter(status="closed", closed_on__isnull=False).order_by("closed_on", "pk"))
    if len(closed) < 12:
        return
    middle = city.today - dt.timedelta(days=12)
    first = _round(city, "第三季度回头看", closed[0].closed_on or middle, middle, 11, "locality", Decimal(12))
    if first is not None:
        _look(city, first, rng, done=1.0)
    second = _round(
        city, "燃气整治回头看（第二轮）", city.today - dt.timedelta(days=30), city.today - dt.timedelta(days=4), 3, "kind",
        Decimal(15),
    )  # fmt: skip
    if second is not None:
        _look(city, second, rng, done=0.4)
    _blind_spots(city)
    with as_of(at_hour(city.today - dt.timedelta(days=1), 3)):
        actions.find_recurrences(timezone.now())
    _evaluate(city, office)


def _fresh(user: User) -> User:
    return User.objects.get(pk=user.pk)


def _round(
    city: City, title: str, start: dt.date, end: dt.date, ago: int, stratify: str, margin: Decimal
) -> LookbackRound | None:
    if not Hazard.objects.filter(status="closed", closed_on__gte=start, closed_on__lte=end).exists():
        return None
    with as_of(at_hour(city.today - dt.timedelta(days=ago), 9)):
        office = _fresh(city.users["office"])
        held = actions.announce_round(
            title=title, region=city.regions["5397"], closed_from=start, closed_to=end, stratify=stratify, confidence=90,
            margin=margin, expected=Decimal(20), minimum=1, method="proportional", by=office,
        )  # fmt: skip
    with as_of(at_hour(city.today - dt.timedelta(days=ago), 15)):
        actions.draw_round(held, by=office)
    return held


def _blind_spots(city: City) -> None:
    """Places nobody ever inspected: drawn, handed to the streets and towns they lie in, two of them found shut."""
    with as_of(at_hour(city.today - dt.timedelta(days=2), 9)):
        office = _fresh(city.users["office"])
        held = actions.announce_round(
            title="监管盲区清零", region=city.regions["5397"], target="blind", unseen_months=0, stratify="kind",
            confidence=90, margin=Decimal(20), expected=Decimal(30), minimum=1, method="proportional", by=office,
        )  # fmt: skip
        actions.draw_round(held, by=office)
        actions.hand_to_localities(held, by=office)
    with as_of(at_hour(city.today - dt.timedelta(days=1), 15)):
        shut = held.checks.select_related("round__organization", "organization").order_by("position")[:2]
        for check, words in zip(shut, FINDINGS["unclear"], strict=False):
            actions.not_seen(check, found=words, by=office)


def _look(city: City, held: LookbackRound, rng: random.Random, *, done: float) -> None:
    day = city.today - dt.timedelta(days=1)
    with as_of(at_hour(day, 16)):
        office = _fresh(city.users["office"])
        body = office.posts[0].organization_id
        people = [
            user
            for login in sorted(city.users)
            if (user := _fresh(city.users[login])).has_perm(Permission.RUN_LOOKBACK)
            and any(post.organization_id == body for post in user.posts)
        ]
        rows = list(
            held.checks.select_related("round", "hazard__enterprise", "organization").order_by("position")
        )
        for number, check in enumerate(rows[: max(int(len(rows) * done), 1)]):
            who = next(each for each in people if each.pk != check.closed_by_id)
            status = "rebounded" if number % 9 == 4 else "unclear" if number % 14 == 8 else "held"
            photos = [_photo(who, number).pk] if status == "rebounded" else []
            actions.judge(
                check, status, found=rng.choice(FINDINGS[status]), checked_on=day, photos=photos, by=who
            )
        if done >= 1:
            actions.finish_round(
                LookbackRound.objects.get(pk=held.pk), by=office,
                conclusion="总体巩固较好，反弹集中在用气软管和疏散通道；反弹的已全部重开，属地和主管部门举一反三。",
            )  # fmt: skip


def _photo(by: User, number: int) -> Attachment:
    data = photo(900 + number, "回头看抽查", True)
    return store_bytes(data, f"抽查现场{number}.jpg", "image/jpeg", Attachment.Kind.IMAGE, by=by)


EFFECTS = (
    # measures done, what was done, LEC after, spent, verdict, opinion
    (
        100,
        "按方案逐条落实，现场复核一致",
        ("1", "6", "15"),
        2600,
        "effective",
        "风险明显下降，措施保持有效。",
    ),
    (
        100,
        "硬件已更换，管理制度已张贴",
        ("1", "6", "7"),
        1800,
        "effective",
        "整改到位，从业人员说得清处置要点。",
    ),
    (100, "问题部位已改造并试运行", ("1", "6", "15"), 5200, "effective", "连续运行正常，没有再次出现。"),
    (80, "主要措施完成，培训记录尚不完整", ("3", "6", "7"), 900, "partly", "风险下降，培训要在本月补齐。"),
    (100, "已更换并建立日常检查记录", ("1", "6", "7"), 1500, "effective", "检查记录连续，措施有效。"),
    (
        60,
        "临时措施到位，根本措施未完成",
        ("6", "6", "15"),
        None,
        "ineffective",
        "风险没有下降，退回属地重新制定措施。",
    ),
)


def _evaluate(city: City, office: User) -> None:
    chosen = Hazard.objects.filter(
        status="closed", round=1, enterprise__organization__isnull=False, campaign__isnull=False
    )
    hazards = list(
        chosen.select_related("enterprise__organization", "department").order_by(
            "campaign_id", "found_on", "pk"
        )[:8]
    )
    for number, hazard in enumerate(hazards):
        with as_of(at_hour(city.today - dt.timedelta(days=2), 9 + number)):
            office = _fresh(office)
            evaluation = actions.arrange(hazard, by=office)
            if number >= len(EFFECTS):
                continue
            done, note, after, spent, verdict, opinion = EFFECTS[number]
            proven = verdict != "effective" or actions.repeats_of(hazard) == 0
            likelihood, exposure, consequence = after
            actions.sign_report(
                evaluation,
                actions.Effect(
                    measures_done=done, measures_note=note, method="lec",
                    before={"likelihood": "6", "exposure": "6", "consequence": "15"},
                    after={"likelihood": likelihood, "exposure": exposure, "consequence": consequence},
                    funds_spent=None if spent is None else Decimal(spent), workers_told=done > 60,
                    evidence_complete=True, verdict=verdict if proven else "partly", opinion=opinion,
                ),
                by=office,
            )  # fmt: skip
