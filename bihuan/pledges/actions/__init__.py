"""What people do with promises; one verb, one function."""

from .certifying import open_certificate_dues, retire_certificate, save_certificate
from .drafting import save_draft, start_draft
from .forms import ensure_forms, retire_form, save_form
from .handing import hand_over
from .moving import withdraw
from .referring import accept_referral, close_referral, refer, resend_referral, return_referral
from .revealing import reveal_person
from .selfchecking import submit_self_check
from .signing import problems_of, sign
from .verifying import conclude, judge_line

__all__ = [
    "accept_referral",
    "close_referral",
    "conclude",
    "ensure_forms",
    "hand_over",
    "judge_line",
    "open_certificate_dues",
    "problems_of",
    "refer",
    "resend_referral",
    "retire_certificate",
    "retire_form",
    "return_referral",
    "reveal_person",
    "save_certificate",
    "save_draft",
    "save_form",
    "sign",
    "start_draft",
    "submit_self_check",
    "withdraw",
]
