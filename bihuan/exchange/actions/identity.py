"""Who we are to others: identity, keys made at first need, change of keys with an overlap, the card for others."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.http import Http404
from django.utils import timezone

from bihuan.accounts.models import Region, User
from bihuan.audit.actions import record
from bihuan.core.errors import IllegalMove, ReasonRequired, Refused
from bihuan.rules.regions import level_of

from ..addresses import checked_address
from ..models import Instance, OwnKey, Peer
from ..standing import manages_instance
from ..wire.keys import PrivateKeys
from ..wire.words import signed
from ..workflow import PeerStatus

CARD = "card"


def own_instance() -> Instance | None:
    return Instance.objects.select_related("region").first()


def needed_instance() -> Instance:
    """Our identity. Raises Refused while nobody has set it up."""
    instance = own_instance()
    if instance is None:
        raise Refused("还没有设立交换身份，请先到“上下级交换”填写本系统的名称和区划")
    return instance


def needed_instance_or_404() -> Instance:
    """Our identity, for pages that make no sense before it was set up."""
    instance = own_instance()
    if instance is None:
        raise Http404
    return instance


@transaction.atomic
def set_up(*, name: str, region: Region, address: str, by: User) -> Instance:
    """Name this installation, once. Raises PermissionDenied, Refused, IllegalMove when it was done already."""
    instance = Instance(
        name=name.strip(), region=region, address=checked_address(address) if address.strip() else "",
        made_by=by, made_at=timezone.now(),
    )  # fmt: skip
    if not manages_instance(by, instance):
        raise PermissionDenied
    if level_of(region.pk) == "village":
        raise Refused("村（社区）不设交换身份，请选择乡镇以上的区划")
    if not instance.name:
        raise Refused("请填写本系统的名称")
    try:
        with transaction.atomic():
            instance.save(force_insert=True)
    except IntegrityError as error:
        raise IllegalMove("交换身份已经设立，请刷新页面") from error
    record("exchange.set_up", instance, by=by, summary=f"设立交换身份：{instance}")
    current_key(instance, by=by)
    return instance


@transaction.atomic
def change_instance(instance: Instance, *, name: str, address: str, is_open: bool, by: User) -> None:
    """Change name and address, open or close the door. The region stays: others have compared it."""
    if not manages_instance(by, instance):
        raise PermissionDenied
    if not name.strip():
        raise Refused("请填写本系统的名称")
    before = (instance.name, instance.address, instance.is_open)
    instance.name, instance.is_open = name.strip(), is_open
    instance.address = checked_address(address) if address.strip() else ""
    instance.save(update_fields=["name", "address", "is_open"])
    after = (instance.name, instance.address, instance.is_open)
    if before != after:
        door = (
            "，接口开放" if is_open and not before[2] else "，接口关闭" if before[2] and not is_open else ""
        )
        record(
            "exchange.change",
            instance,
            by=by,
            summary=f"修改交换身份：{instance}{door}",
            payload={"before": list(before), "after": list(after)},
        )


def current_key(instance: Instance, *, by: User | None = None) -> OwnKey:
    """The key we sign with, made at first need."""
    key = instance.keys.filter(status=OwnKey.Status.CURRENT).first()
    return key or _make(instance, OwnKey.Status.CURRENT, by=by)


def own_privates(instance: Instance) -> list[PrivateKeys]:
    """Every key that may open what was sealed to us, the present one first."""
    keys = sorted(instance.keys.all(), key=lambda key: key.status != OwnKey.Status.CURRENT)
    return [key.private for key in keys]


def _make(instance: Instance, status: str, *, by: User | None) -> OwnKey:
    private, now = PrivateKeys.generate(), timezone.now()
    public = private.public
    try:
        with transaction.atomic():
            key = OwnKey.objects.create(
                instance=instance, status=status, signing=public.signing, sealing=public.sealing,
                signing_private=private.signing, sealing_private=private.sealing, fingerprint=public.fingerprint,
                made_at=now, started_at=now if status == OwnKey.Status.CURRENT else None,
            )  # fmt: skip
            record("exchange.make_key", key, by=by or instance.made_by, summary=f"生成交换密钥 {key}")
    except IntegrityError:
        # Somebody else made one at the same moment.
        return instance.keys.get(status=status)
    return key


@transaction.atomic
def prepare_key(instance: Instance, *, by: User) -> OwnKey:
    """Make the next key and tell every peer, signed with the present one. Packages go on under the present key.

    Raises PermissionDenied, IllegalMove when one is being introduced already.
    """
    from .announcing import announce_key  # the kinds stand above this room

    if not manages_instance(by, instance):
        raise PermissionDenied
    if instance.keys.filter(status=OwnKey.Status.NEXT).exists():
        raise IllegalMove("新密钥已经生成，等对方核对后启用")
    key = _make(instance, OwnKey.Status.NEXT, by=by)
    for peer in Peer.objects.filter(status=PeerStatus.ACTIVE):
        announce_key(key, peer, instance=instance, by=by)
    return key


def not_yet_trusting(key: OwnKey) -> list[Peer]:
    """Peers that have not said they believe a key."""
    living = Peer.objects.filter(status__in=[PeerStatus.ACTIVE, PeerStatus.SUSPENDED])
    return [peer for peer in living if key.fingerprint not in peer.trusts]


@transaction.atomic
def start_key(instance: Instance, *, by: User, reason: str = "") -> OwnKey:
    """Sign with the next key from now on; the old one still opens what was sealed to it.

    While a peer has not compared the new fingerprint a reason is required: its packages would be refused there.
    """
    if not manages_instance(by, instance):
        raise PermissionDenied
    key = instance.keys.filter(status=OwnKey.Status.NEXT).select_for_update().first()
    if key is None:
        raise IllegalMove("没有待启用的密钥，请先生成")
    waiting = not_yet_trusting(key)
    if waiting and not reason.strip():
        raise ReasonRequired(f"{len(waiting)} 家还没有核对新指纹，仍要启用")
    now = timezone.now()
    instance.keys.filter(status=OwnKey.Status.CURRENT).update(status=OwnKey.Status.OLD, ended_at=now)
    if not instance.keys.filter(pk=key.pk, status=OwnKey.Status.NEXT).update(
        status=OwnKey.Status.CURRENT, started_at=now
    ):
        raise IllegalMove("密钥已经启用，请刷新页面")
    record(
        "exchange.start_key",
        key,
        by=by,
        summary=f"启用新密钥 {key}",
        payload={"reason": reason.strip(), "waiting": [peer.pk for peer in waiting]},
    )
    key.refresh_from_db()
    return key


def card(instance: Instance) -> dict[str, Any]:
    """What another installation needs to register us: signed by ourselves, so the fingerprint vouches for all of it."""
    key = current_key(instance)
    body = {
        "format": "bihuan.card", "schema": 1, "instance": str(instance.pk), "name": instance.name,
        "region": instance.region_id, "region_name": instance.region.name, "address": instance.address,
        "signing": key.signing, "sealing": key.sealing,
    }  # fmt: skip
    return signed(CARD, body, key.private)
