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
from bihuan.core.paging import KeysetPage, paginate_any
from bihuan.search.finding import find
from bihuan.search.grams import terms_of
from bihuan.search.models import Kind

from .models import Paper

ORDER = ("-id",)
EVERYTHING = Q()


@dataclass(frozen=True)
class Verification:
    """What a stranger holding the paper may learn: whether it is ours and unchanged."""

    paper: Paper
    is_genuine: bool
    content_hash: str
    addressee: str


def listed(
    user: User,
    *,
    kind: str = "",
    q: str = "",
    served: str = "",
    within: Q = EVERYTHING,
    cursor: str | None = None,
    size: int = 50,
) -> KeysetPage[Paper]:
    """A page of the papers `user` may see, newest first. `served` is "yes", "no" or empty; `q` are words of number,
    addressee or content. Raises BadCursor."""
    branches = [papers.filter(within) for papers in Paper.objects.visible_branches(user)]
    if kind:
        branches = [papers.filter(kind=kind) for papers in branches]
    if served:
        branches = [papers.filter(receipt__isnull=served == "no") for papers in branches]
    if q:
        return find(
            branches,
            Kind.PAPER,
            terms_of(q),
            order=ORDER,
            cursor=cursor,
            size=size,
            shape=_with_receipt,
        )
    return paginate_any(branches, order=ORDER, cursor=cursor, size=size, shape=_with_receipt)


def _with_receipt(papers: QuerySet[Paper]) -> QuerySet[Paper]:
    return papers.select_related("organization", "receipt")


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
