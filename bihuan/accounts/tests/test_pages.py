"""The account pages as people meet them."""

import datetime as dt
import itertools
import re

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_otp.oath import TOTP
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from bihuan.accounts.models import (
    FormerPassword,
    Holding,
    LoginSession,
    OrganizationChange,
    Post,
    SavedView,
    User,
)
from bihuan.accounts.tests.world import PASSWORD, sign_in
from bihuan.audit.models import Event

LOGIN = "/accounts/login/"


def log_in(client, username, password=PASSWORD, **extra):
    return client.post(LOGIN, {"username": username, "password": password, **extra})


# --- login ---------------------------------------------------------------------------------------


def test_login_and_logout(client, world):
    assert "登录" in client.get(LOGIN).content.decode()
    answer = log_in(client, "office", next="/duties/")
    assert answer.url == "/duties/"
    assert LoginSession.objects.get().user == world.people.office
    assert Event.objects.get(act="accounts.login").actor_name == "赵安和"
    assert client.get("/accounts/logout/").status_code == 405
    assert client.post("/accounts/logout/").status_code == 302
    assert not LoginSession.objects.exists()
    assert client.get("/accounts/profile/").status_code == 302


@pytest.mark.parametrize(
    "target", ["https://example.com/", "//example.com", "javascript:alert(1)", "\\\\example.com"]
)
def test_login_never_leads_off_the_site(client, world, target):
    assert log_in(client, "office", next=target).url == "/"


def test_wrong_passwords_and_unknown_names_are_answered_alike(client, world):
    User.objects.filter(username="outsider").update(is_active=False)
    answers = [log_in(client, name, "wrong").content.decode() for name in ("office", "nobody", "outsider")]
    assert all("用户名或口令不正确" in answer for answer in answers)
    assert [e.summary for e in Event.objects.filter(act="accounts.login_failed")] == [
        "office 登录失败", "outsider 登录失败",
    ]  # fmt: skip


def test_the_service_account_cannot_log_in(client, world):
    world.people.robot.set_password(PASSWORD)
    world.people.robot.save()
    assert "用户名或口令不正确" in log_in(client, "system").content.decode()


def test_lockout_says_until_when_and_who_helps(client, world, settings):
    settings.AXES_ENABLED = True
    for _ in range(4):
        assert log_in(client, "office", "wrong").status_code == 200
    locked = log_in(client, "office", "wrong")
    assert locked.status_code == 429
    page = locked.content.decode()
    assert "连续 5 次" in page
    assert "30 分钟后" in page
    assert "安全管理员" in page
    assert log_in(client, "office").status_code == 429
    assert Event.objects.filter(act="accounts.locked").count() == 1
    admin = sign_in(Client(), world.people.secadmin)
    assert "已锁定" in admin.get("/accounts/users/?state=locked").content.decode()
    admin.post(reverse("accounts:unlock", args=[world.people.office.pk]))
    assert log_in(client, "office").status_code == 302


def test_the_oldest_session_ends(world, settings):
    settings.SESSIONS_PER_USER = 2
    clients = [Client() for _ in range(3)]
    for each in clients:
        log_in(each, "office")
    assert LoginSession.objects.count() == 2
    assert [each.get("/accounts/profile/").status_code for each in clients] == [302, 200, 200]


def test_an_idle_session_ends_and_htmx_is_led_to_the_login(client, world, settings):
    log_in(client, "office")
    LoginSession.objects.update(
        seen_at=timezone.now() - dt.timedelta(minutes=settings.SESSION_IDLE_MINUTES + 1)
    )
    answer = client.get("/accounts/profile/", headers={"HX-Request": "true"})
    assert answer.status_code == 204
    assert answer["HX-Redirect"].startswith(LOGIN)
    assert not LoginSession.objects.exists()


def test_activity_keeps_a_session(client, world):
    log_in(client, "office")
    then = timezone.now() - dt.timedelta(minutes=30)
    LoginSession.objects.update(seen_at=then)
    assert client.get("/accounts/profile/").status_code == 200
    assert LoginSession.objects.get().seen_at > then + dt.timedelta(minutes=29)


# --- password ------------------------------------------------------------------------------------


def change(client, new, old=PASSWORD, again=None):
    return client.post("/accounts/password/", {"old": old, "new": new, "again": again or new})


def test_the_first_login_leads_to_the_password_page_and_nowhere_else(client, world):
    User.objects.filter(username="office").update(must_change_password=True)
    log_in(client, "office")
    assert client.get("/accounts/profile/").url == "/accounts/password/"
    assert "第一次登录" in client.get("/accounts/password/").content.decode()
    assert change(client, "Qingshan-2027").url == "/"
    assert client.get("/accounts/profile/").status_code == 200


def test_an_old_password_must_be_changed(client, world):
    User.objects.update(password_changed_at=timezone.now() - dt.timedelta(days=91))
    client.force_login(world.people.office)
    assert client.get("/accounts/profile/").url == "/accounts/password/"


@pytest.mark.parametrize(
    ("new", "words"),
    [
        ("Ab1-short", "口令至少 10 位"),
        ("alllowercaseletters", "至少三种"),
        ("Office-2026-xx", "用户名"),
        (PASSWORD, "最近 5 次"),
    ],
)
def test_weak_passwords_are_refused_in_chinese(client, world, new, words):
    client.force_login(world.people.office)
    answer = change(client, new)
    assert answer.status_code == 422
    assert re.search(words, answer.content.decode())


def test_the_last_five_passwords_do_not_come_back(client, world):
    client.force_login(world.people.office)
    used = [PASSWORD, *(f"Shanshui-{number}-a" for number in range(6))]
    for old, new in itertools.pairwise(used):
        assert change(client, new, old).status_code == 302
    assert FormerPassword.objects.filter(user=world.people.office).count() == 5
    assert change(client, used[-3], used[-1]).status_code == 422
    assert change(client, used[0], used[-1]).status_code == 302


def test_changing_the_password_keeps_this_session_and_ends_the_others(world):
    here, there = Client(), Client()
    log_in(here, "office")
    log_in(there, "office")
    change(here, "Qingshan-2027")
    assert here.get("/accounts/profile/").status_code == 200
    assert there.get("/accounts/profile/").status_code == 302
    assert LoginSession.objects.count() == 1
    assert Session.objects.filter(session_key=LoginSession.objects.get().session_key).exists()


def test_the_old_password_is_asked(client, world):
    client.force_login(world.people.office)
    assert "当前口令不正确" in change(client, "Qingshan-2027", old="wrong").content.decode()


# --- second factor -------------------------------------------------------------------------------


def code_of(device, step=0):
    totp = TOTP(device.bin_key, device.step, device.t0, device.digits, device.drift)
    totp.time = timezone.now().timestamp() + 30 * step
    return f"{totp.token():06d}"


def test_an_administrator_reaches_nothing_before_the_second_factor(client, world):
    log_in(client, "sysadmin")
    for url in ("/accounts/users/", "/accounts/profile/", "/accounts/roles/", "/messages/"):
        assert client.get(url).url == "/accounts/second-factor/"
    page = client.get("/accounts/second-factor/").content.decode()
    assert "<svg" in page
    device = TOTPDevice.objects.get(user=world.people.sysadmin)
    assert not device.confirmed
    assert "不正确" in client.post("/accounts/second-factor/", {"code": "000000"}).content.decode()
    TOTPDevice.objects.update(throttling_failure_count=0, throttling_failure_timestamp=None)
    done = client.post("/accounts/second-factor/", {"code": code_of(device)}).content.decode()
    codes = re.findall(r"<li><code>(\w+)</code></li>", done)
    assert len(codes) == 10
    assert client.get("/accounts/users/").status_code == 200
    assert Event.objects.filter(act="accounts.second_factor").count() == 1


def test_a_code_works_once_and_a_recovery_code_too(world):
    device = TOTPDevice.objects.create(user=world.people.sysadmin, confirmed=True, name="t")
    first, second = Client(), Client()
    for each in (first, second):
        log_in(each, "sysadmin")
    code = code_of(device)
    assert first.post("/accounts/second-factor/", {"code": code}).status_code == 302
    replayed = second.post("/accounts/second-factor/", {"code": code})
    assert replayed.status_code == 200
    assert "只能用一次" in replayed.content.decode()
    assert second.get("/accounts/users/").url == "/accounts/second-factor/"
    first.post("/accounts/second-factor/recovery-codes/")
    spare = StaticToken.objects.first().token
    assert second.post("/accounts/second-factor/", {"code": spare.upper()}).status_code == 302
    assert second.get("/accounts/users/").status_code == 200
    assert not StaticToken.objects.filter(token=spare).exists()


def test_the_security_administrator_resets_it_with_a_reason(world):
    TOTPDevice.objects.create(user=world.people.sysadmin, confirmed=True, name="t")
    admin = sign_in(Client(), world.people.secadmin)
    url = reverse("accounts:reset_second_factor", args=[world.people.sysadmin.pk])
    admin.post(url, {"reason": ""})
    assert TOTPDevice.objects.filter(user=world.people.sysadmin).exists()
    admin.post(url, {"reason": "手机丢失"})
    assert not TOTPDevice.objects.filter(user=world.people.sysadmin).exists()
    own = reverse("accounts:reset_second_factor", args=[world.people.secadmin.pk])
    admin.post(own, {"reason": "试"})
    assert TOTPDevice.objects.filter(user=world.people.secadmin).exists()


# --- who may open what ---------------------------------------------------------------------------

PAGES = {
    "accounts:users": {"sysadmin", "secadmin", "office", "office_leader", "county_office", "housing_leader",
                       "qingshi_leader", "baita_leader"},
    "accounts:create_user": {"sysadmin"},
    "accounts:organizations": {"sysadmin", "secadmin", "office", "office_leader", "county_office", "housing_leader",
                               "qingshi_leader", "baita_leader"},
    "accounts:create_organization": {"sysadmin"},
    "accounts:posts": {"sysadmin", "secadmin"},
    "accounts:regions": {"sysadmin"},
    "accounts:sessions": {"secadmin"},
    "audit:events": {"auditor"},
    "audit:verify": {"auditor", "inspectorate"},
    "audit:seals": {"auditor", "inspectorate"},
}  # fmt: skip


@pytest.mark.parametrize("page", PAGES)
def test_each_page_opens_for_its_roles_only(world, page):
    opened = set()
    for name, person in vars(world.people).items():
        if person.is_service:
            continue
        status = sign_in(Client(), person).get(reverse(page)).status_code
        assert status in {200, 403}, name
        if status == 200:
            opened.add(name)
    assert opened == PAGES[page]


@pytest.mark.parametrize(
    "page", ["accounts:profile", "accounts:roles", "accounts:password", "notifications:list"]
)
def test_everybody_reaches_their_own_pages(world, page):
    for person in vars(world.people).values():
        if not person.is_service:
            assert sign_in(Client(), person).get(reverse(page)).status_code == 200


def test_a_leader_sees_their_own_people(client, world):
    client.force_login(world.people.qingshi_leader)
    page = client.get("/accounts/users/").content.decode()
    assert "冯走访" in page
    assert "褚别处" not in page
    assert client.get(world.people.inspector.get_absolute_url()).status_code == 200
    assert client.get(world.people.outsider.get_absolute_url()).status_code == 404
    assert client.post(reverse("accounts:unlock", args=[world.people.inspector.pk])).status_code == 403


def test_the_whole_way_of_a_new_colleague(world):
    system = sign_in(Client(), world.people.sysadmin)
    security = sign_in(Client(), world.people.secadmin)
    body = world.organizations.qingshi
    system.post(reverse("accounts:create_post", args=[body.pk]), {"title": "检查员三"})
    post = Post.objects.get(title="检查员三")
    assert "尚未授权" in system.get(body.get_absolute_url()).content.decode()
    made = system.post(
        "/accounts/users/new/",
        {"username": "qingshi03", "full_name": "孔新来", "phone": "19900000021", "post": post.pk},
    ).content.decode()
    password = re.search(r'class="secret">([^<]+)<', made)[1].replace("&amp;", "&")
    assert (
        system.post(reverse("accounts:assign_role", args=[post.pk]), {"role": "inspector"}).status_code == 403
    )
    security.post(reverse("accounts:assign_role", args=[post.pk]), {"role": "inspector", "reason": "分工"})
    colleague = Client()
    assert log_in(colleague, "qingshi03", password).status_code == 302
    assert colleague.get("/accounts/profile/").url == "/accounts/password/"
    change(colleague, "Xinlai-2027-a", old=password)
    assert User.objects.get(username="qingshi03").has_perm("inspections.conduct")
    page = security.get(post.get_absolute_url()).content.decode()
    assert "基层检查员" in page
    assert "孔新来" in page


def test_deactivating_asks_for_every_post(world):
    system = sign_in(Client(), world.people.sysadmin)
    person, post = world.people.inspector, world.posts["inspector"]
    url = reverse("accounts:deactivate_user", args=[person.pk])
    assert "检查员一" in system.get(url).content.decode()
    assert system.post(url, {"reason": "调离", f"post_{post.pk}": ""}).status_code == 422
    assert User.objects.get(pk=person.pk).is_active
    system.post(url, {"reason": "调离", f"post_{post.pk}": str(world.people.inspector2.pk)})
    assert not User.objects.get(pk=person.pk).is_active
    assert Holding.objects.filter(post=post, user=world.people.inspector2, to_on=None).exists()


def test_a_leader_arranges_a_stand_in_by_form(client, world):
    client.force_login(world.people.qingshi_leader)
    post, today = world.posts["qingshi_leader"], timezone.localdate()
    url = reverse("accounts:appoint", args=[post.pk])
    form = {
        "user": world.people.qingshi_officer.pk,
        "kind": "stand_in",
        "from_on": today,
        "to_on": today,
        "reason": "",
    }
    assert client.post(url, form).status_code == 422
    assert client.post(url, form | {"reason": "出差"}).status_code == 302
    assert client.get(reverse("accounts:appoint", args=[world.posts["outsider"].pk])).status_code == 403
    assert client.post(url, form | {"from_on": "0001-01-01"}).status_code == 422


def test_hand_over_by_form(client, world):
    client.force_login(world.people.qingshi_leader)
    holding = Holding.objects.get(user=world.people.inspector)
    url = reverse("accounts:hand_over", args=[holding.pk])
    base = {"last_day": timezone.localdate(), "reason": "轮岗"}
    assert client.post(url, base).status_code == 422
    assert (
        client.post(url, base | {"successor": world.people.inspector2.pk, "leave_empty": "on"}).status_code
        == 422
    )
    assert client.post(url, base | {"leave_empty": "on"}).status_code == 302
    other = Holding.objects.get(user=world.people.outsider)
    assert client.get(reverse("accounts:hand_over", args=[other.pk])).status_code == 403


def test_reform_by_form(world):
    system = sign_in(Client(), world.people.sysadmin)
    housing, market, today = world.organizations.housing, world.organizations.market, timezone.localdate()
    for name in ("rename", "merge", "split"):
        assert system.get(reverse(f"accounts:{name}", args=[housing.pk])).status_code == 200
    url = reverse("accounts:merge", args=[housing.pk])
    assert system.post(url, {"bodies": [market.pk], "on": "9999-12-31", "document": "文"}).status_code == 422
    assert system.post(url, {"bodies": [market.pk], "on": today, "document": "改革方案"}).status_code == 302
    assert OrganizationChange.objects.get().former_name == "云溪市市场监督管理局"
    assert "沿革" in system.get(market.get_absolute_url()).content.decode()
    split = reverse("accounts:split", args=[housing.pk])
    answer = system.post(split, {"on": today, "document": "文", "dissolve": "on"})
    assert "须选择承接" in answer.content.decode()


def test_script_in_a_name_stays_text(world):
    system = sign_in(Client(), world.people.sysadmin)
    hostile = "<script>alert(1)</script>"
    system.post(reverse("accounts:add_alias", args=[world.organizations.housing.pk]), {"name": hostile})
    page = system.get(world.organizations.housing.get_absolute_url()).content.decode()
    assert hostile not in page
    assert "&lt;script&gt;" in page


# --- profile -------------------------------------------------------------------------------------


def test_my_phone_is_never_shown_whole(client, world):
    client.force_login(world.people.office)
    client.post("/accounts/profile/", {"phone": "199 0000 0031", "email": "a@example.com"})
    person = User.objects.get(username="office")
    assert person.phone == "19900000031"
    page = client.get("/accounts/profile/").content.decode()
    assert "19900000031" not in page
    assert "199****0031" in page
    assert client.post("/accounts/profile/", {"phone": "12345"}).status_code == 422
    client.post("/accounts/profile/", {"phone": "", "email": ""})
    assert User.objects.get(username="office").phone == "19900000031"


def test_i_end_my_other_sessions_only(world):
    here, there, other = Client(), Client(), Client()
    for each, name in ((here, "office"), (there, "office"), (other, "housing")):
        log_in(each, name)
    mine = LoginSession.objects.filter(user=world.people.office).order_by("id").last()
    theirs = LoginSession.objects.get(user=world.people.housing)
    here.post(reverse("accounts:end_own_session", args=[mine.pk]))
    assert there.get("/accounts/profile/").status_code == 302
    assert here.post(reverse("accounts:end_own_session", args=[theirs.pk])).status_code == 404


def test_a_token_is_made_and_stopped_on_the_profile(client, world):
    client.force_login(world.people.office)
    soon = timezone.localdate() + dt.timedelta(days=10)
    page = client.post("/accounts/profile/tokens/", {"name": "大屏", "expires_on": soon}).content.decode()
    assert re.search(r'class="secret">bh_', page)
    assert "bh_" not in client.get("/accounts/profile/").content.decode()
    token = world.people.office.api_tokens.get()
    client.post(reverse("accounts:revoke_token", args=[token.pk]))
    assert world.people.office.api_tokens.get().revoked_at
    client.force_login(world.people.housing)
    assert client.post(reverse("accounts:revoke_token", args=[token.pk])).status_code == 404
    client.force_login(world.people.shop)
    assert client.post("/accounts/profile/tokens/", {"name": "x", "expires_on": soon}).status_code == 403


def test_saved_views_come_back_to_their_page(client, world):
    client.force_login(world.people.office)
    url = reverse("accounts:saved_view")
    answer = client.post(
        url, {"page": "accounts:users", "name": "已停用", "query": "?state=inactive&cursor=abc"}
    )
    assert answer.url == "/accounts/users/?state=inactive"
    client.post(url, {"page": "accounts:users", "name": "已停用", "query": "state=idle"})
    view = SavedView.objects.get()
    assert view.query == "state=idle"
    assert client.post(url, {"page": "https://example.com", "name": "x", "query": ""}).url == "/"
    assert client.post(url, {"page": "accounts:users", "name": "", "next": "//example.com"}).url == "/"
    client.force_login(world.people.housing)
    assert client.post(reverse("accounts:delete_saved_view", args=[view.pk])).status_code == 404
    client.force_login(world.people.office)
    answer = client.post(reverse("accounts:delete_saved_view", args=[view.pk]), {"next": "/accounts/users/"})
    assert answer.url == "/accounts/users/"
    assert not SavedView.objects.exists()


def test_the_roles_page_reads_every_role_aloud(client, world):
    client.force_login(world.people.shop)
    page = client.get("/accounts/roles/").content.decode()
    for words in ("安委办经办人", "审计管理员", "可以复查、退回、销号", "我的岗位"):
        assert words in page


def test_cookies_and_limits_are_set():
    assert settings.SESSION_COOKIE_HTTPONLY
    assert settings.SESSIONS_PER_USER >= 1
