"""Pages of zones, and the map."""

from bihuan.accounts.models import User
from bihuan.core.http import Request


def user_of(request: Request) -> User:
    """The signed-in person, typed."""
    assert isinstance(request.user, User)
    return request.user


def city_of(user: User) -> str:
    """The city whose base map a person sees; a province's people see all."""
    codes = [post.organization.region_id for post in user.posts]
    return codes[0][:4] if codes and len(codes[0]) >= 4 else ""
