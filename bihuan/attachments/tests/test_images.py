"""Photos are written anew: what is seen stays, what was hidden does not."""

import io
import struct
import zlib

import pytest
from PIL import Image, ImageDraw, ImageOps

from bihuan.attachments.errors import UploadRefused
from bihuan.attachments.images import distance, mirrored, perceptual_hash, reencode

from .conftest import image_bytes


def _with_exif(gps=True, **options):
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Yunxi", "Phone 1\x00"
    exif[0x0131] = "Adobe Photoshop 25.1"
    exif[0x0112] = 6  # the camera was held upright: turn by 90 degrees
    detail = exif.get_ifd(0x8769)
    detail[0x9003], detail[0x9011] = "2026:11:20 09:30:15", "+08:00"
    if gps:
        place = exif.get_ifd(0x8825)
        place[1], place[2] = "N", (25.0, 30.0, 36.0)
        place[3], place[4] = "E", (100.0, 15.0, 0.0)
    return image_bytes(exif=exif, **options)


def test_exif_is_read_out_and_stripped():
    picture = reencode(_with_exif())
    assert picture.exif == {
        "taken_at": "2026-11-20T09:30:15+08:00",
        "latitude": 25.51,
        "longitude": 100.25,
        "make": "Yunxi",
        "model": "Phone 1",
        "software": "Adobe Photoshop 25.1",
    }
    assert not Image.open(io.BytesIO(picture.data)).getexif()
    assert b"Exif" not in picture.data


def test_the_picture_is_turned_upright():
    picture = reencode(_with_exif(size=(64, 48)))
    assert (picture.width, picture.height) == (48, 64)


@pytest.mark.parametrize(
    ("kind", "media_type"),
    [("JPEG", "image/jpeg"), ("WEBP", "image/jpeg"), ("PNG", "image/png"), ("GIF", "image/png")],
)
def test_every_kind_becomes_jpeg_or_png(kind, media_type):
    picture = reencode(image_bytes(kind))
    assert picture.media_type == media_type
    assert Image.open(io.BytesIO(picture.data)).size == (64, 48)


def test_transparency_survives_and_the_thumbnail_lies_on_white():
    picture = reencode(image_bytes("PNG", mode="RGBA", colour=(0, 0, 0, 0)))
    assert Image.open(io.BytesIO(picture.data)).mode == "RGBA"
    assert Image.open(io.BytesIO(picture.thumbnail)).getpixel((60, 45)) == (255, 255, 255)


def test_thumbnail_fits_320():
    picture = reencode(image_bytes(size=(900, 450)))
    assert Image.open(io.BytesIO(picture.thumbnail)).size == (320, 160)


def test_a_polyglot_loses_its_other_half():
    hostile = image_bytes("GIF") + b"<script>alert(1)</script>"
    assert b"script" not in reencode(hostile).data
    commented = image_bytes("JPEG", comment=b"<?php system($_GET[0]); ?>")
    assert b"php" in commented
    assert b"php" not in reencode(commented).data


def test_a_decompression_bomb_is_refused_before_it_is_decoded():
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    bomb = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(1000)))
        + chunk(b"IEND", b"")
    )
    with pytest.raises(UploadRefused, match="40 百万像素上限"):
        reencode(bomb)


@pytest.mark.parametrize("data", [b"\xff\xd8\xff\xe0broken", image_bytes()[:400], image_bytes("PNG")[:60]])
def test_damaged_images_are_refused(data):
    with pytest.raises(UploadRefused, match="损坏"):
        reencode(data)


def _scene(shift=0):
    picture = Image.new("RGB", (200, 150), "white")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((20 + shift, 30, 90 + shift, 120), fill=(40, 40, 160))
    draw.ellipse((110, 20, 190, 100), fill=(190, 60, 20))
    return picture


def test_the_perceptual_hash_knows_the_same_scene_again():
    small = _scene().resize((100, 75))
    assert distance(perceptual_hash(_scene()), perceptual_hash(small)) <= 4
    mirrored = _scene().transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    assert distance(perceptual_hash(_scene()), perceptual_hash(mirrored)) > 16


def test_a_mirrored_picture_is_known_by_the_hash_of_the_first():
    turned = ImageOps.mirror(_scene())
    assert distance(mirrored(perceptual_hash(_scene())), perceptual_hash(turned)) <= 4
    assert mirrored(mirrored(perceptual_hash(_scene()))) == perceptual_hash(_scene())
    assert mirrored(0) == 0x5555_5555_5555_5555
    assert mirrored(-1) == 0xAAAA_AAAA_AAAA_AAAA - 2**64


def test_the_perceptual_hash_fits_a_signed_64_bit_column():
    for shift in range(0, 60, 7):
        assert -(2**63) <= perceptual_hash(_scene(shift)) < 2**63
    assert distance(-1, 0) == 64
