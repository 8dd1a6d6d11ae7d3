"""What people do with accidents; one verb, one function."""

from .following import (
    add_measure,
    assess,
    confirm_measure,
    drop_measure,
    meet,
    report_measure,
    return_measure,
    settle,
)
from .inquiring import (
    TeamMember,
    approve_report,
    begin_inquiry,
    decide_escalation,
    extend_inquiry,
    level_wanted,
    pause_inquiry,
    report_initial,
    resume_inquiry,
    send_back_report,
    submit_report,
)
from .naming import add_casualty, reveal
from .reporting import Told, follow_up, report_accident, send_upward
from .setting import offices_for, set_base, set_control, set_escalation, set_published
from .verifying import correct, dismiss, file_accident, reinstate, verify

__all__ = [
    "TeamMember",
    "Told",
    "add_casualty",
    "add_measure",
    "approve_report",
    "assess",
    "begin_inquiry",
    "confirm_measure",
    "correct",
    "decide_escalation",
    "dismiss",
    "drop_measure",
    "extend_inquiry",
    "file_accident",
    "follow_up",
    "level_wanted",
    "meet",
    "offices_for",
    "pause_inquiry",
    "reinstate",
    "report_accident",
    "report_initial",
    "report_measure",
    "resume_inquiry",
    "return_measure",
    "reveal",
    "send_back_report",
    "send_upward",
    "set_base",
    "set_control",
    "set_escalation",
    "set_published",
    "settle",
    "submit_report",
    "verify",
]
