"""The vocabulary of measures; importing this package fills it."""

from . import accidents, hazards, inspections, oversight, papers, registry, supervision
from .base import (
    Ask,
    Measure,
    Rows,
    Scope,
    filter_choices,
    filter_label,
    filter_names,
    measure,
    measures,
    register,
    register_filter,
    terms,
)  # fmt: skip

__all__ = [
    "Ask", "Measure", "Rows", "Scope", "accidents", "filter_choices", "filter_label", "filter_names", "hazards", "inspections", "measure", "measures",
    "oversight", "papers", "register", "register_filter", "registry", "supervision", "terms",
]  # fmt: skip
