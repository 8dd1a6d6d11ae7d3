"""What people do with plans and campaigns: one verb, one function."""

from .checking import accept_finding, recheck, reopen_finding, waive_finding
from .checklists import NewCheckItem, revise_checklist
from .drafting import (
    confirm_confident,
    confirm_item,
    confirm_section,
    discard_plan,
    edit_head,
    edit_item,
    remove_item,
    restore_item,
)
from .importing import earlier_draft, import_plan, read_upload
from .matching import match_unit
from .publishing import publish
from .reshaping import add_item, merge_items, next_of_kind, retype_item, split_item
from .running import confirm_reported, move_assignment, move_phase, set_gate
from .steps import StaleItem, undo_step

__all__ = [
    "NewCheckItem",
    "StaleItem",
    "accept_finding",
    "add_item",
    "confirm_confident",
    "confirm_item",
    "confirm_reported",
    "confirm_section",
    "discard_plan",
    "earlier_draft",
    "edit_head",
    "edit_item",
    "import_plan",
    "match_unit",
    "merge_items",
    "move_assignment",
    "move_phase",
    "next_of_kind",
    "publish",
    "read_upload",
    "recheck",
    "remove_item",
    "reopen_finding",
    "restore_item",
    "retype_item",
    "revise_checklist",
    "set_gate",
    "split_item",
    "undo_step",
    "waive_finding",
]
