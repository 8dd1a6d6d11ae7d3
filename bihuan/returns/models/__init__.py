"""What an office asks for, what is owed, and what was signed."""

from .bulletins import Bulletin, BulletinTransition, BulletinVersion
from .definitions import Definition, DefinitionVersion
from .returns import CorrectionPoint, Filing, Period, Restatement, Return, ReturnTransition

__all__ = [
    "Bulletin", "BulletinTransition", "BulletinVersion", "CorrectionPoint", "Definition", "DefinitionVersion", "Filing", "Period", "Restatement", "Return",
    "ReturnTransition",
]  # fmt: skip
