"""Who may open a file: whoever uploaded it, and whoever may see a record it belongs to."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from bihuan.accounts.models import User

from .models import Attachment, AttachmentLink, Signature

Visible = Callable[[User, str], bool]

_VISIBLE: dict[str, Visible] = {}


def register(model_label: str, visible: Visible) -> None:
    """Say who may see records of a model; called in `AppConfig.ready` of each app whose records carry files.

    `model_label` is lower case, e.g. "hazards.hazard"; `visible(user, pk)` answers for one record.
    """
    _VISIBLE[model_label.lower()] = visible


def may_see_subject(user: User, subject: str) -> bool:
    """Whether the person may see the record `subject` ("hazards.hazard:42"); unknown models are closed."""
    label, _, pk = subject.partition(":")
    visible = _VISIBLE.get(label)
    return bool(visible and visible(user, pk))


def may_see(user: User, attachment: Attachment) -> bool:
    """Whether the person may open the file."""
    if not user.is_authenticated or not user.is_active:
        return False
    if attachment.uploaded_by_id == user.pk:
        return True
    return any(may_see_subject(user, subject) for subject in subjects_of(attachment))


def subjects_of(attachment: Attachment) -> Iterable[str]:
    """Every record a file belongs to: linked evidence, and for a drawn signature the record it signs."""
    yield from (
        AttachmentLink.objects.filter(attachment=attachment).values_list("subject", flat=True).distinct()
    )
    if attachment.kind == Attachment.Kind.SIGNATURE:
        yield from Signature.objects.filter(image=attachment).values_list("subject", flat=True).distinct()
