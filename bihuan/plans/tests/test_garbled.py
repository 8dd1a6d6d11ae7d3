"""Bytes read one place off are put back where they prove what stood there; nothing is invented."""

from contextlib import suppress

from bihuan.plans import read_document
from bihuan.plans.reading.garbled import MOST, damaged_enumerator, find_damage


def damage(text: str) -> str:
    """Read GBK text one byte late until the next ASCII byte, dropping pairs without a character, as bad pages do."""
    data, shown, at = b"\xa1" + text.encode("gbk"), "", 0
    while at < len(data):
        if data[at] < 0x80:
            shown, at = shown + chr(data[at]), at + 1
            continue
        pair = data[at : at + 2]
        with suppress(UnicodeDecodeError):
            shown += pair.decode("gbk")
        at += 2
    return shown


PAGE = "一、工作任務\n（一）開展排查。深入企業查找隱患。\n{}\n（三）加強宣傳。深入社區開展培訓。"


def repaired(damaged: str):
    return read_document(PAGE.format(damaged).encode(), "a.txt")


def test_what_a_damaged_enumerator_looks_like():
    assert damaged_enumerator("四") == ("。ㄋ模", 3)
    assert damaged_enumerator("六") == ("。", 1)


def test_an_enumerator_is_restored_with_the_words_behind_it():
    # 開 ends in an ASCII byte (AD 5F), after which the page was read in step again.
    source = repaired(damage("（二）深入開") + "展整治，責令改正。")
    assert source.text.split("\n")[2] == "（二）深入开展整治，责令改正。"
    flag = next(flag for flag in source.flags if flag.kind == "realigned")
    assert "。ǘ" in flag.message
    start, end = source.to_original(flag.span)
    assert source.original[start:end].startswith("。ǘ")
    assert "字节错位" in " ".join(source.notices)


def test_an_enumerator_out_of_sequence_is_only_flagged():
    damaged = damage("（五）深入開") + "展整治。"
    source = repaired(damaged)
    assert "（五）" not in source.text
    assert "garbled" in {flag.kind for flag in source.flags}


def test_characters_that_lost_half_their_bytes_are_not_guessed():
    # The first byte of the character before “ became a question mark; 十五 within the quotation is not provable.
    text = "一、任務\n確?！笆濉睍r期安全生產形勢穩定。\n二、要求\n各部門要在這一時期開展檢查。"
    source = read_document(text.encode(), "a.txt")
    line = source.text.split("\n")[1]
    assert line == "确□“□□”时期安全生产形势稳定。"
    assert sorted(flag.kind for flag in source.flags) == ["lost", "lost", "realigned"]


def test_ordinary_text_is_left_alone():
    for text in (
        "为什么不报？！各单位要认真回答。",
        "一、任务；二、要求；髹漆企业由市局负责。",
        "┌──┬──┐\n│序号│单位│\n└──┴──┘",
        "α粒子检测；β射线防护；ｐH值。",
        "检查率达到100%;逾期不改的,停产整顿.",
        "注音ㄅㄆㄇ字母",
    ):
        assert find_damage(text) == []


def test_a_pinyin_note_inside_a_character_takes_it_along():
    # 區 was torn apart: the rest of a note stands where its first byte was, its second byte is read as ^.
    notes = "開(kāi)展檢(jiǎn)查，報(bào)送結(jié)果，責(zé)令改正。"
    source = read_document(f"一、任務(wù)\n{notes}企業進園入?yún)^(qū)經營。".encode(), "a.txt")
    assert source.text == "一、任务\n开展检查，报送结果，责令改正。企业进园入□经营。"
    assert {flag.kind for flag in source.flags} == {"realigned", "lost"}


def test_a_text_damaged_all_over_is_flagged_not_mended_forever():
    text = "一、任務\n" + "\n。ㄋ模┓e極開展" * 2000
    damages = find_damage(text)
    assert len(damages) <= MOST + 1
    assert damages[-1].span.end == len(text)
