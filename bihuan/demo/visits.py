"""Visits written down: answers, hazards, signatures, papers, coverage and the first step of a share of a task."""

from __future__ import annotations

import datetime as dt
import random
import uuid
from decimal import Decimal
from typing import Any

from bihuan.accounts.models import Organization, User
from bihuan.attachments.models import Signature
from bihuan.audit.actions import chain_of
from bihuan.campaigns.models import CheckItem
from bihuan.core.digest import content_hash
from bihuan.hazards.models import Hazard
from bihuan.hazards.workflow import Level, Move, Status, target_of
from bihuan.inspections.models import Answer, Coverage, Inspection, InspectionMember
from bihuan.registry.models import Enterprise, Premises
from bihuan.tally.models import Delta

from .book import Book
from .case_papers import CasePapers
from .evidence import Evidence
from .generate import load
from .ledger import Case, Deadlines
from .owing import Owing
from .readings import reading
from .schedule import Objects, Visit
from .shares import Shares
from .staff import Staff

CONTINGENCY = "发生泄漏、起火立即关阀断电、疏散人员并拨打119，同时报告属地"
CHOSEN_DAYS = (3, 5, 7, 7, 10, 10)  # deadlines inspectors set below the rule's own
RULE_DEADLINE_SHARE = 0.45
FIXED_SHARE = 0.55  # of what can be put right at once
REFUSED_SHARE = 0.012


class Visits:
    """Turns planned visits into rows, and the hazards found into cases."""

    def __init__(
        self,
        book: Book,
        staff: Staff,
        owing: Owing,
        objects: Objects,
        evidence: Evidence,
        papers: CasePapers,
        shares: Shares,
    ) -> None:
        self.book, self.staff, self.owing, self.objects = book, staff, owing, objects
        self.evidence, self.papers, self.shares = evidence, papers, shares
        self.rng: random.Random = book.rng
        self.deadlines = Deadlines()
        self.city = book.city
        self.covered: set[tuple[int, int]] = set()
        self.opinions = load("rectification_texts")["no_hazard_notes"]
        self.kinds_of_item = _kinds_of_item()
        self.measures = _measures()
        self.premises: dict[int, list[Premises]] = {}
        for each in Premises.objects.order_by("pk"):
            self.premises.setdefault(each.enterprise_id, []).append(each)

    def write(self, visit: Visit) -> list[Case]:
        """Record one visit whole and return the cases of the hazards it found."""
        rng, at = self.rng, visit.at
        ended = at + dt.timedelta(minutes=rng.randint(25, 75))
        enterprise, task = visit.enterprise, visit.task
        refused = rng.random() < REFUSED_SHARE
        inspection = self.book.add(
            Inspection(
                client_id=self.book.uuid(),
                kind=visit.kind,
                campaign=task.campaign if task else None,
                task=task,
                checklist=self.objects.checklist_of(visit),
                enterprise=enterprise,
                premises=rng.choice(self.premises[enterprise.pk]) if rng.random() < 0.5 else None,
                organization=visit.body,
                department=enterprise.department,
                city_id=enterprise.city_id,
                county_id=enterprise.county_id,
                locality_id=enterprise.locality_id,
                started_at=at,
                finished_at=ended,
                inspected_on=at.date(),
                received_at=ended,
                longitude=_near(enterprise.longitude, rng),
                latitude=_near(enterprise.latitude, rng),
                accompanying_name="" if refused else self.city.safety[enterprise.pk],
                accompanying_title="" if refused else "安全管理人",
                opinion=rng.choice(self.opinions) if not visit.findings else "",
                hazard_count=len(visit.findings),
                is_clean=not visit.findings,
                recorded_by=visit.members[0],
            )
        )
        members = [
            self.book.add(
                InspectionMember(
                    inspection=inspection,
                    user=person,
                    name=person.full_name,
                    certificate_no=person.certificate_no,
                    position=position,
                )
            )
            for position, person in enumerate(visit.members, start=1)
        ]
        answers, cases = self._answers(inspection, visit)
        content = _signed_content(inspection, members, answers)
        inspection.submission_hash = content_hash({"received": content, "by": visit.members[0].pk})
        signatures = self._sign(inspection, visit, content, refused)
        self._count(inspection)
        outcome = f"发现隐患 {len(cases)} 项" if cases else "未发现隐患"
        self.book.chronicle.note(
            "inspections.submit",
            inspection,
            by=visit.members[0],
            at=ended,
            summary=f"检查{enterprise}，{outcome}",
            payload={"hazards": [case.hazard.pk for case in cases], "task": inspection.task_id},
            content=content,
        )
        if task is not None:
            self.shares.begin(task.pk, visit.body.pk, by=visit.members[0], at=ended, enterprise=enterprise)
        self.papers.issue(inspection, members, answers, cases, signatures)
        return cases

    # --- answers and hazards -------------------------------------------------------------------------

    def _answers(self, inspection: Inspection, visit: Visit) -> tuple[list[Answer], list[Case]]:
        items = self.objects.items_of(visit)
        failed: dict[int, dict[str, Any]] = {}
        others: list[dict[str, Any]] = []
        for text in visit.findings:
            item = _matching(text["text"], items, failed)
            if item is None:
                others.append(text)
            else:
                failed[item.position] = text
        answers: list[Answer] = []
        cases: list[Case] = []
        kind = visit.enterprise.kind_id
        for item in items:
            case = None
            if item.position in failed:
                verdict = Answer.Verdict.FAIL
                case = self._hazard(inspection, visit, failed[item.position], item, len(cases) + 1)
                cases.append(case)
            elif (
                not item.concerns(frozenset({kind}), visit.enterprise.attributes)
                or kind not in self.kinds_of_item.get(item.text, {kind})
                or self.rng.random() < 0.04
            ):
                verdict = Answer.Verdict.NOT_APPLICABLE
            else:
                verdict = Answer.Verdict.PASS
            answers.append(
                Answer(
                    inspection=inspection,
                    check_item=item,
                    position=item.position,
                    text=item.text,
                    verdict=verdict,
                    measured=self._measured(item, verdict),
                    hazard=case.hazard if case else None,
                )
            )
        for text in others:
            case = self._hazard(inspection, visit, text, None, len(cases) + 1)
            cases.append(case)
            answers.append(
                Answer(
                    inspection=inspection,
                    check_item=None,
                    position=max([each.position for each in answers], default=0) + 1,
                    text=case.hazard.description[:300],
                    verdict=Answer.Verdict.FAIL,
                    hazard=case.hazard,
                )
            )
        for answer in answers:
            self.book.add(answer)
        return answers, cases

    def _measured(self, item: CheckItem, verdict: str) -> str:
        if verdict == Answer.Verdict.NOT_APPLICABLE:
            return ""
        if (demand := item.demand) is not None:
            return reading(demand, self.rng, passes=verdict == Answer.Verdict.PASS)
        if verdict == Answer.Verdict.FAIL:
            return ""
        bound = self.measures.get(item.text)
        if bound is None:
            return ""
        share = self.rng.uniform(0.55, 0.95) if bound["bound"] == "max" else self.rng.uniform(1.05, 1.6)
        return f"{bound['value'] * share:.3g}{bound['unit']}"

    def _hazard(
        self, inspection: Inspection, visit: Visit, text: dict[str, Any], item: CheckItem | None, no: int
    ) -> Case:
        rng = self.rng
        fixed = text["fixed_on_spot_possible"] and rng.random() < FIXED_SHARE
        chosen = None
        if not fixed and text["level"] == Level.GENERAL and rng.random() > RULE_DEADLINE_SHARE:
            day = inspection.inspected_on + dt.timedelta(days=rng.choice(CHOSEN_DAYS))
            chosen = self.owing.calendar.next_working(day)
        case = self.enter(
            inspection.enterprise,
            text,
            move=Move.RECORD,
            source=Hazard.Source.EXPERT if visit.kind == "expert" else Hazard.Source.INSPECTION,
            by=visit.members[0],
            body=visit.body,
            at=inspection.finished_at,
            found_on=inspection.inspected_on,
            chosen=chosen,
            five=not fixed,
            task=inspection.task,
            campaign=inspection.campaign,
            premises=inspection.premises,
            check_item=item,
            client_id=uuid.uuid5(inspection.client_id, f"hazard:{no}"),
        )
        if fixed:
            case.submit("检查人员在场，当场改正并复验合格", by=visit.members[0], at=case.at, on_spot=True)
            if chain_of(case.hazard) in self.evidence.of and case.submission is not None:
                self.evidence.photograph(
                    case.submission, "after", seed=case.hazard.pk, caption=case.hazard.location,
                    by=visit.members[0], at=case.at,
                )  # fmt: skip
        return case

    def enter(
        self,
        enterprise: Enterprise,
        text: dict[str, Any],
        *,
        move: Move,
        source: str,
        by: User,
        body: Organization,
        at: dt.datetime,
        found_on: dt.date,
        chosen: dt.date | None = None,
        five: bool = True,
        **links: Any,
    ) -> Case:
        """A hazard into the ledger, as `record_hazard` does; `five` fills in 五落实 and the interim measures."""
        status = target_of(move, "", text["level"])
        derived = None if status == Status.REPORTED else self.deadlines.of(text["level"], found_on, chosen)
        low, high = text["funds"]
        local = self.staff.local[enterprise.locality_id]
        reviewer = (
            body if body.kind not in (Organization.Kind.ENTERPRISE, Organization.Kind.INSPECTORATE) else local
        )
        hazard = self.book.add(
            Hazard(
                enterprise=enterprise,
                department=enterprise.department,
                city_id=enterprise.city_id,
                county_id=enterprise.county_id,
                locality_id=enterprise.locality_id,
                kind_id=enterprise.kind_id,
                source=source,
                level=text["level"],
                criterion_code=text["criterion"],
                status=status,
                description=text["text"],
                location=text["location"],
                basis=f"{text['basis']['name']}{text['basis']['article']}"[:200],
                found_on=found_on,
                found_at=at,
                found_by=by,
                found_organization=body,
                reviewing_organization=reviewer,
                due_on=derived.due_on if derived else None,
                clock=derived.explanation if derived else {},
                responsible_person=self.city.safety[enterprise.pk] if five else "",
                measures=text["measures"] if five else "",
                funds=Decimal(self.rng.randint(low, high)) if five else None,
                contingency=CONTINGENCY if five else "",
                interim_measures=text["interim"] if five else "",
                **links,
            )
        )
        case = Case(self.book, self.staff, self.owing, hazard, at)
        if self._wants_photo(hazard):
            self.evidence.photograph(
                hazard, "before", seed=hazard.pk, caption=hazard.location or enterprise.name, by=by, at=at
            )
        case.enter(move, by=by)
        return case

    def _wants_photo(self, hazard: Hazard) -> bool:
        """Photographs go to what people open first: the last month, the cast's own places, major hazards."""
        if self.evidence.photos_left < 2:
            return False
        recent = (self.city.today - hazard.found_on).days <= 30
        share = (
            0.9
            if hazard.level == Level.MAJOR or self.city.turns[hazard.enterprise_id] <= 2
            else 0.12
            if recent
            else 0.02
        )
        return self.rng.random() < share

    # --- signatures and figures ----------------------------------------------------------------------

    def _sign(
        self, inspection: Inspection, visit: Visit, content: dict[str, object], refused: bool
    ) -> list[Signature]:
        by, at = visit.members[0], inspection.finished_at
        signatures = [
            self.evidence.sign(
                inspection,
                content,
                role="inspector",
                signer=person,
                name=person.full_name,
                method=Signature.Method.LOGIN if person.pk == by.pk else Signature.Method.DRAWN,
                by=by,
                at=at,
            )
            for person in visit.members
        ]
        name = inspection.accompanying_name or "现场人员（未具名）"
        signatures.append(
            self.evidence.sign(
                inspection,
                content,
                role="accompanying",
                signer=None,
                name=name,
                title=inspection.accompanying_title,
                method=Signature.Method.REFUSED if refused else Signature.Method.DRAWN,
                remark="负责人不在场，在场店员拒绝签字，两名检查人员共同见证" if refused else "",
                by=by,
                at=at,
            )
        )
        return signatures

    def _count(self, inspection: Inspection) -> None:
        key = (inspection.task_id or 0, inspection.enterprise_id)
        first = inspection.task_id is not None and key not in self.covered
        if first:
            self.covered.add(key)
            self.book.add(
                Coverage(
                    task=inspection.task,
                    enterprise=inspection.enterprise,
                    first_inspection=inspection,
                    on=inspection.inspected_on,
                )
            )
        self.book.deltas.append(
            Delta(
                day=inspection.inspected_on,
                campaign_id=inspection.campaign_id or 0,
                task_id=inspection.task_id or 0,
                department_id=inspection.department_id or 0,
                city_id=inspection.city_id,
                county_id=inspection.county_id,
                locality_id=inspection.locality_id,
                subject=chain_of(inspection),
                inspected=1,
                inspected_clean=int(inspection.is_clean),
                covered=int(first),
            )
        )


def _near(degrees: float | None, rng: random.Random) -> float | None:
    """A phone's reading: within some twenty metres of the place."""
    return None if degrees is None else round(degrees + rng.uniform(-0.0002, 0.0002), 6)


def _signed_content(
    inspection: Inspection, members: list[InspectionMember], answers: list[Answer]
) -> dict[str, object]:
    """`Inspection.signed_content` of rows that are not in the database yet."""
    return {
        "client_id": inspection.client_id,
        "kind": inspection.kind,
        "task": inspection.task_id,
        "checklist": inspection.checklist_id,
        "enterprise": inspection.enterprise_id,
        "premises": inspection.premises_id,
        "organization": inspection.organization_id,
        "started_at": inspection.started_at,
        "finished_at": inspection.finished_at,
        "members": [[each.user_id, each.name, each.certificate_no] for each in members],
        "accompanying": [inspection.accompanying_name, inspection.accompanying_title],
        "opinion": inspection.opinion,
        "clean": inspection.is_clean,
        "answers": [
            [each.position, each.text, each.verdict, each.note, each.measured, each.hazard_id]
            for each in answers
        ],
    }


def _kinds_of_item() -> dict[str, set[str]]:
    """Text of a check item → kinds whose list it is on; the plan's own items are on none and apply to all."""
    found: dict[str, set[str]] = {}
    for kind, rows in load("checklists")["checklists"].items():
        for row in rows:
            found.setdefault(row["text"], set()).add(kind)
    return found


def _measures() -> dict[str, dict[str, Any]]:
    return {
        row["text"]: row["measure"]
        for rows in load("checklists")["checklists"].values()
        for row in rows
        if row["measure"]
    }


def _pairs(text: str) -> set[str]:
    plain = "".join(sign for sign in text if sign.isalnum())
    return {plain[index : index + 2] for index in range(len(plain) - 1)}


def _matching(text: str, items: list[CheckItem], taken: dict[int, Any]) -> CheckItem | None:
    """The check item a finding belongs to: most neighbouring signs in common, two at least.

    Items that are major by themselves are left alone: the level of an invented finding is its own.
    """
    wanted = _pairs(text)
    best, most = None, 1
    for item in items:
        if item.major_if_failed:
            continue
        shared = len(wanted & _pairs(item.text + item.criterion))
        if shared > most and item.position not in taken:
            best, most = item, shared
    return best
