"""Editing, publishing and applying the attributes of kinds. One draft per kind; a published version never changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Count, F, Max, Q
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.audit.actions import record
from bihuan.core.errors import IllegalMove, Refused

from .access import keeps_kinds
from .attributes import Attribute, Upgrade, check_definition, from_schema, to_schema, upgrade, validate
from .models import Enterprise, EnterpriseKind, EnterpriseQuerySet, KindSchema, Premises

CHANGED = "这份草稿已被修改或发布，请刷新后核对"
SEEN_OLD = "这份草稿刚被别人改过，您的修改没有保存，请刷新后核对"


def in_force(kind: EnterpriseKind | str | None) -> KindSchema | None:
    """The version of a kind's attributes in force; None for a kind without any."""
    if kind is None:
        return None
    return KindSchema.objects.published().filter(kind=kind).order_by("-version").first()


def attributes_of(kind: EnterpriseKind | str | None) -> tuple[Attribute, ...]:
    """What is asked of a kind today."""
    schema = in_force(kind)
    return from_schema(schema.schema) if schema else ()


def attributes_kept(record: Enterprise | Premises) -> tuple[Attribute, ...]:
    """What was asked when a record was filled in: by its own version, which explains what it holds."""
    if record.attributes_version is None:
        return ()
    kept = KindSchema.objects.filter(kind=record.kind_id, version=record.attributes_version).first()
    return from_schema(kept.schema) if kept else ()


def all_in_force() -> dict[str, tuple[int, tuple[Attribute, ...]]]:
    """{kind: (version, attributes)} of every kind that has a published version."""
    rows = KindSchema.objects.in_force().values_list("kind", "version", "schema")
    return {kind: (version, from_schema(schema)) for kind, version, schema in rows}


def _may_define(user: User) -> None:
    if not keeps_kinds(user):
        raise PermissionDenied


@transaction.atomic
def start_draft(kind: EnterpriseKind, *, by: User) -> KindSchema:
    """Begin the next version from the one in force. Raises PermissionDenied, IllegalMove when a draft is open."""
    _may_define(by)
    latest = KindSchema.objects.filter(kind=kind).aggregate(last=Max("version"))["last"] or 0
    current = in_force(kind)
    schema = current.schema if current else to_schema((), title=kind.label)
    try:
        with transaction.atomic():
            draft = KindSchema.objects.create(kind=kind, version=latest + 1, schema=schema, edited_by=by)
    except IntegrityError as error:
        raise IllegalMove(f"“{kind}”的属性表已有草稿，请在那一份上修改") from error
    record("registry.schema_draft", kind, by=by, summary=f"起草{draft}")
    return draft


@transaction.atomic
def save_draft(
    draft: KindSchema, attributes: Sequence[Attribute], *, by: User, seen: int, note: str = ""
) -> None:
    """Put new attributes into a draft; `seen` is its revision when the person opened it.

    Raises PermissionDenied, Refused for attributes that cannot be asked so, IllegalMove when it was published or
    somebody else saved meanwhile.
    """
    _may_define(by)
    try:
        check_definition(attributes)
    except ValidationError as error:
        raise Refused("；".join(error.messages)) from error
    schema = to_schema(attributes, title=draft.kind.label)
    saved = KindSchema.objects.filter(pk=draft.pk, status=KindSchema.Status.DRAFT, revision=seen).update(
        schema=schema,
        note=note.strip()[:200],
        revision=F("revision") + 1,
        edited_by=by,
        edited_at=timezone.now(),
    )
    if not saved:
        raise IllegalMove(SEEN_OLD)
    draft.refresh_from_db()
    record(
        "registry.schema_edit", draft.kind, by=by, summary=f"修改{draft}草稿",
        payload={"attributes": [attribute.name for attribute in attributes]},
    )  # fmt: skip


@transaction.atomic
def publish(draft: KindSchema, *, by: User, seen: int) -> None:
    """Put a draft into force, for good. Raises PermissionDenied, Refused for an empty or unsound one, IllegalMove
    when somebody was quicker."""
    _may_define(by)
    # What is judged is what is stored under the revision the person saw, not the copy at hand.
    draft.refresh_from_db()
    if draft.status != KindSchema.Status.DRAFT or draft.revision != seen:
        raise IllegalMove(CHANGED)
    attributes = from_schema(draft.schema)
    if not attributes:
        raise Refused("属性表还是空的，请先加属性再发布")
    try:
        check_definition(attributes)
    except ValidationError as error:
        raise Refused("；".join(error.messages)) from error
    now = timezone.now()
    done = KindSchema.objects.filter(pk=draft.pk, status=KindSchema.Status.DRAFT, revision=seen).update(
        status=KindSchema.Status.PUBLISHED, published_at=now, edited_by=by, edited_at=now
    )
    if not done:
        raise IllegalMove(CHANGED)
    draft.refresh_from_db()
    record(
        "registry.schema_publish", draft.kind, by=by, summary=f"发布{draft}", payload={"schema": draft.schema}
    )


@transaction.atomic
def discard_draft(draft: KindSchema, *, by: User) -> None:
    """Throw a draft away; published versions stay. Raises PermissionDenied, IllegalMove for a published one."""
    _may_define(by)
    words = str(draft)
    kind = draft.kind
    gone, _ = KindSchema.objects.filter(pk=draft.pk, status=KindSchema.Status.DRAFT).delete()
    if not gone:
        raise IllegalMove("已发布的版本不能删除")
    record("registry.schema_discard", kind, by=by, summary=f"放弃{words}草稿")


def check_values(kind: EnterpriseKind, values: Mapping[str, Any]) -> int | None:
    """The version that stored attributes are kept with, after judging them by it. Raises Refused."""
    schema = in_force(kind)
    if schema is None:
        if values:
            raise Refused(f"“{kind}”没有属性表，不能填写专有属性")
        return None
    problems = validate(schema.schema, values)
    if problems:
        raise Refused("；".join(sentence for _, sentence in problems))
    return schema.version


def needed_upgrade(record: Enterprise | Premises) -> Upgrade | None:
    """What carrying this record to the version in force means; None when it is there already and complete."""
    schema = in_force(record.kind_id)
    if schema is None:
        return None
    before: tuple[Attribute, ...] = ()
    if record.attributes_version is not None:
        old = KindSchema.objects.filter(kind=record.kind_id, version=record.attributes_version).first()
        before = from_schema(old.schema) if old else ()
    found = upgrade(before, from_schema(schema.schema), record.attributes)
    is_current = record.attributes_version == schema.version
    return None if is_current and not found.missing and not found.dropped else found


def consequences(kind: EnterpriseKind, before: Sequence[Attribute], after: Sequence[Attribute]) -> list[str]:
    """How many records of a kind publishing `after` leaves with something to do, a sentence for each reason."""
    records = Enterprise.objects.supervised().filter(kind=kind)
    old, new = {each.name: each for each in before}, {each.name: each for each in after}
    lines = []
    for name, attribute in new.items():
        was = old.get(name)
        if attribute.required and not (was and was.required):
            lacking = records.filter(~Q(attributes__has_key=name)).count()
            lines += [f"{lacking}家没有填“{attribute.label}”"] if lacking else []
        if was is not None and was != attribute:
            held = records.filter(attributes__has_key=name).values_list(f"attributes__{name}")
            unfit = sum(
                count
                for value, count in held.annotate(Count("pk")).order_by()
                if attribute.problem(_as_kept(was, value))
            )
            lines += [f"{unfit}家“{attribute.label}”的原值不合新要求"] if unfit else []
    for name, attribute in old.items():
        if name not in new:
            held_by = records.filter(attributes__has_key=name).count()
            lines += [f"{held_by}家填过“{attribute.label}”，转入新版后不再保留"] if held_by else []
    return lines


def _as_kept(attribute: Attribute, value: Any) -> Any:
    """A value as it was stored: taken out alone, a text of digits comes back from some databases as a number."""
    is_text = attribute.type in ("text", "choice", "date")
    return str(value) if is_text else float(value) if attribute.type == "number" else value


def behind(objects: EnterpriseQuerySet) -> EnterpriseQuerySet:
    """Those filled in by an older version than the one in force, or lacking what it requires."""
    wanting = Q(pk__in=())
    for kind, (version, attributes) in all_in_force().items():
        older = Q(attributes_version__lt=version) | Q(attributes_version=None)
        wanting |= Q(kind=kind) & (older | _lacking(attributes))
    return objects.filter(wanting)


def _lacking(attributes: Iterable[Attribute]) -> Q:
    lacking = Q(pk__in=())
    for attribute in attributes:
        if attribute.required:
            lacking |= ~Q(attributes__has_key=attribute.name)
    return lacking
