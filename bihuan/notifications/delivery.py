"""Messages leaving the house: e-mail and SMS, tried again with growing pauses, given up with a reason."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import structlog
from django.conf import settings
from django.core.mail import send_mail
from django.utils import timezone
from django.utils.module_loading import import_string
from django_tasks import task

from .models import Delivery

log = structlog.get_logger(__name__)
# Minutes to wait after the first, second … failure; after the last one the delivery is given up.
PAUSES = (1, 5, 30, 120)
BATCH = 100
SENDING_MINUTES = 5
FOOT = "此邮件由闭环系统自动发出，请登录系统办理，不要直接回复。"


@task()
def deliver_waiting() -> int:
    """The background job: send whatever is due; what failed is tried again by a later run."""
    return send_due(timezone.now())


def send_due(now: dt.datetime) -> int:
    """Send every delivery that is due and return how many were sent.

    Call it from the periodic sweep as well: retries and what a dead worker left behind become due by time alone.
    """
    sent = 0
    due = Delivery.objects.filter(status=Delivery.Status.WAITING, next_attempt_at__lte=now)
    for pk in list(due.order_by("next_attempt_at").values_list("pk", flat=True)[:BATCH]):
        # Claimed by moving its due moment: a second worker does not send it too, a dead one delays it only.
        claimed = Delivery.objects.filter(
            pk=pk, status=Delivery.Status.WAITING, next_attempt_at__lte=now
        ).update(next_attempt_at=now + dt.timedelta(minutes=SENDING_MINUTES))
        if claimed:
            delivery = Delivery.objects.select_related("message__recipient").get(pk=pk)
            sent += attempt(delivery, now=now)
    return sent


def attempt(delivery: Delivery, *, now: dt.datetime) -> bool:
    """Try one delivery once and note the outcome. Returns whether it was sent."""
    delivery.attempts += 1
    try:
        if delivery.channel == Delivery.Channel.EMAIL:
            _send_email(delivery)
        else:
            _send_sms(delivery)
    except Exception as error:
        # Whatever a mail server or an operator's SMS module throws, the message itself is in the inbox already.
        log.warning("delivery.failed", delivery=delivery.pk, channel=delivery.channel, exc_info=True)
        delivery.error = f"{type(error).__name__}：{error}"[:200]
        if delivery.attempts > len(PAUSES):
            delivery.status = Delivery.Status.FAILED
        else:
            delivery.next_attempt_at = now + dt.timedelta(minutes=PAUSES[delivery.attempts - 1])
    else:
        delivery.status, delivery.error, delivery.sent_at = Delivery.Status.SENT, "", now
    delivery.save(update_fields=["attempts", "error", "status", "next_attempt_at", "sent_at"])
    return delivery.status == Delivery.Status.SENT


def _send_email(delivery: Delivery) -> None:
    message = delivery.message
    parts = [message.body, f"{settings.PUBLIC_URL}{message.url}" if message.url else "", FOOT]
    send_mail(
        subject=f"【闭环】{message.title}",
        message="\n\n".join(part for part in parts if part),
        from_email=settings.DEFAULT_FROM_EMAIL,
        recipient_list=[message.recipient.email],
    )


def _send_sms(delivery: Delivery) -> None:
    backend: Callable[[str, str], None] = import_string(settings.BIHUAN_SMS_BACKEND)
    backend(delivery.message.recipient.phone, f"【闭环】{delivery.message.title}")
