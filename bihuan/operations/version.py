"""Which version is at work."""

from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed


def version() -> str:
    """The installed version of Bihuan, or "0" when it runs from a checkout that was never installed."""
    try:
        return installed("bihuan")
    except PackageNotFoundError:
        return "0"
