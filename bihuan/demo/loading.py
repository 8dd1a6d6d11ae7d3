"""Loading the demo city from the first region to the last notification, in one go."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from bihuan.accounts.models import Region
from bihuan.accounts.queries import service_user
from bihuan.audit.actions import seal_day
from bihuan.audit.models import Event
from bihuan.checklists.actions import ensure_packs
from bihuan.core.statistics import learn_sizes
from bihuan.duties.sweep import sweep
from bihuan.search.agreement import rebuild

from . import planned, recent, registry_facts
from .appraising import appraise
from .asking import ask_upward, receive_visits
from .assessing import assess
from .building import build_works, set_up_fund
from .bulletins import bulletins
from .campaigning import open_campaigns
from .chronicle import Chronicle
from .city import build
from .exchanging import exchange
from .handing_down import hand_down
from .happening import happen
from .history import History
from .knowing import know
from .listing import list_accident, supervise
from .looking import look_back
from .moments import at_hour
from .old_ledger import import_old_ledger
from .pressing import press
from .promising import promise
from .reporting import report
from .rounds import oversee
from .working import work
from .zoning import draw_zones

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


def load_city(size: Size, *, say: Callable[[str], None], now: dt.datetime | None = None) -> None:
    """Fill an empty installation, whole or not at all. Dates are counted back from `now`; the same moment gives the
    same city."""
    now = now or timezone.now()
    today = timezone.localdate(now)
    chronicle = Chronicle()
    with transaction.atomic():
        say("城市：区划、单位、岗位、人员、企业")
        city = build(today, chronicle, enterprises=size.enterprises)
        know(city, chronicle)
        chronicle.write()
        ensure_packs(by=service_user(), on=today)
        learn_sizes()
        say("行动：导入、校核、发布两个方案")
        campaigns = open_campaigns(city)
        say("历史：六十天的检查、隐患、文书和催办")
        rng = random.Random(SEED)  # noqa: S311 - invented data, no secret
        old = max(size.hazards // 90, 3)
        import_old_ledger(city, old, rng)
        history = History(city, campaigns, rng, photos=size.photos, now=now)
        # Two hazards and a visit are left for the last afternoon.
        history.act_out(hazards=size.hazards - old - 2, inspections=size.inspections - 1)
        say("写入")
        counts = history.write()
        learn_sizes()
        say(
            f"检查 {counts['Inspection']} 次，隐患 {counts['Hazard']} 条，审计 {counts['Event']} 条；逐日封存"
        )
        say("子方案和方案修订")
        hand_down(city, *campaigns)
        recent.act(city, campaigns[0], rng=rng, now=now)
        say("底册：风险、责任、停产、疑似重复、清单、码牌")
        registry_facts.enter(city)
        say("检查计划：双随机、年度计划、综合查一次、佐证提示")
        planned.plan(city)
        say("区域：底图、禁燃区、重点片区")
        draw_zones(city)
        say("专项资金：设立、下达、安排")
        set_up_fund(city, campaigns[0])
        say("企业自查、承诺书、分批整治、补贴")
        promise(city, campaigns[0])
        say("挂牌督办：呈报、审签、整改、摘牌")
        supervise(city)
        say("督办文书：提醒、督办、约谈、通报，触发条件")
        press(city)
        say("报送：周报、月报、季报，有迟有缺有退回")
        report(city)
        bulletins(city)
        say("督导轮次、会议、领导包干")
        oversee(city, campaigns[0])
        say("考核：细则、计分、申辩、责任书")
        assess(city)
        say("履职考核：企业主要负责人自评和审核，检查执法人员案卷评查")
        appraise(city)
        say("事故：报告、核定、调查、整改；回头看和效果评价")
        happen(city, campaigns[0])
        list_accident(city)
        look_back(city)
        say("上下级交换：省里和岚溪县的系统，往来的包、移送、挂牌清单")
        exchange(city, campaigns[0])
        say("工程项目：储备、分担、开工、验收、移交，技改支持、照顾对象、技术服务")
        build_works(city, campaigns[0])
        say("机关内部：工作计划、首问事项、公开承诺、效能监察")
        work(city)
        say("请示报告：向上请示、批复、退回、催请；迎检：上级巡查、反馈、得分")
        ask_upward(city)
        receive_visits(city)
        sweep(now)  # what is late by now has been pressed, as every morning
        rebuild(lambda line: None)
        seal_days(today)


def seal_days(today: dt.date) -> None:
    """Seal every finished day as the nightly job would have, shortly after its midnight."""
    day = Event.objects.order_by("day").values_list("day", flat=True).first() or today
    while day < today:
        following = day + dt.timedelta(days=1)
        seal_day(day, now=at_hour(following, 0, 20))
        day = following
