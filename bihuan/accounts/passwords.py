"""Password policy (GB/T 22239 level 3), each rule with a Chinese sentence."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.contrib.auth.password_validation import CommonPasswordValidator, MinimumLengthValidator
from django.core.exceptions import ValidationError
from django.utils import timezone

from .models import User

KEPT = 5
CLASSES_NEEDED = 3


class LengthValidator(MinimumLengthValidator):
    """Long enough; Django's own sentence is not translated."""

    def get_error_message(self) -> str:
        return f"口令至少 {self.min_length} 位"

    def get_help_text(self) -> str:
        return f"至少 {self.min_length} 位。"


class NotCommonValidator(CommonPasswordValidator):
    """None of the twenty thousand passwords everybody tries first."""

    def get_error_message(self) -> str:
        return "这个口令太常见，容易被猜中，请换一个"

    def get_help_text(self) -> str:
        return "不是常见口令。"


class CharacterClassesValidator:
    """Three of four: capital letters, small letters, digits, other signs."""

    def validate(self, password: str, user: User | None = None) -> None:
        present = [
            any(sign.isascii() and sign.isupper() for sign in password),
            any(sign.isascii() and sign.islower() for sign in password),
            any(sign.isdigit() for sign in password),
            any(not (sign.isascii() and sign.isalnum()) for sign in password),
        ]
        if sum(present) < CLASSES_NEEDED:
            raise ValidationError(
                "口令须包含大写字母、小写字母、数字、符号中的至少三种", code="password_classes"
            )

    def get_help_text(self) -> str:
        return "包含大写字母、小写字母、数字、符号中的至少三种。"


class NotTheUsernameValidator:
    """Neither the username nor the password inside the other, whatever the case."""

    def validate(self, password: str, user: User | None = None) -> None:
        name = (getattr(user, "username", "") or "").casefold()
        if name and (name in password.casefold() or password.casefold() in name):
            raise ValidationError("口令不能包含用户名", code="password_is_username")

    def get_help_text(self) -> str:
        return "不能包含用户名。"


class NotReusedValidator:
    """Not the present password and none of the last five."""

    def validate(self, password: str, user: User | None = None) -> None:
        if user is None or not user.pk:
            return
        former = list(user.former_passwords.order_by("-at", "-id").values_list("password", flat=True)[:KEPT])
        if any(check_password(password, each) for each in [user.password, *former] if each):
            raise ValidationError(f"不能使用当前口令或最近 {KEPT} 次用过的口令", code="password_reused")

    def get_help_text(self) -> str:
        return f"不能与最近 {KEPT} 次用过的口令相同。"


def is_expired(user: User, *, now: dt.datetime | None = None) -> bool:
    """Whether the password must be changed before anything else: first login, or older than the allowed age.

    PASSWORD_MAX_AGE_DAYS of 0 switches the age off.
    """
    if user.must_change_password:
        return True
    days = settings.PASSWORD_MAX_AGE_DAYS
    if not days:
        return False
    changed = user.password_changed_at or user.created_at
    return (now or timezone.now()) - changed > dt.timedelta(days=days)
