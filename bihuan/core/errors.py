"""Three ways to say no, never one for another: a wrong state, a missing reason, a business rule.

A wrong person is `django.core.exceptions.PermissionDenied`; a record out of sight is `Http404`.
"""


class Refused(Exception):
    """The request is understood and not allowed by a rule. The message is Chinese and shown to the person."""


class IllegalMove(Refused):
    """The record is in a state from which this move does not exist, or somebody else was quicker (HTTP 409)."""


class ReasonRequired(Refused):
    """The move needs a reason and none was given."""

    def __init__(self, move: str) -> None:
        super().__init__(f"“{move}”须填写理由")
