"""Everything the accident register keeps."""

from .indicators import BaseQuantity, ControlNumber, PublishedFigure
from .inquiries import (
    AccidentMeasure,
    CampaignEscalation,
    Escalation,
    Inquiry,
    InquiryMember,
    InquiryTransition,
    MeasureTransition,
    NoPassItem,
)
from .register import Accident, AccidentFigure, AccidentTransition
from .reports import AccidentForward, AccidentReport, Casualty

__all__ = [
    "Accident",
    "AccidentFigure",
    "AccidentForward",
    "AccidentMeasure",
    "AccidentReport",
    "AccidentTransition",
    "BaseQuantity",
    "CampaignEscalation",
    "Casualty",
    "ControlNumber",
    "Escalation",
    "Inquiry",
    "InquiryMember",
    "InquiryTransition",
    "MeasureTransition",
    "NoPassItem",
    "PublishedFigure",
]
