"""Words, numbers and days nobody should send, and everybody will."""

from __future__ import annotations

SCRIPT = '"><img src=x><script>alert(1)</script>'
# Any of these in an answer means that what was typed became part of the page.
RAW = ("<script>alert(1)", '"><img src=x>')
HUGE = "9" * 30
ENDLESS = "9" * 5000  # more digits than Python reads

# One value for every parameter of an address at once.
IN_ADDRESSES = (
    SCRIPT,
    "0001-01-01",
    "9999-12-31",
    "-1",
    "²",
    HUGE,
    ENDLESS,
    "NaN",
    "'; DROP TABLE hazards_hazard; --",
    "长" * 2000,
    "None",
    "\x00",
)

# Every name under which some page reads its address.
PARAMETERS = (
    "act", "actor", "campaign", "category", "clean", "closed_from", "closed_to", "covered", "cursor", "day_from",
    "day_to", "department", "download", "duty", "enterprise", "found_from", "found_to", "from", "kind", "level",
    "metric", "mine", "next", "organization", "page", "permit", "phase", "post", "q", "record", "region", "risk", "role",
    "run", "seen", "served", "show", "source", "state", "status", "task", "to", "year",
)  # fmt: skip

# What each kind of field is tried with.
IN_FIELDS: dict[str, tuple[str, ...]] = {
    "date": ("0001-01-01", "9999-12-31"),
    "datetime-local": ("0001-01-01T00:00", "9999-12-31T23:59"),
    "number": (HUGE,),
    "text": ("长" * 20_000,),
    "choice": ("²",),
    "hidden": (HUGE,),
}
