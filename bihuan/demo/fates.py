"""What becomes of a hazard: a plan drawn once, then lived day by day until it ends or reaches the present."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from decimal import Decimal

from bihuan.accounts.models import Organization, User
from bihuan.audit.actions import chain_of
from bihuan.hazards.workflow import Level, Move, Status
from bihuan.rules.clocks import last_day_to_ask

from .evidence import Evidence
from .generate import load
from .ledger import Case
from .moments import moment_in

# How enterprises keep their deadlines, as shares of all.
PROMPT, LATE = 0.84, 0.11  # the rest are stubborn: weeks late
PARTS = {
    "goals": "按判定条款要求消除该重大隐患，恢复设施完好有效，通过验收后销号。",
    "methods": "停用相关部位，委托有资质单位施工改造，分段验收，整改前后对比留存照片。",
    "funding": "由企业安全生产费用列支，物资已列采购计划。",
    "staffing": "主要负责人总负责，安全总监牵头，设备、工艺、安全人员组成治理小组。",
    "schedule": "自方案同意之日起倒排工期，每周向主管部门报送进度。",
    "safety": "治理期间停止相关作业，专人监护，备足应急物资，修订现场处置方案并演练一次。",
}
TEAM = "市级主管部门2人、属地1人、专家2人"


class Life:
    """Draws and plays the fates of cases; `now` ends every life that is still running."""

    def __init__(self, rng: random.Random, evidence: Evidence, now: dt.datetime) -> None:
        self.rng = rng
        self.evidence = evidence
        self.now = now
        self.words = load("rectification_texts")

    def live(self, case: Case, *, hold: str = "", forced: frozenset[str] = frozenset()) -> None:
        """Play a case until it ends, reaches `hold`, or reaches the present.

        `forced` names the rare turns that happen for certain: return_plan, refuse, fail, downgrade, assign,
        grade, dismiss, reopen, withdraw, reject, extend, ask (and no answer yet), send_back, short
        (a plan with little time).
        """
        if hold and case.hazard.status == hold:
            return
        for _ in self._acts(case, forced):
            if case.hazard.status == hold:
                return

    def _chance(self, name: str, share: float, forced: frozenset[str]) -> bool:
        drawn = self.rng.random() < share
        return name in forced or drawn

    def _later(self, case: Case, low: int, high: int, *, working: bool = True) -> dt.datetime | None:
        """A moment so many days after the last act; None when that has not come yet."""
        day = case.at.date() + dt.timedelta(days=self.rng.randint(low, high))
        if working:
            day = case.owing.calendar.next_working(day)
        at = moment_in(day, self.rng)
        if at <= case.at:
            at = case.at + dt.timedelta(minutes=self.rng.randint(40, 200))
        return at if at < self.now else None

    def _acts(self, case: Case, forced: frozenset[str]) -> Iterator[None]:
        """One step of life at a time; ends when nothing more happens before the present."""
        turns = {
            Status.REPORTED: self._judge_report,
            Status.RECTIFYING: self._rectify,
            Status.REINSPECTING: self._reinspect,
            Status.PLANNING: self._plan,
            Status.PLAN_REVIEW: self._review_plan,
            Status.ACCEPTING: self._accept,
            Status.EVALUATING: self._evaluate,
            Status.CLOSED: self._afterwards,
        }
        for _ in range(40):
            turn = turns.get(Status(case.hazard.status))
            if turn is None or not turn(case, forced):
                return
            yield

    # --- people --------------------------------------------------------------------------------------

    def _enterprise_side(self, case: Case) -> User:
        """Who acts for the enterprise: its manager, or an official of its locality."""
        body = case.hazard.enterprise.organization
        if body is not None:
            return case.staff.people(body)[0]
        return self._local_officials(case)[0]

    def _local_officials(self, case: Case) -> list[User]:
        return case.staff.officials(case.staff.local[case.hazard.locality_id])

    def _reviewer(self, case: Case) -> User:
        handed_in = case.submission.by.pk if case.submission else None
        people = case.staff.officials(case.hazard.reviewing_organization)
        return self.rng.choice([person for person in people if person.pk != handed_in])

    def _judge(self, case: Case) -> User:
        """Who decides on a major hazard: the owner department's leader, or the city's office."""
        body = case.hazard.department or case.staff.city.organizations["office"]
        return case.staff.deciders(body)[0]

    def _decider(self, case: Case, asked_by: User) -> User:
        body: Organization = case.hazard.reviewing_organization
        if case.hazard.level == Level.MAJOR and case.hazard.department is not None:
            body = case.hazard.department
        return next(person for person in case.staff.deciders(body) if person.pk != asked_by.pk)

    # --- the short path ------------------------------------------------------------------------------

    def _judge_report(self, case: Case, forced: frozenset[str]) -> bool:
        at = self._later(case, 0, 3)
        if at is None:
            return False
        by = self._reviewer(case)
        if self._chance("dismiss", 0.16, forced):
            case.move(Move.DISMISS, by=by, at=at, reason="现场核实，所反映情况不存在")
        else:
            case.move(Move.CONFIRM, by=by, at=at)
        return True

    def _rectify(self, case: Case, forced: frozenset[str]) -> bool:
        hazard = case.hazard
        assert hazard.due_on is not None
        if hazard.level == Level.GENERAL and not (
            self._was(case, Move.DOWNGRADE) or self._was(case, Move.SEND_BACK)
        ):
            risky = (
                hazard.enterprise.risk == "red" and hazard.reviewing_organization_id == hazard.department_id
            )
            if self._chance("grade", 0.06 if risky else 0.0, forced & {"grade"}):
                return self._grade(case)
        if hazard.level == Level.GENERAL and "assign" in forced and not self._was(case, Move.ASSIGN):
            return self._assign(case)
        if case.extension is None and not self._was(case, Move.SEND_BACK):
            asks = self._chance("extend", 0.2, forced & {"extend"}) or forced & {"reject", "withdraw", "ask"}
            if asks and (done := self._ask_for_time(case, forced)) is not None:
                return done
        return self._hand_in(case)

    def _was(self, case: Case, move: str) -> bool:
        return any(line.move == move for line in case.lines)

    def _hand_in(self, case: Case) -> bool:
        hazard, rng = case.hazard, self.rng
        assert hazard.due_on is not None
        if self._was(case, Move.SEND_BACK) or self._was(case, Move.REFUSE_ACCEPTANCE):
            at = self._later(case, 1, 7, working=False)
        elif hazard.level == Level.MAJOR:
            at = self._later(case, 6, 20, working=False)
        else:
            given = max((hazard.due_on - case.at.date()).days, 1)
            draw = rng.random()
            if draw < PROMPT:
                days = round(given * rng.uniform(0.1, 0.7))
            elif draw < PROMPT + LATE:
                days = given + rng.randint(1, 9)
            else:
                days = given + rng.randint(12, 50)
            at = self._later(case, days, days, working=False)
        if at is None:
            return False
        by = self._enterprise_side(case)
        funds = (
            None if hazard.funds is None else (hazard.funds * rng.randint(8, 12) / 10).quantize(Decimal(1))
        )
        photographed = chain_of(hazard) in self.evidence.of
        done = case.submit(self._what_was_done(case), by=by, at=at, funds=funds)
        if photographed and self.evidence.photos_left > 0:
            self.evidence.photograph(
                done, "after", seed=hazard.pk, caption=hazard.location or hazard.enterprise.name, by=by, at=at
            )
        return True

    def _what_was_done(self, case: Case) -> str:
        """The measures ordered, as done; what was entered without measures gets a general sentence."""
        hazard = case.hazard
        if not hazard.measures:
            return "存在问题已逐项改正，责任人已签字确认，请予以复查。"
        asked = "申请验收" if hazard.level == Level.MAJOR else "请复查"
        ending = self.rng.choice(("整改前后照片一并上传", "票据和记录已存档", "责任人已签字确认"))
        return f"已按要求完成：{hazard.measures}。{ending}，{asked}。"

    def _ask_for_time(self, case: Case, forced: frozenset[str]) -> bool | None:
        """Ask while it may still be asked; None when it is too late for that already."""
        hazard, rng = case.hazard, self.rng
        assert hazard.due_on is not None
        at = self._later(case, 1, 3, working=False)
        if at is None or at.date() > last_day_to_ask(hazard.due_on, at.date()):
            return None
        by = self._enterprise_side(case)
        to = case.owing.calendar.next_working(hazard.due_on + dt.timedelta(days=rng.randint(6, 24)))
        interim = hazard.interim_measures or "停用相关部位，专人看护，每日检查登记"
        reason = rng.choice(self.words["extension_reasons"])
        case.request_extension(to, reason=reason, interim=interim, by=by, at=at)
        if "ask" in forced:
            return False
        if self._chance("withdraw", 0.07, forced):
            later = self._later(case, 0, 1, working=False)
            if later is not None:
                case.withdraw_extension(by=by, at=later)
            return later is not None
        decided = self._later(case, 1, 5)
        if decided is None:
            return False
        decider = self._decider(case, by)
        if self._chance("reject", 0.28, forced):
            note = rng.choice(self.words["reject_extensions"])
            case.decide_extension(approved=False, by=decider, at=decided, note=note)
        else:
            case.decide_extension(approved=True, by=decider, at=decided)
        return True

    def _reinspect(self, case: Case, forced: frozenset[str]) -> bool:
        at = self._later(case, 0, 4)
        if at is None:
            return False
        by = self._reviewer(case)
        sent_back = sum(line.move == Move.SEND_BACK for line in case.lines)
        if self._chance(
            "send_back", 0.16 if not sent_back else 0.05, forced if not sent_back else frozenset()
        ):
            why = self.rng.choice(self.words["send_backs"])
            place = case.hazard.location or "该部位"
            remark = (
                f"现场复查“{place}”仍未整改到位，请继续整改"
                if why["reason"] == "not_rectified"
                else why["remark"]
            )
            case.reinspect(passed=False, by=by, at=at, reason_type=why["reason"], text=remark)
        else:
            case.reinspect(passed=True, by=by, at=at, text=self.rng.choice(self.words["close_remarks"]))
        return True

    def _afterwards(self, case: Case, forced: frozenset[str]) -> bool:
        hazard = case.hazard
        if hazard.level == Level.MAJOR or hazard.round > 1 or not self._chance("reopen", 0.022, forced):
            return False
        at = self._later(case, 5, 18)
        if at is None:
            return False
        by = case.staff.deciders(hazard.reviewing_organization)[0]
        reason = f"回头看抽查发现同一部位再次出现：{hazard.description}"
        case.move(Move.REOPEN, by=by, at=at, reason=reason)
        case.extension = None
        return True

    def _grade(self, case: Case) -> bool:
        at = self._later(case, 0, 1)
        department = case.hazard.department
        if at is None or department is None or case.submission is not None:
            return False
        by = case.staff.graders(department)[0]
        case.move(
            Move.GRADE_MAJOR,
            by=by,
            at=at,
            reason="经专家会商，符合重大事故隐患判定情形",
            changed={"criterion_code": ""},
        )
        return True

    def _assign(self, case: Case) -> bool:
        at = self._later(case, 0, 2)
        department = case.hazard.department
        if at is None or department is None:
            return False
        by = case.staff.city.users["office"]
        case.assign(department, reason="涉及专业设备，改由行业主管部门复查", by=by, at=at)
        return True

    # --- the long path -------------------------------------------------------------------------------

    def _plan(self, case: Case, forced: frozenset[str]) -> bool:
        if (
            self._chance("downgrade", 0.03, forced)
            and case.report is None
            and not self._was(case, Move.DOWNGRADE)
        ):
            at = self._later(case, 1, 3)
            department = case.hazard.department
            if at is None or department is None:
                return False
            by = case.staff.graders(department)[0]
            case.move(Move.DOWNGRADE, by=by, at=at, reason="复核后不符合判定条款，按一般隐患整改")
            return True
        if case.report is None:
            at = self._later(case, 0, 1, working=False)
            if at is None:
                return False
            case.report_major(
                causes=f"{case.hazard.description}。设施使用年限较长，日常检查流于形式，未及时发现和处置。",
                danger="一旦失效可能造成人员伤亡；须停用改造，难度中等。",
                by=self._enterprise_side(case),
                at=at,
            )
            return True
        at = self._later(case, 2, 7, working=False)
        if at is None:
            return False
        days = 12 if "short" in forced else self.rng.randint(28, 75)
        due_on = case.owing.calendar.next_working(at.date() + dt.timedelta(days=days))
        case.submit_plan(PARTS, due_on=due_on, by=self._enterprise_side(case), at=at)
        return True

    def _review_plan(self, case: Case, forced: frozenset[str]) -> bool:
        at = self._later(case, 1, 5)
        if at is None:
            return False
        by = self._judge(case)
        if not self._was(case, Move.RETURN_PLAN) and self._chance("return_plan", 0.15, forced):
            case.review_plan(
                approved=False, opinion="治理期间的安全措施过于笼统，请逐项明确责任人后重报", by=by, at=at
            )
        else:
            case.review_plan(approved=True, opinion="同意按方案治理", by=by, at=at)
        return True

    def _accept(self, case: Case, forced: frozenset[str]) -> bool:
        at = self._later(case, 2, 7)
        if at is None:
            return False
        by = self._judge(case)
        first = not self._was(case, Move.REFUSE_ACCEPTANCE)
        if first and self._chance("refuse", 0.14, forced):
            opinion = "整改记录不连续，现场试验一次未通过，不予通过"
            case.accept(team=TEAM, passed=False, opinion=opinion, by=by, at=at)
        else:
            case.accept(team=TEAM, passed=True, opinion="现场核验和资料齐全，验收合格", by=by, at=at)
        return True

    def _evaluate(self, case: Case, forced: frozenset[str]) -> bool:
        at = self._later(case, 1, 6)
        if at is None:
            return False
        by = self._judge(case)
        first = not self._was(case, Move.FAIL_EVALUATION)
        expert = "市安全生产专家库评价组"
        if first and self._chance("fail", 0.08, forced):
            words = "从业人员抽问两人均不知晓治理内容，措施未全部闭合，评价不合格"
            case.evaluate(evaluator=expert, passed=False, conclusion=words, by=by, at=at)
        else:
            words = "治理措施全部完成，风险降为低风险，未见反弹，评价合格"
            case.evaluate(evaluator=expert, passed=True, conclusion=words, by=by, at=at)
        return True
