"""What a phone hands in: one visit, whole. Plain data; `checks` judges it, `actions` records it."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import TextChoices

from bihuan.accounts.models import User
from bihuan.attachments.models import Attachment, Signature
from bihuan.campaigns.models import Checklist, Task
from bihuan.core.digest import content_hash
from bihuan.core.errors import Refused
from bihuan.registry.models import Enterprise, Premises

from .models import Inspection


class Outcome(TextChoices):
    """What became of a finding while the inspectors were still there (立查立改 or 限期, R077).

    A gas company sets its users no deadlines: it tells them in writing and reports (随瓶安检).
    """

    FIXED = "fixed", "现场已改"
    DEADLINE = "deadline", "限期改正"
    NOTIFIED = "notified", "已书面告知"


@dataclass(frozen=True)
class Finding:
    """A hazard found. `photos` and `after_photos` are attachment ids; a deadline finding carries 五落实 and the interim
    measures; `due_on` None means the date the clock gives."""

    description: str
    outcome: str
    location: str = ""
    basis: str = ""
    level: str = "general"
    criterion_code: str = ""
    photos: tuple[str, ...] = ()
    after_photos: tuple[str, ...] = ()
    fix_text: str = ""
    due_on: dt.date | None = None
    responsible_person: str = ""
    measures: str = ""
    funds: Decimal | None = None
    contingency: str = ""
    interim_measures: str = ""


@dataclass(frozen=True)
class AnswerGiven:
    """The verdict on item `position` of the checklist; a failed one carries its finding, any one may carry photos."""

    position: int
    verdict: str
    note: str = ""
    measured: str = ""
    finding: Finding | None = None
    photos: tuple[str, ...] = ()


@dataclass(frozen=True)
class SignatureGiven:
    """`method` is Signature.Method; `image` the data URL of the drawing pad; a refusal says why in `remark`."""

    method: str
    image: str = ""
    remark: str = ""


@dataclass(frozen=True)
class MemberGiven:
    """One inspector. `user` is None for a guest, such as an expert without an account."""

    name: str
    user: User | None
    certificate_no: str
    signature: SignatureGiven | None


@dataclass(frozen=True)
class Submission:
    """Everything of one visit. `is_joint` allows inspectors of several organizations (联合检查, R064); `plate` is the
    code read at the door, by which a gas company comes to a user of its own (随瓶安检)."""

    client_id: uuid.UUID
    kind: str
    enterprise: Enterprise
    started_at: dt.datetime
    finished_at: dt.datetime
    members: tuple[MemberGiven, ...]
    accompanying_name: str
    accompanying_title: str = ""
    accompanying_signature: SignatureGiven | None = None
    premises: Premises | None = None
    task: Task | None = None
    checklist: Checklist | None = None
    answers: tuple[AnswerGiven, ...] = ()
    others: tuple[Finding, ...] = ()
    is_joint: bool = False
    longitude: float | None = None
    latitude: float | None = None
    opinion: str = ""
    photos: tuple[str, ...] = ()
    accuracy: int | None = None  # metres the phone believes it may be off; None: it did not say
    clock_skew: int | None = None  # seconds the phone runs ahead of the server; None: nobody measured it
    plate: str = ""

    @property
    def is_joint_visit(self) -> bool:
        """Whether inspectors of several organizations may come: by its kind, or because an earlier caller says so."""
        return self.is_joint or self.kind == Inspection.Kind.JOINT

    @property
    def findings(self) -> list[tuple[AnswerGiven | None, Finding]]:
        """Every hazard with the answer it belongs to, in reading order; those off the list last."""
        listed = [(answer, answer.finding) for answer in self.answers if answer.finding is not None]
        return [*listed, *((None, finding) for finding in self.others)]  # type: ignore[list-item]

    @property
    def pictures(self) -> list[tuple[str, str, tuple[str, ...]]]:
        """Every set of photos with its place on the form and its name."""
        found = [(f"q{each.position}", f"第 {each.position} 项", each.photos) for each in self.answers]
        for answer, finding in self.findings:
            where, name = (
                (f"q{answer.position}", f"第 {answer.position} 项") if answer else ("o1", "其他问题")
            )
            found.append((where, name, (*finding.photos, *finding.after_photos)))
        return [*found, ("scene", "现场照片", self.photos)]


@dataclass(frozen=True)
class Problem:
    """One thing to put right before the visit can be recorded: where it is on the form, and what to do."""

    where: str
    message: str


class InspectionRefused(Refused):
    """The visit cannot be recorded as it stands; `problems` say why, each with its place."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("；".join(problem.message for problem in problems))


def digest_of(given: Submission) -> str:
    """The same visit sent again has the same digest. Photos count by the bytes received, so that an upload
    repeated by a browser is no difference; the ink of a signature does not count, who signed how does."""
    ids = {each for _, _, photos in given.pictures for each in photos}
    received = {
        str(pk): sha256
        for pk, sha256 in Attachment.objects.filter(pk__in=ids).values_list("pk", "original_sha256")
    }

    def pictures(wanted: tuple[str, ...]) -> list[str]:
        return [received.get(str(each), str(each)) for each in wanted]

    def found(finding: Finding | None) -> object:
        if finding is None:
            return None
        return [
            finding.description, finding.outcome, finding.location, finding.basis, finding.level, finding.criterion_code,
            pictures(finding.photos), pictures(finding.after_photos), finding.fix_text, finding.due_on,
            finding.responsible_person, finding.measures, finding.funds, finding.contingency, finding.interim_measures,
        ]  # fmt: skip

    signed = given.accompanying_signature
    return content_hash(
        {
            "kind": given.kind,
            "enterprise": given.enterprise.pk,
            "premises": given.premises.pk if given.premises else None,
            "task": given.task.pk if given.task else None,
            "checklist": given.checklist.pk if given.checklist else None,
            "started": given.started_at,
            "members": [
                [each.user.pk if each.user else None, each.name, each.certificate_no]
                for each in given.members
            ],
            "accompanying": [given.accompanying_name, given.accompanying_title],
            "signed": [signed.method, signed.remark] if signed else None,
            "answers": [
                [
                    each.position,
                    each.verdict,
                    each.note,
                    each.measured,
                    found(each.finding),
                    pictures(each.photos),
                ]
                for each in given.answers
            ],
            "others": [found(finding) for finding in given.others],
            "opinion": given.opinion,
            "photos": pictures(given.photos),
        }
    )


DRAWN, LOGIN, REFUSED = Signature.Method.DRAWN, Signature.Method.LOGIN, Signature.Method.REFUSED
