"""Alike photos found among all: exactly those within the radius, new ones without starting over."""

import random
import uuid

import pytest

from bihuan.attachments import likeness
from bihuan.attachments.images import distance
from bihuan.attachments.likeness import HashIndex, PhotoStore
from bihuan.inspections.tests.factories import photo


def signed(value: int) -> int:
    return value - (1 << 64) if value >> 63 else value


def test_exactly_those_within_the_radius():
    rng = random.Random(5)
    rows = [(uuid.UUID(int=no), signed(rng.getrandbits(64))) for no in range(9000)]
    base = rows[0][1]
    near = [
        (uuid.UUID(int=10_000 + bits), signed((base & (2**64 - 1)) ^ ((1 << bits) - 1))) for bits in range(9)
    ]
    index = HashIndex()
    index.add(rows)
    index.add(near)
    found = index.within(base, 6)
    expected = sorted(
        (distance(base, value), pk) for pk, value in [*rows, *near] if distance(base, value) <= 6
    )
    assert sorted((each.bits, each.attachment) for each in found) == expected
    assert [each.bits for each in found] == sorted(each.bits for each in found)
    assert len(found) == 8  # itself, its copy, and one to six bits away


def test_an_empty_index_finds_nothing():
    assert HashIndex().within(7, 64) == []


@pytest.mark.django_db
def test_new_photos_are_found_without_starting_over(people):
    store = PhotoStore()
    first = photo(people.inspector)
    assert store.refresh() == 1
    second = photo(people.inspector)
    assert store.refresh() == 2
    assert store.refresh() == 2
    found = store.alike([0], 64)[0]
    assert {str(each.attachment) for each in found} == {first, second}


@pytest.mark.django_db
def test_one_index_for_the_process(people):
    likeness.forget()
    photo(people.inspector)
    assert len(likeness.alike([0, 1], 64)) == 2
    likeness.forget()
