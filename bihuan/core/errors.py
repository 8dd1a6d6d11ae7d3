"""Three ways to say no, never one for another: a wrong state, a missing reason, a business rule.

A wrong person is `django.core.exceptions.PermissionDenied`; a record out of sight is `Http404`.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils import timezone


class Refused(Exception):
    """The request is understood and not allowed by a rule. The message is Chinese and shown to the person."""


class IllegalMove(Refused):
    """The record is in a state from which this move does not exist, or somebody else was quicker (HTTP 409)."""


class Overtaken(Refused):
    """Somebody else saved the same draft since it was read: who, when, and what (nothing of either is lost; HTTP 409).

    `theirs` is what they left, in the shape of the draft; the caller still holds his own words.
    """

    def __init__(self, what: str, *, who: str, when: dt.datetime | None, theirs: Any) -> None:
        at = f"{timezone.localtime(when):%H:%M}" if when else "刚才"
        super().__init__(
            f"{who or '别人'}在 {at} 已经保存过{what}，您打开的是那以前的内容。您写的没有丢，请对照他写的改好再保存"
        )
        self.who, self.when, self.theirs = who, when, theirs


class ReasonRequired(Refused):
    """The move needs a reason and none was given."""

    def __init__(self, move: str) -> None:
        super().__init__(f"“{move}”须填写理由")
