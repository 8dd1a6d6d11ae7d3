"""Rows made from what a hot statement brought."""

import pytest
from django.test.utils import CaptureQueriesContext

from bihuan.accounts.models import Organization
from bihuan.core.statements import instance_of, next_id, rows

pytestmark = pytest.mark.django_db


def test_what_is_known_is_there_and_the_rest_is_read_when_asked_for(people):
    from django.db import connection

    row = Organization.objects.get(pk=people.office.organization.pk)
    with CaptureQueriesContext(connection) as queries:
        known = instance_of(Organization, {"id": row.pk, "name": row.name})
        assert (known.pk, known.name, known) == (row.pk, row.name, row)
    assert len(queries) == 0
    assert known.region_id == row.region_id


def test_such_a_row_is_changed_when_saved_and_not_added(people):
    row = Organization.objects.get(pk=people.office.organization.pk)
    known = instance_of(Organization, {"id": row.pk, "name": "改了名的安委办"})
    known.save(update_fields=["name"])
    row.refresh_from_db()
    assert row.name == "改了名的安委办"


def test_the_next_id_is_the_one_the_row_gets(people):
    from django.db import transaction

    from bihuan.notifications.models import Message

    with transaction.atomic():
        [[number]] = rows(f"SELECT {next_id(Message)}", [])
        message = Message.objects.create(
            recipient=people.office, category="system", title="题", created_at="2026-11-21T08:00:00Z"
        )
    from django.db import connection

    # On PostgreSQL the number is taken, so that the next row has the one after it.
    assert message.pk == number + (connection.vendor == "postgresql")
