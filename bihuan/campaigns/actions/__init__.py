"""What people do with plans and campaigns: one verb, one function."""

from .amending import (
    apply_amendment,
    decide,
    decide_rest,
    import_amendment,
    pair_by_hand,
    recompare,
    take_apart,
    withdraw_amendment,
)
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
from .importing import earlier_draft, import_chosen, import_plan, keep_file, plans_in, read_upload, title_in
from .matching import match_unit
from .publishing import publish
from .reshaping import add_item, merge_items, next_of_kind, retype_item, split_item
from .running import confirm_reported, move_assignment, move_phase, set_gate
from .steps import StaleItem, undo_step
from .subplans import (
    add_subplan_task,
    draft_child,
    import_subplan,
    move_subplan,
    remove_subplan_task,
    require_subplans,
    save_subplan,
    start_from_parent,
)

__all__ = [
    "NewCheckItem",
    "StaleItem",
    "accept_finding",
    "add_item",
    "add_subplan_task",
    "apply_amendment",
    "confirm_confident",
    "confirm_item",
    "confirm_reported",
    "confirm_section",
    "decide",
    "decide_rest",
    "discard_plan",
    "draft_child",
    "earlier_draft",
    "edit_head",
    "edit_item",
    "import_amendment",
    "import_chosen",
    "import_plan",
    "import_subplan",
    "keep_file",
    "match_unit",
    "merge_items",
    "move_assignment",
    "move_phase",
    "move_subplan",
    "next_of_kind",
    "pair_by_hand",
    "plans_in",
    "publish",
    "read_upload",
    "recheck",
    "recompare",
    "remove_item",
    "remove_subplan_task",
    "reopen_finding",
    "require_subplans",
    "restore_item",
    "retype_item",
    "revise_checklist",
    "save_subplan",
    "set_gate",
    "split_item",
    "start_from_parent",
    "take_apart",
    "title_in",
    "undo_step",
    "waive_finding",
    "withdraw_amendment",
]
