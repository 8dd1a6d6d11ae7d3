"""Taking files in, tying them to records, signing."""

from __future__ import annotations

import base64
import binascii
import io
import uuid
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, models, transaction
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.audit.actions import chain_of, hash_of, record
from bihuan.core.digest import file_hashes
from bihuan.core.errors import ReasonRequired, Refused
from bihuan.core.http import safe_filename

from . import access, images, sniffing, storage
from .errors import UploadRefused
from .limits import MAX_SIGNATURE_BYTES
from .models import Attachment, AttachmentLink, Signature

KIND_WORDS = {
    Attachment.Kind.IMAGE: "照片",
    Attachment.Kind.DOCUMENT: "文档",
    Attachment.Kind.SHEET: "表格",
    Attachment.Kind.SIGNATURE: "签名图",
}


def store_upload(
    uploaded_file: UploadedFile,
    *,
    by: User,
    kind: str | None = None,
    client_id: uuid.UUID | str | None = None,
) -> Attachment:
    """Check, re-encode and store an uploaded file.

    `kind` (Attachment.Kind) refuses files of another kind; None takes whatever it is. `client_id` is the id the
    device minted: the same upload sent again returns the first attachment. Raises UploadRefused.
    """
    limit = settings.UPLOAD_MAX_BYTES
    size = uploaded_file.size or 0
    if size > limit:
        raise UploadRefused(
            f"文件 {size / 1048576:.1f} MB，超过 {limit // 1048576} MB 上限，请压缩或拆分后上传"
        )
    uploaded_file.seek(0)
    data = uploaded_file.read(limit + 1)
    return _store(data, uploaded_file.name or "", kind=kind, by=by, client_id=client_id)


def store_bytes(data: bytes, name: str, media_type: str, kind: str, *, by: User) -> Attachment:
    """Store bytes the software made itself (a marked sheet, a rendered paper) without re-encoding them.

    Nothing received from outside may come this way: it is not checked. Images get a thumbnail and a hash.
    """
    name = safe_filename(name)
    extension = name.rpartition(".")[2].lower() if "." in name else "bin"
    if not (extension.isascii() and extension.isalnum() and len(extension) <= 8):
        extension = "bin"
    picture = images.reencode(data) if media_type.startswith("image/") else None
    return _save(
        data,
        name,
        media_type,
        kind,
        extension,
        original=data,
        picture=picture,
        by=by,
        attachment_id=uuid.uuid4(),
    )


def _store(
    data: bytes, name: str, *, kind: str | None, by: User, client_id: uuid.UUID | str | None
) -> Attachment:
    if len(data) > settings.UPLOAD_MAX_BYTES:
        raise UploadRefused(f"文件超过 {settings.UPLOAD_MAX_BYTES // 1048576} MB 上限，请压缩或拆分后上传")
    attachment_id = _as_uuid(client_id)
    earlier = Attachment.objects.filter(pk=attachment_id).first() if client_id else None
    if earlier is not None:
        return _same_upload(earlier, data, by)
    name = safe_filename(name)
    finding = sniffing.sniff(data, name)
    is_signature = kind == Attachment.Kind.SIGNATURE
    if kind and finding.kind != kind and not (is_signature and finding.kind == Attachment.Kind.IMAGE):
        raise UploadRefused(
            f"这里需要{KIND_WORDS[Attachment.Kind(kind)]}，收到的是{KIND_WORDS[Attachment.Kind(finding.kind)]}"
        )
    picture, stored, media_type, extension = None, data, finding.media_type, finding.extension
    if finding.kind == Attachment.Kind.IMAGE:
        picture = images.reencode(data, is_signature=is_signature)
        stored, media_type, extension = picture.data, picture.media_type, picture.extension
    return _save(
        stored,
        _with_extension(name, extension),
        media_type,
        kind or finding.kind,
        extension,
        original=data,
        picture=picture,
        by=by,
        attachment_id=attachment_id,
    )


def _save(
    data: bytes,
    name: str,
    media_type: str,
    kind: str,
    extension: str,
    *,
    original: bytes,
    picture: images.Picture | None,
    by: User,
    attachment_id: uuid.UUID,
) -> Attachment:
    digests = _digests(data)
    path = storage.path_for(digests["sha256"], extension)
    storage.write(path, data)
    if picture is not None:
        storage.write(storage.thumbnail_path(path), picture.thumbnail)
    fields: dict[str, Any] = {
        "kind": kind,
        "media_type": media_type,
        "name": name,
        "size": len(data),
        "path": path,
        "sha256": digests["sha256"],
        "sm3": digests["sm3"],
        "original_sha256": _digests(original)["sha256"],
        "uploaded_by": by,
        "uploaded_at": timezone.now(),
    }
    if picture is not None:
        fields |= {
            "width": picture.width,
            "height": picture.height,
            "exif": picture.exif,
            "perceptual_hash": picture.perceptual_hash,
        }
    try:
        with transaction.atomic():
            attachment = Attachment(pk=attachment_id, **fields)
            attachment.save(force_insert=True)
            record(
                "attachments.upload",
                attachment,
                by=by,
                summary=f"上传{attachment.get_kind_display()}“{name}”",
            )
    except IntegrityError:
        # The device sent the same file twice at once; the first one stands.
        return _same_upload(Attachment.objects.get(pk=attachment_id), original, by)
    return attachment


def _digests(data: bytes) -> dict[str, Any]:
    return file_hashes(io.BytesIO(data))


def _same_upload(earlier: Attachment, data: bytes, by: User) -> Attachment:
    if earlier.uploaded_by_id != by.pk or earlier.original_sha256 != _digests(data)["sha256"]:
        raise UploadRefused("这个编号已用于另一个文件，请重新选择文件后上传")
    return earlier


def _as_uuid(client_id: uuid.UUID | str | None) -> uuid.UUID:
    if client_id is None or client_id == "":
        return uuid.uuid4()
    try:
        return client_id if isinstance(client_id, uuid.UUID) else uuid.UUID(client_id)
    except ValueError as error:
        raise UploadRefused("上传编号不是有效的 UUID，请刷新页面后重试") from error


def _with_extension(name: str, extension: str) -> str:
    """The name with the extension of what is really inside; other Chinese and Latin words stay."""
    stem, dot, given = name.rpartition(".")
    same = {given.lower(), extension} <= {"jpg", "jpeg"} or given.lower() == extension
    if dot and same:
        return name
    return safe_filename(f"{stem if dot and len(given) <= 5 else name}.{extension}")


@transaction.atomic
def attach(
    subject: models.Model, attachment_ids: Iterable[uuid.UUID | str], role: str, *, by: User
) -> list[AttachmentLink]:
    """Tie files to a record as its evidence and return the links, in the given order; existing ones stay.

    Only files the person uploaded or may already see. Raises Refused when one is missing or not theirs.
    """
    wanted = list(dict.fromkeys(_as_uuid(each) for each in attachment_ids if each))
    if not wanted:
        return []
    found = Attachment.objects.in_bulk(wanted)
    if any(each not in found or not access.may_see(by, found[each]) for each in wanted):
        raise Refused("有的附件不存在或不是您上传的，请重新上传")
    chain = chain_of(subject)
    present = {link.attachment_id: link for link in AttachmentLink.objects.filter(subject=chain, role=role)}
    position = max((link.position for link in present.values()), default=-1)
    links = []
    for each in wanted:
        link = present.get(each)
        if link is None:
            position += 1
            link = AttachmentLink.objects.create(
                attachment=found[each], subject=chain, role=role, position=position
            )
            record(
                "attachments.link",
                found[each],
                by=by,
                summary=f"“{found[each].name}”作为 {chain} 的材料",
                payload={"subject": chain, "role": role},
            )
        links.append(link)
    return links


@transaction.atomic
def sign(
    subject: models.Model,
    *,
    role: str,
    signer: User | None,
    signer_name: str,
    signer_title: str = "",
    method: str,
    image: Attachment | str | None = None,
    remark: str = "",
    by: User,
) -> Signature:
    """Bind a signature to what the record says now (R061).

    `method` is Signature.Method: DRAWN needs `image` (an attachment or the data URL of the drawing pad), REFUSED
    needs `remark` (why, and who witnessed). Save everything `signed_content` covers first. Raises Refused.
    """
    if not signer_name.strip():
        raise Refused("请填写签字人姓名")
    if method == Signature.Method.REFUSED and not remark.strip():
        raise ReasonRequired("拒绝签字")
    drawing = _drawing(image, by) if method == Signature.Method.DRAWN else None
    signature = Signature.objects.create(
        subject=chain_of(subject),
        role=role,
        signer=signer,
        signer_name=signer_name.strip(),
        signer_title=signer_title.strip(),
        method=method,
        image=drawing,
        remark=remark.strip(),
        content_hash=hash_of(subject),
        signed_at=timezone.now(),
    )
    record("attachments.sign", signature, by=by, summary=f"{signature}，{chain_of(subject)}")
    return signature


def _drawing(image: Attachment | str | None, by: User) -> Attachment:
    if isinstance(image, Attachment):
        if not access.may_see(by, image):
            raise Refused("签名图不是您上传的，请重新签名")
        return image
    if not image:
        raise Refused("请在签名框内手写签名")
    prefix = "data:image/png;base64,"
    if not image.startswith(prefix) or len(image) > MAX_SIGNATURE_BYTES * 4 // 3 + 64:
        raise UploadRefused("签名图格式不正确或过大，请清除后重新签名")
    try:
        data = base64.b64decode(image.removeprefix(prefix), validate=True)
    except (binascii.Error, ValueError) as error:
        raise UploadRefused("签名图已损坏，请清除后重新签名") from error
    return _store(data, "签名.png", kind=Attachment.Kind.SIGNATURE, by=by, client_id=None)


def received(
    ids: Iterable[str], files: Iterable[UploadedFile], *, by: User, kind: str | None = Attachment.Kind.IMAGE
) -> list[uuid.UUID]:
    """The ids of everything a form brought: sent ahead by the photo input (`ids`) or, without script, as files.

    In a view: `received(request.POST.getlist("photos"), request.FILES.getlist("photos_files"), by=user)`.
    Raises UploadRefused.
    """
    sent = [_as_uuid(each) for each in ids if each]
    return sent + [store_upload(file, by=by, kind=kind).pk for file in files]
