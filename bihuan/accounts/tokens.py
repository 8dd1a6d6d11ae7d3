"""The text of an API token and the only form of it that is kept."""

from __future__ import annotations

import hashlib
import secrets

PREFIX = "bh_"


def new_token() -> str:
    """A fresh token of 256 random bits; shown to its owner once and never stored."""
    return PREFIX + secrets.token_urlsafe(32)


def token_digest(token: str) -> str:
    """What is stored and looked up instead of the token. Tokens are random, so a plain digest cannot be guessed."""
    return "sha256:" + hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()
