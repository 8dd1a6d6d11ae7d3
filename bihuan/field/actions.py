"""Signing a phone in, taking its key away."""

from __future__ import annotations

import datetime as dt
import secrets
import uuid
from dataclasses import dataclass

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.audit.actions import record
from bihuan.core.digest import hash_bytes
from bihuan.core.errors import IllegalMove, Refused

from .models import Copy, Device

KEPT_COPIES = 3
SEEN_EVERY = dt.timedelta(minutes=1)


@dataclass(frozen=True)
class SignedIn:
    """A device and the secret it must keep; the secret is told once and never stored."""

    device: Device
    refresh: str
    is_new: bool


@transaction.atomic
def sign_in_device(device_id: uuid.UUID, *, name: str, app: str, by: User) -> SignedIn:
    """Register a phone for its person, or sign a registered one in anew with a fresh secret.

    Raises PermissionDenied for people who do not inspect, Refused when the id is another person's or was revoked.
    """
    if not by.has_perm(Permission.CONDUCT_INSPECTION):
        raise PermissionDenied
    now, refresh = timezone.now(), secrets.token_urlsafe(32)
    values = {
        "name": name.strip()[:60] or "手机",
        "app": app[:40],
        "seen_at": now,
        "signed_until": now + dt.timedelta(days=settings.FIELD_DEVICE_DAYS),
        "refresh_digest": digest_of_secret(refresh),
        "session_auth": by.get_session_auth_hash(),
    }
    found = Device.objects.filter(pk=device_id).first()
    if found is not None and (found.user_id != by.pk or found.revoked_at is not None):
        raise Refused("这台设备已停用或登记在别人名下，请在手机上“重新登记本机”")
    if found is None:
        device = Device.objects.create(pk=device_id, user=by, registered_at=now, **values)
        record("field.register", device, by=by, summary=f"登记现场设备“{device.name}”")
        return SignedIn(device, refresh, True)
    for field, value in values.items():
        setattr(found, field, value)
    found.save(update_fields=list(values))
    record("field.sign_in", found, by=by, summary=f"现场设备“{found.name}”重新登录")
    return SignedIn(found, refresh, False)


@transaction.atomic
def revoke_device(device: Device, *, by: User) -> None:
    """Take a phone's key away: one's own, or anybody's for whoever ends sessions. Its drafts stay on the phone."""
    if device.user_id != by.pk and not by.has_perm(Permission.UNLOCK_USERS):
        raise PermissionDenied
    moved = Device.objects.filter(pk=device.pk, revoked_at=None).update(
        revoked_at=timezone.now(), revoked_by=by, refresh_digest=""
    )
    if not moved:
        raise IllegalMove("这台设备已经停用")
    Copy.objects.filter(device=device).delete()
    record("field.revoke", device, by=by, summary=f"停用现场设备“{device}”")


def note_seen(device: Device, app: str) -> None:
    """Note that a phone was here, at most once a minute."""
    now = timezone.now()
    if now - device.seen_at < SEEN_EVERY and (not app or app == device.app):
        return
    Device.objects.filter(pk=device.pk).update(seen_at=now, app=app[:40] or device.app)


def digest_of_secret(secret: str) -> str:
    """What is stored of a device's secret: SHA-256, whatever the setting of the day."""
    return hash_bytes(secret.encode(), "sha256")
