"""Where a paper begins: the list of who is late, the page of an enterprise, of a phase."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from bihuan.instruments.subjects import find_subjects

from .factories import late_duty

pytestmark = pytest.mark.django_db


def test_all_a_body_is_late_with_goes_into_one_draft(client, world):
    yesterday = timezone.localdate() - dt.timedelta(days=1)
    duty = late_duty(world, due_on=yesterday)
    body = duty.organization
    client.force_login(world.people.office)
    page = client.get(f"{reverse('duties:late')}?organization={body.pk}").content.decode()
    assert f"{reverse('instruments:create')}?subject=duties.late%3A{body.pk}" in page
    given = {"subject": f"duties.late:{body.pk}", "kind": "supervision"}
    draft = client.get(reverse("instruments:create"), given).content.decode()
    assert f'name="subject" value="duties.duty:{duty.pk}"' in draft
    # Nobody's duties but those one may see, and no number that is none.
    assert [each.subject for each in find_subjects(f"duties.late:{body.pk}", world.people.office)] == [
        f"duties.duty:{duty.pk}"
    ]
    assert find_subjects(f"duties.late:{body.pk}", world.people.shop) == []
    assert find_subjects("duties.late:七", world.people.office) == []


def test_an_enterprise_page_names_whom_to_write_to_and_is_no_matter(client, world):
    shop = world.enterprises.shop
    client.force_login(world.people.office)
    page = client.get(shop.get_absolute_url()).content.decode()
    assert f"{reverse('instruments:create')}?subject=registry.enterprise%3A{shop.pk}" in page
    given = {"subject": f"registry.enterprise:{shop.pk}", "kind": "supervision"}
    draft = client.get(reverse("instruments:create"), given).content.decode()
    assert shop.organization.name in draft
    assert 'name="subject"' not in draft
    assert find_subjects(f"registry.enterprise:{shop.pk}", world.people.outsider) == []
