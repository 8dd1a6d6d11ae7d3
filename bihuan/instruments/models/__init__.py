"""What supervision papers are made of."""

from .instruments import (
    Instrument,
    InstrumentEdition,
    InstrumentMatter,
    InstrumentPoint,
    InstrumentQuerySet,
    InstrumentTransition,
)
from .recipients import InstrumentRecipient, InstrumentReply, RecipientQuerySet, RecipientTransition
from .talks import Commitment, CommitmentTransition, Talk
from .triggers import Firing, Trial, TrialFiring, Trigger, TriggerTransition, TriggerVersion

__all__ = [
    "Commitment",
    "CommitmentTransition",
    "Firing",
    "Instrument",
    "InstrumentEdition",
    "InstrumentMatter",
    "InstrumentPoint",
    "InstrumentQuerySet",
    "InstrumentRecipient",
    "InstrumentReply",
    "InstrumentTransition",
    "RecipientQuerySet",
    "RecipientTransition",
    "Talk",
    "Trial",
    "TrialFiring",
    "Trigger",
    "TriggerTransition",
    "TriggerVersion",
]
