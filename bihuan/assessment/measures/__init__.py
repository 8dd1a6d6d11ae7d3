"""The measures an item may be computed from: a closed vocabulary, each with the rows behind it.

Further packages add theirs with `register` in their `AppConfig.ready`. A measure reads all units of an assessment at
once, in a fixed number of queries however many units there are.
"""

from .base import (
    MEASURES,
    NOTHING,
    RATE,
    Measure,
    Reading,
    Unit,
    Window,
    measure_of,
    measures_for,
    read_all,
    register,
)

__all__ = [
    "MEASURES",
    "NOTHING",
    "RATE",
    "Measure",
    "Reading",
    "Unit",
    "Window",
    "measure_of",
    "measures_for",
    "read_all",
    "register",
]
