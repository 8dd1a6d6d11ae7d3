"""Packing: the next number of its kind, signed, kept, and waiting to be sent or carried."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import transaction
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.attachments import storage
from bihuan.attachments.actions import store_bytes
from bihuan.attachments.models import Attachment
from bihuan.audit.moves import write_line
from bihuan.core.digest import canonical_json, hash_bytes
from bihuan.core.errors import Refused

from ..kinds import Kind, Ready, automatic_kinds
from ..models import Package, PackageTransition, Peer, Stream
from ..models.packages import Direction
from ..relations import is_within, relation
from ..wire.archive import parts_of, write_package
from ..wire.manifest import SCHEMA, Manifest
from ..workflow import PackageMove, PackageStatus
from .identity import current_key, needed_instance

BHX = "application/octet-stream"


def locked_stream(peer: Peer, direction: str, kind: str) -> Stream:
    """The row of numbers, held until the transaction ends, so that no number is given or taken twice."""
    names: dict[str, Any] = {"peer": peer, "direction": direction, "kind": kind}
    Stream.objects.get_or_create(**names)
    return Stream.objects.select_for_update().get(**names)


@transaction.atomic
def pack(peer: Peer, kind: Kind, ready: Ready, *, by: User) -> Package:
    """Sign the next package of a kind for a peer and queue it. Raises Refused when it may not go there."""
    own = needed_instance()
    if not peer.is_active:
        raise Refused(f"与“{peer}”的交换没有启用，请先核对指纹或恢复交换")
    if relation(own.region_id, peer.region_code) not in kind.to:
        raise Refused(f"“{kind.label}”不能发往“{peer}”这一级")
    if not is_within(ready.region, own.region_id):
        raise Refused("只能报送本区划以内的内容")
    stream = locked_stream(peer, Direction.OUT, kind.key)
    key, now = current_key(own), timezone.now()
    content = canonical_json(ready.content)
    manifest = Manifest(
        format="bihuan.exchange", schema_=SCHEMA, id=uuid.uuid4(), kind=kind.key, version=kind.version, sender=own.pk,
        receiver=peer.instance_id, sequence=stream.last_sequence + 1, previous=stream.last_digest, created_at=now,
        region=ready.region, title=ready.title[:200], key=key.fingerprint, parts=parts_of(content, ready.files),
    )  # fmt: skip
    data = write_package(manifest, content, ready.files, key.private)
    package = Package.objects.create(
        peer=peer, direction=Direction.OUT, kind=kind.key, number=manifest.id, sequence=manifest.sequence,
        title=manifest.title, region_code=ready.region, digest=manifest.digest, previous=manifest.previous,
        version=kind.version, size=len(data), file=kept(data, manifest, by=by), status=PackageStatus.QUEUED,
        subject=ready.subject, url=ready.url, content_digest=hash_bytes(content, "sm3"), created_at=now,
    )  # fmt: skip
    stream.last_sequence, stream.last_digest = manifest.sequence, manifest.digest
    stream.save(update_fields=["last_sequence", "last_digest"])
    write_line(package, PackageMove.PACK, PackageTransition, seen="", by=by)
    return package


def kept(data: bytes, manifest: Manifest, *, by: User) -> Attachment:
    """The bytes of a package in the file store; they were written or checked byte for byte by `wire.archive`."""
    name = f"{manifest.kind}-{manifest.sequence:06d}-{manifest.id.hex[:8]}.bhx"
    return store_bytes(data, name, BHX, Attachment.Kind.DOCUMENT, by=by)


def bytes_of(package: Package) -> bytes:
    """The package as it was signed."""
    return storage.read(package.file.path)


def queue_due(peer: Peer, *, by: User) -> int:
    """Pack whatever goes to a peer by itself and has not gone, or has changed since. Returns how many."""
    own, made = needed_instance(), 0
    they_are = relation(own.region_id, peer.region_code)
    for kind in automatic_kinds():
        if kind.key not in peer.sends or they_are not in kind.to or kind.due is None:
            continue
        # What a kind notes as told and the packages that tell it are one: a worker that is stopped between loses nothing.
        with transaction.atomic():
            for ready in list(kind.due(peer)):
                if not was_sent(peer, kind, ready):
                    pack(peer, kind, ready, by=by)
                    made += 1
    return made


def was_sent(peer: Peer, kind: Kind, ready: Ready) -> bool:
    """Whether the newest package about this record says the same already."""
    last = (
        Package.objects.filter(peer=peer, direction=Direction.OUT, kind=kind.key, subject=ready.subject)
        .order_by("-id")
        .values_list("content_digest", flat=True)
        .first()
    )
    return last == hash_bytes(canonical_json(ready.content), "sm3")
