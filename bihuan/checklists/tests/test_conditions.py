"""Items narrowed by attributes: what is known to differ is left out, what is not known is asked."""

import pytest

from bihuan.checklists.conditions import NotACondition, applies, parse

ROOM = {"fuel": "瓶装液化石油气", "cylinder_stock": 150, "cylinder_room": False, "products": ["汽油", "柴油"]}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("", True),
        ("fuel = 瓶装液化石油气", True),
        ("fuel = 电", False),
        ("fuel = 电、瓶装液化石油气", True),
        ("fuel != 电", True),
        ("cylinder_stock > 100", True),
        ("cylinder_stock > 150", False),
        ("cylinder_stock >= 150", True),
        ("cylinder_stock = 150", True),
        ("cylinder_room = 否", True),
        ("cylinder_room = 是", False),
        ("products = 柴油", True),
        ("products = 氢", False),
        ("products != 氢", True),
        ("cylinder_stock > 100；cylinder_room = 是", False),
        ("unknown = 电", True),
        ("fuel > 3", True),
    ],
)
def test_a_condition_against_what_is_known(words, expected):
    assert applies(words, ROOM) is expected


@pytest.mark.parametrize("known", [{}, {"fuel": ""}, {"fuel": None}, {"fuel": []}])
def test_what_is_not_known_excludes_nothing(known):
    assert applies("fuel = 电", known)


@pytest.mark.parametrize(
    "words", ["fuel", "fuel ~ 电", "Fuel = 电", "stock > 很多", "= 3", "fuel = 电；再看"]
)
def test_what_cannot_be_read_is_named(words):
    with pytest.raises(NotACondition, match="适用条件“"):
        parse(words)


def test_a_condition_that_cannot_be_read_asks_everybody():
    assert applies("fuel ~ 电", ROOM)
