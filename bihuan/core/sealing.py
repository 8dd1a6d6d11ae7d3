"""The key under which a person's unfinished forms lie on a device (static/js/sealing.mjs)."""

from __future__ import annotations

import base64

from django.utils.crypto import salted_hmac


def draft_seal(user_id: int) -> str:
    """32 bytes as base64, the same at every signing in: whoever finds the phone and cannot sign in reads nothing.

    Derived from the installation's secret; a draft sealed under an earlier secret opens no more.
    """
    return base64.b64encode(
        salted_hmac("bihuan.core.sealing", str(user_id), algorithm="sha256").digest()
    ).decode("ascii")
