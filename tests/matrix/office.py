"""Pages of `office`, judged as tests/matrix/pages.py judges the others.

Qingshi street's plan of the month holds an item of its officer and one of its leader: what is the leader's own is judged
from above, and nothing else is. A change, a matter asked, a commitment and an analysis are the street's as well; its leader
has published one too. The circular is the county office's. The matter of conduct is about the street's officer, who does not
see it before it is served: to him, as to everybody else but the inspectorate and the office's leader, it is not there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils import timezone

from bihuan.office import actions
from bihuan.office.actions.committing import Promise
from bihuan.office.calendar import last_day, month_of, quarter_of
from bihuan.office.models import WorkPlan

if TYPE_CHECKING:
    from .stage import Stage

PAGES = """
office:plans                  | GET      | list      | officials           |
office:begin_plan             | POST     | list      | OL OO DL DO LL LO IN |
office:plan                   | GET      | street    | OL OO LL LO IN IS   | DL DO
office:plan_act add           | POST     | street    | LL LO IN            | DL DO
office:plan_act confirm       | POST     | street    | LL                  | DL DO
office:decide_amendment       | POST     | street    | LL                  | DL
office:items                  | GET      | list      | officials           | DL DO
office:export_items           | GET POST | list      | OL OO DL DO LL LO IS |
office:item                   | GET      | street    | OL OO LL LO IN IS   | DL DO
office:item_act done          | POST     | street    | LO                  | DL DO
office:item_act accept        | POST     | street    | LL                  | DL DO
office:item_act send_back     | POST     | street    | LL                  | DL DO
office:item_act accept_leaders | POST    | street    | OL IS               | DL DO
office:units                  | GET POST | list      | OL DL LL IS         |
office:release_unit           | POST     | street    | OL LL IS            | DL
office:circulars              | GET      | list      | officials           | DL DO
office:draft_circular         | POST     | list      | OL IS               |
office:circular               | GET      | street    | OL OO LL LO IN IS   | DL DO
office:circular_rows          | GET      | street    | OL OO LL LO IN IS   | DL DO
office:circular_act recount   | POST     | street    | OL                  | DL DO
office:analyses               | GET      | list      | officials           |
office:begin_analysis         | POST     | list      | OL OO DL DO LL LO IN |
office:analysis               | GET      | street    | OL OO LL LO IN IS   | DL DO
office:analysis_act write     | POST     | street    | LL LO IN            | DL DO
office:analysis_act sign      | POST     | street    | LL                  | DL DO

office:asked_list             | GET      | list      | officials           | DL DO
office:receive                | GET POST | list      | OL OO DL DO LL LO IN |
office:export_asked           | GET POST | list      | OL OO DL DO LL LO IS |
office:asked                  | GET      | street    | OL OO LL LO IN IS   | DL DO
office:asked_act hand         | POST     | street    | LL LO IN            | DL DO
office:reveal                 | GET POST | street    | LL LO IN            | DL DO

office:commitments            | GET      | list      | officials           | DL DO
office:write_commitment       | GET POST | list      | OL OO DL DO LL LO IN |
office:export_commitments     | GET POST | list      | OL OO DL DO LL LO IS |
office:commitment             | GET      | street    | OL OO LL LO IN IS   | DL DO
office:edit_commitment        | GET POST | street    | LO                  | DL DO
office:commitment_act publish | POST     | street    | LO                  | DL DO
office:commitment_act judge   | POST     | street    | LL                  | DL DO
office:commitment_act judge_leaders | POST | street  | OL IS               | DL DO
office:public_list            | GET      | list      | public              |
office:public                 | GET      | list      | public              |

office:conduct_list           | GET      | list      | OL IS               |
office:open_conduct           | GET POST | list      | OL IS               |
office:conduct                | GET      | street    | OL IS               | OO DL DO LL LO IN EM EX SY SE AU NO
office:conduct_act inquire    | POST     | street    | OL IS               | OO DL DO LL LO IN EM EX SY SE AU NO

office:catalogue              | GET      | list      | officials           |
office:name_keeper            | POST     | list      | OL DL LL IS         |
"""
ADDRESSES: dict[str, dict[str, str]] = {
    "office:plan": {"pk": "work_plan"},
    "office:plan_act": {"pk": "work_plan", "key": "="},
    "office:decide_amendment": {"pk": "work_amendment", "key": "=agree"},
    "office:item": {"pk": "work_item"},
    "office:item_act": {"pk": "work_item", "key": "="},
    "office:item_act accept_leaders": {"pk": "leaders_item", "key": "=accept"},
    "office:release_unit": {"pk": "planning_unit"},
    "office:circular": {"pk": "work_circular"},
    "office:circular_rows": {"pk": "work_circular"},
    "office:circular_act": {"pk": "work_circular", "key": "="},
    "office:analysis": {"pk": "self_analysis"},
    "office:analysis_act": {"pk": "self_analysis", "key": "="},
    "office:asked": {"pk": "asked_matter"},
    "office:asked_act": {"pk": "asked_matter", "key": "="},
    "office:reveal": {"pk": "asked_matter"},
    "office:commitment": {"pk": "officer_commitment"},
    "office:edit_commitment": {"pk": "officer_commitment"},
    "office:commitment_act": {"pk": "officer_commitment", "key": "="},
    "office:commitment_act judge_leaders": {"pk": "leaders_commitment", "key": "=judge"},
    "office:public": {"code": "commitment_code"},
    "office:conduct": {"pk": "conduct_matter"},
    "office:conduct_act": {"pk": "conduct_matter", "key": "="},
}
QUERIES: dict[str, dict[str, str]] = {}
BODIES: dict[str, dict[str, str]] = {}
MARKS: dict[str, str] = {
    "office:items": "逐户核查报警器",
    "office:circulars": "计划完成情况的通报",
    "office:asked_list": "咨询报警器补贴",
    "office:commitments": "每周带队检查一次",
    "office:conduct_list": "青石街道",
}


def ids(stage: Stage) -> dict[str, Any]:
    """What the stage holds of it, by the names the tables use."""
    inside, street = stage.inside, stage.world.organizations.qingshi
    leader, officer, watch = inside["LL"], inside["LO"], inside["IS"]
    today = timezone.localdate()
    month = month_of(today)
    unit = actions.arrange_unit(street, from_month=month, by=leader)
    plan = WorkPlan.objects.select_related("organization__region").get(organization=street, month=month)
    post = officer.posts[0]
    last = last_day(month)
    items = [
        actions.add_item(plan, text=text, target="逐户登记", post=post, due_on=last, by=officer)
        for text in ("逐户核查报警器", "更换软管")
    ]
    own = actions.add_item(
        plan, text="带队检查燃气场站", target="检查记录", post=leader.posts[0], due_on=last, by=leader
    )
    actions.confirm_plan(plan, by=leader)
    for item in items:
        item.refresh_from_db()
    change = actions.propose_drop(items[1], reason="企业已拆除", by=officer)
    circular = actions.draft_circular(month, by=inside["OL"])
    actions.issue_circular(circular, reason="舞台", by=inside["OL"])
    analysis = actions.begin_analysis(street, quarter_of(today), by=officer)
    asked = actions.receive(
        channel="call", subject="咨询报警器补贴", question="怎么申请", asker_name="胡某来", by=officer
    )
    promise = actions.write_commitment(
        starts_on=today, ends_on=last, lines=[Promise("每周带队检查一次", "四份记录", last)], by=officer
    )
    shown = actions.write_commitment(
        starts_on=today, ends_on=last, lines=[Promise("当日回复来电", "回复率百分之百", last)], by=leader
    )
    actions.publish(shown, by=leader)
    matter = actions.open_matter(
        organization=street,
        person=officer,
        misconduct="delay",
        clue="三次催办不回复",
        source="督查发现",
        by=watch,
    )
    return {
        "planning_unit": unit.pk,
        "work_plan": plan.pk,
        "work_item": items[0].pk,
        "leaders_item": own.pk,
        "work_amendment": change.pk,
        "work_circular": circular.pk,
        "self_analysis": analysis.pk,
        "asked_matter": asked.pk,
        "officer_commitment": promise.pk,
        "leaders_commitment": shown.pk,
        "commitment_code": shown.code,
        "conduct_matter": matter.pk,
    }
