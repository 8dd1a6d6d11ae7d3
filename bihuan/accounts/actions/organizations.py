"""Bodies and their posts: founding, renaming, merging, splitting (R275). Old names stay, duties follow the posts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

from django.db import IntegrityError, transaction
from django.utils import timezone

from bihuan.audit.actions import record
from bihuan.core.errors import IllegalMove, Refused
from bihuan.plans import normalize_unit

from .. import hooks
from ..models import Organization, OrganizationAlias, OrganizationChange, Post, Region, User
from ..permissions import Permission
from ..roles import ADMINISTRATORS, Role
from . import rights

DAY = dt.timedelta(days=1)


@transaction.atomic
def create_organization(
    *,
    name: str,
    short_name: str,
    kind: str,
    region: Region,
    paper_prefix: str = "",
    valid_from: dt.date | None = None,
    by: User,
) -> Organization:
    """Found a body; its full and short name resolve at once. Raises Refused when a current body bears the name."""
    rights.need(by, Permission.MANAGE_ORGANIZATIONS)
    today = timezone.localdate()
    if Organization.objects.current(on=valid_from or today).filter(name=name, region=region).exists():
        raise Refused(f"{region.name}已有名为“{name}”的单位")
    organization = Organization.objects.create(
        name=name, short_name=short_name, kind=kind, region=region, paper_prefix=paper_prefix,
        valid_from=valid_from or today,
    )  # fmt: skip
    _add_names(organization, [name, short_name], OrganizationAlias.Source.SEEDED)
    record("accounts.create_organization", organization, by=by, summary=f"建立单位 {name}（{region.name}）")
    return organization


def _add_names(
    organization: Organization, names: Iterable[str], source: str, valid_to: dt.date | None = None
) -> None:
    for name in names:
        key = normalize_unit(name)
        if key:
            OrganizationAlias.objects.get_or_create(
                organization=organization,
                key=key,
                defaults={"name": name, "source": source, "valid_to": valid_to},
            )


@transaction.atomic
def edit_organization(organization: Organization, *, short_name: str, paper_prefix: str, by: User) -> None:
    """Correct what is not the name itself; a change of name is a reform with a date (`rename`)."""
    rights.need(by, Permission.MANAGE_ORGANIZATIONS)
    organization.short_name, organization.paper_prefix = short_name, paper_prefix
    organization.save(update_fields=["short_name", "paper_prefix"])
    _add_names(organization, [short_name], OrganizationAlias.Source.SEEDED)
    record(
        "accounts.edit_organization",
        organization,
        by=by,
        summary=f"修改 {organization.name} 的简称、文书代字",
    )


@transaction.atomic
def add_alias(
    organization: Organization, name: str, *, by: User, source: str = OrganizationAlias.Source.SEEDED
) -> OrganizationAlias:
    """Note another name the body is called by (R270). Raises Refused when it has it, or when it says nothing.

    Administrators add them by hand; people who check plans add those they matched (`Source.MATCHED`).
    """
    rights.need(by, Permission.MANAGE_ORGANIZATIONS, Permission.MANAGE_PLANS)
    key = normalize_unit(name)
    if not key:
        raise Refused("别名不能为空")
    alias, created = OrganizationAlias.objects.get_or_create(
        organization=organization, key=key, defaults={"name": name.strip(), "source": source}
    )
    if not created:
        raise Refused(f"{organization.name}已有这个别名")
    record("accounts.add_alias", organization, by=by, summary=f"{organization.name} 增加别名“{alias.name}”")
    return alias


@transaction.atomic
def remove_alias(alias: OrganizationAlias, *, by: User) -> None:
    """Take back a wrong alias; a former name stays for ever."""
    rights.need(by, Permission.MANAGE_ORGANIZATIONS)
    if alias.source == OrganizationAlias.Source.HISTORY:
        raise Refused("曾用名须保留，旧文件仍以它称呼本单位")
    organization, name = alias.organization, alias.name
    alias.delete()
    record("accounts.remove_alias", organization, by=by, summary=f"{organization.name} 去掉别名“{name}”")


# --- reform (R275) -----------------------------------------------------------------------------------


def _check_day(on: dt.date, *organizations: Organization) -> None:
    if on > timezone.localdate():
        raise Refused("机构变动的日期不能晚于今天，请在变动生效之日办理")
    for organization in organizations:
        if organization.valid_to is not None:
            raise IllegalMove(f"{organization.name}已于 {organization.valid_to} 撤销")
        if organization.valid_from is not None and on <= organization.valid_from:
            raise Refused(f"变动日期须晚于{organization.name}的成立日期 {organization.valid_from}")


@transaction.atomic
def rename(
    organization: Organization, *, name: str, short_name: str, on: dt.date, document: str, by: User
) -> OrganizationChange:
    """Give the body a new name from a day on; the old one stays as a former name and keeps resolving."""
    rights.need(by, Permission.MANAGE_ORGANIZATIONS)
    _check_day(on, organization)
    document = rights.need_reason(document, "更名（依据文件）")
    if normalize_unit(name) == normalize_unit(organization.name):
        raise Refused("新名称与现名称相同")
    former, former_short = organization.name, organization.short_name
    _retire_names(organization, organization, on)
    organization.name, organization.short_name = name.strip(), short_name.strip()
    organization.save(update_fields=["name", "short_name"])
    _add_current_names(organization, on)
    change = OrganizationChange.objects.create(
        kind=OrganizationChange.Kind.RENAME, before=organization, after=organization, former_name=former, on=on,
        document=document,
    )  # fmt: skip
    record(
        "accounts.rename_organization",
        organization,
        by=by,
        summary=f"{former} 自 {on} 更名为 {name}：{document}",
        payload={"former": [former, former_short], "on": str(on), "document": document},
    )
    return change


def _retire_names(before: Organization, after: Organization, on: dt.date) -> None:
    """Keep every name of `before` as a dated former name of `after`."""
    names = {normalize_unit(before.name): before.name, normalize_unit(before.short_name): before.short_name}
    for alias in before.aliases.all():
        names.setdefault(alias.key, alias.name)
    for key, name in names.items():
        if not key:
            continue
        known = OrganizationAlias.objects.filter(organization=after, key=key).first()
        if known is None:
            OrganizationAlias.objects.create(
                organization=after,
                key=key,
                name=name,
                source=OrganizationAlias.Source.HISTORY,
                valid_to=on - DAY,
            )
        elif before == after:
            known.source, known.valid_to = OrganizationAlias.Source.HISTORY, known.valid_to or on - DAY
            known.save(update_fields=["source", "valid_to"])


def _add_current_names(organization: Organization, on: dt.date) -> None:
    for name in (organization.name, organization.short_name):
        key = normalize_unit(name)
        if key:
            OrganizationAlias.objects.update_or_create(
                organization=organization,
                key=key,
                defaults={
                    "name": name, "source": OrganizationAlias.Source.SEEDED, "valid_from": on, "valid_to": None,
                },
            )  # fmt: skip


@transaction.atomic
def merge(
    before: Iterable[Organization], after: Organization, *, on: dt.date, document: str, by: User
) -> list[OrganizationChange]:
    """Merge bodies into one that goes on: posts with their holders and duties move there, names are kept.

    Raises Refused when kinds differ or a body would be merged into itself.
    """
    rights.need(by, Permission.MANAGE_ORGANIZATIONS)
    document = rights.need_reason(document, "合并（依据文件）")
    bodies = list(dict.fromkeys(before))
    if not bodies:
        raise Refused("请选择要并入的单位")
    if after in bodies:
        raise Refused("不能把单位并入它自己")
    _check_day(on, *bodies)
    if not after.is_current(on):
        raise Refused(f"{after.name}在 {on} 不是现有单位")
    changes = []
    for body in bodies:
        if body.kind != after.kind:
            raise Refused(
                f"{body.name}是{body.get_kind_display()}，不能并入{after.get_kind_display()}{after.name}"
            )
        moved = _move_posts(list(body.posts.all()), after, f"{body.name}并入{after.name}：{document}", by)
        hooks.reform(body, after, moved, by=by, reason=document)
        _retire_names(body, after, on)
        _close(body, on, successor=after)
        changes.append(_noted(OrganizationChange.Kind.MERGE, body, after, on, document))
        record(
            "accounts.merge_organization",
            body,
            by=by,
            summary=f"{body.name} 自 {on} 并入 {after.name}：{document}",
            payload={"after": after.pk, "posts": [post.pk for post in moved], "document": document},
        )
    record(
        "accounts.merge_organization",
        after,
        by=by,
        summary=f"{after.name} 自 {on} 承接 {'、'.join(body.name for body in bodies)}：{document}",
        payload={"before": [body.pk for body in bodies]},
    )
    return changes


@transaction.atomic
def split(
    before: Organization,
    assignment: Mapping[int, Organization],
    *,
    on: dt.date,
    document: str,
    successor: Organization | None = None,
    by: User,
) -> list[OrganizationChange]:
    """Split a body: each post goes to the body `assignment` names ({post id: body}), with holders and duties.

    Posts that are not named, or named to `before`, stay. With `successor` the body is dissolved: then every post
    must go somewhere, and what names the body without a post passes to the successor.
    """
    rights.need(by, Permission.MANAGE_ORGANIZATIONS)
    document = rights.need_reason(document, "分设（依据文件）")
    _check_day(on, before)
    posts = list(before.posts.all())
    unknown = set(assignment) - {post.pk for post in posts}
    if unknown:
        raise Refused("有岗位不属于被分设的单位，请刷新页面")
    targets: dict[Organization, list[Post]] = {}
    for post in posts:
        target = assignment.get(post.pk, before)
        if target != before:
            targets.setdefault(target, []).append(post)
        elif successor is not None and post.is_active:
            raise Refused(f"{before.name}将撤销，请为岗位“{post.title}”指定去向")
    if not targets:
        raise Refused("请至少为一个岗位指定新的单位")
    for target in [*targets, *([successor] if successor else [])]:
        if not target.is_current(on):
            raise Refused(f"{target.name}在 {on} 不是现有单位")
        if target.kind != before.kind:
            raise Refused(f"{target.name}与{before.name}类型不同，不能承接其岗位")
    changes = []
    for target, chosen in targets.items():
        moved = _move_posts(chosen, target, f"自{before.name}分设：{document}", by)
        hooks.reform(before, target, moved, by=by, reason=document)
        changes.append(_noted(OrganizationChange.Kind.SPLIT, before, target, on, document))
    if successor is not None:
        if successor not in targets:
            hooks.reform(before, successor, [], by=by, reason=document)
            changes.append(_noted(OrganizationChange.Kind.SPLIT, before, successor, on, document))
        _retire_names(before, successor, on)
        _close(before, on, successor=successor)
    names = "、".join(dict.fromkeys(change.after.name for change in changes))
    record(
        "accounts.split_organization",
        before,
        by=by,
        summary=f"{before.name} 自 {on} 分设，岗位移交 {names}：{document}",
        payload={"posts": {str(post.pk): target.pk for target, chosen in targets.items() for post in chosen}},
    )
    return changes


def _noted(
    kind: str, before: Organization, after: Organization, on: dt.date, document: str
) -> OrganizationChange:
    return OrganizationChange.objects.create(
        kind=kind, before=before, after=after, former_name=before.name, on=on, document=document
    )


def _close(body: Organization, on: dt.date, *, successor: Organization) -> None:
    closed = Organization.objects.filter(pk=body.pk, valid_to=None).update(
        valid_to=on - DAY, successor=successor
    )
    if not closed:
        raise IllegalMove(f"{body.name}刚被撤销，请刷新页面")
    body.refresh_from_db()


def _move_posts(posts: list[Post], after: Organization, reason: str, by: User) -> list[Post]:
    has_default = after.posts.filter(is_default=True, is_active=True).exists()
    for post in posts:
        post.organization = after
        if post.is_default and post.is_active:
            # One body, one default post: the receiving body's own stays, or the first that arrives.
            post.is_default, has_default = not has_default, True
        post.save(update_fields=["organization", "is_default"])
        record(
            "accounts.move_post", post, by=by, summary=f"岗位“{post.title}”移至 {after.name}：{reason}"[:300]
        )
    return posts


# --- posts -------------------------------------------------------------------------------------------


@transaction.atomic
def create_post(organization: Organization, *, title: str, is_default: bool = False, by: User) -> Post:
    """Set up a post; it can do nothing until the security administrator assigns its role."""
    rights.need(by, Permission.MANAGE_ORGANIZATIONS)
    if not organization.is_current(timezone.localdate()):
        raise Refused(f"{organization.name}已撤销，不能设岗")
    if organization.posts.filter(title=title, is_active=True).exists():
        raise Refused(f"{organization.name}已有岗位“{title}”")
    if is_default:
        _clear_default(organization)
    post = Post.objects.create(
        organization=organization, title=title, role=Role.UNASSIGNED, is_default=is_default
    )
    record("accounts.create_post", post, by=by, summary=f"设立岗位 {post}，待安全管理员授权")
    return post


def _clear_default(organization: Organization, *, keep: int | None = None) -> None:
    others = organization.posts.filter(is_default=True)
    (others if keep is None else others.exclude(pk=keep)).update(is_default=False)


@transaction.atomic
def edit_post(post: Post, *, title: str, is_default: bool, by: User) -> None:
    """Rename a post or make it the one that work for its body reaches first."""
    rights.need(by, Permission.MANAGE_ORGANIZATIONS)
    if is_default:
        _clear_default(post.organization, keep=post.pk)
    post.title, post.is_default = title, is_default
    try:
        with transaction.atomic():
            post.save(update_fields=["title", "is_default"])
    except IntegrityError as error:
        raise IllegalMove("默认承办岗刚被别人改过，请刷新页面") from error
    record(
        "accounts.edit_post", post, by=by, summary=f"修改岗位 {post}{'（默认承办岗）' if is_default else ''}"
    )


@transaction.atomic
def close_post(post: Post, *, reason: str, by: User) -> None:
    """Take a post out of use. Raises Refused while somebody holds it: hand over first."""
    rights.need(by, Permission.MANAGE_ORGANIZATIONS)
    reason = rights.need_reason(reason, "停用岗位")
    today = timezone.localdate()
    holding = post.holdings.exclude(to_on__lt=today).select_related("user").first()
    if holding is not None:
        raise Refused(f"{holding.user.full_name}还任这个岗位，请先办理交接")
    if hooks.loads([post.pk]):
        raise Refused(f"这个岗位还有{'、'.join(hooks.loads([post.pk])[post.pk])}，请先改派")
    if (
        post.role in ADMINISTRATORS
        and not Post.objects.filter(role=post.role, is_active=True).exclude(pk=post.pk).exists()
    ):
        raise Refused("这是唯一的管理员岗位，不能停用")
    if not Post.objects.filter(pk=post.pk, is_active=True).update(is_active=False, is_default=False):
        raise IllegalMove("这个岗位已经停用")
    post.refresh_from_db()
    record("accounts.close_post", post, by=by, summary=f"停用岗位 {post}：{reason}")
