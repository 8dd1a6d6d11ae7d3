import pytest

from bihuan.accounts.models import Region
from bihuan.core.lazyjson import Undecoded


@pytest.fixture
def region(db):
    return Region.objects.create(
        code="5397", name="云溪市", short_name="云溪", kind="city", outline=[[1, 2.5], [3, 4]]
    )


def test_the_text_is_decoded_at_the_first_look(region):
    read = Region.objects.get(pk="5397")
    assert isinstance(read.__dict__["outline"], Undecoded)
    assert read.outline == [[1, 2.5], [3, 4]]
    assert read.__dict__["outline"] == [[1, 2.5], [3, 4]]


def test_a_row_saved_without_a_look_keeps_its_value(region):
    read = Region.objects.get(pk="5397")
    read.save()
    assert Region.objects.get(pk="5397").outline == [[1, 2.5], [3, 4]]


def test_what_was_set_is_what_is_read(region):
    region.outline = []
    region.save()
    assert Region.objects.get(pk="5397").outline == []


def test_a_deferred_column_is_fetched(region):
    assert Region.objects.defer("outline").get().outline == [[1, 2.5], [3, 4]]


def test_migrations_see_a_plain_column():
    name, path, *_ = Region._meta.get_field("outline").deconstruct()
    assert (name, path) == ("outline", "django.db.models.JSONField")
