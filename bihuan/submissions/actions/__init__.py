"""What people do with requests and reports upward; one verb, one function."""

from ..suggesting import set_aside
from .drafting import (
    Draft,
    discard_draft,
    draft_submission,
    edit_submission,
    missing,
    remarks,
    send_back_draft,
    submit_submission,
)
from .handling import (
    Asked,
    answer,
    assign,
    extend,
    propose,
    receive,
    return_submission,
    rework,
    tell_answer,
    tell_received,
)
from .issuing import sign_submission, urge, withdraw
from .listing import set_matter
from .opinions import (
    confirm_condition,
    consult,
    drop_opinion,
    give_opinion,
    release_condition,
    report_condition,
    send_back_condition,
)

__all__ = [
    "Asked", "Draft", "answer", "assign", "confirm_condition", "consult", "discard_draft", "draft_submission",
    "drop_opinion", "edit_submission", "extend", "give_opinion", "missing", "propose", "receive", "release_condition",
    "remarks", "report_condition", "return_submission", "rework", "send_back_condition", "send_back_draft", "set_aside",
    "set_matter", "sign_submission", "submit_submission", "tell_answer", "tell_received", "urge", "withdraw",
]  # fmt: skip
