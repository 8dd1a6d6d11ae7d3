"""Two hundred people for a mixed day: accounts of their own in the demo city's posts, API keys, and work that waits for them.

Accounts, holdings and keys are written directly (nobody appoints two hundred people in a benchmark); the work goes
through the product's own actions. Called again, it finds what is there and adds only what is missing.
"""

from __future__ import annotations

import datetime as dt
import io
import random
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from django.contrib.auth.hashers import make_password
from django.utils import timezone
from PIL import Image

from bihuan.accounts.actions.security import token_digest
from bihuan.accounts.models import ApiToken, Holding, Organization, Post, User
from bihuan.accounts.roles import Role
from bihuan.attachments.actions import store_bytes
from bihuan.hazards.actions import record_hazard, submit_rectification
from bihuan.hazards.models import Hazard
from bihuan.registry.models import Enterprise

PASSWORD = "Bench-Day-2026"
CITY = "5397"
# How two hundred people of one city spread over the kinds of work.
SHARES = {"office": 24, "department": 46, "officer": 40, "inspector": 40, "enterprise": 50}
ROLES = {
    "office": Role.OFFICE_OFFICER,
    "department": Role.DEPARTMENT_OFFICER,
    "officer": Role.LOCALITY_OFFICER,
    "inspector": Role.INSPECTOR,
    "enterprise": Role.ENTERPRISE_MANAGER,
}
HAZARDS_EACH, WAITING_EACH = 8, 6


@dataclass
class Person:
    """One account of the mixed day; `token` opens the API for those who use it."""

    kind: str
    username: str
    name: str
    region: str
    token: str = ""
    enterprise: int = 0
    department: int = 0


def seed_people(total: int, *, seed: int = 7) -> list[Person]:
    """`total` people in the shares of a city, each with a post of the demo city, and work for those who act."""
    draw = random.Random(seed)
    password, now = make_password(PASSWORD), timezone.now()
    people: list[Person] = []
    for kind, share in SHARES.items():
        count = max(1, round(share * total / sum(SHARES.values())))
        posts = _posts(kind)
        draw.shuffle(posts)
        for number in range(count):
            post = posts[number % len(posts)]
            people.append(_person(kind, number, post, password, now))
    _work_for_enterprises([each for each in people if each.kind == "enterprise"])
    _work_for_localities({each.region for each in people if each.kind == "officer"})
    return people


def _posts(kind: str) -> list[Post]:
    posts = Post.objects.filter(
        role=ROLES[kind], is_active=True, organization__region__code__startswith=CITY
    ).select_related("organization")
    if kind == "enterprise":
        posts = posts.filter(organization__enterprise__status=Enterprise.Status.OPERATING)
    return list(posts.order_by("pk"))


def _person(
    kind: str, number: int, post: Post, password: str, now: dt.datetime, *, username: str = ""
) -> Person:
    username = username or f"bench-{kind}-{number}"
    user, _ = User.objects.update_or_create(
        username=username,
        defaults={
            "full_name": f"测{kind[:1].upper()}{number:03d}",
            "certificate_no": f"YX9{number:05d}",
            "password": password,
            "password_changed_at": now,
        },
    )
    Holding.objects.get_or_create(
        user=user, post=post, to_on=None, defaults={"from_on": now.date() - dt.timedelta(days=30)}
    )
    token = ""
    if kind == "inspector":
        token = secrets.token_urlsafe(32)
        ApiToken.objects.create(
            user=user, name="压测", digest=token_digest(token), expires_on=now.date() + dt.timedelta(days=30)
        )
    organization = post.organization
    return Person(
        kind=kind,
        username=username,
        name=user.full_name,
        region=organization.region_id,
        token=token,
        enterprise=Enterprise.objects.get(organization=organization).pk if kind == "enterprise" else 0,
        department=organization.pk if organization.kind == Organization.Kind.DEPARTMENT else 0,
    )


def _inspector_of(locality: str) -> User:
    holding = (
        Holding.objects.filter(
            post__role=Role.INSPECTOR,
            post__organization__region_id=locality,
            to_on=None,
            user__is_active=True,
        )
        .select_related("user")
        .order_by("pk")[0]
    )
    return holding.user


def _record(enterprise: Enterprise, by: User, number: int) -> Hazard:
    assert by.organization
    return record_hazard(
        enterprise=enterprise, source="inspection", description=f"灭火器压力不足，第 {number} 处", found_on=timezone.localdate(),
        by=by, found_organization=by.organization, responsible_person="值班负责人", measures="更换并登记", funds=None,
        contingency="断电并报告", interim_measures="停用该处", location="后厨",
    )  # fmt: skip


def _work_for_enterprises(people: Sequence[Person]) -> None:
    """Hazards each enterprise can rectify."""
    for person in people:
        enterprise = Enterprise.objects.select_related("organization").get(pk=person.enterprise)
        for number in range(HAZARDS_EACH):
            _record(enterprise, _inspector_of(enterprise.locality_id), number)


def _work_for_localities(localities: set[str]) -> None:
    """Rectified hazards that wait for the review of each locality, at enterprises without an account."""
    for locality in sorted(localities):
        by = _inspector_of(locality)
        enterprises = Enterprise.objects.filter(
            locality_id=locality, organization=None, status=Enterprise.Status.OPERATING
        )
        chosen = list(enterprises.order_by("pk")[:WAITING_EACH]) or list(
            Enterprise.objects.filter(locality_id=locality, status=Enterprise.Status.OPERATING).order_by(
                "pk"
            )[:1]
        )
        for number in range(WAITING_EACH):
            enterprise = chosen[number % len(chosen)]
            hazard = _record(enterprise, by, number)
            if enterprise.organization_id is None:
                submit_rectification(hazard, text="已更换", by=by, photos=_photo(by))


def _photo(by: User) -> list[str]:
    """A rectification needs a photo its author uploaded."""
    made = store_bytes(picture(by.pk), "整改后.jpg", "image/jpeg", "image", by=by)
    return [str(made.pk)]


def picture(number: int, *, width: int = 1600, height: int = 1200) -> bytes:
    """A JPEG as a phone's page sends it (longest side 1600), different for each number."""
    draw = random.Random(number)
    small = Image.new("RGB", (40, 30))
    small.putdata([tuple(draw.randrange(40, 220) for _ in range(3)) for _ in range(1200)])
    out = io.BytesIO()
    small.resize((width, height), Image.Resampling.BICUBIC).save(out, "JPEG", quality=82)
    return out.getvalue()


def as_plain(people: Sequence[Person]) -> list[dict[str, object]]:
    """The people as JSON can carry them to the process that plays them."""
    return [asdict(each) for each in people]


def api_people(count: int) -> list[dict[str, object]]:
    """Inspectors with API keys and an enterprise without an account each, for programs that act without a pause.

    Who handed a rectification in may not judge it: each has a colleague on the same post, whose key is `reviewer`.
    """
    posts = _posts("inspector")
    now = timezone.now()
    people: list[dict[str, object]] = []
    for number in range(count):
        post = posts[number * 3 % len(posts)]
        person, colleague = (
            _person("inspector", number, post, make_password(None), now, username=f"bench-kill-{number}{who}")
            for who in ("", "-reviewer")
        )
        objects = Enterprise.objects.filter(
            locality_id=person.region, organization=None, status=Enterprise.Status.OPERATING
        )
        found = objects.order_by("pk").first()
        if found is None:
            continue
        people.append(asdict(person) | {"enterprise": found.pk, "reviewer": colleague.token})
    return people
