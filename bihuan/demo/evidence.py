"""Photographs and signatures of the past: plainly drawn, stored as an upload would have stored them."""

from __future__ import annotations

import datetime as dt
import io
import random
from functools import cache
from typing import Any

from django.db import models
from PIL import Image, ImageDraw

from bihuan.accounts.models import User
from bihuan.attachments import images, storage
from bihuan.attachments.models import Attachment, AttachmentLink, Signature
from bihuan.audit.actions import chain_of
from bihuan.core.digest import content_hash, file_hashes

from .book import Book
from .photos import photo

SIGNATURE_SIZE = (300, 120)


class Evidence:
    """Attachments, their links and signatures, with the events an upload, a link and a signing leave."""

    def __init__(self, book: Book, photos: int) -> None:
        self.book = book
        self.photos_left = photos
        self.of: dict[str, list[tuple[str, Attachment]]] = {}
        self._hands: dict[tuple[str, int], Attachment] = {}

    def photograph(
        self, subject: models.Model, role: str, *, seed: int, caption: str, by: User, at: dt.datetime
    ) -> Attachment:
        """A drawing of the same place before or after, uploaded and tied to a record."""
        before = role == "before"
        picture = images.reencode(photo(seed, caption, before))
        moment = at - dt.timedelta(minutes=4)
        kept = self._store(
            picture, f"{'整改前' if before else '整改后'}{seed}.jpg", Attachment.Kind.IMAGE, by=by, at=moment
        )
        self.photos_left -= 1
        chain = chain_of(subject)
        earlier = [each for used, each in self.of.get(chain, []) if used == role]
        self.book.add(AttachmentLink(attachment=kept, subject=chain, role=role, position=len(earlier)))
        self.of.setdefault(chain, []).append((role, kept))
        self.book.chronicle.note(
            "attachments.link", kept, by=by, at=at, summary=f"“{kept.name}”作为 {chain} 的材料",
            payload={"subject": chain, "role": role}, content=_content(kept, [[chain, role, len(earlier)]]),
        )  # fmt: skip
        return kept

    def sign(
        self,
        subject: models.Model,
        content: dict[str, object],
        *,
        role: str,
        signer: User | None,
        name: str,
        title: str = "",
        method: str,
        remark: str = "",
        by: User,
        at: dt.datetime,
    ) -> Signature:
        """Bind a signature to what the record says (`content`); a drawn one is the same hand every time."""
        drawn = method == Signature.Method.DRAWN
        signature = self.book.add(
            Signature(
                subject=chain_of(subject),
                role=role,
                signer=signer,
                signer_name=name,
                signer_title=title,
                method=method,
                image=self._hand(name, by, at) if drawn else None,
                remark=remark,
                content_hash=content_hash(content),
                signed_at=at,
            )
        )
        self.book.chronicle.note(
            "attachments.sign", signature, by=by, at=at, summary=f"{signature}，{chain_of(subject)}"
        )
        return signature

    def _hand(self, name: str, by: User, at: dt.datetime) -> Attachment:
        """The picture of somebody's signature, uploaded once by each person who hands it in."""
        key = (name, by.pk)
        if key not in self._hands:
            picture = _signature_picture(name)
            self._hands[key] = self._store(picture, "签名.png", Attachment.Kind.SIGNATURE, by=by, at=at)
        return self._hands[key]

    def _store(
        self, picture: images.Picture, name: str, kind: str, *, by: User, at: dt.datetime
    ) -> Attachment:
        digests = _digests(picture.data)
        path = storage.path_for(digests["sha256"], picture.extension)
        for where, data in ((path, picture.data), (storage.thumbnail_path(path), picture.thumbnail)):
            # Not `storage.write`: thousands of single flushes to disk would take longer than everything else.
            file = storage.absolute(where)
            if not file.exists():
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(data)
        kept = self.book.add(
            Attachment(
                id=self.book.uuid(),
                kind=kind,
                media_type=picture.media_type,
                name=name,
                size=len(picture.data),
                path=path,
                sha256=digests["sha256"],
                sm3=digests["sm3"],
                original_sha256=digests["sha256"],
                perceptual_hash=picture.perceptual_hash,
                width=picture.width,
                height=picture.height,
                exif={},
                uploaded_by=by,
                uploaded_at=at,
            )
        )
        self.book.chronicle.note(
            "attachments.upload", kept, by=by, at=at, summary=f"上传{kept.get_kind_display()}“{name}”",
            content=_content(kept, []),
        )  # fmt: skip
        return kept


def _content(kept: Attachment, links: list[list[object]]) -> dict[str, object]:
    """`Attachment.signed_content`, with links that are not in the database yet."""
    return {
        "id": kept.id, "sha256": kept.sha256, "sm3": kept.sm3, "size": kept.size, "name": kept.name, "links": links,
    }  # fmt: skip


def _digests(data: bytes) -> dict[str, Any]:
    return file_hashes(io.BytesIO(data))


@cache
def _signature_picture(name: str) -> images.Picture:
    return images.reencode(signature_png(name), is_signature=True)


def signature_png(name: str) -> bytes:
    """A scrawl that is the same for the same name; nobody's handwriting."""
    rng = random.Random(name)  # noqa: S311 - a drawing, no secret
    picture = Image.new("RGBA", SIGNATURE_SIZE, (0, 0, 0, 0))
    draw = ImageDraw.Draw(picture)
    width, height = SIGNATURE_SIZE
    x = 16
    for _ in range(len(name) + 1):
        points = []
        for _ in range(rng.randint(5, 8)):
            points.append((x + rng.randint(0, width // (len(name) + 2)), rng.randint(22, height - 22)))
        draw.line(points, fill=(18, 34, 74, 255), width=rng.randint(3, 5), joint="curve")
        x += width // (len(name) + 2)
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()
