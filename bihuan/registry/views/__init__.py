"""Pages of the registry: lists, single records, imports."""

from bihuan.accounts.models import User
from bihuan.core.http import Request


def user_of(request: Request) -> User:
    """The signed-in person, typed."""
    assert isinstance(request.user, User)
    return request.user
