"""Why a file is not taken."""

from bihuan.core.errors import Refused


class UploadRefused(Refused):
    """The file is too large, damaged, dangerous or of a kind we do not take. The message says what to do."""


class ImportRefused(Refused):
    """The table cannot be imported as it stands; the message says what to change."""
