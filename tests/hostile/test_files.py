"""Files that are not what they say: refused in words, or stored as something harmless."""

from __future__ import annotations

import io
import json
import struct
import zipfile
import zlib
from functools import cache
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from bihuan.accounts.tests.world import World
from bihuan.attachments.models import Attachment, ImportBatch
from bihuan.campaigns.models import PlanDocument

MEGABYTE = 1024 * 1024
SCRIPT = b"<html><script>alert(1)</script></html>"
BILLION = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><x>&b;</x>'


@pytest.fixture
def officer(client: Client, world: World) -> Client:
    client.force_login(world.people.office)
    return client


def archive(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in parts.items():
            file.writestr(name, data)
    return out.getvalue()


def docx(document: bytes = b"<w/>", **more: bytes) -> bytes:
    return archive({"[Content_Types].xml": b"<Types/>", "word/document.xml": document} | more)


def xlsx(sheet: bytes = b"<worksheet/>", **more: bytes) -> bytes:
    return archive(
        {
            "[Content_Types].xml": b"<Types/>",
            "xl/workbook.xml": b"<workbook/>",
            "xl/worksheets/sheet1.xml": sheet,
        }
        | more
    )


@cache
def bomb(kind: str) -> bytes:
    """A docx or xlsx of 300 KB that unpacks to 301 MB; made once, and never whole in memory."""
    out = io.BytesIO(docx() if kind == "docx" else xlsx())
    with (
        zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED, compresslevel=1) as file,
        file.open("x.xml", "w") as part,
    ):
        for _ in range(301):
            part.write(b" " * MEGABYTE)
    return out.getvalue()


def made(data: bytes | str) -> bytes:
    """The bytes of a case; a bomb is named and made when it is needed."""
    return bomb(data) if isinstance(data, str) else data


def image(kind: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), (200, 30, 30)).save(out, kind)
    return out.getvalue()


def upload(client: Client, name: str, data: bytes, media_type: str = "image/jpeg") -> Any:
    return client.post(reverse("attachments:upload"), {"file": SimpleUploadedFile(name, data, media_type)})


def says(answer: Any, words: str) -> bool:
    body = json.loads(answer.content)
    assert answer.status_code == 422
    assert answer["Content-Type"] == "application/problem+json"
    return words in body["detail"]


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("名单.xlsx", "xlsx", "解压后过大"),
        ("方案.docx", "docx", "解压后过大"),
        ("方案.docx", docx(BILLION), "XML"),
        ("名单.xlsx", xlsx(BILLION), "XML"),
        ("方案.docx", docx(BILLION.decode().encode("utf-16")), "XML"),
        ("方案.docx", docx(**{"../../etc/cron.d/x": b"x"}), "结构异常"),
        ("方案.docx", docx(**{"word/vbaProject.bin": b"x"}), "宏"),
        ("图.svg", b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', "不支持"),
        ("图.svg", BILLION, "不支持"),
        ("照片.jpg", SCRIPT, "不符"),
        ("程序.exe", b"MZ\x90\x00\x03", "不支持"),
        ("空.jpg", b"", "空"),
        ("照片.jpg", image("JPEG")[:200], "损坏"),
        ("名单.csv", b"\x00\x01\x02", "不支持"),
    ],
)
def test_what_is_refused(name, data, words, officer):
    before = Attachment.objects.count()
    assert says(upload(officer, name, made(data)), words)
    assert Attachment.objects.count() == before


def test_a_small_picture_that_declares_gigabytes_is_refused(officer):
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    data = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(b"\x00" * 999))
        + chunk(b"IEND", b"")
    )
    assert says(upload(officer, "大图.png", data), "像素")


@pytest.mark.parametrize(
    ("name", "data", "media_type"),
    [
        ("照片.jpg", image("JPEG") + SCRIPT, "image/jpeg"),
        ("动图.gif", image("GIF") + b"/*" + SCRIPT + b"*/=alert(1)", "image/png"),
        ("截图.png", image("PNG") + archive({"x.html": SCRIPT}), "image/png"),
        ("网页.html", image("JPEG") + SCRIPT, "image/jpeg"),
    ],
)
def test_a_polyglot_is_drawn_anew_and_served_as_a_picture(name, data, media_type, officer):
    told = upload(officer, name, data, "text/html").json()
    for url in (told["url"], told["thumbnail"]):
        answer = officer.get(url)
        served = b"".join(answer.streaming_content)
        assert b"script" not in served
        assert b"PK\x03\x04" not in served
        assert answer["Content-Type"] in {media_type, "image/jpeg"}
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Content-Security-Policy"].startswith("sandbox")
    assert not told["name"].endswith(".html")


def test_a_page_somebody_uploaded_is_never_a_page(officer):
    told = upload(officer, "方案.html", SCRIPT, "text/html").json()
    answer = officer.get(told["url"])
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["Content-Security-Policy"].startswith("sandbox")
    b"".join(answer.streaming_content)


@pytest.mark.parametrize(
    "name",
    [
        "../../../etc/passwd.jpg",
        "..\\..\\windows\\x.jpg",
        "/etc/x.jpg",
        'a"\r\nSet-Cookie: x=1\r\n\r\n<script>.jpg',
        "gpj.\u202eexe.jpg",
        "长" * 500 + ".jpg",
        "\x00.jpg",
    ],
)
def test_names_lead_nowhere_and_carry_no_headers(name, officer):
    answer = upload(officer, name, image("JPEG"))
    assert answer.status_code in {201, 422}
    if answer.status_code == 422:
        return
    told = answer.json()
    attachment = Attachment.objects.get(pk=told["id"])
    assert not {"/", "\\", "\r", "\n", "\u202e", "\x00"} & set(attachment.name)
    assert len(attachment.name) <= 200
    path = (settings.DATA_DIR / "files" / attachment.path).resolve()
    assert path.is_relative_to((settings.DATA_DIR / "files").resolve())
    served = officer.get(told["url"])
    assert "Set-Cookie" not in served["Content-Disposition"].replace("Set-Cookie_", "")
    assert not {"\r", "\n"} & set(served["Content-Disposition"])
    b"".join(served.streaming_content)


class Zeros(io.RawIOBase):
    """A body of any length that is never in memory; `taken` says how much of it was read."""

    def __init__(self, head: bytes, length: int) -> None:
        self.head, self.left, self.taken = head, length, 0

    def read(self, size: int = -1) -> bytes:
        size = self.left if size < 0 else min(size, self.left)
        self.left -= size
        self.taken += size
        piece, self.head = self.head[:size], self.head[size:]
        return piece + b"\x00" * (size - len(piece))


def send(client: Client, path: str, name: str, megabytes: int) -> tuple[Any, Zeros]:
    head = (
        f'--b\r\nContent-Disposition: form-data; name="{name}"; filename="a.jpg"\r\n'
        "Content-Type: image/jpeg\r\n\r\n"
    ).encode()
    body = Zeros(head, megabytes * MEGABYTE)
    answer = client.request(
        REQUEST_METHOD="POST",
        PATH_INFO=path,
        CONTENT_TYPE="multipart/form-data; boundary=b",
        CONTENT_LENGTH=str(megabytes * MEGABYTE),
        **{"wsgi.input": body},
    )
    return answer, body


@pytest.mark.parametrize(
    ("page", "field"),
    [
        ("attachments:upload", "file"),
        ("registry:import", "sheet"),
        ("hazards:import", "file"),
        ("campaigns:import_plan", "file"),
    ],
)
def test_two_hundred_megabytes_are_refused_before_they_are_read(page, field, officer):
    answer, body = send(officer, reverse(page), field, 200)
    assert answer.status_code == 413
    is_json = answer["Content-Type"] == "application/problem+json"
    words = answer.json()["detail"] if is_json else answer.content.decode()
    assert "超过 100 MB" in words
    assert "请压缩或分次上传" in words
    assert body.taken < MEGABYTE
    assert not Attachment.objects.exists()
    assert not ImportBatch.objects.exists()


def test_a_file_above_the_limit_is_refused_with_the_limit(officer):
    assert says(upload(officer, "大图.jpg", bytes(26 * MEGABYTE)), "25 MB 上限")
    assert not Attachment.objects.exists()


@pytest.mark.parametrize("page", ["registry:import", "hazards:import", "campaigns:import_plan"])
@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("名单.xlsx", "xlsx"),
        ("名单.xlsx", xlsx(BILLION)),
        ("方案.docx", docx(BILLION)),
        ("方案.html", BILLION + SCRIPT),
        ("方案.pdf", b"%PDF-1.7 nothing"),
        ("x", b"\x00" * 50),
    ],
)
def test_no_import_falls_over_a_bad_file(page, name, data, officer):
    plans = PlanDocument.objects.count()
    field = "sheet" if page == "registry:import" else "file"
    answer = officer.post(reverse(page), {field: SimpleUploadedFile(name, made(data))})
    assert answer.status_code in {200, 302, 422}
    assert not ImportBatch.objects.exists()
    if answer.status_code != 302:
        assert PlanDocument.objects.count() == plans
        assert "<script>alert(1)" not in answer.content.decode()


def test_ten_thousand_pasted_rows_are_read_or_refused_in_words(officer):
    text = "\n".join(f"{number}.查第{number}项。（市住房和城乡建设局负责）" for number in range(1, 10_001))
    answer = officer.post(reverse("campaigns:import_plan"), {"text": "某某方案\n" + text})
    assert answer.status_code in {302, 422}
    if answer.status_code == 422:
        assert "请" in answer.content.decode()


def test_ten_thousand_rows_of_a_table_are_shown_by_their_first(officer):
    rows = "\n".join(f"第{number}面馆,餐饮,青石街道" for number in range(10_000))
    file = SimpleUploadedFile("名单.csv", f"企业名称,类型,属地\n{rows}".encode())
    answer = officer.post(reverse("registry:import"), {"sheet": file}, follow=True)
    text = answer.content.decode()
    assert "第0面馆" in text
    assert "第100面馆" not in text
    assert ImportBatch.objects.get().total == 10_000


def test_ten_thousand_ticked_rows_are_refused(officer):
    answer = officer.post(
        reverse("hazards:bulk"), {"action": "assign", "pick": [str(number) for number in range(10_000)]}
    )
    assert answer.status_code == 400
    assert "没有保存" in answer.content.decode()
    answer = officer.post(
        reverse("hazards:bulk"),
        {"action": "assign", "pick": [str(number) for number in range(1, 1000)]},
        follow=True,
    )
    assert "分批" in answer.content.decode()


@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        ("multipart/form-data; boundary=b", b"no boundary here"),
        ("multipart/form-data", b"--b\r\n"),
        ("multipart/form-data; boundary=b", b'--b\r\nContent-Disposition: form-data; name="file"'),
        ("application/json", b'{"file": 1}'),
        ("text/xml", BILLION),
        ("application/x-www-form-urlencoded; charset=utf-7", b"file=+ADw-script+AD4-"),
        ("", b"\xff\xfe"),
    ],
)
@pytest.mark.parametrize(
    "page", ["attachments:upload", "registry:create", "hazards:bulk", "accounts:profile"]
)
def test_a_malformed_body_is_no_crash(page, media_type, body, officer):
    answer = officer.generic("POST", reverse(page), body, content_type=media_type)
    assert answer.status_code in {302, 400, 403, 422, 200}
    assert not Attachment.objects.exists()
