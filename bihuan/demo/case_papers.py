"""Papers of the past: 现场检查记录 for every visit, 责令限期整改指令书 where something stayed open, 整改复查意见书 for many."""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from bihuan.accounts.models import User
from bihuan.attachments.models import Attachment, Signature
from bihuan.audit.actions import chain_of
from bihuan.core.digest import canonical_json
from bihuan.hazards.models import Hazard, Reinspection
from bihuan.hazards.workflow import Level
from bihuan.inspections.models import Answer, Inspection, InspectionMember
from bihuan.inspections.records import MAX_PHOTOS, ROLES
from bihuan.notifications.models import Message
from bihuan.papers import wording
from bihuan.papers.documents import Photo, SignatureLine
from bihuan.papers.models import Paper, PaperReceipt, PaperSequence
from bihuan.papers.numbering import write_number

from .book import Book
from .evidence import Evidence
from .ledger import Case
from .staff import Staff

RECEIPT_SHARE = 0.7
OPINION_SHARE = 0.6


@dataclass(frozen=True)
class Filed:
    """A visit whose order may still be answered by an opinion."""

    inspection: Inspection
    order: Paper
    cases: list[Case]


class CasePapers:
    """Numbers, freezes and serves the papers of each visit in order of time."""

    def __init__(self, book: Book, staff: Staff, evidence: Evidence, now: dt.datetime) -> None:
        self.book, self.staff, self.evidence, self.now = book, staff, evidence, now
        self.sequences: dict[tuple[int, int], int] = defaultdict(int)
        self.filed: list[Filed] = []

    def issue(
        self,
        inspection: Inspection,
        members: list[InspectionMember],
        answers: list[Answer],
        cases: list[Case],
        signatures: list[Signature],
    ) -> None:
        """The record of a visit and, if anything was given a deadline, the order; one case, one number."""
        by, at = inspection.recorded_by, inspection.finished_at
        key = (inspection.organization_id, at.year)
        self.sequences[key] += 1
        hazards = [case.hazard for case in cases]
        lines = [_signature_line(each) for each in signatures]
        content = self._record(inspection, members, answers, hazards, lines)
        record = self._paper(
            Paper.Kind.INSPECTION_RECORD, inspection, content, self.sequences[key], by=by, at=at
        )
        pending = [case for case in cases if not case.hazard.fixed_on_spot]
        if not pending:
            return
        content = self._order(inspection, [case.hazard for case in pending], record.number, lines)
        due_on = min((case.hazard.due_on for case in pending if case.hazard.due_on), default=None)
        order = self._paper(
            Paper.Kind.RECTIFICATION_ORDER, inspection, content, record.case_seq, by=by, at=at, due_on=due_on
        )
        self.filed.append(Filed(inspection, order, pending))

    def issue_opinions(self) -> None:
        """For many of the orders: the opinion on what has been reinspected since, by who reinspected last."""
        for filed in self.filed:
            judged = [each for case in filed.cases for each in case.judgements]
            own = filed.inspection.organization_id
            judged = [each for each in judged if each.hazard.reviewing_organization_id == own]
            if not judged or self.book.rng.random() > OPINION_SHARE:
                continue
            last = max(judged, key=lambda each: each.at)
            at = last.at + dt.timedelta(minutes=30)
            if at < self.now and last.by in self.staff.officials(filed.inspection.organization):
                self._opinion(filed, judged, by=last.by, at=at)

    def write_sequences(self) -> None:
        """Leave the running numbers where the next paper goes on."""
        for (organization, year), last in self.sequences.items():
            self.book.add(PaperSequence(organization_id=organization, year=year, last=last))

    # --- contents ------------------------------------------------------------------------------------

    def _record(
        self,
        inspection: Inspection,
        members: list[InspectionMember],
        answers: list[Answer],
        hazards: list[Hazard],
        lines: list[SignatureLine],
    ) -> dict[str, Any]:
        verdicts = [answer.verdict for answer in answers]
        listed = sum(answer.hazard_id is not None for answer in answers)
        return wording.inspection_record(
            organization=inspection.organization.name,
            to=_addressee(inspection),
            kind=inspection.get_kind_display(),
            task=f"{inspection.campaign} {inspection.task}" if inspection.task else "",
            when=f"{_moment(inspection.started_at)}至{_moment(inspection.finished_at)}",
            inspectors=[
                f"{each.name}（执法证号 {each.certificate_no}）" if each.certificate_no else each.name
                for each in members
            ],
            counts={
                "total": len(answers),
                "pass": verdicts.count(Answer.Verdict.PASS),
                "fail": verdicts.count(Answer.Verdict.FAIL),
                "na": verdicts.count(Answer.Verdict.NOT_APPLICABLE),
                "other": len(hazards) - listed,
            },
            points=[_point(hazard) for hazard in hazards],
            opinion=inspection.opinion,
            photos=self._photos(hazards, "整改前"),
            signatures=lines,
            on=inspection.finished_at.date(),
        )

    def _order(
        self, inspection: Inspection, hazards: list[Hazard], number: str, lines: list[SignatureLine]
    ) -> dict[str, Any]:
        return wording.rectification_order(
            organization=inspection.organization.name,
            to=_addressee(inspection),
            record_number=number,
            found_on=inspection.inspected_on,
            points=[_point(hazard, with_orders=True) for hazard in hazards],
            reviewer=hazards[0].reviewing_organization.name,
            photos=self._photos(hazards, "现场"),
            signatures=lines,
            on=inspection.finished_at.date(),
        )

    def _opinion(self, filed: Filed, judged: list[Reinspection], *, by: User, at: dt.datetime) -> None:
        inspection = filed.inspection
        photos = [
            _photo(kept, f"问题{no} 整改后")
            for no, each in enumerate(judged, start=1)
            if each.rectification
            for _, kept in self.evidence.of.get(chain_of(each.rectification), [])
        ]
        content = wording.reinspection_opinion(
            organization=inspection.organization.name,
            to=_addressee(inspection),
            order_number=filed.order.number,
            reviewed_on=max(each.at for each in judged).date(),
            reviewers=list(dict.fromkeys(each.by.full_name for each in judged)),
            rows=[
                (f"{each.hazard.location}：{each.hazard.description}".lstrip("："), each.passed, each.text)
                for each in judged
            ],
            covered=[each.pk for each in judged],
            photos=photos[:MAX_PHOTOS],
            on=at.date(),
        )
        self._paper(
            Paper.Kind.REINSPECTION_OPINION, inspection, content, filed.order.case_seq, by=by, at=at,
            year=filed.order.case_year,
        )  # fmt: skip

    def _photos(self, hazards: list[Hazard], label: str) -> list[Photo]:
        return [
            _photo(kept, f"问题{no} {label}")
            for no, hazard in enumerate(hazards, start=1)
            for role, kept in self.evidence.of.get(chain_of(hazard), [])
            if role == "before"
        ][:MAX_PHOTOS]

    # --- the paper itself ----------------------------------------------------------------------------

    def _paper(
        self,
        kind: str,
        inspection: Inspection,
        content: dict[str, Any],
        seq: int,
        *,
        by: User,
        at: dt.datetime,
        due_on: dt.date | None = None,
        year: int | None = None,
    ) -> Paper:
        organization, enterprise = inspection.organization, inspection.enterprise
        year = year or at.year
        prefix = organization.paper_prefix or organization.short_name
        paper = self.book.add(
            Paper(
                kind=kind,
                number=write_number(prefix, kind, year=year, seq=seq, ordinal=1, on=at.date()),
                case_year=year,
                case_seq=seq,
                organization=organization,
                department=inspection.department,
                recipient=enterprise.organization,
                recipient_name=enterprise.name[:120],
                city_id=inspection.city_id,
                county_id=inspection.county_id,
                locality_id=inspection.locality_id,
                subject=chain_of(inspection),
                content=json.loads(canonical_json(content)),
                template_version=wording.TEMPLATE_VERSION,
                code=self.book.uuid(),
                issued_by=by,
                issued_at=at,
                due_on=due_on,
            )
        )
        self.book.chronicle.note(
            "papers.issue", paper, by=by, at=at, summary=f"制发{paper}，送{paper.recipient_name}"
        )
        if enterprise.organization is not None:
            self._serve(paper, at)
        return paper

    def _serve(self, paper: Paper, at: dt.datetime) -> None:
        post = self.staff.default_post(paper.recipient)
        people = self.staff.holders(post, at.date())
        self.book.tell(
            people,
            category=Message.Category.DUTY,
            title=f"收到{paper}"[:120],
            body=f"{paper.organization.name}制发，请打开查看并签收。",
            url=paper.get_absolute_url(),
            key=f"paper:{paper.pk}",
            created_at=at,
        )
        read_at = at + dt.timedelta(hours=self.book.rng.randint(1, 30))
        if not people or self.book.rng.random() > RECEIPT_SHARE or read_at >= self.now:
            return
        receiver = people[0]
        receipt = self.book.add(
            PaperReceipt(
                paper=paper,
                method=PaperReceipt.Method.ONLINE,
                receiver_name=receiver.full_name,
                by=receiver,
                at=read_at,
            )
        )
        self.book.chronicle.note(
            "papers.serve", paper, by=receiver, at=read_at,
            summary=f"{paper}{receipt.get_method_display()}：{receipt.receiver_name}",
            payload={"method": receipt.method, "receiver": receipt.receiver_name, "note": ""},
        )  # fmt: skip


def _addressee(inspection: Inspection) -> wording.Addressee:
    enterprise = inspection.enterprise
    place = inspection.premises or enterprise
    return wording.Addressee(
        name=enterprise.name,
        credit_code=enterprise.credit_code or "",
        address=place.address,
        accompanying=" ".join(filter(None, [inspection.accompanying_name, inspection.accompanying_title])),
    )


def _point(hazard: Hazard, *, with_orders: bool = False) -> wording.Point:
    if hazard.fixed_on_spot:
        return wording.Point(hazard.description, hazard.location, hazard.basis, "现场已改正，经复查合格")
    level = "（重大隐患）" if hazard.level == Level.MAJOR else ""
    due = _day(hazard.due_on) if hazard.due_on else "治理方案确定的期限"
    notes = []
    if with_orders:
        funds = "无需投入" if not hazard.funds else f"{hazard.funds:.2f}元"
        notes = [
            f"整改责任人：{hazard.responsible_person}；整改措施：{hazard.measures}",
            f"整改资金：{funds}；应急预案：{hazard.contingency}",
            f"整改前的临时管控措施：{hazard.interim_measures}",
        ]
    return wording.Point(hazard.description + level, hazard.location, hazard.basis, f"限{due}前改正", notes)


def _signature_line(each: Signature) -> SignatureLine:
    return SignatureLine(
        role=ROLES.get(each.role, each.role),
        name=each.signer_name,
        title=each.signer_title,
        method="" if each.method == Signature.Method.DRAWN else each.get_method_display(),
        image=str(each.image_id or ""),
        remark=each.remark,
        at=_moment(each.signed_at),
    )


def _photo(kept: Attachment, caption: str) -> Photo:
    return Photo(id=str(kept.pk), sha256=kept.sha256, caption=caption)


def _moment(at: dt.datetime) -> str:
    return f"{_day(at.date())}{at:%H:%M}"


def _day(on: dt.date) -> str:
    return f"{on.year}年{on.month}月{on.day}日"
