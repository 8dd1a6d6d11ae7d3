"""What is marked is what was looked for, in the text's own characters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bihuan.search.excerpts import excerpt, marked
from bihuan.search.grams import terms_of

LETTERS = st.sampled_from("软管隐患a１㎡，。 ")


def shown(pieces) -> str:
    return "".join(f"[{piece.text}]" if piece.is_hit else piece.text for piece in pieces)


@pytest.mark.parametrize(
    ("text", "query", "expected"),
    [
        ("连接软管超长", "软管", "连接[软管]超长"),
        ("連接軟管超長", "软管", "連接[軟管]超長"),
        ("ＤＮ１５管", "dn15", "[ＤＮ１５]管"),
        ("软管软管", "软管", "[软管软管]"),
        ("软管软", "软管 管软", "[软管软]"),
        ("300㎡厂房", "00m2", "3[00㎡]厂房"),
        ("后厨的软管", "软管 后厨", "[后厨]的[软管]"),
        ("软，管", "软管", "软，管"),
    ],
)
def test_words_are_marked(text, query, expected):
    assert shown(marked(text, terms_of(query))) == expected


def test_a_long_text_is_cut_around_the_first_word():
    text = "一" * 200 + "软管" + "二" * 200
    assert shown(excerpt(text, terms_of("软管"), width=30)) == f"…{'一' * 10}[软管]{'二' * 18}…"


def test_a_text_without_the_words_gives_no_excerpt():
    assert excerpt("阀门锈蚀", terms_of("软管")) == []


@given(st.text(LETTERS, max_size=60), st.text(LETTERS, min_size=1, max_size=4), st.integers(5, 20))
def test_nothing_is_added_or_lost(text, query, width):
    terms = terms_of(query)
    assert "".join(piece.text for piece in marked(text, terms)) == text
    cut = [piece for piece in excerpt(text, terms, width=width) if piece.text != "…"]
    assert "".join(piece.text for piece in cut) in text
    assert any(piece.is_hit for piece in cut) == any(piece.is_hit for piece in marked(text, terms))
