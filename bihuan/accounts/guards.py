"""The guard of views, beside the permissions it names. It lives in `core`, because `audit` needs it too."""

from bihuan.core.guards import may_any, require

__all__ = ["may_any", "require"]
