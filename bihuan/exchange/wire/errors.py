"""What is refused before anything is believed."""

from bihuan.core.errors import Refused


class BadPackage(Refused):
    """The bytes are no package of ours, or somebody changed them. The message is Chinese and shown to people."""


class TooNew(BadPackage):
    """A package or its contents in a version this installation does not know yet."""
