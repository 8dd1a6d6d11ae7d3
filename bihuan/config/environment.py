"""Typed readers for environment variables: a wrong value stops the start with a sentence, not a traceback."""

import ipaddress
import os
import re
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, default)


def flag(name: str, default: bool = False) -> bool:
    raw = os.environ.get(name, "").strip().lower()
    if not raw:
        return default
    if raw in {"1", "true", "yes", "on"}:
        return True
    if raw in {"0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"环境变量 {name} 应为 1 或 0，现为“{raw}”")


def integer(name: str, default: int) -> int:
    raw = os.environ.get(name, "").strip()
    if not raw:
        return default
    try:
        return int(raw)
    except ValueError as error:
        raise ImproperlyConfigured(f"环境变量 {name} 应为整数，现为“{raw}”") from error


def names(name: str, default: str = "") -> list[str]:
    return [part.strip() for part in os.environ.get(name, default).split(",") if part.strip()]


def directory(name: str, default: Path) -> Path:
    path = Path(os.environ.get(name) or default).expanduser().resolve()
    path.mkdir(parents=True, exist_ok=True)
    return path


Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def networks(name: str, default: str = "") -> list[Network]:
    """Addresses and ranges, e.g. `127.0.0.1,10.1.0.0/16`."""
    found: list[Network] = []
    for part in names(name, default):
        try:
            found.append(ipaddress.ip_network(part, strict=False))
        except ValueError as error:
            raise ImproperlyConfigured(
                f"环境变量 {name} 应为地址或网段，例如 127.0.0.1,10.1.0.0/16，现有“{part}”"
            ) from error
    return found


def counts(name: str, default: str, *, of: int) -> tuple[int, ...]:
    """Exactly `of` whole numbers separated by commas, e.g. `7,4,12`."""
    parts = names(name, default)
    if len(parts) != of or not all(part.isascii() and part.isdecimal() for part in parts):
        raise ImproperlyConfigured(f"环境变量 {name} 应为 {of} 个整数，用逗号分开，例如 {default}")
    return tuple(int(part) for part in parts)


def days(name: str) -> dict[str, int]:
    """Named numbers of days, e.g. `messages=730,sessions=365`."""
    found: dict[str, int] = {}
    for part in names(name):
        key, _, number = part.partition("=")
        if not (key and number.isascii() and number.isdecimal()):
            raise ImproperlyConfigured(f"环境变量 {name} 应写成 名称=天数，例如 messages=730，现有“{part}”")
        found[key.strip()] = int(number)
    return found


def night(name: str, default: str) -> tuple[tuple[int, int], tuple[int, int]]:
    """Two times of day, e.g. `02:00-05:00`; the second may lie after midnight."""
    raw = text(name, default).strip()
    times = re.findall(r"(?:[01]?\d|2[0-3]):[0-5]\d", raw)
    if len(times) != 2 or f"{times[0]}-{times[1]}" != raw or times[0] == times[1]:
        raise ImproperlyConfigured(f"环境变量 {name} 应为两个时刻，例如 02:00-05:00，现为“{raw}”")
    (from_hour, from_minute), (to_hour, to_minute) = (map(int, each.split(":")) for each in times)
    return (from_hour, from_minute), (to_hour, to_minute)


def clock(name: str, default: str) -> tuple[int, int]:
    """A time of day as hour and minute, e.g. `02:30`."""
    raw = text(name, default).strip()
    match = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", raw)
    if not match:
        raise ImproperlyConfigured(f"环境变量 {name} 应为一天中的时刻，例如 02:30，现为“{raw}”")
    return int(match[1]), int(match[2])
