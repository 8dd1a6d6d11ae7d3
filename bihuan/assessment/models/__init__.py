"""Score sheets, assessments, frozen scores, appeals and letters of responsibility."""

from .appeals import Appeal, AppealTransition, ScoreChange
from .letters import Letter, LetterForm, LetterTransition
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
    "ItemScore",
    "Judgement",
    "Letter",
    "LetterForm",
    "LetterTransition",
    "Recommendation",
    "ScoreChange",
    "ScoreRows",
    "Sheet",
    "SheetItem",
    "SheetTransition",
    "Snapshot",
    "UnitScore",
]
