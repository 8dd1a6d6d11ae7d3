"""One answer of the examination: how it stands and, when it does not stand well, what to do."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from django.db.models import TextChoices


class Level(TextChoices):
    GOOD = "good", "正常"
    WARNING = "warning", "注意"
    BAD = "bad", "有问题"


MARKS = {Level.GOOD: "✓", Level.WARNING: "!", Level.BAD: "✗"}
TONES = {Level.GOOD: "green", Level.WARNING: "orange", Level.BAD: "red"}


@dataclass(frozen=True)
class Line:
    """`key` is stable for programs; `text` says how it stands, `remedy` what to do (Chinese, for the operator)."""

    key: str
    area: str
    level: Level
    text: str
    remedy: str = ""

    @property
    def mark(self) -> str:
        return MARKS[self.level]

    @property
    def tone(self) -> str:
        return TONES[self.level]

    def as_dict(self) -> dict[str, str]:
        return asdict(self) | {"level": self.level.value}


def good(key: str, area: str, text: str) -> Line:
    return Line(key, area, Level.GOOD, text)


def warning(key: str, area: str, text: str, remedy: str) -> Line:
    return Line(key, area, Level.WARNING, text, remedy)


def bad(key: str, area: str, text: str, remedy: str) -> Line:
    return Line(key, area, Level.BAD, text, remedy)
