"""Score sheets, assessments, self-reports, drawn case files, frozen scores, appeals and letters of responsibility."""

from .appeals import Appeal, AppealTransition, ScoreChange
from .files import CaseFile, FileDraw, FileReview
from .letters import Letter, LetterForm, LetterTransition
from .reports import SelfReport, SelfReportLine, SelfReportTransition
from .rounds import AssessedUnit, Assessment, AssessmentTransition, Assessor, Judgement, Recommendation
from .scores import ItemScore, ScoreRows, Snapshot, UnitScore
from .sheets import Sheet, SheetItem, SheetTransition

__all__ = [
    "Appeal",
    "AppealTransition",
    "AssessedUnit",
    "Assessment",
    "AssessmentTransition",
    "Assessor",
    "CaseFile",
    "FileDraw",
    "FileReview",
    "ItemScore",
    "Judgement",
    "Letter",
    "LetterForm",
    "LetterTransition",
    "Recommendation",
    "ScoreChange",
    "ScoreRows",
    "SelfReport",
    "SelfReportLine",
    "SelfReportTransition",
    "Sheet",
    "SheetItem",
    "SheetTransition",
    "Snapshot",
    "UnitScore",
]
