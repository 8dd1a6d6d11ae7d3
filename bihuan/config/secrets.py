"""Keys that must survive a restart and never enter the repository: made once, kept in the data directory."""

import base64
import os
import secrets
from pathlib import Path


def key_from(path: Path, *, size: int) -> str:
    """The url-safe text in `path`, created with `size` random bytes and mode 0600 on first use."""
    try:
        return path.read_text("ascii").strip()
    except FileNotFoundError:
        value = base64.urlsafe_b64encode(secrets.token_bytes(size)).decode("ascii")
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:  # another process was quicker
            return path.read_text("ascii").strip()
        with os.fdopen(handle, "w") as file:
            file.write(value)
        return value
