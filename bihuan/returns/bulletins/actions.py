"""What people do with bulletins: begin, edit, count again, check, release, issue, withdraw."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from bihuan.accounts.models import Organization, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import place_of
from bihuan.audit import moves
from bihuan.audit.actions import record as note
from bihuan.core.digest import canonical_json, hash_bytes
from bihuan.core.errors import Overtaken, Refused
from bihuan.core.snapshot import one_moment
from bihuan.figures.gate import Verdict
from bihuan.papers.actions import issue_paper
from bihuan.papers.models import Paper

from ..models import Bulletin, BulletinTransition, BulletinVersion, Period, Return
from . import counting, drafting
from .standing import may_draft, may_move
from .workflow import RULES, BulletinMove, BulletinStatus

_SIGNS = "abcdefghjkmnpqrstuvwxyz23456789"  # without those that are mistaken for one another
CODE_LENGTH = 10
MOST_WORDS = 6000


class NotSound(Refused):
    """The figure check found what does not add up; `verdict` names each place and remedy."""

    def __init__(self, verdict: Verdict) -> None:
        first = verdict.problems[0]
        super().__init__(
            f"数字核校发现{len(verdict.problems)}处问题，请改正后再核校，或者说明理由放行。第一处：{first.place}，{first.statement}"
        )
        self.verdict = verdict


def loaded(pk: int) -> Bulletin:
    """A bulletin with everything its figures and paper need, read anew."""
    return Bulletin.objects.select_related(
        "organization__region", "region", "period__version", "period__definition__campaign", "period__definition__organization",
        "paper", "created_by",
    ).get(pk=pk)  # fmt: skip


def draft_bulletin(period: Period, *, by: User) -> Bulletin:
    """Count the period as of now and write the first words. Raises PermissionDenied, Refused when one stands already."""
    period = Period.objects.select_related(
        "version", "definition__campaign", "definition__organization__region"
    ).get(pk=period.pk)
    if not may_draft(by, period):
        raise PermissionDenied
    standing = Bulletin.objects.filter(period=period).exclude(
        status__in=[BulletinStatus.WITHDRAWN, BulletinStatus.DROPPED]
    )
    if standing.exists():
        raise Refused(f"{period}的通报已经起草过，请在原稿上修改；要重来，先撤回或者作废原稿")
    organization, now = period.definition.organization, timezone.now()
    with one_moment():
        spec, _ = counting.spec_and_filling(period, organization)
        figures = counting.count(period, organization, now)
    kind = drafting.kind_of(period)
    region = organization.region
    bulletin = Bulletin(
        kind=kind, period=period, organization=organization, region=region, title=drafting.title_of(kind, figures)[:120],
        recipients=_recipients(organization), code=_code(), cutoff=now, figures=figures,
        sections=drafting.sections_of(spec, figures), created_by=by, created_at=now, **vars(place_of(region)),
    )  # fmt: skip
    try:
        with transaction.atomic():
            bulletin.save(force_insert=True)
            _keep(bulletin, by=by)
            moves.write_line(bulletin, BulletinMove.DRAFT, BulletinTransition, seen="", by=by)
    except IntegrityError as error:
        raise Refused(f"{period}的通报刚由他人起草，请刷新后查看") from error
    return bulletin


def edit_bulletin(
    bulletin: Bulletin,
    *,
    version: int,
    title: str,
    recipients: str,
    cc: str,
    texts: Mapping[str, str],
    by: User,
) -> Bulletin:
    """Save what people wrote. `version` is the one they began from. Raises PermissionDenied, IllegalMove, Refused, and
    Overtaken when somebody else saved, counted anew or chose words in between."""
    bulletin = loaded(bulletin.pk)
    if not may_move(by, BulletinMove.EDIT, bulletin):
        raise PermissionDenied
    if bulletin.is_open:
        _as_seen(bulletin, version)
    if not title.strip():
        raise Refused("标题不能为空，请填写标题")
    sections = [dict(part) for part in bulletin.sections]
    for part in sections:
        if part["key"] in texts:
            words = texts[part["key"]].replace("\r\n", "\n").strip()
            if len(words) > MOST_WORDS:
                raise Refused(f"“{part['heading']}”超过{MOST_WORDS}字，请精简或者放进附件")
            part["text"] = words
    changed = {
        "title": title.strip()[:120], "recipients": _names(recipients), "cc": _names(cc), "sections": sections,
    }  # fmt: skip
    return _changed(bulletin, BulletinMove.EDIT, changed, by=by)


def _as_seen(bulletin: Bulletin, version: int | None) -> None:
    """Nobody acts upon words he has not seen: the version on his page is still the last one."""
    if version is None or bulletin.version == version:
        return
    last = bulletin.versions.select_related("by").order_by("-number").first()
    theirs = {"title": bulletin.title, "recipients": bulletin.recipients, "cc": bulletin.cc} | {
        f"text-{part['key']}": part["text"] for part in bulletin.sections
    }
    raise Overtaken(
        "这份通报", who=last.by.full_name if last else "", when=last.at if last else None, theirs=theirs
    )


def choose_words(
    bulletin: Bulletin, key: str, *, fresh: bool, by: User, version: int | None = None
) -> Bulletin:
    """Take the words written anew for a section, or keep those people wrote; with `version`, as seen in that one.

    Raises PermissionDenied, IllegalMove, Refused, Overtaken."""
    bulletin = loaded(bulletin.pk)
    if not may_move(by, BulletinMove.EDIT, bulletin):
        raise PermissionDenied
    _as_seen(bulletin, version)
    sections = [dict(part) for part in bulletin.sections]
    part = next((each for each in sections if each["key"] == key and each["fresh"]), None)
    if part is None:
        raise Refused("这一段没有待选的新稿，请刷新后核对")
    if fresh:
        part["text"] = part["fresh"]
    part["fresh"] = ""
    return _changed(bulletin, BulletinMove.EDIT, {"sections": sections}, by=by)


def recount_bulletin(bulletin: Bulletin, *, by: User) -> Bulletin:
    """Count again as of now and write anew; edited sections keep their words, with the fresh ones beside them."""
    bulletin = loaded(bulletin.pk)
    if not may_move(by, BulletinMove.RECOUNT, bulletin):
        raise PermissionDenied
    now = timezone.now()
    with one_moment():
        spec, _ = counting.spec_and_filling(bulletin.period, bulletin.organization)
        figures = counting.count(bulletin.period, bulletin.organization, now)
    sections = drafting.fresh_texts(bulletin.sections, drafting.sections_of(spec, figures))
    changed = {"figures": figures, "cutoff": now, "sections": sections}
    return _changed(bulletin, BulletinMove.RECOUNT, changed, by=by)


@transaction.atomic
def check_bulletin(bulletin: Bulletin, *, reason: str = "", by: User, version: int | None = None) -> Verdict:
    """The figure check (D3). What adds up goes on to be signed; what does not is stopped, unless a person says why it
    may leave all the same, which is recorded. Raises PermissionDenied, IllegalMove, NotSound, Overtaken."""
    bulletin = loaded(bulletin.pk)
    move = BulletinMove.RELEASE if reason.strip() else BulletinMove.CHECK
    if not may_move(by, move, bulletin):
        raise PermissionDenied
    if bulletin.status not in RULES[move].sources:
        raise moves.stale(bulletin)
    _as_seen(bulletin, version)
    waiting = [part["heading"] for part in bulletin.sections if part["fresh"]]
    if waiting:
        raise Refused(f"“{'”“'.join(waiting)}”重新取数后有新稿，请先选用新稿或者保留原文")
    verdict = drafting.judged(bulletin)
    if verdict.may_leave:
        move, reason = BulletinMove.CHECK, ""
    elif not reason.strip():
        raise NotSound(verdict)
    kept = {
        "version": bulletin.version, "confirmed": verdict.confirmed, "at": timezone.now().isoformat(),
        "by": by.full_name, "problems": [problem.to_json() for problem in verdict.problems],
    }  # fmt: skip
    moves.step(
        bulletin, move, RULES[move], BulletinTransition, by=by, reason=reason, watched=("version",),
        changed={"verdict": kept, "release_reason": reason.strip()[:500]},
    )  # fmt: skip
    return verdict


@transaction.atomic
def return_bulletin(bulletin: Bulletin, *, reason: str, by: User) -> None:
    """The signer gives it back to be changed, with what is wrong. Raises PermissionDenied, ReasonRequired, IllegalMove."""
    _simple(bulletin, BulletinMove.RETURN, reason=reason, by=by)


@transaction.atomic
def drop_bulletin(bulletin: Bulletin, *, reason: str, by: User) -> None:
    """Give up a draft. Raises PermissionDenied, ReasonRequired, IllegalMove."""
    _simple(bulletin, BulletinMove.DROP, reason=reason, by=by)


@transaction.atomic
def withdraw_bulletin(bulletin: Bulletin, *, reason: str, by: User) -> None:
    """Take an issued bulletin back: the paper stays on record, everybody who sees it is told why it no longer counts."""
    _simple(bulletin, BulletinMove.WITHDRAW, reason=reason, by=by)


@transaction.atomic
def issue_bulletin(bulletin: Bulletin, *, by: User, version: int | None = None) -> Paper:
    """Sign and issue: number, paper, addressees. The check runs once more over exactly what leaves (D3).

    Raises PermissionDenied, IllegalMove, NotSound when it was changed behind the check, Overtaken when it is no longer the
    `version` the signer has read.
    """
    bulletin = loaded(bulletin.pk)
    if not may_move(by, BulletinMove.ISSUE, bulletin):
        raise PermissionDenied
    if bulletin.status in RULES[BulletinMove.ISSUE].sources:
        _as_seen(bulletin, version)
    # Taken first: whoever comes second gets no second number.
    if not Bulletin.objects.filter(
        pk=bulletin.pk, status=BulletinStatus.CHECKED, version=bulletin.version
    ).update(version=bulletin.version):
        raise moves.stale(bulletin)
    verdict = drafting.judged(bulletin)
    if not verdict.may_leave and not bulletin.release_reason:
        raise NotSound(verdict)
    today = timezone.localdate()
    paper = issue_paper(
        Paper.Kind.BULLETIN, subject=bulletin, organization=bulletin.organization, recipient_name=bulletin.recipients,
        place=bulletin, content=drafting.content_of(bulletin, today), permission=Permission.ISSUE_BULLETIN,
        addressees=_addressees(bulletin), by=by,
    )  # fmt: skip
    moves.step(
        bulletin,
        BulletinMove.ISSUE,
        RULES[BulletinMove.ISSUE],
        BulletinTransition,
        by=by,
        changed={"paper": paper},
    )
    return paper


def _simple(bulletin: Bulletin, move: BulletinMove, *, reason: str, by: User) -> None:
    bulletin = loaded(bulletin.pk)
    if not may_move(by, move, bulletin):
        raise PermissionDenied
    moves.step(bulletin, move, RULES[move], BulletinTransition, by=by, reason=reason)


@transaction.atomic
def _changed(bulletin: Bulletin, move: BulletinMove, changed: Mapping[str, object], *, by: User) -> Bulletin:
    """A new version: what was said of an earlier one by the check no longer counts."""
    fresh = {**changed, "version": bulletin.version + 1, "verdict": {}, "release_reason": ""}
    moves.step(bulletin, move, RULES[move], BulletinTransition, by=by, changed=fresh, watched=("version",))
    _keep(bulletin, by=by)
    return bulletin


def _keep(bulletin: Bulletin, *, by: User) -> None:
    version = BulletinVersion.objects.create(
        bulletin=bulletin, number=bulletin.version, title=bulletin.title, sections=bulletin.sections, cutoff=bulletin.cutoff,
        figures_digest=hash_bytes(canonical_json(bulletin.figures)), by=by, at=timezone.now(),
    )  # fmt: skip
    note("returns.bulletin_version", version, by=by, summary=f"{bulletin}第{version.number}版")


def _addressees(bulletin: Bulletin) -> list[Organization]:
    """Those who owe a return of the period: the bulletin is about them."""
    owing = Return.objects.filter(period=bulletin.period).exclude(organization=bulletin.organization_id)
    return list(Organization.objects.filter(pk__in=owing.values("organization")).order_by("pk"))


def _recipients(organization: Organization) -> str:
    below = {2: "各市、州", 4: "各县（市、区）", 6: "各乡镇（街道）"}.get(
        len(organization.region.code), "各村（社区）"
    )
    return (
        f"{below}安全生产委员会、各成员单位" if len(organization.region.code) < 6 else f"{below}、各成员单位"
    )


def _names(words: str) -> str:
    parts = [
        part.strip() for part in words.replace("，", "、").replace(",", "、").replace("；", "、").split("、")
    ]
    return "、".join(part for part in parts if part)[:300]


def _code() -> str:
    return "".join(secrets.choice(_SIGNS) for _ in range(CODE_LENGTH))
