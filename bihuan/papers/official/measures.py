"""The measures of GB/T 9704-2012, in millimetres and points. Both printers and the tests of the layout read them here.

Sources: GB/T 9704-2012 5.1 (page), 5.2 (type area, 22 lines of 28 characters), 7.2 (head), 7.3 (body), 7.4 (imprint),
7.5 (page number), 10.1 (letters).
"""

from __future__ import annotations

PAGE = (210.0, 297.0)
TOP, LEFT, BOTTOM, RIGHT = 37.0, 28.0, 35.0, 26.0
TEXT = (156.0, 225.0)
LINES, CHARACTERS = 22, 28
POINT = 25.4 / 72  # mm

SIZE_2, SIZE_3, SIZE_4, SIZE_5 = 22.0, 16.0, 14.0, 10.5
LINE = 28.95  # 22 lines on 225 mm, rounded down to what Word can hold
CHARACTER = TEXT[0] / POINT / CHARACTERS  # 15.79 pt: 3 号 is set a little closer so that 28 stand in a line
CLOSER = 0.25  # points between two signs of the body: Word holds twentieths of a point

MARK_TOP = 35.0  # from the type area to the upper edge of the issuer
MARK_MOST, MARK_LEAST = 48.0, 26.0
RED_LINE_BELOW = 4.0  # from the number to the red line
NUMBER_BELOW = 7.0  # from the type area to the dashes of the page number
LETTER_MARK_TOP = 30.0  # from the edge of the sheet
TITLE_CHARACTERS = 19  # of 2 号 in a line, one less than there is room for
LETTER_LINE = 170.0
LETTER_LINE_BOTTOM = 20.0  # from the lower edge of the sheet
OUTER_RULE, INNER_RULE = 0.35, 0.25  # of the imprint
DATE_FROM_RIGHT = 4  # characters
RED = "C8102E"

# Fonts of the standard first; what a free system has stands behind them.
SONG_TITLE = ("方正小标宋简体", "FZXiaoBiaoSong-B05S", "小标宋", "Noto Serif CJK SC")
FANGSONG = (
    "仿宋_GB2312",
    "FangSong_GB2312",
    "仿宋",
    "FangSong",
    "STFangsong",
    "FandolFang",
    "Noto Serif CJK SC",
)
HEI = ("黑体", "SimHei", "STHeiti", "Noto Sans CJK SC")
KAI = ("楷体_GB2312", "KaiTi_GB2312", "楷体", "KaiTi", "STKaiti", "AR PL UKai CN", "Noto Serif CJK SC")
SONG = ("宋体", "SimSun", "STSong", "Noto Serif CJK SC")


def mark_size(words: str) -> float:
    """Points of the issuer's red name: as large as one line of the type area allows, between two bounds."""
    room = 0.97 * TEXT[0] / POINT
    return min(MARK_MOST, max(MARK_LEAST, room / max(len(words), 1))) // 2 * 2
