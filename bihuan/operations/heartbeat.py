"""Signs of life of the background worker: when it was last seen and how each of its rounds went."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from typing import Any

from django.utils import timezone

from .metrics import instruments
from .models import Heartbeat

KEPT = dt.timedelta(days=7)
_rounds: dict[str, dict[str, Any]] = {}


def timed(name: str, action: Callable[[], object]) -> object:
    """Run one round of the worker, measured; an error is noted and goes on to the caller."""
    began = time.monotonic()
    error = ""
    try:
        return action()
    except Exception as caught:
        error = type(caught).__name__
        raise
    finally:
        seconds = time.monotonic() - began
        instruments.ROUNDS.labels(round=name, outcome="error" if error else "success").observe(seconds)
        before = _rounds.get(name, {})
        now = timezone.now().isoformat(timespec="seconds")
        _rounds[name] = {
            "at": now,
            "seconds": round(seconds, 3),
            "error": error,
            "success_at": before.get("success_at", "") if error else now,
        }


def beat(worker: str, *, started_at: dt.datetime) -> None:
    """Write this worker's sign of life with its rounds; forget workers not heard of for a week."""
    now = timezone.now()
    Heartbeat.objects.update_or_create(
        worker=worker[:80], defaults={"started_at": started_at, "seen_at": now, "rounds": dict(_rounds)}
    )
    Heartbeat.objects.filter(seen_at__lt=now - KEPT).delete()


def latest() -> Heartbeat | None:
    """The worker heard of most recently."""
    return Heartbeat.objects.order_by("-seen_at").first()
