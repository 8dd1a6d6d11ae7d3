"""Who we exchange with, what went over and came in, what came of it, and the sheets of upper levels."""

from .instances import Instance, Knock, OwnKey, Peer, PeerKey, PeerTransition, Refusal
from .packages import Package, PackageTransition, Stream
from .profiles import ProfileRun, SheetProfile
from .records import Handover, HandoverTransition, ListedElsewhere, ReturnReceived

__all__ = [
    "Handover",
    "HandoverTransition",
    "Instance",
    "Knock",
    "ListedElsewhere",
    "OwnKey",
    "Package",
    "PackageTransition",
    "Peer",
    "PeerKey",
    "PeerTransition",
    "ProfileRun",
    "Refusal",
    "ReturnReceived",
    "SheetProfile",
    "Stream",
]
