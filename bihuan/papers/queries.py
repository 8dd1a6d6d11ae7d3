"""Reading papers: filters, verification by code, and where a paper's record is."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.apps import apps
from django.db.models import Q, QuerySet

from bihuan.accounts.models import User
from bihuan.audit.actions import chain_of, hash_of
from bihuan.audit.models import Event
from bihuan.core.digest import matches

from .models import Paper


@dataclass(frozen=True)
class Verification:
    """What a stranger holding the paper may learn: whether it is ours and unchanged."""

    paper: Paper
    is_genuine: bool
    content_hash: str
    addressee: str


def listed(user: User, *, kind: str = "", q: str = "", served: str = "") -> QuerySet[Paper]:
    """Papers `user` may see. `served` is "yes", "no" or empty; `q` searches number and addressee."""
    papers = Paper.objects.visible_to(user).select_related("organization", "receipt")
    if kind:
        papers = papers.filter(kind=kind)
    if served:
        papers = papers.filter(receipt__isnull=served == "no")
    if q:
        papers = papers.filter(Q(number__icontains=q) | Q(recipient_name__icontains=q))
    return papers


def verify(code: UUID) -> Verification | None:
    """Recompute the paper behind `code` and compare it with what was recorded when it was issued."""
    paper = Paper.objects.select_related("organization").filter(code=code).first()
    if paper is None:
        return None
    issued = Event.objects.filter(chain=chain_of(paper), act="papers.issue").order_by("seq").first()
    recorded = issued.content_hash if issued else ""
    return Verification(
        paper=paper,
        is_genuine=bool(recorded) and matches(paper.signed_content(), recorded),
        content_hash=recorded or hash_of(paper),
        addressee=mask_addressee(paper.recipient_name),
    )


def mask_addressee(name: str) -> str:
    """Enough to recognize the addressee, not enough to collect them: 云溪区好味来面馆 becomes 云溪****面馆."""
    if len(name) < 6:
        return name[:1] + "*" * (len(name) - 1)
    return name[:2] + "*" * (len(name) - 4) + name[-2:]


def subject_url(paper: Paper) -> str:
    """The page of the record a paper is about, or "" when it has none. The record lives upstairs, so only its label is known."""
    label, _, pk = paper.subject.partition(":")
    try:
        subject = apps.get_model(label)._default_manager.filter(pk=pk).first()
    except LookupError:
        return ""
    return subject.get_absolute_url() if subject is not None and hasattr(subject, "get_absolute_url") else ""
