import base64

import pytest
from django.core.exceptions import FieldError, ImproperlyConfigured, ValidationError
from django.db import connection, models
from django.test.utils import isolate_apps

from bihuan.core.fields import SealedCharField, UnsealError, blind_index, seal, seal_all, unseal

OLD = base64.b64encode(b"o" * 32).decode()
NEW = base64.urlsafe_b64encode(b"\xfb" * 32).decode()


@pytest.fixture(autouse=True)
def keys(settings):
    settings.BIHUAN_FIELD_KEY = OLD
    settings.BIHUAN_FIELD_OLD_KEYS = ()
    settings.BIHUAN_BLIND_KEY = ""


@pytest.fixture
def person(db):
    with isolate_apps("bihuan.core"):

        class Person(models.Model):
            id = models.BigIntegerField(primary_key=True)
            phone = SealedCharField("电话", max_length=20, blank=True, default="")
            number = SealedCharField("证号", max_length=18, null=True)

            class Meta:
                app_label = "core"

        with connection.cursor() as cursor:  # rolled back with the test's transaction
            cursor.execute(
                "CREATE TABLE core_person (id bigint PRIMARY KEY, phone text NOT NULL, number text)"
            )
        yield Person


def test_seal_and_unseal():
    sealed = seal("19900001234")
    assert sealed.startswith("s1.")
    assert "1990000" not in sealed
    assert sealed != seal("19900001234")
    assert unseal(sealed) == "19900001234"
    assert seal("") == unseal("") == ""


def test_rotation_keeps_old_values_readable(settings):
    sealed = seal("王小明")
    settings.BIHUAN_FIELD_KEY = NEW
    with pytest.raises(UnsealError, match="BIHUAN_FIELD_OLD_KEYS"):
        unseal(sealed)
    settings.BIHUAN_FIELD_OLD_KEYS = [OLD]
    assert unseal(sealed) == "王小明"
    assert seal("王小明").split(".")[1] != sealed.split(".")[1]


@pytest.mark.parametrize(
    "spoil", [lambda s: s[:-6] + "AAAAA=", lambda s: s[:30], lambda s: "19900001234", lambda s: "s1.x"]
)
def test_altered_text_is_refused(spoil):
    with pytest.raises(UnsealError):
        unseal(spoil(seal("19900001234")))


@pytest.mark.parametrize("key", ["", "短", base64.b64encode(b"short").decode()])
def test_bad_keys_are_explained(settings, key):
    settings.BIHUAN_FIELD_KEY = key
    with pytest.raises(ImproperlyConfigured, match="BIHUAN_FIELD_KEY"):
        seal("甲")


def test_blind_index(settings):
    assert blind_index("11010519491231002x") == blind_index(" １１０１０５-19491231-002X ")
    assert blind_index("19900001234") != blind_index("19900001235")
    assert blind_index("  ") == ""
    assert len(blind_index("1")) == 64
    first = blind_index("1")
    settings.BIHUAN_BLIND_KEY = OLD
    settings.BIHUAN_FIELD_KEY = NEW
    assert blind_index("1") == first


def test_the_column_holds_no_plain_text(person):
    person.objects.create(id=1, phone="19900001234", number="11010519491231002X")
    with connection.cursor() as cursor:
        cursor.execute("SELECT phone, number FROM core_person")
        stored = cursor.fetchone()
    assert all(text.startswith("s1.") for text in stored)
    again = person.objects.get()
    assert (again.phone, again.number) == ("19900001234", "11010519491231002X")


def test_empty_and_null_can_be_found_and_nothing_else(person):
    person.objects.create(id=1, phone="", number=None)
    person.objects.create(id=2, phone="19900001234", number="1")
    assert person.objects.filter(phone="").count() == 1
    assert person.objects.exclude(phone="").count() == 1
    assert person.objects.filter(number__isnull=True).count() == 1
    with pytest.raises(FieldError, match="blind_index"):
        person.objects.filter(phone="19900001234").count()
    with pytest.raises(FieldError):
        person.objects.filter(phone__contains="1990").count()


def test_max_length_limits_the_plain_text(person):
    with pytest.raises(ValidationError):
        person(id=1, phone="1" * 21, number="1").full_clean()
    person(id=1, phone="1" * 20, number="1").full_clean()
    assert person._meta.get_field("phone").formfield().max_length == 20


def test_many_are_sealed_each_by_itself():
    sealed = seal_all(["19900001234", "", None, "19900001234"])
    assert sealed[0] != sealed[3]
    assert [text if not text else unseal(text) for text in sealed] == ["19900001234", "", None, "19900001234"]
    assert seal_all(["", None]) == ["", None]
