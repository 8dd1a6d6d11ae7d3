"""Words as pairs: what folds together, how a text is written, and that finding equals looking."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bihuan.search.grams import fold, grams, numbers, terms_of, words_of

# Few characters, so that words repeat, overlap and meet at the ends of runs.
LETTERS = st.sampled_from("软管隐患整改a1２Ｂ，。 -")
NUMBERED = st.text(st.sampled_from("软管a12，"), max_size=24)
TEXTS = st.text(LETTERS, max_size=24)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("连接软管超过２米", "连接软管超过2米"),
        ("ＤＮ５０ 管道", "dn50 管道"),
        ("軟管連接處漏氣", "软管连接处漏气"),
        ("《GB 50016-2014》第3.1条", "gb 50016 2014 第3 1条"),
        ("面积３００㎡", "面积300m2"),
        ("  后厨、餐厅\n二层 ", "后厨 餐厅 二层"),
        ("……——", ""),
        ("Ａ\u0301b", "ab"),
        ("𠮷野家", "𠮷野家"),
    ],
)
def test_what_reads_the_same_folds_the_same(text, folded):
    assert fold(text) == folded


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("软管", "软管 管"),
        ("软", "软"),
        ("连接软管，DN15", "连接 接软 软管 管 dn n1 15 5"),
        ("", ""),
        ("！", ""),
    ],
)
def test_a_run_is_its_pairs_and_its_last_character(text, pairs):
    assert grams(text) == pairs


@pytest.mark.parametrize(
    ("text", "marks"),
    [
        ("示范单位2105号", ("@n2105",)),
        ("ＧＢ 50016-2014，长12米", ("@n50016", "@n2014")),
        ("编号A1b2", ("@na1b2",)),
        ("软管", ()),
    ],
)
def test_numbers_of_three_characters_and_more_are_marked_whole(text, marks):
    assert numbers(text) == marks


@pytest.mark.parametrize(
    ("query", "whole", "beginnings"),
    [
        ("单位2105号", ("@n2105",), ()),
        ("单位2105", (), ()),  # a beginning of four fits too many numbers
        ("编号99997", (), ("@n99997",)),
        ("2105号", (), ()),  # may be the end of 12105号
        ("号12号", (), ()),
        ("证GB50016 第2014条", ("@n2014",), ("@ngb50016",)),
    ],
)
def test_a_number_is_looked_for_whole_only_where_it_must_be(query, whole, beginnings):
    terms = terms_of(query)
    assert (terms.numbers, terms.beginnings) == (whole, beginnings)


def test_an_entry_begins_with_its_marks():
    assert words_of(["hazard", "5397"], ["软管", "", "A1"]) == " @hazard @5397 软管 管 a1 1 "


@pytest.mark.parametrize(
    ("query", "words", "patterns"),
    [
        ("软管", ("软管",), (" 软管 ",)),
        ("软管超过", ("软管超过",), (" 软管 管超 超过 ",)),
        ("软", ("软",), (" 软",)),
        ("軟管　后厨", ("软管", "后厨"), (" 软管 ", " 后厨 ")),
        ("GB-50", ("gb", "50"), (" gb ", " 50 ")),
    ],
)
def test_a_query_is_words(query, words, patterns):
    assert terms_of(query).words == words
    assert terms_of(query).patterns == patterns


def test_a_query_without_letters_looks_for_nothing():
    assert not terms_of(" ，-%_ ")


def test_a_query_has_an_end():
    assert terms_of("一 二 三 四 五 六 七 八 九 十").words == tuple("一二三四五六七八")


@given(st.lists(TEXTS | NUMBERED, max_size=3), TEXTS | NUMBERED)
def test_a_pattern_stands_in_an_entry_exactly_when_the_word_stands_in_a_text(texts, query):
    entry = words_of(["hazard", "5397"], texts)
    tokens = set(entry.split())
    folded = [run for text in texts for run in fold(text).split()]
    terms = terms_of(query)
    for word, pattern in zip(terms.words, terms.patterns, strict=True):
        stands = any(word in run for run in folded)
        assert (pattern in entry) == stands
        if stands and len(word) > 1:
            assert {word[at : at + 2] for at in range(len(word) - 1)} <= tokens
    if all(any(word in run for run in folded) for word in terms.words):
        assert set(terms.numbers) <= tokens
        assert all(any(token.startswith(mark) for token in tokens) for mark in terms.beginnings)


@given(st.text(max_size=40))
def test_any_text_at_all_can_be_written_and_its_own_words_are_in_it(text):
    entry = words_of(["paper"], [text])
    assert "  " not in entry
    for word in fold(text).split():
        assert f" {grams(word)} " in entry
