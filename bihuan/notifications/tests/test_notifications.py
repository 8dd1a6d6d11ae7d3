"""Messages: once per matter, read by their owner only, sent out with patience."""

import datetime as dt

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from bihuan.core.statements import whole_act
from bihuan.core.writes import Writes
from bihuan.notifications import delivery
from bihuan.notifications.actions import add_message, mark_read, notify, send_out_after_commit
from bihuan.notifications.models import Delivery, Message
from bihuan.notifications.queries import unread_count

SENT_SMS: list[tuple[str, str]] = []


def fake_sms(phone, text):
    if phone.endswith("9"):
        raise ConnectionError("短信网关不通")
    SENT_SMS.append((phone, text))


def test_the_same_matter_is_told_once(people):
    both = [people.inspector, people.inspector2]
    first = notify(both, category="duty", title="新的检查任务", url="/duties/1/", key="duty:1")
    assert {message.recipient for message in first} == set(both)
    third = notify([*both, people.outsider], category="duty", title="新的检查任务", key="duty:1")
    assert [message.recipient for message in third] == [people.outsider]
    assert Message.objects.count() == 3


def test_without_a_key_each_call_tells(people):
    assert len(notify([people.inspector], category="system", title="一")) == 1
    assert len(notify([people.inspector], category="system", title="一")) == 1
    assert unread_count(people.inspector) == 2


def test_robots_and_people_who_left_are_told_nothing(people):
    people.outsider.is_active = False
    assert notify([people.robot, people.outsider], category="duty", title="一") == []


def test_a_person_named_twice_is_told_once(people):
    assert len(notify([people.office, people.office], category="duty", title="一")) == 1


def test_long_words_are_cut_not_refused(people):
    (message,) = notify([people.office], category="duty", title="长" * 300, body="文" * 900, key="k" * 300)
    assert (len(message.title), len(message.body)) == (120, 500)
    assert notify([people.office], category="duty", title="长", key="k" * 300) == []


def test_email_leaves_after_commit(people, settings, django_capture_on_commit_callbacks):
    settings.EMAIL_HOST = "mail.invalid"
    people.office.email = "office@example.com"
    people.office.save()
    with django_capture_on_commit_callbacks(execute=True):
        notify(
            [people.office, people.housing], category="urge", title="三项逾期", body="请督促", url="/duties/"
        )
    assert [message.to for message in mail.outbox] == [["office@example.com"]]
    assert mail.outbox[0].subject == "【闭环】三项逾期"
    assert "http://testserver/duties/" in mail.outbox[0].body
    assert Delivery.objects.get().status == "sent"


def test_sms_only_for_what_presses_and_tried_again(people, settings):
    settings.BIHUAN_SMS_BACKEND = "bihuan.notifications.tests.test_notifications.fake_sms"
    people.office.phone, people.housing.phone = "19900000001", "19900000009"
    people.office.save()
    people.housing.save()
    notify([people.office, people.housing], category="urge", title="催办")
    notify([people.office], category="result", title="已销号")
    now = timezone.now()
    assert delivery.send_due(now) == 1
    assert SENT_SMS == [("19900000001", "【闭环】催办")]
    waiting = Delivery.objects.get(status="waiting")
    assert "短信网关不通" in waiting.error
    assert waiting.next_attempt_at == now + dt.timedelta(minutes=1)
    assert delivery.send_due(now) == 0
    for minutes in (1, 6, 36, 156):
        delivery.send_due(now + dt.timedelta(minutes=minutes))
    waiting.refresh_from_db()
    assert (waiting.status, waiting.attempts) == ("failed", 5)


def test_the_page_shows_my_unread_messages_only(client, people):
    (mine,) = notify([people.office], category="urge", title="甲事逾期", url="/duties/")
    notify([people.housing], category="urge", title="乙事逾期")
    client.force_login(people.office)
    page = client.get(reverse("notifications:list")).content.decode()
    assert "甲事逾期" in page
    assert "乙事逾期" not in page
    assert client.post(reverse("notifications:open", args=[mine.pk])).url == "/duties/"
    assert unread_count(people.office) == 0
    assert "甲事逾期" not in client.get(reverse("notifications:list")).content.decode()
    assert "甲事逾期" in client.get(reverse("notifications:list") + "?show=all").content.decode()


def test_nobody_opens_the_message_of_another(client, people):
    (message,) = notify([people.office], category="urge", title="甲")
    client.force_login(people.housing)
    assert client.post(reverse("notifications:open", args=[message.pk])).status_code == 404
    assert unread_count(people.office) == 1


@pytest.mark.parametrize("url", ["https://example.com/", "//example.com", "javascript:alert(1)", ""])
def test_a_message_never_leads_off_the_site(client, people, url):
    (message,) = notify([people.office], category="urge", title="甲", url=url)
    client.force_login(people.office)
    assert client.post(reverse("notifications:open", args=[message.pk])).url == reverse("notifications:list")


def test_read_all_and_read_some(client, people):
    first, second, _third = (notify([people.office], category="system", title=title)[0] for title in "甲乙丙")
    client.force_login(people.office)
    client.post(reverse("notifications:read"), {"pick": [first.pk]})
    assert unread_count(people.office) == 2
    assert mark_read(people.housing, [second.pk]) == 0
    client.post(reverse("notifications:read"))
    assert unread_count(people.office) == 0


def test_a_bad_cursor_leads_back(client, people):
    client.force_login(people.office)
    assert client.get(reverse("notifications:list") + "?cursor=xxx").status_code == 302


def test_a_message_written_with_an_act_leaves_the_house_after_it(
    people, settings, django_capture_on_commit_callbacks
):
    settings.EMAIL_HOST = "mail.invalid"
    people.inspector.email = "inspector@example.org"
    people.inspector.save()
    with django_capture_on_commit_callbacks(execute=True):
        with whole_act():
            writes = Writes()
            for person in (people.inspector, people.inspector2):
                add_message(
                    writes, person.pk, category="result", title="退回整改", body="未改", url="/hazards/1/", key="line:1",
                    at=timezone.now(),
                )  # fmt: skip
            writes.send()
        send_out_after_commit([(people.inspector.pk, "line:1"), (people.inspector2.pk, "line:1")])
        assert not Delivery.objects.exists()
    assert unread_count(people.inspector) == unread_count(people.inspector2) == 1
    assert [each.message.recipient for each in Delivery.objects.all()] == [people.inspector]
