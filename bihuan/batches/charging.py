"""Who must hear that a subsidy was approved or paid: whoever keeps the money it comes out of. Batches do not know them.

charging.register("projects.funds", approved=charge_subsidy, paid=pay_subsidy)   # in AppConfig.ready of the higher app
"""

from __future__ import annotations

from collections.abc import Callable

from bihuan.accounts.models import User

from .models import Subsidy

Heard = Callable[[Subsidy, User], None]

_APPROVED: dict[str, Heard] = {}
_PAID: dict[str, Heard] = {}


def register(name: str, *, approved: Heard, paid: Heard) -> None:
    """Be told inside the transaction of the approval and of the payment; raising Refused there undoes it."""
    _APPROVED[name], _PAID[name] = approved, paid


def tell_approved(subsidy: Subsidy, by: User) -> None:
    """Everybody who keeps money hears of an approval."""
    for heard in _APPROVED.values():
        heard(subsidy, by)


def tell_paid(subsidy: Subsidy, by: User) -> None:
    """Everybody who keeps money hears of a payment."""
    for heard in _PAID.values():
        heard(subsidy, by)
