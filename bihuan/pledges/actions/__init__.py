"""What people do with promises; one verb, one function."""

from .drafting import save_draft, start_draft
from .forms import ensure_forms, retire_form, save_form
from .handing import hand_over
from .moving import withdraw
from .revealing import reveal_person
from .selfchecking import submit_self_check
from .signing import problems_of, sign
from .verifying import conclude, judge_line

__all__ = [
    "conclude",
    "ensure_forms",
    "hand_over",
    "judge_line",
    "problems_of",
    "retire_form",
    "reveal_person",
    "save_draft",
    "save_form",
    "sign",
    "start_draft",
    "submit_self_check",
    "withdraw",
]
