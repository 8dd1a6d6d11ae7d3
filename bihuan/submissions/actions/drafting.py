"""Drafts: one matter, one addressee; nobody's head is gone over without a reason and a copy (R113)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from bihuan.accounts.models import Organization, Post, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.roles import ROLES
from bihuan.accounts.scope import place_of
from bihuan.audit.moves import step, write_line
from bihuan.core.errors import Refused
from bihuan.duties.actions import finish_duty, open_duty
from bihuan.duties.models import Duty
from bihuan.figures import check_figures

from .. import phrases
from ..ladder import addressees, is_below, skipped
from ..matters import Matter, matter_for
from ..models import Submission, SubmissionCopy, SubmissionTransition
from ..standing import fits, holds, may_move
from ..workflow import DRAFTS, PENDING, RULES, CopyGround, Form, Move, Status

MOST_COPIES = 20


@dataclass(frozen=True)
class Draft:
    """What a draft says. `addressee` None is one outside this installation, then named by `addressee_name`."""

    form: str
    matter: str
    title: str
    situation: str
    ask: str
    event_on: dt.date
    addressee: Organization | None = None
    addressee_name: str = ""
    opinion: str = ""
    skip_reason: str = ""
    copies: Sequence[Organization] = ()
    contact: str = ""
    subject: str = ""
    subject_words: str = ""
    subject_url: str = ""


@transaction.atomic
def draft_submission(
    draft: Draft, *, organization: Organization, follows: Submission | None = None, by: User
) -> Submission:
    """Put down a draft of one's own body and return it. `follows` is the paper that came back and is handed in anew.

    Raises PermissionDenied, Refused with all that is wrong.
    """
    if not holds(by, Permission.DRAFT_SUBMISSION, organization.pk):
        raise PermissionDenied
    if follows is not None and (
        follows.organization_id != organization.pk or follows.status != Status.RETURNED
    ):
        raise Refused("只有被退回的请示、报告才能重新报送")
    matter = _matter(draft, organization)
    _refuse(_wrong(draft, organization))
    place = place_of(organization.region)
    row = Submission(
        organization=organization, city_id=place.city_id, county_id=place.county_id, locality_id=place.locality_id,
        follows=follows, drafted_by=by, drafted_at=timezone.now(), **_columns(draft, matter),
    )  # fmt: skip
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise Refused(_standing(draft, organization)) from error
    _write_copies(row, draft)
    write_line(row, Move.DRAFT, SubmissionTransition, seen="", by=by, reason=matter.name)
    return row


@transaction.atomic
def edit_submission(submission: Submission, draft: Draft, *, revision: int, by: User) -> None:
    """Change a draft; `revision` is the one that was read. Raises PermissionDenied, IllegalMove, Refused."""
    allowed(by, Move.EDIT, submission)
    matter = _matter(draft, submission.organization)
    _refuse(_wrong(draft, submission.organization))
    submission.revision = revision
    try:
        with transaction.atomic():
            step(
                submission, Move.EDIT, RULES[Move.EDIT], SubmissionTransition, by=by, watched=("revision",),
                changed={**_columns(draft, matter), "revision": revision + 1},
            )  # fmt: skip
    except IntegrityError as error:
        raise Refused(_standing(draft, submission.organization)) from error
    submission.copies.all().delete()
    _write_copies(submission, draft)


@transaction.atomic
def submit_submission(submission: Submission, *, by: User) -> None:
    """Hand a draft to the leader, who owes the signature. Raises PermissionDenied, IllegalMove, Refused."""
    allowed(by, Move.SUBMIT, submission)
    _refuse(missing(submission))
    step(submission, Move.SUBMIT, RULES[Move.SUBMIT], SubmissionTransition, by=by, watched=("revision",))
    open_duty(
        kind=Duty.Kind.SUBMISSION_SIGN, subject=submission, title=f"审签{submission.label}：{submission.title}",
        url=submission.get_absolute_url(), organization=submission.organization, place=submission,
        post=signing_post(submission.organization), clock_rule="submission.sign", by=by,
    )  # fmt: skip


@transaction.atomic
def send_back_draft(submission: Submission, *, reason: str, by: User) -> None:
    """The leader sends a draft back to be rewritten. Raises PermissionDenied, ReasonRequired, IllegalMove."""
    allowed(by, Move.SEND_BACK, submission)
    step(submission, Move.SEND_BACK, RULES[Move.SEND_BACK], SubmissionTransition, by=by, reason=reason)
    finish_duty(submission, Duty.Kind.SUBMISSION_SIGN, by=by, cancelled=True)


@transaction.atomic
def discard_draft(submission: Submission, *, reason: str, by: User) -> None:
    """Give a draft up; it stays on record. Raises PermissionDenied, ReasonRequired, IllegalMove."""
    allowed(by, Move.DISCARD, submission)
    step(submission, Move.DISCARD, RULES[Move.DISCARD], SubmissionTransition, by=by, reason=reason)
    finish_duty(submission, Duty.Kind.SUBMISSION_SIGN, by=by, cancelled=True)


def missing(submission: Submission) -> list[str]:
    """What a draft still lacks before anybody may sign it."""
    found = []
    if not submission.situation.strip():
        found.append("没有写明情况")
    if submission.form == Form.REQUEST:
        if not submission.ask.strip():
            found.append("没有写明请示事项")
        if not submission.contact.strip():
            found.append("请示要在附注处写明联系人和电话（GB/T 9704—2012）")
    over = skipped(submission.organization, submission.addressee) if submission.addressee_id else []
    if over and not submission.skip_reason.strip():
        found.append(f"越过了{'、'.join(each.short_name for each in over)}，请写明越级行文的理由")
    return found


def remarks(submission: Submission) -> list[str]:
    """What is to be looked at again: the wording, and figures in the text that contradict each other."""
    words = "\n".join([submission.situation, submission.opinion, submission.ask])
    return [
        *phrases.remarks(
            submission.form, title=submission.title, situation=f"{submission.situation}\n{submission.opinion}",
            ask=submission.ask,
        ),
        *(each.statement for each in check_figures(words).findings),
    ]  # fmt: skip


def signing_post(organization: Organization) -> Post | None:
    """The chair that signs for a body; its default post when nobody does, so that the office sees it."""
    for post in organization.posts.filter(is_active=True).order_by("pk"):
        if Permission.SIGN_SUBMISSION in ROLES[post.role].permissions:
            return post
    return None


def allowed(by: User, move: str, submission: Submission) -> None:
    """Raise PermissionDenied for the wrong person, a paper out of sight, or a move its kind does not know."""
    if (
        not may_move(by, move, submission)
        or not fits(move, submission)
        or not Submission.objects.visible_to(by).filter(pk=submission.pk).exists()
    ):
        raise PermissionDenied


def _matter(draft: Draft, organization: Organization) -> Matter:
    if draft.form not in Form.values:
        raise Refused("请选择请示还是报告")
    matter = matter_for(draft.matter, organization, timezone.localdate())
    if matter is None:
        raise Refused("请选择重要事项清单里的一项，没有合适的选“其他重要事项”")
    if not matter.allows(draft.form):
        raise Refused(f"按重要事项清单，“{matter.name}”应当用{matter.form_words}")
    return matter


def _wrong(draft: Draft, organization: Organization) -> list[str]:
    found = []
    if not draft.title.strip():
        found.append("请填写标题")
    if draft.event_on > timezone.localdate():
        found.append("事项发生日期不能晚于今天")
    if draft.addressee is None:
        if not draft.addressee_name.strip():
            found.append("请选择主送单位；上级不在本系统的，写明主送机关名称")
        elif phrases.names_several(draft.addressee_name):
            found.append(
                "只能有一个主送机关，其他需要知道的请列为抄送（《党政机关公文处理工作条例》第十五条）"
            )
    elif draft.addressee.pk not in {each.pk for each in addressees(organization)}:
        found.append(
            f"{draft.addressee.short_name}不是{organization.short_name}的上级单位，不能向它请示、报告"
        )
    if draft.addressee is not None and not draft.skip_reason.strip():
        over = skipped(organization, draft.addressee)
        if over:
            found.append(
                f"主送{draft.addressee.short_name}越过了{'、'.join(each.short_name for each in over)}："
                "一般不得越级行文，特殊情况请写明理由，系统会同时抄送被越过的单位（《党政机关公文处理工作条例》第十四条）"
            )
    if len(draft.copies) > MOST_COPIES:
        found.append(f"抄送单位最多 {MOST_COPIES} 个，现有 {len(draft.copies)} 个")
    below = [each.short_name for each in draft.copies if is_below(each, organization)]
    if below:
        found.append(f"上行文不抄送下级：{'、'.join(below)}")
    return found


def _columns(draft: Draft, matter: Matter) -> dict[str, object]:
    derived = matter.due(draft.event_on)
    return {
        "form": draft.form, "matter": matter.key, "matter_name": matter.name, "title": draft.title.strip()[:120],
        "addressee": draft.addressee,
        "addressee_name": draft.addressee.name[:80] if draft.addressee else draft.addressee_name.strip()[:80],
        "skip_reason": draft.skip_reason.strip()[:300], "subject": draft.subject[:80],
        "subject_words": draft.subject_words[:300], "subject_url": draft.subject_url[:200],
        "situation": draft.situation.strip(), "opinion": draft.opinion.strip(), "ask": draft.ask.strip(),
        "contact": draft.contact.strip()[:60], "event_on": draft.event_on, "due_on": derived.due_on,
        "clock": derived.explanation,
    }  # fmt: skip


def _standing(draft: Draft, organization: Organization) -> str:
    """In words: the same matter of the same record is under way already."""
    row = Submission.objects.filter(
        organization=organization, matter=draft.matter, subject=draft.subject, status__in=DRAFTS | PENDING
    ).first()
    where = f"“{row.title}”（{row.get_status_display()}）" if row else "另一份"
    return f"这件事已经有一份请示报告在办：{where}，请在那份上继续办理"


def _write_copies(submission: Submission, draft: Draft) -> None:
    over = skipped(submission.organization, draft.addressee) if draft.addressee else []
    rows = {each.pk: CopyGround.SKIPPED for each in over}
    for each in draft.copies:
        if each.pk != submission.addressee_id:
            rows.setdefault(each.pk, CopyGround.INFORMED)
    SubmissionCopy.objects.bulk_create(
        SubmissionCopy(submission=submission, organization_id=pk, ground=ground)
        for pk, ground in rows.items()
    )


def _refuse(found: Sequence[str]) -> None:
    if found:
        raise Refused("；".join(found))
