"""Which files and signatures a record carries."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import models
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from bihuan.audit.actions import chain_of

from .models import Attachment, AttachmentLink, Signature


def of(subject: models.Model, role: str | None = None) -> list[Attachment]:
    """The files of a record in their order, of one role if given."""
    links = AttachmentLink.objects.filter(subject=chain_of(subject)).select_related("attachment")
    if role is not None:
        links = links.filter(role=role)
    return [link.attachment for link in links.order_by("position", "id")]


def of_many(subjects: Iterable[models.Model]) -> dict[str, dict[str, list[Attachment]]]:
    """The files of many records in one query: {chain: {role: [attachment, …]}}; chain as `audit.chain_of`."""
    chains = [chain_of(subject) for subject in subjects]
    found: dict[str, dict[str, list[Attachment]]] = {chain: {} for chain in chains}
    links = AttachmentLink.objects.filter(subject__in=chains).select_related("attachment")
    for link in links.order_by("position", "id"):
        found[link.subject].setdefault(link.role, []).append(link.attachment)
    return found


def signatures_of(subject: models.Model) -> list[Signature]:
    """The signatures under a record, in the order they were given."""
    return list(Signature.objects.filter(subject=chain_of(subject)).select_related("image", "signer"))


def photo_items(attachments: Iterable[Attachment]) -> list[dict[str, object]]:
    """Photos in the shape components/photo_grid.html takes."""
    return [
        {
            "id": str(attachment.pk),
            "url": attachment.get_absolute_url(),
            "thumbnail": attachment.thumbnail_url,
            "caption": caption(attachment),
        }
        for attachment in attachments
        if attachment.is_image
    ]


def caption(attachment: Attachment) -> str:
    """What to say of a photo in words: its name, when it was taken or else uploaded, by whom."""
    taken = parse_datetime(str(attachment.exif.get("taken_at", ""))) if attachment.exif else None
    moment = timezone.localtime(taken or attachment.uploaded_at)
    return f"{attachment.name}，{moment:%Y-%m-%d %H:%M}{'拍摄' if taken else '上传'}"
