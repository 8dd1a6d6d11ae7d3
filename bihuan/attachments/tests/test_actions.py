"""Storing, linking, signing, serving."""

import base64
import threading
import uuid

import pytest
from django.urls import reverse

from bihuan.attachments import access, queries, storage
from bihuan.attachments.actions import attach, received, sign, store_bytes, store_upload
from bihuan.attachments.errors import UploadRefused
from bihuan.attachments.models import Attachment, AttachmentLink
from bihuan.audit.actions import hash_of
from bihuan.audit.models import Event
from bihuan.core.errors import ReasonRequired, Refused

from .conftest import docx_bytes, image_bytes, pdf_bytes, upload

DRAWING = "data:image/png;base64," + base64.b64encode(image_bytes("PNG", mode="RGBA")).decode()


@pytest.fixture
def photo(world):
    return store_upload(upload(image_bytes()), by=world.people.inspector)


def test_a_photo_is_stored_by_its_content(photo, world, files_directory):
    stored = files_directory / photo.path
    assert photo.path == f"{photo.sha256[:2]}/{photo.sha256[2:4]}/{photo.sha256}.jpg"
    assert stored.stat().st_size == photo.size
    assert (files_directory / storage.thumbnail_path(photo.path)).exists()
    assert (photo.kind, photo.media_type, photo.width, photo.height) == ("image", "image/jpeg", 64, 48)
    assert photo.original_sha256 != photo.sha256
    assert len(photo.sm3) == 64
    assert photo.perceptual_hash is not None
    assert list((files_directory / "incoming").iterdir()) == []
    event = Event.objects.get(chain=f"attachments.attachment:{photo.pk}")
    assert (event.act, event.actor_name) == ("attachments.upload", "冯走访")
    assert event.content_hash == hash_of(photo)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/青石街道 现场.JPEG", "青石街道 现场.JPEG"),
        ("C:\\照片\\一.png", "一.jpg"),
        ("a\x00b\u202egpj.exe", "abgpj.jpg"),
        ("", "file.jpg"),
        ("好" * 300 + ".jpg", "好" * 116 + ".jpg"),
    ],
)
def test_names_keep_their_chinese_and_nothing_else(world, given, kept):
    file = upload(image_bytes())
    file._name = given
    assert store_upload(file, by=world.people.inspector).name == kept


def test_too_large_is_refused_by_size(world, settings):
    settings.UPLOAD_MAX_BYTES = 1024 * 1024
    with pytest.raises(UploadRefused, match="1 MB"):
        store_upload(upload(bytes(1024 * 1024 + 1)), by=world.people.inspector)


def test_the_wrong_kind_is_refused(world):
    with pytest.raises(UploadRefused, match="需要表格，收到的是照片"):
        store_upload(upload(image_bytes()), by=world.people.office, kind="sheet")


def test_the_same_client_id_is_the_same_file(world):
    minted = uuid.uuid4()
    first = store_upload(upload(image_bytes()), by=world.people.inspector, client_id=minted)
    again = store_upload(upload(image_bytes()), by=world.people.inspector, client_id=str(minted))
    assert first == again
    assert first.pk == minted
    assert Attachment.objects.count() == 1
    with pytest.raises(UploadRefused, match="另一个文件"):
        store_upload(upload(image_bytes(colour=(1, 2, 3))), by=world.people.inspector, client_id=minted)
    with pytest.raises(UploadRefused, match="另一个文件"):
        store_upload(upload(image_bytes()), by=world.people.outsider, client_id=minted)
    with pytest.raises(UploadRefused, match="UUID"):
        store_upload(upload(image_bytes()), by=world.people.outsider, client_id="42")


def test_links_keep_their_order_and_are_made_once(world, photo):
    second = store_upload(upload(image_bytes(colour=(1, 2, 3))), by=world.people.inspector)
    shop = world.enterprises.shop
    attach(shop, [photo.pk, str(second.pk)], "before", by=world.people.inspector)
    attach(shop, [photo.pk], "before", by=world.people.inspector)
    assert queries.of(shop, "before") == [photo, second]
    assert queries.of(shop, "after") == []
    chain = f"registry.enterprise:{shop.pk}"
    assert queries.of_many([shop]) == {chain: {"before": [photo, second]}}
    last = Event.objects.filter(chain=f"attachments.attachment:{photo.pk}").last()
    assert last.content_hash == hash_of(Attachment.objects.get(pk=photo.pk))
    AttachmentLink.objects.filter(attachment=photo).delete()
    assert last.content_hash != hash_of(Attachment.objects.get(pk=photo.pk))


def test_nobody_attaches_what_is_not_theirs(world, photo):
    with pytest.raises(Refused, match="不是您上传的"):
        attach(world.enterprises.shop, [photo.pk], "before", by=world.people.outsider)
    with pytest.raises(Refused):
        attach(world.enterprises.shop, [uuid.uuid4()], "before", by=world.people.inspector)


def test_a_signature_is_bound_to_the_content(world, photo):
    signature = sign(
        photo, role="inspector", signer=world.people.inspector, signer_name="冯走访", method="drawn", image=DRAWING,
        by=world.people.inspector,
    )  # fmt: skip
    assert signature.content_hash == hash_of(photo)
    assert signature.image.media_type == "image/png"
    assert signature.image.kind == "signature"
    assert queries.signatures_of(photo) == [signature]


def test_refusing_to_sign_needs_a_reason(world, photo):
    common = {"role": "accompanying", "signer": None, "by": world.people.inspector}
    with pytest.raises(ReasonRequired):
        sign(photo, signer_name="蒋好味", method="refused", **common)
    assert (
        sign(photo, signer_name="蒋好味", method="refused", remark="拒绝，冯走访、陈细看见证", **common).image
        is None
    )
    with pytest.raises(Refused, match="姓名"):
        sign(photo, signer_name=" ", method="login", **common)
    with pytest.raises(Refused, match="手写签名"):
        sign(photo, signer_name="蒋好味", method="drawn", **common)
    with pytest.raises(UploadRefused):
        sign(photo, signer_name="蒋好味", method="drawn", image="data:text/html;base64,PGI+", **common)


def test_what_the_software_made_is_stored_as_it_is(world):
    made = store_bytes(b"%PDF-made here", "通报.pdf", "application/pdf", "document", by=world.people.office)
    assert storage.read(made.path) == b"%PDF-made here"


def test_a_form_without_script_brings_files(world):
    sent = uuid.uuid4()
    ids = received([str(sent), ""], [upload(image_bytes())], by=world.people.inspector)
    assert ids[0] == sent
    assert Attachment.objects.filter(pk=ids[1]).exists()


# --- pages ---------------------------------------------------------------------------------------


def test_upload_answers_what_the_photo_input_needs(client, world):
    client.force_login(world.people.inspector)
    minted = uuid.uuid4()
    url = reverse("attachments:upload")
    answer = client.post(url, {"file": upload(image_bytes()), "client_id": str(minted)})
    assert answer.status_code == 201
    assert answer.json()["id"] == str(minted)
    assert client.get(answer.json()["thumbnail"]).status_code == 200
    again = client.post(url, {"file": upload(image_bytes()), "client_id": str(minted)})
    assert (again.status_code, again.json()) == (200, answer.json())
    refused = client.post(url, {"file": upload(b"MZ\x90\x00")})
    assert refused.status_code == 422
    assert "不支持" in refused.json()["detail"]
    assert client.post(url, {}).status_code == 422
    assert client.post(url, {"file": upload(image_bytes()), "client_id": "x"}).status_code == 422


def test_a_file_is_served_to_its_uploader_and_to_nobody_else(client, world, photo):
    url = reverse("attachments:file", args=[photo.pk])
    client.force_login(world.people.inspector)
    answer = client.get(url)
    assert b"".join(answer.streaming_content) == storage.read(photo.path)
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"].startswith("sandbox")
    assert answer["Content-Disposition"].startswith("inline;")
    client.force_login(world.people.outsider)
    assert client.get(url).status_code == 404
    assert client.get(reverse("attachments:thumbnail", args=[photo.pk])).status_code == 404
    client.logout()
    assert client.get(url).status_code == 302


def test_a_file_is_served_to_those_who_see_its_record(client, world, photo, monkeypatch):
    attach(world.enterprises.shop, [photo.pk], "scene", by=world.people.inspector)
    monkeypatch.setitem(
        access._VISIBLE,
        "registry.enterprise",
        lambda user, pk: user == world.people.shop and pk == str(world.enterprises.shop.pk),
    )
    url = reverse("attachments:file", args=[photo.pk])
    for person, status in ((world.people.shop, 200), (world.people.station, 404)):
        client.force_login(person)
        assert client.get(url).status_code == status


@pytest.mark.parametrize(
    ("name", "data", "disposition", "media_type"),
    [
        ("方案.pdf", pdf_bytes(), "inline", "application/pdf"),
        (
            "方案.docx",
            docx_bytes(),
            "attachment",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ),
        ("方案.html", b"<script>alert(1)</script>", "attachment", "text/plain; charset=utf-8"),
    ],
)
def test_documents_are_sandboxed(client, world, name, data, disposition, media_type):
    document = store_upload(upload(data, name), by=world.people.office)
    client.force_login(world.people.office)
    answer = client.get(document.get_absolute_url())
    assert answer["Content-Disposition"].startswith(disposition)
    assert "%E6%96%B9%E6%A1%88" in answer["Content-Disposition"]
    assert answer["Content-Type"] == media_type
    assert answer["Content-Security-Policy"].startswith("sandbox")


def test_a_file_gone_from_the_store_is_404(client, world, photo):
    storage.absolute(photo.path).unlink()
    client.force_login(world.people.inspector)
    assert client.get(photo.get_absolute_url()).status_code == 404


@pytest.mark.parametrize("path", ["../secret", "/etc/passwd", "ab/cd/../../x.jpg", "ab/cd/short.jpg"])
def test_only_paths_we_made_are_opened(path):
    with pytest.raises(ValueError, match="not a stored path"):
        storage.absolute(path)


def test_orphans_are_cleaned_and_evidence_stays(world, photo, files_directory, capsys):
    from django.core.management import call_command

    data = image_bytes(colour=(9, 9, 9))
    orphan = storage.path_for("ab" * 32, "jpg")
    storage.write(orphan, data)
    storage.write(storage.thumbnail_path(orphan), data)
    call_command("clean_files")
    assert storage.absolute(orphan).exists()  # younger than a day: may belong to a request still running
    call_command("clean_files", hours=0)
    assert not storage.absolute(orphan).exists()
    assert not storage.absolute(storage.thumbnail_path(orphan)).exists()
    assert storage.absolute(photo.path).exists()
    assert storage.absolute(storage.thumbnail_path(photo.path)).exists()
    assert "已清理 2 个" in capsys.readouterr().out


@pytest.mark.django_db(transaction=True)
def test_the_same_upload_twice_at_once_is_one_file():
    from django.db import connection

    from bihuan.accounts.models import User

    user = User.objects.create_user("photographer", None, full_name="某某")
    minted, found, data = uuid.uuid4(), [], image_bytes()
    start = threading.Barrier(4)

    def send():
        try:
            start.wait()
            found.append(store_upload(upload(data), by=user, client_id=minted).pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [minted] * 4
    assert Event.objects.filter(chain=f"attachments.attachment:{minted}").count() == 1
