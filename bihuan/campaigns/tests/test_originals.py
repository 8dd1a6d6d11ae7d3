"""The way back to the original, through what is stored of a reading."""

import json

from hypothesis import given
from hypothesis import strategies as st

from bihuan.campaigns.originals import omissions, original_span, reading_of, source_of
from bihuan.plans import SourceText, Span
from bihuan.plans.model import Flag
from bihuan.plans.reading.mapped import Edit, Mapped


def stored(mapped, flags=()):
    return json.loads(json.dumps(reading_of(SourceText(mapped.text, "html", [], list(flags), mapped))))


def test_what_was_left_out_stands_before_the_next_character_of_the_text():
    mapped = Mapped.of("首页 打印\n安監(jiān)局牵头 关闭").edited(
        [
            Edit(0, 6, "", "furniture"),
            Edit(7, 8, "监", "markup"),
            Edit(8, 14, "", "pinyin"),
            Edit(17, 20, "", "furniture"),
        ]
    )
    assert mapped.text == "安监局牵头"[: len(mapped.text)]
    reading = stored(mapped)
    assert [(each.at, each.words) for each in omissions(mapped.original, reading)] == [
        (0, "首页 打印"),
        (2, "(jiān)"),
        (-1, "关闭"),
    ]
    assert original_span(reading, Span(0, 3)) == (6, 15)


def test_blanks_are_no_omission():
    mapped = Mapped.of("一 二").edited([Edit(1, 2, "", "blank")])
    assert omissions(mapped.original, stored(mapped)) == []


def test_plain_text_is_its_own_original():
    assert original_span(reading_of(SourceText("一、目标", "text")), Span(1, 3)) == (1, 3)


def test_damage_comes_back_with_the_source():
    flag = Flag(Span(1, 2), "lost", "此处有无法恢复的字符")
    reading = stored(Mapped.of("安□局"), [flag])
    source = source_of("安□局", reading, ["一条提示"])
    assert (source.kind, source.flags, source.notices) == ("html", [flag], ["一条提示"])


@given(st.text("甲乙丙 (ab)", min_size=1, max_size=40), st.data())
def test_the_runs_say_what_the_mapping_says(original, data):
    mapped = Mapped.of(original)
    edits, cursor = [], 0
    while cursor < len(original):
        start = data.draw(st.integers(cursor, len(original)))
        end = data.draw(st.integers(start, min(start + 4, len(original))))
        if start == end:
            break
        edits.append(Edit(start, end, data.draw(st.text("丁戊", max_size=3)), "markup"))
        cursor = end
    mapped = mapped.edited(edits)
    reading = stored(mapped)
    for at in range(len(mapped.text)):
        assert original_span(reading, Span(at, at + 1)) == mapped.to_original(Span(at, at + 1))
