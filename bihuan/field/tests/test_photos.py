"""Photos in pieces: nothing lost, nothing twice, nothing that is no picture."""

from __future__ import annotations

import hashlib
import os
import uuid

import pytest
from django.test import override_settings

from bihuan.attachments import storage
from bihuan.attachments.models import Attachment
from bihuan.inspections.tests.factories import picture

from .conftest import Phone

PICTURE = picture(7)
DIGEST = hashlib.sha256(PICTURE).hexdigest()
HALF = len(PICTURE) // 2


def send(phone, photo, start=0, end=None, *, data=PICTURE, digest=DIGEST):
    return phone.patch(photo, data[start:end], offset=start, length=len(data), sha256=digest)


@pytest.fixture
def photo() -> str:
    return str(uuid.uuid4())


def offset(answer) -> int:
    return int(answer["Upload-Offset"])


def test_a_photo_arrives_in_two_pieces(phone, photo):
    assert offset(phone.head(photo)) == 0
    first = send(phone, photo, 0, HALF)
    assert (first.status_code, offset(first)) == (204, HALF)
    known = phone.head(photo)
    assert (offset(known), "Upload-Complete" in known) == (HALF, False)
    last = send(phone, photo, HALF)
    assert (last.status_code, last["Upload-Complete"]) == (201, "?1")
    kept = Attachment.objects.get()
    assert (str(kept.pk), kept.original_sha256, kept.uploaded_by) == (photo, f"{DIGEST}", phone.user)
    assert phone.head(photo)["Upload-Complete"] == "?1"


def test_the_same_piece_again_changes_nothing_and_says_where_to_go_on(phone, photo):
    send(phone, photo, 0, HALF)
    again = send(phone, photo, 0, HALF)
    assert (again.status_code, offset(again)) == (409, HALF)
    send(phone, photo, HALF)
    after = send(phone, photo, HALF)
    assert (after.status_code, after["Upload-Complete"]) == (200, "?1")
    assert Attachment.objects.count() == 1


def test_all_arrived_but_the_server_died_before_it_was_stored(phone, photo):
    path = storage.root() / storage.INCOMING / f"field-{phone.user.pk}-{photo}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(PICTURE)
    assert offset(phone.head(photo)) == len(PICTURE)
    done = send(phone, photo, len(PICTURE), len(PICTURE))
    assert (done.status_code, done["Upload-Complete"]) == (201, "?1")
    assert not path.exists()


def test_what_was_damaged_on_the_way_is_begun_anew(phone, photo):
    answer = send(phone, photo, digest="0" * 64)
    assert (answer.status_code, answer.json()["code"]) == (422, "digest")
    assert offset(phone.head(photo)) == 0
    assert send(phone, photo).status_code == 201


def test_what_is_no_picture_is_refused(phone, photo):
    data = b"%PDF-1.7 " + os.urandom(200)
    answer = send(phone, photo, 0, len(data), data=data, digest=hashlib.sha256(data).hexdigest())
    assert (answer.status_code, answer.json()["code"]) == (422, "picture")
    assert not Attachment.objects.exists()


@override_settings(UPLOAD_MAX_BYTES=1000)
def test_too_large_is_refused_before_anything_is_kept(phone, photo):
    answer = phone.patch(photo, b"x" * 10, offset=0, length=1001, sha256=DIGEST)
    assert answer.status_code == 413
    assert offset(phone.head(photo)) == 0


def test_a_piece_beyond_the_announced_end_is_refused(phone, photo):
    assert phone.patch(photo, PICTURE, offset=0, length=len(PICTURE) - 1, sha256=DIGEST).status_code == 422
    assert phone.patch(photo, b"", offset=0, length=len(PICTURE), sha256=DIGEST).status_code == 422


def test_anothers_photo_is_neither_seen_nor_touched(phone, photo, people):
    send(phone, photo)
    other = Phone(people.inspector2)
    assert other.head(photo).status_code == 422
    assert send(other, photo).status_code == 422
    halfway = str(uuid.uuid4())
    send(phone, halfway, 0, HALF)
    assert offset(other.head(halfway)) == 0


def test_parts_longer_than_the_photo_are_dropped_and_it_begins_anew(phone, photo):
    path = storage.root() / storage.INCOMING / f"field-{phone.user.pk}-{photo}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(PICTURE + b"more")
    lost = send(phone, photo, HALF)
    assert (lost.status_code, offset(lost)) == (409, 0)
    assert send(phone, photo).status_code == 201
