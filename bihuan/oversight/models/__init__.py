"""Supervision on the spot, meetings, and leaders' districts."""

from .districts import District, DistrictLead, DistrictVisit
from .findings import (
    FindingReply,
    FindingTransition,
    FindingVerdict,
    OversightFinding,
)
from .meetings import (
    AgendaItem,
    Attendance,
    Meeting,
    MeetingSeries,
    MeetingTransition,
    SeriesSeat,
)
from .receptions import LineTransition, Reception, ReceptionLine, ReceptionTransition
from .resolutions import Resolution, ResolutionProgress, ResolutionShare, ResolutionTransition
from .rounds import (
    OversightRound,
    OversightTeam,
    OversightVisit,
    RoundRecusal,
    RoundTransition,
    TeamSeat,
    VisitTransition,
)
from .sites import DutyAnswer, SitePick

__all__ = [
    "AgendaItem",
    "Attendance",
    "District",
    "DistrictLead",
    "DistrictVisit",
    "DutyAnswer",
    "FindingReply",
    "FindingTransition",
    "FindingVerdict",
    "LineTransition",
    "Meeting",
    "MeetingSeries",
    "MeetingTransition",
    "OversightFinding",
    "OversightRound",
    "OversightTeam",
    "OversightVisit",
    "Reception",
    "ReceptionLine",
    "ReceptionTransition",
    "Resolution",
    "ResolutionProgress",
    "ResolutionShare",
    "ResolutionTransition",
    "RoundRecusal",
    "RoundTransition",
    "SeriesSeat",
    "SitePick",
    "TeamSeat",
    "VisitTransition",
]
