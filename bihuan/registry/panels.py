"""What other apps want to say on an enterprise's page: they register a panel, the registry does not know them.

panels.register("campaigns.tasks", tasks_covering)   # in AppConfig.ready of the higher app
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from bihuan.accounts.models import User

from .models import Enterprise


@dataclass(frozen=True)
class PanelRow:
    """One line: what it is, in which state, where it opens. `tone` colours the state (red … green)."""

    label: str
    value: str = ""
    url: str = ""
    tone: str = ""
    note: str = ""


@dataclass(frozen=True)
class Panel:
    """A card at the right of the page. Without rows it shows `empty`, a sentence."""

    title: str
    rows: list[PanelRow] = field(default_factory=list)
    empty: str = ""
    url: str = ""
    url_label: str = ""


Source = Callable[[Enterprise, User], Panel | None]

_SOURCES: dict[str, tuple[int, Source]] = {}


def register(name: str, source: Source, *, position: int = 100) -> None:
    """Add a panel to every enterprise's page; lower positions come first. Registering a name again replaces it.

    `source(enterprise, user)` returns None where there is nothing for this person to see.
    """
    _SOURCES[name] = (position, source)


def unregister(name: str) -> None:
    """Take a panel away."""
    _SOURCES.pop(name, None)


def panels_for(enterprise: Enterprise, user: User) -> list[Panel]:
    """The panels of one enterprise, as this person may see them."""
    ordered = sorted(_SOURCES.items(), key=lambda item: (item[1][0], item[0]))
    return [panel for _, (_, source) in ordered if (panel := source(enterprise, user)) is not None]
