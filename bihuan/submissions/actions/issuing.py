"""Signing: the paper gets its number, goes to its one addressee, and the receipt is owed; taken back, urged."""

from __future__ import annotations

from functools import partial

from django.db import transaction
from django.utils import timezone

from bihuan.accounts.models import Organization, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.queries import default_post, holders_of
from bihuan.attachments.actions import sign
from bihuan.attachments.models import Signature
from bihuan.audit.moves import step
from bihuan.core.errors import IllegalMove, Refused
from bihuan.duties import clock
from bihuan.duties.actions import finish_duty, open_duty
from bihuan.duties.models import Duty
from bihuan.notifications.actions import notify
from bihuan.notifications.models import Message
from bihuan.papers.actions import issue_paper
from bihuan.papers.models import Paper

from .. import wording
from ..models import Submission, SubmissionTransition
from ..settling import reported
from ..workflow import PENDING, RULES, Form, Move, OpinionStatus, Status
from .drafting import allowed, missing

LADDER = "paper.reply"


@transaction.atomic
def sign_submission(submission: Submission, *, revision: int, image: str = "", by: User) -> Paper:
    """Sign a draft: number it, send it up, open what the addressee owes.

    `revision` is the one that was read; `image` the drawn signature. Raises PermissionDenied, Refused with what is
    missing, IllegalMove when the draft is no longer the one that was read or somebody was quicker.
    """
    allowed(by, Move.SIGN, submission)
    if submission.revision != revision or submission.status != Status.SIGNING:
        raise IllegalMove("这份文稿在您打开以后改过，请刷新后核对再签")
    if found := missing(submission):
        raise Refused("；".join(found))
    now = timezone.now()
    today = timezone.localdate(now)
    copied = [each.organization for each in submission.copies.select_related("organization")]
    receipt = clock.due("submission.receipt", today)
    paper = issue_paper(
        Paper.Kind.REQUEST if submission.form == Form.REQUEST else Paper.Kind.SITUATION,
        subject=submission, organization=submission.organization, recipient_name=submission.addressee_name,
        place=submission, content=wording.content(submission, on=today, signer=by.full_name),
        permission=Permission.SIGN_SUBMISSION,
        addressees=[*([submission.addressee] if submission.addressee else []), *copied], by=by,
    )  # fmt: skip
    sign(
        submission, role="签发人", signer=by, signer_name=by.full_name, signer_title=title_of(by),
        method=Signature.Method.DRAWN if image else Signature.Method.LOGIN, image=image or None, by=by,
    )  # fmt: skip
    step(
        submission, Move.SIGN, RULES[Move.SIGN], SubmissionTransition, by=by, watched=("revision",), at=now,
        changed={
            "paper": paper, "signed_by": by, "issued_on": today, "receipt_due_on": receipt.due_on,
            "receipt_clock": receipt.explanation,
        },
    )  # fmt: skip
    finish_duty(submission, Duty.Kind.SUBMISSION_SIGN, by=by)
    reported(submission, by=by)
    if submission.addressee is not None:
        open_duty(
            kind=Duty.Kind.SUBMISSION, subject=submission,
            title=f"签收{submission.label}：{submission.title}"[:200], url=submission.get_absolute_url(),
            organization=submission.addressee, place=submission, due_on=receipt.due_on, clock=receipt.explanation,
            ladder=LADDER, by=by,
        )  # fmt: skip
    for each in copied:
        tell(
            each,
            f"抄送：{submission.organization.short_name}{submission.label}“{submission.title}”",
            submission,
        )
    return paper


@transaction.atomic
def withdraw(submission: Submission, *, reason: str, by: User) -> None:
    """The asking body takes its paper back before it is answered; the number stays on record.

    Raises PermissionDenied, ReasonRequired, IllegalMove.
    """
    allowed(by, Move.WITHDRAW, submission)
    step(
        submission, Move.WITHDRAW, RULES[Move.WITHDRAW], SubmissionTransition, by=by, reason=reason,
        changed={"ended_on": timezone.localdate()},
    )  # fmt: skip
    settle(submission, by=by, cancelled=True)
    if submission.addressee is not None:
        tell(
            submission.addressee,
            f"{submission.organization.short_name}撤回了“{submission.title}”",
            submission,
        )


@transaction.atomic
def urge(submission: Submission, *, reason: str, by: User) -> None:
    """The asking body presses for an answer that is late, once a day; the receiving body's leader is told as well.

    Raises PermissionDenied, ReasonRequired, Refused when nothing is late, IllegalMove.
    """
    allowed(by, Move.URGE, submission)
    today = timezone.localdate()
    until = submission.owed_until()
    if submission.status in PENDING and (until is None or until >= today):
        raise Refused(f"还没有超过期限{f' {until}' if until else ''}，到期未答复再催请")
    if submission.urged_on == today:
        raise Refused("今天已经催请过，请明天再催")
    step(
        submission, Move.URGE, RULES[Move.URGE], SubmissionTransition, by=by, reason=reason,
        changed={"urged_on": today}, watched=("urged_on",),
    )  # fmt: skip
    if submission.addressee is not None:
        words = f"催请答复：{submission.organization.short_name}“{submission.title}”已超过期限 {until}"
        tell(submission.addressee, words, submission, also=Permission.SIGN_SUBMISSION)


def settle(submission: Submission, *, by: User, cancelled: bool = False) -> None:
    """Nothing is owed about a paper any more: the receipt, the answer, the decision, the opinions still out."""
    from .opinions import drop_open

    for kind in (Duty.Kind.SUBMISSION, Duty.Kind.SUBMISSION_SIGN):
        finish_duty(submission, kind, by=by, cancelled=cancelled)
    if submission.opinions.filter(status=OpinionStatus.ASKED).exists():
        drop_open(submission, by=by)


def title_of(user: User) -> str:
    """What the person signs as."""
    return str(user.main_post.title) if user.main_post else ""


def tell(body: Organization, words: str, submission: Submission, *, also: str = "") -> None:
    """A message after commit to whoever sits in a body's default post, and to its people with a permission."""
    from bihuan.accounts.roles import ROLES

    posts = [default_post(body)]
    if also:
        posts += [
            post
            for post in body.posts.filter(is_active=True).order_by("pk")
            if also in ROLES[post.role].permissions
        ]
    people = {user.pk: user for post in posts if post for user in holders_of(post)}
    transaction.on_commit(
        partial(
            notify, list(people.values()), category=Message.Category.RESULT, title=words[:120],
            url=submission.get_absolute_url(),
        )
    )  # fmt: skip
