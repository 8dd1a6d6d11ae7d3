"""Photos: decoded, turned upright, written anew. Whatever else a file carried does not survive (polyglots, EXIF)."""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import math
import warnings
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone
from PIL import ExifTags, Image, ImageOps

from .errors import UploadRefused
from .limits import MAX_PIXELS, MAX_SIGNATURE_PIXELS, THUMBNAIL

FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
QUALITY = 88
HASH_SIDE, HASH_SAMPLE = 8, 32
DAMAGED = "图片已损坏或不完整，请重新拍摄或另存后上传"


@dataclass(frozen=True)
class Picture:
    """A re-encoded image with its thumbnail; `perceptual_hash` is a signed 64-bit number."""

    data: bytes
    media_type: str
    extension: str
    width: int
    height: int
    thumbnail: bytes
    perceptual_hash: int
    exif: dict[str, Any] = field(default_factory=dict)


def reencode(data: bytes, *, is_signature: bool = False) -> Picture:
    """Decode an image and write it again as JPEG (photographs) or PNG (drawings, transparency).

    The time, place and device in its EXIF are read into `exif` and stripped from the file. Only the first frame of
    an animation is kept. Raises UploadRefused for damaged files and for more than 40 megapixels.
    """
    limit = MAX_SIGNATURE_PIXELS if is_signature else MAX_PIXELS
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data), formats=FORMATS) as source:
                width, height = source.size
                # Before any pixel is decoded: a few kilobytes may declare gigabytes.
                if width * height > limit:
                    raise UploadRefused(
                        f"图片有 {width * height / 1e6:.0f} 百万像素，超过 {limit // 1_000_000} 百万像素上限，请缩小后上传"
                    )
                exif = read_exif(source)
                is_photo = source.format in {"JPEG", "WEBP"}
                source.load()
                upright = ImageOps.exif_transpose(source)
    except UploadRefused:
        raise
    except (
        OSError,
        ValueError,
        SyntaxError,
        TypeError,
        IndexError,
        KeyError,
        EOFError,
        MemoryError,
    ) as error:
        raise UploadRefused(DAMAGED) from error
    except Image.DecompressionBombError as error:
        raise UploadRefused(f"图片超过 {limit // 1_000_000} 百万像素上限，请缩小后上传") from error
    except (OverflowError, ZeroDivisionError) as error:
        raise UploadRefused(DAMAGED) from error
    has_alpha = upright.mode in {"RGBA", "LA", "PA"} or "transparency" in upright.info
    picture = upright.convert("RGBA" if has_alpha else "RGB")
    flat = _on_white(picture)
    keeps_png = is_signature or has_alpha or not is_photo
    return Picture(
        data=_encoded(picture if keeps_png else flat, "PNG" if keeps_png else "JPEG"),
        media_type="image/png" if keeps_png else "image/jpeg",
        extension="png" if keeps_png else "jpg",
        width=picture.width,
        height=picture.height,
        thumbnail=thumbnail(flat),
        perceptual_hash=perceptual_hash(flat),
        exif=exif,
    )


def _on_white(picture: Image.Image) -> Image.Image:
    if picture.mode != "RGBA":
        return picture
    ground = Image.new("RGB", picture.size, "white")
    ground.paste(picture, mask=picture.getchannel("A"))
    return ground


def _encoded(picture: Image.Image, kind: str) -> bytes:
    # A new image object carries nothing of the old file: no EXIF, no comments, no colour profile, no text chunks.
    clean = Image.new(picture.mode, picture.size)
    clean.paste(picture)
    out = io.BytesIO()
    if kind == "JPEG":
        clean.save(out, "JPEG", quality=QUALITY, optimize=False, progressive=True)
    else:
        clean.save(out, "PNG", compress_level=6)
    return out.getvalue()


def thumbnail(picture: Image.Image) -> bytes:
    """A JPEG that fits a square of 320 px."""
    small = picture.copy()
    small.thumbnail((THUMBNAIL, THUMBNAIL), Image.Resampling.LANCZOS, reducing_gap=3)
    return _encoded(small.convert("RGB"), "JPEG")


# --- EXIF --------------------------------------------------------------------------------------------


def read_exif(image: Image.Image) -> dict[str, Any]:
    """What the file says of itself: {"taken_at", "latitude", "longitude", "make", "model", "software"}, each only if sound.

    `taken_at` is ISO; without an offset in the file it is taken as Asia/Shanghai. Coordinates are WGS-84 degrees.
    """
    try:
        exif = image.getexif()
        detail = exif.get_ifd(ExifTags.IFD.Exif)
        gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
    except (OSError, ValueError, SyntaxError, TypeError, KeyError, IndexError, EOFError):
        return {}
    found: dict[str, Any] = {}
    taken = _moment(
        detail.get(ExifTags.Base.DateTimeOriginal) or exif.get(ExifTags.Base.DateTime),
        detail.get(ExifTags.Base.OffsetTimeOriginal),
    )
    if taken:
        found["taken_at"] = taken
    place = _place(gps)
    if place:
        found["latitude"], found["longitude"] = place
    for key, tag in (
        ("make", ExifTags.Base.Make),
        ("model", ExifTags.Base.Model),
        ("software", ExifTags.Base.Software),
    ):
        text = _text(exif.get(tag))
        if text:
            found[key] = text
    return found


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if not isinstance(value, str):
        return ""
    with contextlib.suppress(UnicodeError):
        # EXIF says ASCII, phones write UTF-8, Pillow reads Latin-1.
        value = value.encode("latin-1").decode("utf-8")
    return "".join(sign for sign in value if sign.isprintable()).strip()[:80]


def _moment(value: Any, offset: Any) -> str:
    try:
        moment = dt.datetime.strptime(_text(value), "%Y:%m:%d %H:%M:%S")  # noqa: DTZ007 - the zone is added below
    except ValueError:
        return ""
    try:
        zone = dt.datetime.strptime(_text(offset), "%z").tzinfo
    except ValueError:
        zone = None
    return moment.replace(tzinfo=zone or timezone.get_default_timezone()).isoformat()


def _place(gps: dict[int, Any]) -> tuple[float, float] | None:
    try:
        latitude = _degrees(gps[ExifTags.GPS.GPSLatitude]) * (
            -1 if _text(gps.get(ExifTags.GPS.GPSLatitudeRef)).upper() == "S" else 1
        )
        longitude = _degrees(gps[ExifTags.GPS.GPSLongitude]) * (
            -1 if _text(gps.get(ExifTags.GPS.GPSLongitudeRef)).upper() == "W" else 1
        )
    except (KeyError, TypeError, ValueError, ZeroDivisionError, IndexError):
        return None
    # 0,0 is what a phone without a fix writes.
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180) or (latitude == 0 and longitude == 0):
        return None
    return round(latitude, 6), round(longitude, 6)


def _degrees(value: Any) -> float:
    degrees, minutes, seconds = (float(part) for part in value)
    result = degrees + minutes / 60 + seconds / 3600
    if not math.isfinite(result):
        raise ValueError("not a coordinate")
    return result


# --- perceptual hash ---------------------------------------------------------------------------------

_COSINES = [
    [math.cos(math.pi * frequency * (2 * x + 1) / (2 * HASH_SAMPLE)) for x in range(HASH_SAMPLE)]
    for frequency in range(HASH_SIDE)
]


def perceptual_hash(picture: Image.Image) -> int:
    """The pHash of a picture as a signed 64-bit number: alike pictures differ in few bits.

    Grey, 32×32, two-dimensional DCT-II, the 8×8 lowest frequencies against their median, row by row, most
    significant bit first (C. Zauner, 2010). Compare two with `distance`.
    """
    sample = picture.convert("L").resize((HASH_SAMPLE, HASH_SAMPLE), Image.Resampling.LANCZOS, reducing_gap=3)
    pixels = sample.tobytes()
    rows = [pixels[y * HASH_SAMPLE : (y + 1) * HASH_SAMPLE] for y in range(HASH_SAMPLE)]
    by_row = [
        [sum(value * cosine for value, cosine in zip(row, wave, strict=True)) for wave in _COSINES]
        for row in rows
    ]
    low = [
        sum(by_row[y][horizontal] * wave[y] for y in range(HASH_SAMPLE))
        for wave in _COSINES
        for horizontal in range(HASH_SIDE)
    ]
    ordered = sorted(low)
    median = (ordered[31] + ordered[32]) / 2
    bits = 0
    for value in low:
        bits = bits << 1 | (value > median)
    return bits - (1 << 64) if bits >> 63 else bits


def mirrored(value: int) -> int:
    """The perceptual hash the same picture has when left and right are exchanged, but for a few bits.

    Mirroring changes the sign of every odd horizontal frequency, and the median of them all lies near zero.
    """
    bits = (value & 0xFFFF_FFFF_FFFF_FFFF) ^ 0x5555_5555_5555_5555
    return bits - (1 << 64) if bits >> 63 else bits


def distance(one: int, other: int) -> int:
    """In how many of 64 bits two perceptual hashes differ; below about 10 the pictures look alike."""
    return ((one ^ other) & 0xFFFF_FFFF_FFFF_FFFF).bit_count()
