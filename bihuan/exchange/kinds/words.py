"""Plain messages, receipts that are carried, and the introduction of a new key."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Annotated, Any

from django.db import transaction
from django.utils import timezone
from pydantic import Field

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.roles import ROLES
from bihuan.audit.actions import record
from bihuan.core.errors import Refused
from bihuan.notifications.actions import notify
from bihuan.notifications.models import Message

from ..models import Instance, PeerKey
from ..relations import ANYWHERE
from ..wire.keys import PublicKeys, grouped
from ..wire.manifest import Strict
from . import Arrival, Kind, Outcome, Ready, Table


def officers(instance: Instance) -> list[User]:
    """The people who deal with exchange for the whole installation."""
    roles = [role for role, each in ROLES.items() if Permission.MANAGE_EXCHANGE in each.permissions]
    today = timezone.localdate()
    rows = User.objects.filter(
        is_active=True, holdings__post__role__in=roles, holdings__post__is_active=True, holdings__from_on__lte=today,
        holdings__post__organization__region=instance.region_id,
    )  # fmt: skip
    return list(rows.distinct()[:50])


def tell_officers(arrival: Arrival, title: str, body: str = "", url: str = "") -> None:
    """Tell the office what came, once the act is through."""
    key = f"exchange:{arrival.package.pk}"
    send = partial(
        notify, officers(arrival.instance), category=Message.Category.DUTY, title=title, body=body,
        url=url or arrival.package.get_absolute_url(), key=key,
    )  # fmt: skip
    transaction.on_commit(send)


# --- messages ---------------------------------------------------------------------------------


class FileName(Strict):
    """The name of a file that came along."""

    name: Annotated[str, Field(max_length=200)]


class Note(Strict):
    """A plain message with files."""

    text: Annotated[str, Field(min_length=1, max_length=5000)]
    author: Annotated[str, Field(max_length=120)]
    files: Annotated[list[FileName], Field(max_length=20)] = []


def pack_note(
    own: Instance, *, title: str, text: str, author: str, files: Iterable[tuple[str, bytes]] = ()
) -> Ready:
    named = list(files)
    content = {"text": text.strip(), "author": author, "files": [{"name": name} for name, _ in named]}
    return Ready(title, own.region_id, content, tuple(data for _, data in named))


def _unpack_note(arrival: Arrival) -> Outcome:
    if len(arrival.content.files) != len(arrival.files):
        raise Refused("附件数与清单不符")
    tell_officers(arrival, f"{arrival.peer}来信：{arrival.package.title}", arrival.content.text[:200])
    return Outcome("已送达")


def _tell_note(content: Note) -> list[Table]:
    facts = [("署名", content.author), ("正文", content.text)]
    facts += [("附件", file.name) for file in content.files]
    return [Table("来往信件", facts=facts)]


NOTE = Kind("note", "信件", ANYWHERE, Note, _unpack_note, _tell_note)

# --- receipts ---------------------------------------------------------------------------------


class View(Strict):
    """How far one kind has come at the writer's."""

    kind: Annotated[str, Field(pattern=r"^[a-z_]{1,20}$")]
    upto: Annotated[int, Field(ge=0)]
    digest: Annotated[str, Field(max_length=70)] = ""
    missing: Annotated[list[int], Field(max_length=100)] = []
    held: Annotated[list[int], Field(max_length=200)] = []


class Receipts(Strict):
    """Receipts of several packages, and how far everything has come: what goes back when packages are carried."""

    receipts: Annotated[list[dict[str, Any]], Field(max_length=200)]
    streams: Annotated[list[View], Field(max_length=50)]
    trusted: Annotated[list[Annotated[str, Field(pattern=r"^[0-9A-F]{32}$")]], Field(max_length=20)]


def pack_receipts(
    own: Instance, receipts: list[dict[str, Any]], streams: list[dict[str, Any]], trusted: list[str]
) -> Ready:
    content = {"receipts": receipts, "streams": streams, "trusted": trusted}
    return Ready(f"回执 {len(receipts)} 份", own.region_id, content)


def _unpack_receipts(arrival: Arrival) -> Outcome:
    from ..actions import settling  # the kinds are known before the acts

    taken = sum([settling.take_receipt(arrival.peer, words) for words in arrival.content.receipts])
    again = settling.take_view(arrival.peer, [view.model_dump() for view in arrival.content.streams])
    settling.take_trusted(arrival.peer, arrival.content.trusted)
    words = f"登记回执 {taken} 份" + (f"，{again} 件对方没有收到，已重新排队" if again else "")
    return Outcome(words)


_STATES = {"held": "已收，等前件", "applied": "已办入", "refused": "已拒收"}


def _tell_receipts(content: Receipts) -> list[Table]:
    from . import label_of

    receipts = [
        (
            label_of(str(each.get("kind"))),
            str(each.get("sequence")),
            _STATES.get(str(each.get("state")), "—"),
            str(each.get("note") or "—"),
        )
        for each in content.receipts
    ]
    rows = [
        (label_of(each.kind), str(each.upto), "、".join(str(number) for number in each.missing) or "—")
        for each in content.streams
    ]
    return [
        Table("回执", headings=("内容", "编号", "结果", "说明"), rows=receipts),
        Table("对方收到哪里", headings=("内容", "已到编号", "还缺"), rows=rows),
    ]


RECEIPTS = Kind("receipts", "回执", ANYWHERE, Receipts, _unpack_receipts, _tell_receipts)

# --- a new key --------------------------------------------------------------------------------


class NewKey(Strict):
    """The next key of the sender; `proof` is the new key's own signature over the old one's fingerprint."""

    signing: Annotated[str, Field(max_length=60)]
    sealing: Annotated[str, Field(max_length=60)]
    proof: Annotated[str, Field(max_length=100)]


def proof_of(fingerprint: str, instance: str) -> bytes:
    """What the new key signs: for whom it is and which key it follows."""
    return f"bihuan.exchange.next-key\0{instance}\0{fingerprint}".encode()


def _unpack_key(arrival: Arrival) -> Outcome:
    from ..actions.sending import bytes_of
    from ..wire.archive import read_package

    keys = PublicKeys(arrival.content.signing, arrival.content.sealing)
    signer = read_package(bytes_of(arrival.package)).manifest.key
    if not keys.verify(arrival.content.proof, proof_of(signer, str(arrival.peer.instance_id))):
        raise Refused("新密钥没有证明自己属于对方")
    key, fresh = PeerKey.objects.get_or_create(
        peer=arrival.peer, fingerprint=keys.fingerprint,
        defaults={"signing": keys.signing, "sealing": keys.sealing, "added_at": timezone.now()},
    )  # fmt: skip
    if fresh:
        record(
            "exchange.propose_key",
            arrival.peer,
            by=arrival.by,
            summary=f"{arrival.peer}换用新密钥，待核对 {key.spoken}",
        )
        url = arrival.peer.get_absolute_url()
        tell_officers(arrival, f"{arrival.peer}要换用新密钥，请核对指纹", key.spoken, url)
    return Outcome("新密钥待核对指纹", url=arrival.peer.get_absolute_url())


def _tell_key(content: NewKey) -> list[Table]:
    return [
        Table("新密钥", facts=[("指纹", grouped(PublicKeys(content.signing, content.sealing).fingerprint))])
    ]


KEY = Kind("key", "换用密钥", ANYWHERE, NewKey, _unpack_key, _tell_key)
