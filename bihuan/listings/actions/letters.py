"""Letters of responsibility, level by level (层层签订, R090): drawn up with the order, signed by both sides from above."""

from __future__ import annotations

from itertools import pairwise

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from bihuan.accounts.models import Organization, User
from bihuan.accounts.permissions import Permission
from bihuan.attachments import queries as files
from bihuan.attachments.actions import sign
from bihuan.attachments.models import Signature
from bihuan.audit.moves import write_line
from bihuan.core.errors import IllegalMove, Refused
from bihuan.duties.actions import finish_duty
from bihuan.duties.models import Duty
from bihuan.papers.actions import issue_paper, serve_signed
from bihuan.papers.models import Paper
from bihuan.rules import listings as rules

from .. import wording
from ..models import LetterTransition, Listing, ResponsibilityLetter
from ..policies import due
from ..standing import may_sign_letter
from ..workflow import HANGING, LETTER_RULES, LetterMove, LetterStatus
from .moving import paper_permission, sees
from .owing import owe

_Node = tuple[Organization | None, str]


def draw_up_letters(listing: Listing, *, by: User) -> list[ResponsibilityLetter]:
    """One letter between each two levels there are; a level that is not there (no line department, or one of a higher
    government) is passed over."""
    nodes = _nodes(listing)
    derived = due(listing, "letters", timezone.localdate())
    made = []
    for position, ((giver, giver_name), (receiver, receiver_name)) in enumerate(pairwise(nodes), start=1):
        assert giver is not None  # only the last level may be without an account
        letter = ResponsibilityLetter.objects.create(
            listing=listing, position=position, label=f"{giver_name}与{receiver_name}"[:60], giver=giver,
            giver_name=giver_name, receiver=receiver, receiver_name=receiver_name,
            content=wording.letter_content(listing, receiver_name), due_on=derived.due_on,
        )  # fmt: skip
        write_line(
            letter, LetterMove.DRAW_UP, LetterTransition, seen="", by=by, act="listings.draw_up_letter"
        )
        for body in {giver.pk: giver, **({receiver.pk: receiver} if receiver else {})}.values():
            owe(
                listing, Duty.Kind.LETTER, f"签订责任书：{letter.label}", subject=letter, url=letter.get_absolute_url(),
                organization=body, permission=_signing_right(body), due_on=derived.due_on,
                clock=derived.explanation, by=by,
            )  # fmt: skip
        made.append(letter)
    return made


@transaction.atomic
def sign_letter(
    letter: ResponsibilityLetter,
    move: str,
    *,
    image: str = "",
    signer_name: str = "",
    signer_title: str = "",
    by: User,
) -> None:
    """Sign one side. With the second signature the letter becomes a numbered paper.

    A letter is signed after the one above it, from the government down. Somebody without an account signs by hand on the
    screen of the other side, with name and post. For the government its leader signs by hand where the listing body shows
    the screen, or the listing body signs, as charged by it. Raises PermissionDenied, Refused, IllegalMove.
    """
    listing = letter.listing
    if not may_sign_letter(by, letter, move) or not sees(by, listing):
        raise PermissionDenied
    if listing.status not in HANGING:
        raise IllegalMove(f"{listing.number}{listing.get_status_display()}，责任书不再签订")
    is_giver = move == LetterMove.SIGN_GIVER
    above = listing.letters.filter(position__lt=letter.position).exclude(status=LetterStatus.SIGNED).first()
    if above is not None:
        raise Refused(f"请先签上一层：{above.label}")
    by_another = not is_giver and letter.receiver_id is None
    if by_another and not (image and signer_name.strip() and signer_title.strip()):
        raise Refused("承诺方没有账号，请填写签字人姓名、职务，并由本人在屏幕上手写签名")
    of_government = is_giver and letter.is_of_government
    by_leader = of_government and bool(signer_name.strip() or signer_title.strip())
    if by_leader and not (image and signer_name.strip() and signer_title.strip()):
        raise Refused("政府领导签字的，请填写姓名、职务，并由本人在屏幕上手写签名")
    flag = "giver_signed" if is_giver else "receiver_signed"
    seen = letter.status
    target = LETTER_RULES[move].get(seen)
    if target is None or not ResponsibilityLetter.objects.filter(
        pk=letter.pk, status=seen, **{flag: False}
    ).update(status=target, **{flag: True}):
        raise IllegalMove("这一方已经签过，请刷新后核对")
    letter.status = target
    setattr(letter, flag, True)
    write_line(letter, LetterMove(move), LetterTransition, seen=seen, by=by, act=f"listings.{move}")
    body = letter.giver_id if is_giver else letter.receiver_id
    title = next((post.title for post in by.posts if post.organization_id == body), "")
    by_hand = by_another or by_leader
    sign(
        letter, role="giver" if is_giver else "receiver", signer=None if by_hand else by,
        signer_name=signer_name.strip() if by_hand else by.full_name,
        signer_title=signer_title.strip() if by_hand else title,
        method=Signature.Method.DRAWN if image else Signature.Method.LOGIN, image=image or None,
        remark=f"受{letter.giver_name}委托" if of_government and not by_leader else "", by=by,
    )  # fmt: skip
    if letter.status != LetterStatus.SIGNED:
        organization = letter.giver if is_giver else letter.receiver
        if organization is not None:
            finish_duty(letter, Duty.Kind.LETTER, by=by, organization=organization)
        return
    finish_duty(letter, Duty.Kind.LETTER, by=by)
    paper = issue_paper(
        Paper.Kind.LETTER, subject=letter, organization=letter.giver, recipient=letter.receiver,
        recipient_name=letter.receiver_name, department=listing.department, place=listing,
        content=wording.letter(letter, files.signatures_of(letter), on=timezone.localdate()), due_on=listing.due_on,
        permission=paper_permission(by), by=by,
    )  # fmt: skip
    ResponsibilityLetter.objects.filter(pk=letter.pk).update(paper=paper)
    promised = next(each for each in files.signatures_of(letter) if each.role == "receiver")
    serve_signed(paper, receiver_name=promised.signer_name, by=by)
    letter.paper = paper


def _nodes(listing: Listing) -> list[_Node]:
    """The levels from the government down to whoever puts it right, each once."""
    order = [rules.letter_tiers(listing.kind)[0]["giver"]]
    order += [tier["receiver"] for tier in rules.letter_tiers(listing.kind)]
    found: list[_Node] = []
    for name in order:
        node = _node(listing, name)
        if node is not None and node[1] not in {each[1] for each in found}:
            found.append(node)
    return found


def _node(listing: Listing, name: str) -> _Node | None:
    match name:
        case "government":
            return listing.organization, listing.government
        case "department":
            body = listing.department
            # A county does not take a promise from a bureau of the city: the letter goes to the street itself.
            above = body is not None and len(body.region_id) < len(listing.organization.region_id)
            return (body, body.name) if body is not None and not above else None
        case "locality":
            body = (
                Organization.objects.current(on=timezone.localdate())
                .filter(kind=Organization.Kind.LOCALITY, region=listing.locality_id)
                .first()
            )
            return (body, body.name) if body else None
        case _:
            return listing.owner, listing.owner_name


def _signing_right(body: Organization) -> str:
    return Permission.RECTIFY_HAZARD if body.kind == Organization.Kind.ENTERPRISE else Permission.SIGN_LETTER
