"""Drawn stand-ins for evidence photos: plainly drawings, each different, the same for the same seed."""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from functools import cache

from PIL import Image, ImageDraw, ImageFont
from PIL.ImageFont import FreeTypeFont
from PIL.ImageFont import ImageFont as BitmapFont

SIZE = (640, 480)
Colour = tuple[int, int, int]
# Usual places of a font with Chinese; without one the caption falls back to the drawing's number.
FONTS = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
    "/System/Library/Fonts/PingFang.ttc",
    "C:/Windows/Fonts/msyh.ttc",
)
RED: Colour = (179, 38, 30)
GREEN: Colour = (29, 111, 66)


@cache
def _font(size: int) -> FreeTypeFont | BitmapFont | None:
    """Return a font that has Chinese, or None on a machine without one."""
    for path in FONTS:
        try:
            return ImageFont.truetype(path, size)
        except OSError:
            continue
    return None


def _tint(rng: random.Random, low: int, high: int) -> Colour:
    return rng.randint(low, high), rng.randint(low, high), rng.randint(low, high)


def _cylinder(draw: ImageDraw.ImageDraw, x: int, floor: int, height: int, colour: Colour) -> None:
    """Draw a gas cylinder standing on ``floor``: body, shoulder and valve."""
    width = height // 2
    draw.rounded_rectangle(
        (x, floor - height, x + width, floor), radius=width // 3, fill=colour, outline=(60, 66, 74), width=3
    )
    draw.rectangle(
        (x + width // 3, floor - height - 18, x + 2 * width // 3, floor - height + 2), fill=(90, 96, 104)
    )


def _kitchen(draw: ImageDraw.ImageDraw, rng: random.Random, before: bool) -> tuple[int, int]:
    top = rng.randint(225, 265)
    left = rng.randint(250, 330)
    draw.rectangle((left, top, left + 270, 410), fill=(176, 182, 190), outline=(70, 76, 84), width=3)
    for i in range(rng.randint(2, 3)):
        cx = left + 55 + i * 80
        draw.ellipse((cx - 26, top - 12, cx + 26, top + 12), fill=(40, 44, 50))
    x = rng.randint(60, 120)
    _cylinder(draw, x, 410, rng.randint(120, 150), _tint(rng, 140, 200))
    start, end = (x + 35, 250), (left, top + 40)
    if before:  # a hose far too long, with loops
        points = [start]
        for i in range(1, 8):
            points.append((start[0] + (end[0] - start[0]) * i // 8, rng.randint(280, 430)))
        points.append(end)
        draw.line(points, fill=(214, 120, 32), width=9, joint="curve")
    else:
        draw.line([start, (start[0] + 30, top + 40), end], fill=(120, 130, 142), width=9, joint="curve")
    return (start[0] + end[0]) // 2, 350


def _store(draw: ImageDraw.ImageDraw, rng: random.Random, before: bool) -> tuple[int, int]:
    count = rng.randint(6, 8) if before else rng.randint(2, 3)
    for i in range(count):
        height = rng.randint(95, 125)
        _cylinder(
            draw,
            40 + i * rng.randint(66, 74),
            420 - (rng.randint(0, 40) if before else 0),
            height,
            _tint(rng, 130, 205),
        )
    if not before:
        draw.line((330, 130, 330, 430), fill=(230, 180, 20), width=8)
        draw.rectangle((430, 180, 560, 260), outline=GREEN, width=5)
    return rng.randint(220, 380), 360


def _corridor(draw: ImageDraw.ImageDraw, rng: random.Random, before: bool) -> tuple[int, int]:
    shift = rng.randint(-60, 60)
    door = (270 + shift, 150, 370 + shift, 340)
    for corner, target in (
        ((0, 60), door[:2]),
        ((640, 60), (door[2], door[1])),
        ((0, 480), (door[0], door[3])),
        ((640, 480), door[2:]),
    ):
        draw.line([corner, target], fill=(120, 126, 134), width=4)
    draw.rectangle(door, fill=_tint(rng, 110, 170), outline=(60, 66, 74), width=4)
    draw.rectangle((door[0] + 20, 112, door[2] - 20, 140), fill=GREEN if not before else (120, 130, 126))
    if before:
        for _ in range(rng.randint(6, 9)):
            x, y, side = rng.randint(170, 400), rng.randint(280, 380), rng.randint(45, 85)
            draw.rectangle((x, y, x + side, y + side), fill=(186, 148, 98), outline=(110, 82, 46), width=3)
    else:
        draw.line((100, 470, door[0], 345), fill=(230, 180, 20), width=6)
        draw.line((540, 470, door[2], 345), fill=(230, 180, 20), width=6)
    return 320 + shift, 330


def _pipes(draw: ImageDraw.ImageDraw, rng: random.Random, before: bool) -> tuple[int, int]:
    spot = rng.randint(180, 460)
    for i in range(rng.randint(2, 4)):
        y = 150 + i * 80
        draw.line(
            (0, y, 640, y), fill=(226, 186, 40) if i % 2 else (150, 158, 168), width=rng.randint(18, 28)
        )
        x = rng.randint(80, 560)
        draw.ellipse((x - 24, y - 24, x + 24, y + 24), outline=RED, width=7)
    if before:
        for _ in range(60):
            x, y = spot + rng.randint(-60, 60), 230 + rng.randint(-24, 24)
            draw.ellipse((x, y, x + 8, y + 6), fill=(134, 72, 36))
    else:
        draw.rectangle((spot - 50, 214, spot + 50, 246), fill=(200, 206, 214), outline=(80, 86, 94), width=3)
    return spot, 230


def _panel(draw: ImageDraw.ImageDraw, rng: random.Random, before: bool) -> tuple[int, int]:
    left, top = rng.randint(170, 240), rng.randint(90, 130)
    draw.rectangle((left, top, left + 250, top + 300), fill=(206, 210, 216), outline=(60, 66, 74), width=5)
    for row in range(3):
        for column in range(4):
            x, y = left + 25 + column * 55, top + 35 + row * 85
            draw.rectangle((x, y, x + 36, y + 52), fill=_tint(rng, 60, 130))
    draw.ellipse((left + 105, top + 8, left + 130, top + 30), fill=(200, 50, 40) if before else (40, 160, 80))
    if before:
        points = [(left + 30, top + 300)]
        for _ in range(7):
            points.append((points[-1][0] + rng.randint(-20, 70), points[-1][1] + rng.randint(-70, 60)))
        draw.line(points, fill=(190, 50, 40), width=6, joint="curve")
    return left + 130, top + 220


def _shelf(draw: ImageDraw.ImageDraw, rng: random.Random, before: bool) -> tuple[int, int]:
    for level in range(4):
        y = 140 + level * 90
        draw.line((60, y, 580, y), fill=(96, 104, 116), width=10)
        x = 70
        while x < 540:
            width, height = rng.randint(34, 78), rng.randint(36, 70)
            if before or rng.random() < 0.6:
                lean = rng.randint(-10, 12) if before else 0
                draw.polygon(
                    [(x, y - 5), (x + width, y - 5), (x + width + lean, y - height), (x + lean, y - height)],
                    fill=_tint(rng, 90, 210),
                )
            x += width + (4 if before else 22)
    return rng.randint(220, 420), rng.randint(180, 340)


SCENES: tuple[Callable[[ImageDraw.ImageDraw, random.Random, bool], tuple[int, int]], ...] = (
    _kitchen,
    _store,
    _corridor,
    _pipes,
    _panel,
    _shelf,
)


def photo(seed: int, caption: str, before: bool) -> bytes:
    """Return a 640×480 JPEG drawing. The same seed draws the same place before and after rectification.

    The caption stands as a watermark at the foot; the words 示例图 say that this is no photograph.
    """
    rng = random.Random(seed)  # noqa: S311 - a drawing, no secret
    scene = SCENES[rng.randrange(len(SCENES))]
    wall, floor = _tint(rng, 208, 238), _tint(rng, 140, 172)
    image = Image.new("RGB", SIZE, wall)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, rng.randint(360, 410), 640, 480), fill=floor)
    for _ in range(rng.randint(2, 6)):  # tiles or posters on the wall set one place apart from another
        x, y = rng.randint(0, 560), rng.randint(0, 150)
        draw.rectangle((x, y, x + rng.randint(30, 130), y + rng.randint(20, 90)), fill=_tint(rng, 180, 228))
    x, y = scene(draw, rng, before)
    if before:
        draw.ellipse((x - 70, y - 55, x + 70, y + 55), outline=RED, width=6)
    else:
        draw.ellipse((556, 20, 616, 80), fill=GREEN)
        draw.line([(570, 50), (582, 64), (604, 36)], fill=(255, 255, 255), width=7)
    draw.rectangle((0, 440, 640, 480), fill=(16, 36, 58))
    font = _font(18)
    if font is None:
        draw.text((12, 452), f"DEMO DRAWING {seed} {'BEFORE' if before else 'AFTER'}", fill=(255, 255, 255))
    else:
        draw.text(
            (12, 447),
            f"示例图 {'整改前' if before else '整改后'}  {caption}"[:34],
            fill=(255, 255, 255),
            font=font,
        )
    output = io.BytesIO()
    image.save(output, "JPEG", quality=72)
    return output.getvalue()
