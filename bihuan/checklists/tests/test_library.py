"""The library in the database: drafts, publishing, withdrawing, copies, shipped packs."""

from __future__ import annotations

import datetime as dt
import threading
from dataclasses import replace

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings

from bihuan.accounts.actions import organizations as reform
from bihuan.accounts.queries import service_user
from bihuan.accounts.tests.world import make_world
from bihuan.audit.models import Event
from bihuan.audit.verification import verify
from bihuan.checklists import actions, editing, packs
from bihuan.checklists.models import Book, BookItem, BookVersion
from bihuan.checklists.storage import book_of, columns_of, write
from bihuan.checklists.structure import Book as Content
from bihuan.checklists.structure import Section
from bihuan.core.errors import IllegalMove, ReasonRequired, Refused

from .books import BOOK, HOSE, LICENCE, books

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return make_world()


def begin(world, content: Content = BOOK) -> BookVersion:
    return actions.create_book(world.organizations.office, content, sector="gas", by=world.people.office)


def in_force(world, content: Content = BOOK) -> BookVersion:
    version = begin(world, content)
    return actions.publish(
        version, effective_from=timezone.localdate(), seen=version.edits, by=world.people.office
    )


# --- what rows keep --------------------------------------------------------------------------------


@pytest.mark.parametrize("key", packs.KEYS)
def test_every_pack_comes_back_from_the_database_as_it_was(key):
    pack = packs.load(key)
    user = service_user()
    book = Book.objects.create(key=key, title=pack.title, sector=key)
    version = BookVersion.objects.create(
        book=book, number=pack.version, title=pack.title, note=pack.note, created_by=user,
        created_at=timezone.now(),
    )  # fmt: skip
    write(version, pack.sections)
    assert book_of(BookVersion.objects.select_related("book").get()) == pack


@given(content=books())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_book_comes_back_as_it_was(db, content):
    user = service_user()
    with transaction.atomic():
        book = Book.objects.create(key=f"any{Book.objects.count()}", title="任意", sector="other")
        version = BookVersion.objects.create(
            book=book, number=content.version, title=content.title, note=content.note, created_by=user,
            created_at=timezone.now(),
        )  # fmt: skip
        write(version, content.sections)
        assert book_of(version).sections == content.sections
        transaction.set_rollback(True)


def test_the_database_keeps_one_draft_and_dates_on_what_is_published(world):
    version = begin(world)
    with pytest.raises(IntegrityError), transaction.atomic():
        BookVersion.objects.create(
            book=version.book, number=2, title="二", created_by=world.people.office, created_at=timezone.now()
        )
    with pytest.raises(IntegrityError), transaction.atomic():
        BookVersion.objects.filter(pk=version.pk).update(status="published")
    with pytest.raises(IntegrityError), transaction.atomic():
        BookVersion.objects.filter(pk=version.pk).update(withdrawal_reason="没有撤回")
    with pytest.raises(IntegrityError), transaction.atomic():
        Book.objects.filter(pk=version.book_id).update(region=None)


# --- who -------------------------------------------------------------------------------------------


def test_a_book_is_seen_below_and_above_its_region_and_not_beside(world):
    people = world.people
    version = in_force(world)
    shipped = Book.objects.create(key="gas", title="随包", sector="gas")
    assert set(Book.objects.visible_to(people.inspector)) == {version.book, shipped}
    assert set(Book.objects.visible_to(people.shop)) == set()
    own = actions.create_book(
        world.organizations.office, replace(BOOK, key="own"), sector="fire", by=people.office
    )
    assert own in BookVersion.objects.visible_to(people.office)
    assert own not in BookVersion.objects.visible_to(people.inspector)


def test_only_the_organization_of_a_book_writes_it(world):
    version = begin(world)
    for act in (
        lambda by: actions.create_book(world.organizations.office, BOOK, sector="gas", by=by),
        lambda by: actions.start_draft(version.book, by=by),
        lambda by: actions.edit_draft(version, lambda book: book, seen=0, by=by),
        lambda by: actions.publish(version, effective_from=timezone.localdate(), seen=0, by=by),
        lambda by: actions.withdraw(version, reason="不该", by=by),
        lambda by: actions.discard_draft(version, seen=0, by=by),
    ):
        for by in (world.people.inspector, world.people.shop):
            with pytest.raises(PermissionDenied):
                act(by)


# --- writing and publishing --------------------------------------------------------------------------


def test_a_draft_is_changed_published_and_then_stands(world):
    me = world.people.office
    version = begin(world)
    changed = replace(LICENCE, text="燃气经营许可证在有效期内")
    version = actions.edit_draft(
        version, lambda book: editing.put_item(book, "GAS-OPS", changed), seen=0, by=me
    )
    assert version.edits == 1
    with pytest.raises(IllegalMove):
        actions.edit_draft(version, lambda book: editing.remove_item(book, "GAS-OPS-01"), seen=0, by=me)
    day = timezone.localdate()
    version = actions.publish(version, effective_from=day, seen=1, by=me)
    assert (version.status, version.effective_from, version.published_by) == ("published", day, me)
    with pytest.raises(IllegalMove):
        actions.edit_draft(version, lambda book: editing.remove_item(book, "GAS-OPS-01"), seen=1, by=me)
    with pytest.raises(IllegalMove):
        actions.publish(version, effective_from=day, seen=1, by=me)
    assert BookItem.objects.get(code="GAS-OPS-01").text == "燃气经营许可证在有效期内"
    assert Event.objects.filter(act="checklists.publish").count() == 1


def test_what_was_published_and_changed_behind_our_back_is_found(world):
    version = in_force(world)
    assert verify().is_clean
    BookItem.objects.filter(section__version=version, code="GAS-USE-01").update(text="软管多长都行")
    report = verify()
    assert not report.is_clean
    assert any(f"checklists.bookversion:{version.pk}" in str(each) for each in report.findings)


def test_a_book_that_does_not_hold_is_not_published(world):
    empty = replace(BOOK, sections=(Section("GAS-OPS", "经营条件", "trade", ()),))
    version = begin(world, empty)
    with pytest.raises(Refused, match="没有检查项"):
        actions.publish(version, effective_from=timezone.localdate(), seen=0, by=world.people.office)
    version.refresh_from_db()
    assert version.status == "draft"


def test_no_version_takes_effect_in_the_past_or_before_the_last_one(world):
    me, today = world.people.office, timezone.localdate()
    version = begin(world)
    with pytest.raises(Refused, match="不能早于今天"):
        actions.publish(version, effective_from=today - dt.timedelta(days=1), seen=0, by=me)
    actions.publish(version, effective_from=today + dt.timedelta(days=10), seen=0, by=me)
    second = actions.start_draft(version.book, by=me)
    with pytest.raises(Refused, match="不能比它早"):
        actions.publish(second, effective_from=today + dt.timedelta(days=9), seen=0, by=me)


def test_the_version_in_force_follows_dates_and_withdrawals(world):
    me, today = world.people.office, timezone.localdate()
    first = in_force(world)
    second = actions.start_draft(first.book, by=me)
    assert second.number == 2
    with pytest.raises(IllegalMove, match="已有一份草稿"):
        actions.start_draft(first.book, by=me)
    second = actions.publish(second, effective_from=today + dt.timedelta(days=5), seen=0, by=me)
    versions = BookVersion.objects
    assert list(versions.in_force(today - dt.timedelta(days=1))) == []
    assert list(versions.in_force(today)) == [first]
    assert list(versions.in_force(today + dt.timedelta(days=5))) == [second]
    with pytest.raises(ReasonRequired):
        actions.withdraw(second, reason=" ", by=me)
    actions.withdraw(second, reason="条款引用有误", by=me)
    assert list(versions.in_force(today + dt.timedelta(days=5))) == [first]
    with pytest.raises(IllegalMove):
        actions.withdraw(second, reason="再撤一次", by=me)
    assert verify().is_clean


def test_a_draft_given_up_leaves_what_was_published(world):
    me = world.people.office
    first = in_force(world)
    draft = actions.start_draft(first.book, by=me)
    actions.discard_draft(draft, seen=0, by=me)
    assert list(first.book.versions.all()) == [first]
    assert verify().is_clean


# --- shipped books and copies -------------------------------------------------------------------------


def test_packs_are_installed_once_and_a_newer_one_as_a_new_version(monkeypatch):
    by = service_user()
    assert actions.ensure_packs(by=by) == 5
    assert actions.ensure_packs(by=by) == 0
    newer = replace(packs.load("fire"), version=packs.load("fire").version + 1)
    monkeypatch.setattr(packs, "load_all", lambda: (newer,))
    assert actions.ensure_packs(by=by) == 1
    fire = Book.objects.get(key="fire", owner=None)
    assert [each.number for each in fire.versions.all()] == [newer.version, newer.version - 1]
    assert BookVersion.objects.in_force(timezone.localdate()).get(book=fire).number == newer.version


def test_a_copy_takes_the_place_of_the_shipped_book_once_published_and_stays(world, monkeypatch):
    actions.ensure_packs(by=service_user())
    me, office = world.people.office, world.organizations.office
    shipped = BookVersion.objects.get(book__key="gas")
    copy = actions.copy_book(shipped, office, by=me)
    assert book_of(copy) == book_of(shipped)
    assert copy.book.origin == shipped
    region = office.region_id
    assert shipped.book in Book.objects.in_force_at(region)
    actions.publish(copy, effective_from=timezone.localdate(), seen=0, by=me)
    assert shipped.book not in Book.objects.in_force_at(region)
    assert copy.book in Book.objects.in_force_at(world.enterprises.shop.locality_id)
    newer = replace(packs.load("gas"), version=2)
    monkeypatch.setattr(packs, "load_all", lambda: (newer,))
    actions.ensure_packs(by=service_user())
    copy.refresh_from_db()
    assert (copy.status, copy.book.versions.count()) == ("published", 1)
    with pytest.raises(Refused, match="已有标识"):
        actions.copy_book(shipped, office, by=me)
    with pytest.raises(PermissionDenied):
        actions.start_draft(shipped.book, by=me)


def test_books_pass_to_the_body_that_takes_over(world):
    bodies, people = world.organizations, world.people
    version = actions.create_book(bodies.market, BOOK, sector="gas", by=people.market)
    actions.create_book(bodies.housing, BOOK, sector="gas", by=people.housing)
    reform.merge(
        [bodies.market], bodies.housing, on=timezone.localdate(), document="机构改革方案", by=people.sysadmin
    )
    version.book.refresh_from_db()
    assert version.book.owner == bodies.housing
    assert version.book.key == f"gas_{bodies.market.pk}"
    assert actions.may_manage(people.housing, version.book)


# --- several at once -----------------------------------------------------------------------------------


def at_once(acts) -> tuple[list[object], list[Exception]]:
    """Run all acts, starting together; returns what they returned and raised."""
    barrier, results, errors = threading.Barrier(len(acts)), [], []

    def one(act) -> None:
        try:
            barrier.wait()
            results.append(act())
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results, errors


@pytest.mark.django_db(transaction=True)
def test_six_who_publish_at_once_publish_once():
    world = make_world()
    version, me, today = begin(world), world.people.office, timezone.localdate()

    def press():
        mine = BookVersion.objects.select_related("book").get(pk=version.pk)
        return actions.publish(mine, effective_from=today, seen=0, by=me).pk

    results, errors = at_once([press] * 6)
    assert results == [version.pk]
    assert {type(error) for error in errors} == {IllegalMove}
    assert Event.objects.filter(act="checklists.publish").count() == 1
    assert verify().is_clean


@pytest.mark.django_db(transaction=True)
def test_a_change_and_a_publication_never_pass_each_other():
    world = make_world()
    version, me, today = begin(world), world.people.office, timezone.localdate()

    def fetch():
        return BookVersion.objects.select_related("book").get(pk=version.pk)

    other = replace(HOSE, text="软管不大于 2 m，接头牢固")
    results, errors = at_once(
        [
            lambda: actions.publish(fetch(), effective_from=today, seen=0, by=me),
            lambda: actions.edit_draft(
                fetch(), lambda book: editing.put_item(book, "GAS-USE", other), seen=0, by=me
            ),
        ]
    )
    assert len(results) == 1
    assert [type(error) for error in errors] == [IllegalMove]
    version.refresh_from_db()
    text = BookItem.objects.get(section__version=version, code="GAS-USE-01").text
    assert (version.status, text) in {("published", HOSE.text), ("draft", other.text)}
    assert verify().is_clean


@pytest.mark.django_db(transaction=True)
def test_four_who_begin_a_draft_begin_one():
    world = make_world()
    first = in_force(world)
    results, errors = at_once([lambda: actions.start_draft(first.book, by=world.people.office).pk] * 4)
    assert len(results) == 1
    assert {type(error) for error in errors} == {IllegalMove}
    assert first.book.versions.count() == 2


@pytest.mark.django_db(transaction=True)
def test_two_processes_that_install_at_once_install_once():
    by = service_user()
    _, errors = at_once([lambda: actions.ensure_packs(by=by)] * 2)
    assert errors == []
    assert Book.objects.count() == BookVersion.objects.count() == 5


def test_columns_name_every_field_of_an_item():
    assert set(columns_of(HOSE)) == set(HOSE.__dataclass_fields__)


@time_machine.travel("2026-03-01 10:00 +0800")
def test_a_version_published_today_is_in_force_today(world):
    version = in_force(world)
    assert version.effective_from == dt.date(2026, 3, 1)
    assert list(BookVersion.objects.in_force(dt.date(2026, 3, 1))) == [version]
