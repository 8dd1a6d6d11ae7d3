"""Words as pairs: what folds together, how a text is written, and that finding equals looking."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bihuan.search.grams import fold, grams, terms_of, words_of

# Few characters, so that words repeat, overlap and meet at the ends of runs.
LETTERS = st.sampled_from("软管隐患整改a1２Ｂ，。 -")
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


@given(st.lists(TEXTS, max_size=3), TEXTS)
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


@given(st.text(max_size=40))
def test_any_text_at_all_can_be_written_and_its_own_words_are_in_it(text):
    entry = words_of(["paper"], [text])
    assert "  " not in entry
    for word in fold(text).split():
        assert f" {grams(word)} " in entry
