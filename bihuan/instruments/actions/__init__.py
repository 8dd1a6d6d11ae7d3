"""What people and the worker do with supervision papers; one verb, one function."""

from .answering import accept_reply, extend_reply, receive, record_service, release, reply, return_reply
from .closing import lift, unsettled_matters, waits_for, withdraw
from .drafting import (
    Draft,
    MatterGiven,
    PointGiven,
    check_instrument,
    discard_draft,
    draft_instrument,
    edit_instrument,
    figure_remarks,
    issuer_of,
    missing,
    return_draft,
    submit_instrument,
)
from .editions import set_edition
from .escalating import escalate_late
from .issuing import sign_instrument
from .rounds import supervise
from .talking import (
    Promise,
    TalkHeld,
    confirm_commitment,
    record_talk,
    release_commitment,
    report_commitment,
    send_back_commitment,
)
from .trials import start_trial, try_version
from .triggering import (
    Setting,
    adopt_shipped,
    change_trigger,
    create_trigger,
    run_triggers,
    shipped_triggers,
    switch_off,
    switch_on,
)

__all__ = [
    "Draft", "MatterGiven", "PointGiven", "Promise", "Setting", "TalkHeld", "accept_reply", "adopt_shipped",
    "change_trigger", "check_instrument", "confirm_commitment", "create_trigger", "discard_draft", "draft_instrument",
    "edit_instrument", "escalate_late", "extend_reply", "figure_remarks", "issuer_of", "lift", "missing", "receive",
    "record_service", "record_talk", "release", "release_commitment", "reply", "report_commitment", "return_draft",
    "return_reply", "run_triggers", "send_back_commitment", "set_edition", "shipped_triggers", "sign_instrument",
    "start_trial", "submit_instrument", "supervise", "switch_off", "switch_on", "try_version", "unsettled_matters",
    "waits_for", "withdraw",
]  # fmt: skip
