"""Alike photos found among all: exactly those within the radius, new ones without starting over."""

import datetime as dt
import random

import pytest

from bihuan.attachments import likeness
from bihuan.attachments.images import distance
from bihuan.attachments.likeness import HashIndex, PhotoStore
from bihuan.attachments.models import Attachment
from bihuan.inspections.tests.factories import photo

ALL = 64  # bits: everything is alike


def signed(value: int) -> int:
    return value - (1 << 64) if value >> 63 else value


def test_exactly_those_within_the_radius():
    rng = random.Random(5)
    rows = [signed(rng.getrandbits(64)) for _ in range(9000)]
    base = rows[0]
    near = [signed((base & (2**64 - 1)) ^ ((1 << bits) - 1)) for bits in range(9)]
    index = HashIndex()
    index.add(rows)
    index.add(near)
    found = index.within(base, 6)
    assert set(found) == {each for each in [*rows, *near] if distance(base, each) <= 6}
    assert found == near[:7]  # itself, then one to six bits away
    assert len(index) == 9009


def test_an_empty_index_finds_nothing():
    assert HashIndex().within(7, ALL) == []
    index = HashIndex()
    index.add([])
    assert len(index) == 0


@pytest.mark.django_db
def test_new_photos_are_found_without_starting_over(people):
    store = PhotoStore()
    first = photo(people.inspector)
    assert [str(each.attachment) for each in store.alike([0], ALL)[0]] == [first]
    second = photo(people.inspector)
    assert {str(each.attachment) for each in store.alike([0], ALL)[0]} == {first, second}


@pytest.mark.django_db
def test_asking_again_and_again_does_not_grow_the_index(people):
    store = PhotoStore()
    photo(people.inspector)
    store.refresh()
    photo(people.inspector)
    store.refresh()
    known = len(store)
    for _ in range(3):
        store.refresh()
    assert len(store) == known


@pytest.mark.django_db
def test_a_photo_that_became_visible_late_is_found(people):
    """Its transaction began before another one and ended after it."""
    store = PhotoStore()
    photo(people.inspector)
    store.refresh()
    late = photo(people.inspector)
    row = Attachment.objects.get(pk=late)
    Attachment.objects.filter(pk=late).update(uploaded_at=row.uploaded_at - dt.timedelta(minutes=5))
    assert late in {str(each.attachment) for each in store.alike([0], ALL)[0]}


@pytest.mark.django_db
def test_the_earlier_of_two_equal_photos_comes_first_and_signatures_are_no_photos(people):
    store = PhotoStore()
    first, second, third = (photo(people.inspector) for _ in range(3))
    Attachment.objects.update(perceptual_hash=12)
    Attachment.objects.filter(pk=third).update(kind="signature")
    found = store.alike([8], 3)[0]
    assert [(str(each.attachment), each.bits) for each in found] == [(first, 1), (second, 1)]


@pytest.mark.django_db
def test_one_index_for_the_process(people):
    likeness.forget()
    photo(people.inspector)
    assert len(likeness.alike([0, 1], ALL)) == 2
    likeness.forget()
