"""Pages of exchange, and the door at which other installations knock."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest

from bihuan.accounts.models import User

from ..models import Instance
from ..standing import manages_instance


def user_of(request: HttpRequest) -> User:
    """The signed-in person, typed."""
    assert isinstance(request.user, User)
    return request.user


def managed_instance(request: HttpRequest) -> Instance:
    """Our identity for whoever may change it: 404 out of sight, 403 without standing."""
    user = user_of(request)
    instance = Instance.objects.visible_to(user).select_related("region").first()
    if instance is None:
        raise Http404
    if not manages_instance(user, instance):
        raise PermissionDenied
    return instance
