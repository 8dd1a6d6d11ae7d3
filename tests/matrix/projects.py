"""Pages of `projects`, judged as tests/matrix/pages.py judges the others.

The projects are Qingshi street's: led by the housing bureau, built and taken over by the noodle shop. The special fund
is the county office's; a city's department does not see a county's fund. A household is seen by its street and the
department that leads, by no office.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .stage import Stage

PAGES = """
projects:list                 | GET      | list      | OL OO DL DO LL LO IN EM IS |
projects:export               | GET POST | list      | OL OO DL DO LL LO IS |
projects:figures              | GET      | list      | officials           |
projects:create               | GET POST | list      | OO DO               |
projects:import               | GET POST | list      | OO DO               |
projects:template             | GET      | list      | OO DO               |
projects:batch                | GET      | own       | OO                  | DO
projects:columns              | GET POST | own       | OO                  | DO
projects:resume               | POST     | own       | OO                  | DO
projects:detail               | GET      | street    | OL OO DL DO LL LO IN EM IS |
projects:edit                 | GET POST | street    | OO DO               |
projects:shares               | GET POST | street    | OO DO               |
projects:money                | GET      | street    | OL OO DL DO LL LO IN EM IS |
projects:money post           | POST     | street    | OO DO               |
projects:acceptance           | GET POST | street    | OO DO               |
projects:handover             | GET POST | street    | OO DO EM            |
projects:milestone finish     | GET POST | street    | OO DO               |
projects:act approve          | POST     | street    | OL                  |
projects:act suspend          | POST     | street    | OO DO               |
projects:act milestone        | POST     | street    | OO DO               |
projects:counter              | GET POST | street    | OO DO               |
projects:reports              | GET      | list      | OL OO DL DO LL LO IN EM IS |
projects:report               | GET      | street    | OL OO DL DO LL LO IN EM IS |
projects:report post          | POST     | street    | OO DO EM            |
projects:check                | GET      | street    | OL OO DL DO LL LO IN EM IS |
projects:check post           | POST     | street    | OO DO EM            |
projects:reopen               | GET POST | street    | OO DO               |
projects:taking sign          | GET POST | street    | EM                  |
projects:taking return        | GET POST | street    | EM                  |
projects:funds                | GET      | list      | OL OO DL DO IS      | DL DO
projects:funds post           | POST     | list      | OO DO               |
projects:export_funds         | GET POST | list      | OL OO DL DO IS      |
projects:fund                 | GET      | street    | OL OO IS            | DL DO
projects:fund_act grant       | POST     | street    | OO                  | DO
projects:fund_act aside       | POST     | street    | OO                  | DO
projects:payment              | GET POST | street    | OO                  | DO
projects:fund_counter         | GET POST | street    | OO                  | DO
projects:supports             | GET      | list      | OL OO DL DO LL LO IN EM IS |
projects:apply                | GET POST | list      | EM                  |
projects:support              | GET      | street    | OL OO DL DO LL LO IN EM IS |
projects:support_act review   | POST     | street    | OO DO               |
projects:support_act withdraw | POST     | street    | EM                  |
projects:care                 | GET      | list      | DL DO LL LO IN      |
projects:mark                 | GET POST | list      | DL DO LL LO IN      |
projects:household            | GET      | street    | DL DO LL LO IN      |
projects:care_name            | GET POST | street    | DL DO LL LO IN      |
projects:care_act visit       | POST     | street    | DL DO LL LO IN      |
projects:services             | GET      | list      | OL OO DL DO LL LO IN EM IS |
projects:ask                  | GET POST | list      | OO DO EM            |
projects:service              | GET      | street    | OL OO DL DO LL LO IN EM IS |
projects:service_act accept   | POST     | street    | DO                  |
"""
ADDRESSES: dict[str, dict[str, str]] = {
    "projects:batch": {"pk": "project_import"},
    "projects:columns": {"pk": "project_import"},
    "projects:resume": {"pk": "project_import"},
    "projects:detail": {"pk": "project"},
    "projects:edit": {"pk": "project_reserved"},
    "projects:shares": {"pk": "project_reserved"},
    "projects:money": {"pk": "project"},
    "projects:acceptance": {"pk": "project_completed"},
    "projects:handover": {"pk": "project_accepted"},
    "projects:milestone": {"pk": "project", "number": "project_milestone", "key": "="},
    "projects:act": {"pk": "project_reserved", "key": "="},
    "projects:counter": {"pk": "project_money"},
    "projects:report": {"pk": "project_report"},
    "projects:check": {"pk": "gas_check"},
    "projects:reopen": {"pk": "gas_check_met"},
    "projects:taking": {"pk": "project_handover", "key": "="},
    "projects:fund": {"pk": "fund"},
    "projects:fund_act": {"pk": "fund", "key": "="},
    "projects:payment": {"pk": "fund_commitment"},
    "projects:fund_counter": {"pk": "fund_line"},
    "projects:support": {"pk": "support_request"},
    "projects:support_act": {"pk": "support_request", "move": "="},
    "projects:household": {"pk": "household"},
    "projects:care_name": {"pk": "household"},
    "projects:care_act": {"pk": "household", "key": "="},
    "projects:service": {"pk": "project_service"},
    "projects:service_act": {"pk": "project_service", "key": "="},
}
QUERIES: dict[str, dict[str, str]] = {}
BODIES: dict[str, dict[str, str]] = {
    "projects:act approve": {"approval": "=云安办〔2026〕31号"},
    "projects:act suspend": {"reason": "=征迁未完成"},
    "projects:act milestone": {"name": "=管沟开挖", "due_on": "soon"},
    "projects:support_act withdraw": {"reason": "=不改了"},
}
MARKS: dict[str, str] = {
    "projects:list": "幸福路中压管道更新",
    "projects:reports": "幸福路中压管道更新",
    "projects:funds": "区里的整治资金",
    "projects:supports": "后厨燃气改电灶",
    "projects:care": "青石社区每日送餐",
    "projects:services": "面馆改电增容二十千瓦",
}


def ids(stage: Stage) -> dict[str, Any]:
    """What the stage holds of it, by the names the tables use."""
    from bihuan.attachments.imports import start_batch
    from bihuan.projects import actions
    from bihuan.projects.models import FundLine
    from bihuan.projects.tests import factories as make

    from .stage import _sheet

    world, people = stage.world, stage.inside
    started = make.started(world)
    milestone = actions.set_milestone(started, name="管沟开挖", due_on=make.later(9), by=people["DO"])
    received = make.line(world, started, "local", "receive", 1000)
    report = actions.ask_report(started, make.today().replace(day=1), by=people["DO"])
    reserved = make.shared(world, name="文昌街阀门更换")
    completed = make.completed(world, name="人民路立管改造")
    accepted = make.accepted(world, name="滨河路管道更新")
    check, met = accepted.gas_checks.order_by("pk")[:2]
    actions.meet_check(met, checked_on=make.today(), found="记录齐全", by=people["DO"])
    waiting = make.accepted(world, name="东门管道更新")
    handover = make.prepared(world, waiting)
    fund = actions.open_account(
        name="区里的整治资金", year=2026, organization=world.organizations.county_office, region=world.regions.yunxi,
        document="区财〔2026〕8号", by=people["OO"],
    )  # fmt: skip
    day = make.today()
    actions.grant(
        fund, "training", Decimal(9000), happened_on=day, document="区财〔2026〕9号", by=people["OO"]
    )
    commitment = actions.set_aside(
        make.purpose(fund, "training"), "training", Decimal(3000), what="经营者培训", payee="某某学校", happened_on=day,
        document="安排一", by=people["OO"],
    )  # fmt: skip
    request = actions.apply_for_support(
        world.enterprises.shop, a_campaign(), title="后厨燃气改电灶", kind="hazard", content="改用电灶",
        quantity=Decimal(1), investment=Decimal(50000), start_on=day, finish_on=make.later(30), by=people["EM"],
    )  # fmt: skip
    household = actions.mark_household(
        started, locality=world.regions.qingshi, name="某某老人", address="幸福路 8 号", kinds=["elderly"],
        visitor="郑守一", help="青石社区每日送餐", by=people["LO"],
    )  # fmt: skip
    service = actions.open_service(
        world.enterprises.shop,
        world.organizations.housing,
        kind="power",
        content="面馆改电增容二十千瓦",
        by=people["EM"],
    )
    return {
        "project": started.pk,
        "project_reserved": reserved.pk,
        "project_completed": completed.pk,
        "project_accepted": accepted.pk,
        "project_milestone": milestone.pk,
        "project_money": received.pk,
        "project_report": report.pk,
        "gas_check": check.pk,
        "gas_check_met": met.pk,
        "project_handover": handover.pk,
        "fund": fund.pk,
        "fund_commitment": commitment.pk,
        "fund_line": FundLine.objects.get(commitment=commitment).pk,
        "support_request": request.pk,
        "household": household.pk,
        "project_service": service.pk,
        "project_import": start_batch("projects.project", _sheet("项目名称", "项目种类"), by=people["OO"]).pk,
    }


def a_campaign() -> Any:
    """A campaign one may apply under: the first of the stage."""
    from bihuan.campaigns.models import Campaign

    return Campaign.objects.order_by("pk").first()
