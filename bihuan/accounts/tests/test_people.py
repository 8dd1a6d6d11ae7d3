"""Accounts, appointments, hand-over: duty stays on the post, and the three administrators stay apart."""

import datetime as dt

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from bihuan.accounts import hooks
from bihuan.accounts.actions import organizations, people, security
from bihuan.accounts.models import ApiToken, Holding, LoginSession, User
from bihuan.accounts.queries import holders_of
from bihuan.accounts.roles import ADMINISTRATORS, ROLES, ROLES_BY_KIND, Role, conflict_of
from bihuan.audit.actions import hash_of
from bihuan.audit.models import Event
from bihuan.core.errors import IllegalMove, ReasonRequired, Refused

TODAY = timezone.localdate()
DAY = dt.timedelta(days=1)


def fresh(user):
    """The same person as the next request would load them."""
    return User.objects.get(pk=user.pk)


# --- accounts ------------------------------------------------------------------------------------


def test_a_new_account_must_change_its_password(world):
    user, password = people.create_user(
        username="heyan01",
        full_name="施新人",
        phone="19900000011",
        post=world.posts["outsider"],
        by=world.people.sysadmin,
    )
    validate_password(password, User(username=user.username))
    assert user.check_password(password)
    assert user.must_change_password
    assert holders_of(world.posts["outsider"])[-1] == user
    event = Event.objects.get(chain=f"accounts.user:{user.pk}")
    assert (event.act, event.actor_name) == ("accounts.create_user", "朱系统")
    assert "19900000011" not in str(event.payload) + event.summary


def test_only_the_system_administrator_opens_accounts(world):
    for name in ("office", "secadmin", "auditor", "qingshi_leader", "inspector"):
        with pytest.raises(PermissionDenied):
            people.create_user(username="x01", full_name="某", by=getattr(world.people, name))


def test_usernames_do_not_differ_by_case_only(world):
    with pytest.raises(Refused, match="已被使用"):
        people.create_user(username="Office", full_name="某", by=world.people.sysadmin)


def test_an_administrators_password_is_reset_by_security_only(world):
    p = world.people
    assert people.reset_password(p.office, by=p.sysadmin)
    with pytest.raises(PermissionDenied):
        people.reset_password(p.secadmin, by=p.sysadmin)
    with pytest.raises(PermissionDenied):
        people.reset_password(p.office, by=p.secadmin)
    assert people.reset_password(p.auditor, by=p.secadmin)
    with pytest.raises(Refused, match="自己的口令"):
        people.reset_password(p.secadmin, by=p.secadmin)


def test_resetting_a_password_ends_sessions(client, world):
    client.force_login(world.people.office)
    client.get("/accounts/profile/")
    assert LoginSession.objects.filter(user=world.people.office).count() == 1
    people.reset_password(world.people.office, by=world.people.sysadmin)
    assert client.get("/accounts/profile/").status_code == 302


# --- three administrators ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("roles", "allowed"),
    [
        ({"system_admin"}, True),
        ({"system_admin", "security_admin"}, False),
        ({"system_admin", "audit_admin"}, False),
        ({"security_admin", "audit_admin"}, False),
        ({"system_admin", "inspector"}, False),
        ({"audit_admin", "office_leader"}, False),
        ({"audit_admin", "unassigned"}, True),
        ({"office_leader", "office_officer"}, True),
        (set(), True),
    ],
)
def test_which_roles_go_together(roles, allowed):
    assert (conflict_of(roles) == "") is allowed


def test_nobody_is_appointed_to_two_administrators(world):
    p = world.people
    with pytest.raises(Refused, match="不同的人"):
        people.appoint(p.secadmin, world.posts["auditor"], from_on=TODAY, by=p.sysadmin)
    with pytest.raises(Refused, match="不得兼任"):
        people.appoint(p.office, world.posts["auditor"], from_on=TODAY, by=p.sysadmin)
    with pytest.raises(Refused, match="不得兼任"):
        people.appoint(p.auditor, world.posts["office"], from_on=TODAY + 90 * DAY, by=p.sysadmin)
    with pytest.raises(Refused):
        people.appoint(
            p.secadmin, world.posts["auditor"], kind="stand_in", from_on=TODAY, to_on=TODAY + DAY, reason="休假",
            by=p.sysadmin,
        )  # fmt: skip


def test_a_role_is_not_assigned_into_a_conflict(world):
    p = world.people
    spare = organizations.create_post(world.organizations.system, title="备岗", by=p.sysadmin)
    people.appoint(p.office, spare, from_on=TODAY, by=p.sysadmin)
    with pytest.raises(Refused, match="赵安和"):
        security.assign_role(spare, Role.AUDIT_ADMIN, reason="增设", by=p.secadmin)


def test_the_security_administrator_cannot_promote_themselves(world):
    p = world.people
    with pytest.raises(Refused, match="自己的岗位"):
        security.assign_role(world.posts["secadmin"], Role.SYSTEM_ADMIN, reason="试", by=p.secadmin)
    with pytest.raises(PermissionDenied):
        security.assign_role(world.posts["inspector"], Role.LOCALITY_LEADER, reason="试", by=p.sysadmin)


def test_the_last_administrator_of_a_kind_stays(world):
    p = world.people
    with pytest.raises(Refused, match="唯一的审计管理员"):
        people.deactivate_user(p.auditor, {world.posts["auditor"].pk: None}, reason="离职", by=p.sysadmin)
    with pytest.raises(Refused, match="唯一的审计管理员"):
        people.hand_over(
            Holding.objects.get(user=p.auditor), last_day=TODAY, successor=None, reason="离职", by=p.sysadmin
        )
    with pytest.raises(Refused, match="唯一的审计管理员"):
        security.assign_role(world.posts["auditor"], Role.UNASSIGNED, reason="收回", by=p.secadmin)


def test_a_role_must_fit_the_organization(world):
    with pytest.raises(Refused, match="不能授予"):
        security.assign_role(
            world.posts["inspector"], Role.OFFICE_LEADER, reason="试", by=world.people.secadmin
        )
    with pytest.raises(ReasonRequired):
        security.assign_role(
            world.posts["inspector"], Role.LOCALITY_OFFICER, reason=" ", by=world.people.secadmin
        )
    security.assign_role(
        world.posts["inspector"], Role.LOCALITY_OFFICER, reason="分工调整", by=world.people.secadmin
    )
    assert fresh(world.people.inspector).has_perm("inspections.conduct")
    assert fresh(world.people.inspector).has_perm("campaigns.report_task")
    with pytest.raises(IllegalMove):
        security.assign_role(
            world.posts["inspector"], Role.LOCALITY_OFFICER, reason="再来", by=world.people.secadmin
        )


def test_every_role_belongs_somewhere_and_can_be_read_aloud():
    offered = {role for roles in ROLES_BY_KIND.values() for role in roles}
    assert offered | {Role.UNASSIGNED} == set(Role) == set(ROLES)
    assert all(definition.sentence.endswith("。") for definition in ROLES.values())
    assert {role for role in Role if ROLES[role].needs_second_factor} == ADMINISTRATORS


def test_administrators_see_no_business():
    for role in ADMINISTRATORS:
        assert not {
            p for p in ROLES[role].permissions if p.split(".")[0] in {"hazards", "inspections", "registry"}
        }


# --- appointment, stand-in, hand-over ------------------------------------------------------------


def test_a_stand_in_has_the_permissions_and_loses_them(world):
    p = world.people
    people.appoint(
        p.qingshi_officer, world.posts["qingshi_leader"], kind="stand_in", from_on=TODAY, to_on=TODAY + 3 * DAY,
        reason="年休假", by=p.qingshi_leader,
    )  # fmt: skip
    assert fresh(p.qingshi_officer).has_perm("hazards.decide_extension")
    assert world.posts["qingshi_leader"] not in [
        holding.post for holding in fresh(p.qingshi_officer).holdings_on(TODAY + 4 * DAY)
    ]


def test_a_stand_in_needs_an_end_and_a_reason(world):
    p, post = world.people, world.posts["qingshi_leader"]
    common = {"kind": "stand_in", "from_on": TODAY, "by": p.qingshi_leader}
    with pytest.raises(ReasonRequired):
        people.appoint(p.qingshi_officer, post, to_on=TODAY, **common)
    with pytest.raises(Refused, match="截止日期"):
        people.appoint(p.qingshi_officer, post, reason="休假", **common)
    with pytest.raises(Refused, match="不能早于"):
        people.appoint(p.qingshi_officer, post, reason="休假", to_on=TODAY - DAY, **common)


def test_a_leader_handles_their_own_people_only(world):
    p = world.people
    with pytest.raises(PermissionDenied):
        people.appoint(p.outsider, world.posts["outsider"], from_on=TODAY, by=p.qingshi_leader)
    with pytest.raises(Refused, match="本单位人员"):
        people.appoint(p.outsider, world.posts["inspector"], from_on=TODAY, by=p.qingshi_leader)
    with pytest.raises(PermissionDenied):
        people.appoint(p.inspector2, world.posts["inspector"], from_on=TODAY, by=p.inspector)
    assert people.appoint(p.inspector2, world.posts["inspector"], from_on=TODAY, by=p.qingshi_leader)


def test_nobody_sits_twice_in_one_chair(world):
    with pytest.raises(Refused, match="已经任"):
        people.appoint(
            world.people.inspector, world.posts["inspector"], from_on=TODAY, by=world.people.sysadmin
        )


def test_hand_over_leaves_no_gap(world):
    p, post = world.people, world.posts["inspector"]
    seat = people.hand_over(
        Holding.objects.get(user=p.inspector, post=post), last_day=TODAY, successor=p.inspector2, reason="调岗",
        by=p.qingshi_leader,
    )  # fmt: skip
    assert holders_of(post, TODAY) == [p.inspector]
    assert holders_of(post, TODAY + DAY) == [p.inspector2]
    assert seat.reason == "接替冯走访：调岗"
    with pytest.raises(IllegalMove):
        people.hand_over(
            Holding.objects.get(user=p.inspector, post=post), last_day=TODAY, successor=None, reason="再来",
            by=p.qingshi_leader,
        )  # fmt: skip


def test_leaving_forces_a_successor_for_every_post(world):
    p, post = world.people, world.posts["inspector"]
    ApiToken.objects.create(user=p.inspector, name="屏", digest="x", expires_on=TODAY + DAY)
    with pytest.raises(Refused, match="检查员一"):
        people.deactivate_user(p.inspector, {}, reason="调离", by=p.qingshi_leader)
    with pytest.raises(ReasonRequired):
        people.deactivate_user(p.inspector, {post.pk: None}, reason="", by=p.qingshi_leader)
    people.deactivate_user(p.inspector, {post.pk: p.inspector2}, reason="调离", by=p.qingshi_leader)
    assert not fresh(p.inspector).is_active
    assert holders_of(post) == [p.inspector2]
    assert fresh(p.inspector).permissions == frozenset()
    assert ApiToken.objects.get().revoked_at is not None
    last = Event.objects.filter(chain=f"accounts.user:{p.inspector.pk}").last()
    assert last.content_hash == hash_of(fresh(p.inspector))


def test_leaving_a_post_empty_is_a_choice(world):
    post = world.posts["inspector"]
    people.deactivate_user(world.people.inspector, {post.pk: None}, reason="退休", by=world.people.sysadmin)
    assert holders_of(post) == []


def test_nobody_closes_their_own_or_the_service_account(world):
    p = world.people
    with pytest.raises(Refused, match="自己的账号"):
        people.deactivate_user(
            p.qingshi_leader, {world.posts["qingshi_leader"].pk: None}, reason="试", by=p.qingshi_leader
        )
    with pytest.raises(Refused, match="服务账号"):
        people.deactivate_user(p.robot, {}, reason="试", by=p.sysadmin)
    with pytest.raises(PermissionDenied):
        people.deactivate_user(
            p.outsider, {world.posts["outsider"].pk: None}, reason="试", by=p.qingshi_leader
        )


def test_a_closed_account_comes_back_without_posts(world):
    p = world.people
    people.deactivate_user(p.inspector, {world.posts["inspector"].pk: None}, reason="借调", by=p.sysadmin)
    password = people.reactivate_user(fresh(p.inspector), reason="借调期满", by=p.sysadmin)
    back = fresh(p.inspector)
    assert back.is_active
    assert back.must_change_password
    assert back.check_password(password)
    assert back.posts == []


# --- tokens --------------------------------------------------------------------------------------


def test_a_token_is_shown_once_and_stored_as_digest(world):
    token, raw = security.create_token(world.people.office, name="大屏", expires_on=TODAY + 30 * DAY)
    assert raw.startswith("bh_")
    assert raw not in token.digest
    assert ApiToken.objects.get(digest=security.token_digest(raw)) == token
    security.revoke_token(token, by=world.people.office)
    assert ApiToken.objects.get(pk=token.pk).revoked_at is not None


def test_a_token_is_never_stronger_than_its_owner(world):
    p = world.people
    with pytest.raises(PermissionDenied):
        security.create_token(p.shop, name="x", expires_on=TODAY + DAY)
    with pytest.raises(Refused, match="一年"):
        security.create_token(p.office, name="x", expires_on=TODAY + 400 * DAY)


def test_what_lies_on_a_desk_is_said_before_hand_over(world, monkeypatch):
    monkeypatch.setattr(hooks, "_LOADS", [])
    post = world.posts["inspector"]
    hooks.load_of("待办", lambda ids: {each: 3 for each in ids if each == post.pk})
    assert hooks.loads([post.pk, world.posts["office"].pk]) == {post.pk: ["3 件待办"]}
