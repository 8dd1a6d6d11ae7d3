"""Telling peers: of our next key, by a package signed with the present one; and a plain letter with files."""

from __future__ import annotations

from collections.abc import Iterable

from django.core.exceptions import PermissionDenied
from django.db import transaction

from bihuan.accounts.models import User
from bihuan.attachments import storage
from bihuan.attachments.access import may_see
from bihuan.attachments.models import Attachment
from bihuan.core.errors import Refused

from ..kinds import Ready
from ..kinds.words import KEY, NOTE, pack_note, proof_of
from ..models import Instance, OwnKey, Package, Peer
from ..standing import manages
from .identity import current_key, needed_instance
from .sending import pack


def announce_key(key: OwnKey, peer: Peer, *, instance: Instance, by: User) -> Package:
    """Tell one peer of the next key."""
    present = current_key(instance)
    proof = key.private.sign(proof_of(present.fingerprint, str(instance.pk)))
    content = {"signing": key.signing, "sealing": key.sealing, "proof": proof}
    return pack(peer, KEY, Ready(f"换用新密钥 {key}", instance.region_id, content), by=by)


@transaction.atomic
def send_note(peer: Peer, *, title: str, text: str, files: Iterable[Attachment] = (), by: User) -> Package:
    """Write to a peer. Raises PermissionDenied, Refused."""
    own = needed_instance()
    if not manages(by, peer, own):
        raise PermissionDenied
    if not title.strip() or not text.strip():
        raise Refused("请填写标题和正文")
    chosen = list(files)
    if any(not may_see(by, file) for file in chosen):
        raise Refused("有的附件不存在或不是您上传的，请重新上传")
    author = f"{own.name} {by.full_name}"
    named = [(file.name, storage.read(file.path)) for file in chosen]
    return pack(peer, NOTE, pack_note(own, title=title.strip(), text=text, author=author, files=named), by=by)
