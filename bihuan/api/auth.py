"""Who is calling: a bearer token stands for its owner, with the owner's rights of today and nothing more."""

from __future__ import annotations

import datetime as dt

from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from ninja.security import HttpBearer

from bihuan.accounts.actions.security import TOKEN_SEEN_EVERY, token_digest
from bihuan.accounts.models import ApiToken, User
from bihuan.accounts.permissions import Permission

MAX_TOKEN = 200


class NoApiPermission(PermissionDenied):
    """The token is valid, its owner's posts do not allow the API."""


class Token(HttpBearer):
    """`Authorization: Bearer …`. An unknown, expired or revoked token is 401; an owner without the right is 403."""

    def authenticate(self, request: HttpRequest, token: str) -> ApiToken | None:
        if not token or len(token) > MAX_TOKEN:
            return None
        digest = token_digest(token)
        found = ApiToken.objects.select_related("user").filter(digest=digest).first()
        if found is None or not constant_time_compare(found.digest, digest):
            return None
        now = timezone.now()
        ended = found.revoked_at is not None or found.expires_on < timezone.localdate(now)
        if ended or not found.user.is_active:
            return None
        if not found.user.has_perm(Permission.USE_API):
            raise NoApiPermission
        _mark_used(found, now)
        request.user = found.user
        return found


def _mark_used(token: ApiToken, now: dt.datetime) -> None:
    """A busy program would otherwise write a row with every request."""
    stale = now - TOKEN_SEEN_EVERY
    if token.last_used_at is None or token.last_used_at < stale:
        ApiToken.objects.filter(Q(last_used_at=None) | Q(last_used_at__lt=stale), pk=token.pk).update(
            last_used_at=now
        )


def caller(request: HttpRequest, permission: str) -> User:
    """The person behind the token, who must hold `permission`. Raises PermissionDenied."""
    user = request.user
    assert isinstance(user, User)
    if not user.has_perm(permission):
        raise PermissionDenied
    return user
