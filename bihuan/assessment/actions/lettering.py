"""Letters of responsibility: written once, issued to many, signed below, countersigned above, then a paper (R115)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from bihuan.accounts.models import Organization, Post, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.queries import holders_of
from bihuan.accounts.roles import ROLES
from bihuan.accounts.scope import place_of
from bihuan.attachments import queries as files
from bihuan.attachments.actions import sign as put_signature
from bihuan.attachments.models import Signature
from bihuan.audit.actions import record
from bihuan.audit.moves import step
from bihuan.core.errors import IllegalMove, Refused
from bihuan.duties.actions import NewDuty, finish_duty, open_duties, open_duty
from bihuan.duties.clock import due as clock_due
from bihuan.duties.models import Duty
from bihuan.notifications.actions import notify
from bihuan.notifications.models import Message
from bihuan.papers.actions import issue_paper
from bihuan.papers.models import Paper

from .. import wording
from ..models import Letter, LetterForm, LetterTransition
from ..standing import letter_issuers, may_move_letter
from ..workflow import LETTER_RULES, LetterKind, LetterMove, LetterStatus

MOST_TARGETS = 30


def _issues(body: Organization, by: User) -> bool:
    return any(each.pk == body.pk for each in letter_issuers(by))


@transaction.atomic
def write_form(
    body: Organization,
    *,
    kind: str,
    year: int,
    title: str,
    text: str,
    targets: Sequence[Sequence[str]] = (),
    parent: Letter | None = None,
    by: User,
) -> LetterForm:
    """Write what others shall sign. A form below rests on the letter one's own body signed above (层层签订).

    Raises PermissionDenied, Refused for missing words, too many targets, or a parent that is not one's own.
    """
    if not _issues(body, by):
        raise PermissionDenied
    if kind not in LetterKind.values:
        raise Refused("请选择目标责任书或者责任承诺书")
    if not title.strip() or not text.strip():
        raise Refused("请填写名称和职责内容")
    if parent is not None and parent.lower_id != body.pk:
        raise Refused("依据的上级责任书应是本单位签订的")
    kept = [[str(name).strip()[:80], str(value).strip()[:80]] for name, value in targets if str(name).strip()]
    if len(kept) > MOST_TARGETS:
        raise Refused(f"目标最多 {MOST_TARGETS} 条")
    place = place_of(body.region)
    form = LetterForm(
        organization=body, city_id=place.city_id, county_id=place.county_id, locality_id=place.locality_id, kind=kind,
        year=year, title=title.strip()[:120], text=text.strip(), targets=kept, parent=parent, made_by=by,
        made_at=timezone.now(),
    )  # fmt: skip
    try:
        with transaction.atomic():
            form.save(force_insert=True)
    except IntegrityError as error:
        raise Refused(f"{year} 年已有名为“{title}”的责任书，请换一个名称，或在它下面增加签订单位") from error
    record("assessment.letter_form", form, by=by, summary=f"编制{form}（{year} 年）")
    return form


@transaction.atomic
def issue_letters(
    form: LetterForm,
    *,
    bodies: Iterable[Organization] = (),
    posts: Iterable[Post] = (),
    by: User,
) -> list[Letter]:
    """Issue a form to bodies, or to posts of one's own body; each owes its signature by the clock `letter.sign`.

    Who has it already is left out. Raises PermissionDenied, Refused for oneself, a body outside the area or a post
    of another body.
    """
    upper = form.organization
    if not _issues(upper, by):
        raise PermissionDenied
    now = timezone.now()
    due = clock_due("letter.sign", timezone.localdate(now))
    chosen: list[tuple[Organization, Post | None]] = [(body, None) for body in bodies]
    chosen += [(post.organization, post) for post in posts]
    have = set(form.letters.exclude(status=LetterStatus.WITHDRAWN).values_list("lower_id", "post_id"))
    letters = []
    for body, post in chosen:
        if (body.pk, post.pk if post else None) in have:
            continue
        if post is None and (body.pk == upper.pk or not may_have(upper, body)):
            raise Refused(f"{body.name}不是{upper.short_name}的下级，不能向它下达责任书")
        if post is not None and (body.pk != upper.pk or not post.is_active):
            raise Refused("落实到岗位的责任书只能下达给本单位在用的岗位")
        place = place_of(body.region)
        letters.append(
            Letter(
                form=form, year=form.year, upper=upper, lower=body, post=post, city_id=place.city_id,
                county_id=place.county_id, locality_id=place.locality_id, due_on=due.due_on, clock=due.explanation,
                issued_by=by, issued_at=now,
            )
        )  # fmt: skip
    try:
        with transaction.atomic():
            letters = Letter.objects.bulk_create(letters)
    except IntegrityError as error:
        raise IllegalMove("有的单位刚刚已经下达过，请刷新后再试") from error
    if not letters:
        return []
    signers = signing_posts([each.lower_id for each in letters])
    open_duties(
        [
            NewDuty(
                Duty.Kind.LETTER, each, f"签订{form.title}", each.get_absolute_url(), each.lower, each,
                each.post or signers.get(each.lower_id), due.due_on, due.explanation,
            )
            for each in letters
        ],
        by=by,
    )  # fmt: skip
    record("assessment.letters", form, by=by, summary=f"{form}：下达 {len(letters)} 份")
    return letters


def may_have(upper: Organization, lower: Organization) -> bool:
    """Whether a body answers to another: offices over their area, localities over theirs, departments over what they
    supervise."""
    if upper.kind == Organization.Kind.DEPARTMENT:
        return (
            lower.kind == Organization.Kind.ENTERPRISE
            and getattr(getattr(lower, "enterprise", None), "department_id", None) == upper.pk
        )
    return lower.region_id.startswith(upper.region_id) and lower.kind in {
        Organization.Kind.OFFICE,
        Organization.Kind.DEPARTMENT,
        Organization.Kind.LOCALITY,
        Organization.Kind.ENTERPRISE,
    }  # fmt: skip


def signing_posts(bodies: Iterable[int]) -> dict[int, Post]:
    """The first post of each body that may sign letters."""
    roles = [role for role, rule in ROLES.items() if Permission.SIGN_LETTER in rule.permissions]
    rows = Post.objects.filter(organization__in=list(bodies), is_active=True, role__in=roles)
    return {post.organization_id: post for post in rows.order_by("-pk")}


@transaction.atomic
def sign_letter(letter: Letter, move: str, *, image: str = "", by: User) -> LetterTransition:
    """Sign for one side: drawn, or by one's login. The second signature makes it a numbered paper.

    Raises PermissionDenied, IllegalMove out of turn or when somebody was quicker, Refused for a bad drawing.
    """
    if move not in {LetterMove.SIGN_LOWER, LetterMove.SIGN_UPPER}:
        raise Refused("不能识别的签订动作，请刷新页面")
    if not may_move_letter(by, move, letter):
        raise PermissionDenied
    side = "lower" if move == LetterMove.SIGN_LOWER else "upper"
    today = timezone.localdate()
    line = step(
        letter, LetterMove(move), LETTER_RULES[move], LetterTransition, by=by,
        changed={f"{side}_signed_on": today}, act=f"assessment.{move}",
    )  # fmt: skip
    body = letter.lower if side == "lower" else letter.upper
    post = next((each for each in by.posts if each.organization_id == body.pk), None)
    put_signature(
        letter, role=side, signer=by, signer_name=by.full_name,
        signer_title=f"{body.short_name} {post.title if post else ''}".strip(),
        method=Signature.Method.DRAWN if image else Signature.Method.LOGIN, image=image or None, by=by,
    )  # fmt: skip
    finish_duty(letter, Duty.Kind.LETTER, by=by)
    if side == "lower":
        due = clock_due("letter.sign", today)
        open_duty(
            kind=Duty.Kind.LETTER, subject=letter, title=f"签订{letter.form.title}（{letter.lower.short_name}已签）",
            url=letter.get_absolute_url(), organization=letter.upper, place=letter,
            post=signing_posts([letter.upper_id]).get(letter.upper_id), due_on=due.due_on, clock=due.explanation, by=by,
        )  # fmt: skip
    else:
        paper = issue_paper(
            Paper.Kind.LETTER, subject=letter, organization=letter.upper, recipient=letter.lower,
            recipient_name=letter.lower.name, place=letter, permission=Permission.SIGN_LETTER,
            content=wording.letter_paper(letter, files.signatures_of(letter), on=today), by=by,
        )  # fmt: skip
        Letter.objects.filter(pk=letter.pk).update(paper=paper)
        letter.paper = paper
    return line


@transaction.atomic
def countersign_all(form: LetterForm, *, image: str = "", by: User) -> int:
    """Sign for the side above on every letter of a form that waits for it; returns how many there were."""
    rows = form.letters.filter(status=LetterStatus.COUNTERSIGN).select_related(
        "form", "upper__region", "lower__region", "post"
    )
    count = 0
    for letter in rows:
        sign_letter(letter, LetterMove.SIGN_UPPER, image=image, by=by)
        count += 1
    return count


@transaction.atomic
def withdraw_letter(letter: Letter, *, reason: str, by: User) -> LetterTransition:
    """Take a letter back that is not yet signed by both, with a reason."""
    if not may_move_letter(by, LetterMove.WITHDRAW, letter):
        raise PermissionDenied
    line = step(
        letter, LetterMove.WITHDRAW, LETTER_RULES[LetterMove.WITHDRAW], LetterTransition, by=by, reason=reason,
        act="assessment.withdraw_letter",
    )  # fmt: skip
    finish_duty(letter, Duty.Kind.LETTER, by=by, cancelled=True)
    return line


def remind(form: LetterForm, *, by: User) -> int:
    """Remind everybody who has not signed yet, once a day each; returns how many letters wait."""
    if not _issues(form.organization, by):
        raise PermissionDenied
    today = timezone.localdate()
    waiting = list(form.letters.filter(status=LetterStatus.ISSUED).select_related("lower", "post"))
    signers = signing_posts([each.lower_id for each in waiting])
    for letter in waiting:
        post = letter.post or signers.get(letter.lower_id)
        if post is not None:
            transaction.on_commit(partial(_remind, letter, post, str(today)))
    record("assessment.remind_letters", form, by=by, summary=f"{form}：提醒 {len(waiting)} 家签订")
    return len(waiting)


def _remind(letter: Letter, post: Post, today: str) -> None:
    notify(
        holders_of(post), category=Message.Category.DUTY, title=f"请签订{letter.form.title}"[:120],
        body=f"期限 {letter.due_on}", url=letter.get_absolute_url(), key=f"letter:{letter.pk}:{today}",
    )  # fmt: skip
