"""What people do with definitions, periods and returns; one verb, one function."""

from .defining import adopt, checked, compile_plan, create_definition, publish_version, start, stop
from .filling import BadFigure, add_evidence, manual_items, read_figure, save_draft
from .opening import (
    current_version,
    due_of,
    due_spans,
    open_by_hand,
    open_due,
    open_period,
    owing_bodies,
    spec_of_version,
)
from .receiving import accept, relock, send_back, unlock, urge, waive
from .restating import Difference, check_due, check_filing, differences
from .signing import Incomplete, missing, sign_return, withdraw

__all__ = [
    "BadFigure", "Difference", "Incomplete", "accept", "add_evidence", "adopt", "check_due", "check_filing", "checked",
    "compile_plan", "create_definition", "current_version", "differences", "due_of", "due_spans", "manual_items",
    "missing", "open_by_hand", "open_due", "open_period", "owing_bodies", "publish_version", "read_figure", "relock",
    "save_draft", "send_back", "sign_return", "spec_of_version", "start", "stop", "unlock", "urge", "waive", "withdraw",
]  # fmt: skip
