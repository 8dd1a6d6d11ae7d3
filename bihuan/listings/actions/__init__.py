"""What people do with a listing; one verb, one function. Nobody else assigns a listing's status."""

from .approving import OnPaper, sign_step
from .beginning import (
    Subject,
    begin_listing,
    edit_listing,
    levels_for,
    listing_body,
    reporting_body,
    subject_of_accident,
    subject_of_hazard,
    subject_of_locality,
    submit_listing,
    withdraw_listing,
)
from .delisting import publish
from .examining import Examiner, apply_for_examination, file_effect_report, record_examination
from .exposing import expose, ground_to_expose
from .extending import request_extension
from .filing import file_plan, record_visit, report_progress
from .letters import sign_letter
from .ordering import acknowledge_order, report_up
from .owing import keep_listings, owner_of, progress_of, superior_of
from .policing import choose_clocks, write_chain

__all__ = [
    "Examiner",
    "OnPaper",
    "Subject",
    "acknowledge_order",
    "apply_for_examination",
    "begin_listing",
    "choose_clocks",
    "edit_listing",
    "expose",
    "file_effect_report",
    "file_plan",
    "ground_to_expose",
    "keep_listings",
    "levels_for",
    "listing_body",
    "owner_of",
    "progress_of",
    "publish",
    "record_examination",
    "record_visit",
    "report_progress",
    "report_up",
    "reporting_body",
    "request_extension",
    "sign_letter",
    "sign_step",
    "subject_of_accident",
    "subject_of_hazard",
    "subject_of_locality",
    "submit_listing",
    "superior_of",
    "withdraw_listing",
    "write_chain",
]
