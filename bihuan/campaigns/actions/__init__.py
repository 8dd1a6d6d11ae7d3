"""What people do with plans and campaigns: one verb, one function."""

from .checklists import NewCheckItem, revise_checklist
from .drafting import (
    StaleItem,
    add_item,
    confirm_confident,
    confirm_item,
    discard_plan,
    edit_head,
    edit_item,
    match_unit,
    merge_items,
    remove_item,
    restore_item,
    split_item,
)
from .importing import earlier_draft, import_plan, read_upload
from .publishing import publish
from .running import confirm_reported, move_assignment, move_phase, set_gate

__all__ = [
    "NewCheckItem",
    "StaleItem",
    "add_item",
    "confirm_confident",
    "confirm_item",
    "confirm_reported",
    "discard_plan",
    "earlier_draft",
    "edit_head",
    "edit_item",
    "import_plan",
    "match_unit",
    "merge_items",
    "move_assignment",
    "move_phase",
    "publish",
    "read_upload",
    "remove_item",
    "restore_item",
    "revise_checklist",
    "set_gate",
    "split_item",
]
