"""A small fictional city for tests: two counties, three localities, two departments, and a named cast.

Zhao runs the office, Qian the housing bureau, Sun inspects Qingshi street with Li, Zhou inspects Baita town,
Wu owns a noodle shop in Qingshi, Zheng a filling station in Baita. Nobody here exists.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from types import SimpleNamespace

from django.test import Client
from django_otp import DEVICE_ID_SESSION_KEY
from django_otp.plugins.otp_totp.models import TOTPDevice

from bihuan.accounts.models import Holding, Organization, OrganizationAlias, Post, Region, User
from bihuan.accounts.roles import Role
from bihuan.plans import normalize_unit
from bihuan.registry.models import Enterprise, EnterpriseKind

START = dt.date(2026, 1, 1)
PASSWORD = "Yunxi-2026-demo"


@dataclass
class World:
    """Everything a test may need by name; `people.office` and so on are users who can log in."""

    city: Region
    regions: SimpleNamespace
    organizations: SimpleNamespace
    posts: dict[str, Post] = field(default_factory=dict)
    people: SimpleNamespace = field(default_factory=SimpleNamespace)
    kinds: SimpleNamespace = field(default_factory=SimpleNamespace)
    enterprises: SimpleNamespace = field(default_factory=SimpleNamespace)


def _region(code: str, name: str, kind: str, parent: Region | None = None) -> Region:
    return Region.objects.create(
        code=code, name=name, short_name=name.removesuffix("街道"), kind=kind, parent=parent
    )


def _organization(
    name: str, short: str, kind: str, region: Region, prefix: str = "", *aliases: str
) -> Organization:
    organization = Organization.objects.create(
        name=name, short_name=short, kind=kind, region=region, paper_prefix=prefix, valid_from=START
    )
    for alias in aliases:
        OrganizationAlias.objects.create(organization=organization, name=alias, key=normalize_unit(alias))
    return organization


def make_world() -> World:
    """Create the city and return it."""
    kind = Organization.Kind
    city = _region("5397", "云溪市", "city")
    yunxi = _region("539702", "云溪区", "county", city)
    linjiang = _region("539721", "临江县", "county", city)
    qingshi = _region("539702001", "青石街道", "township", yunxi)
    baita = _region("539702101", "白塔镇", "township", yunxi)
    heyan = _region("539721100", "河沿镇", "township", linjiang)
    regions = SimpleNamespace(
        city=city, yunxi=yunxi, linjiang=linjiang, qingshi=qingshi, baita=baita, heyan=heyan
    )
    organizations = SimpleNamespace(
        office=_organization("云溪市安全生产委员会办公室", "市安委办", kind.OFFICE, city, "云安办", "市安委会办公室"),
        county_office=_organization("云溪区安全生产委员会办公室", "区安委办", kind.OFFICE, yunxi, "云区安办"),
        housing=_organization(
            "云溪市住房和城乡建设局", "市住建局", kind.DEPARTMENT, city, "云住建", "市住房和城乡建设局", "市住房城乡建设局", "市住建局"
        ),
        market=_organization(
            "云溪市市场监督管理局", "市市场监管局", kind.DEPARTMENT, city, "云市监", "市市场监督管理局", "市市场监管局"
        ),
        qingshi=_organization("青石街道办事处", "青石街道", kind.LOCALITY, qingshi, "青石"),
        baita=_organization("白塔镇人民政府", "白塔镇", kind.LOCALITY, baita, "白塔"),
        heyan=_organization("河沿镇人民政府", "河沿镇", kind.LOCALITY, heyan, "河沿"),
        shop=_organization("云溪区好味来面馆", "好味来面馆", kind.ENTERPRISE, qingshi),
        station=_organization("云溪平安液化气充装有限公司", "平安充装", kind.ENTERPRISE, baita),
        experts=_organization("云溪市安全生产专家库", "专家库", kind.EXPERTS, city),
        inspectorate=_organization("云溪市安全生产督查组", "市督查组", kind.INSPECTORATE, city),
        system=_organization("系统管理", "系统管理", kind.SYSTEM, city),
    )  # fmt: skip
    world = World(city=city, regions=regions, organizations=organizations)
    cast = [
        ("office", "赵安和", "office", Role.OFFICE_OFFICER, "综合科", True),
        ("office_leader", "钱立行", "office", Role.OFFICE_LEADER, "主任", False),
        ("county_office", "孙知远", "county_office", Role.OFFICE_OFFICER, "综合股", True),
        ("housing", "李建明", "housing", Role.DEPARTMENT_OFFICER, "燃气科", True),
        ("housing_leader", "周为民", "housing", Role.DEPARTMENT_LEADER, "局长", False),
        ("market", "吴正规", "market", Role.DEPARTMENT_OFFICER, "特设科", True),
        ("qingshi_officer", "郑守一", "qingshi", Role.LOCALITY_OFFICER, "应急办", True),
        ("qingshi_leader", "王同心", "qingshi", Role.LOCALITY_LEADER, "主任", False),
        ("inspector", "冯走访", "qingshi", Role.INSPECTOR, "检查员一", False),
        ("inspector2", "陈细看", "qingshi", Role.INSPECTOR, "检查员二", False),
        ("outsider", "褚别处", "baita", Role.INSPECTOR, "检查员", True),
        ("baita_leader", "卫在岗", "baita", Role.LOCALITY_LEADER, "镇长", False),
        ("shop", "蒋好味", "shop", Role.ENTERPRISE_MANAGER, "安全管理人", True),
        ("station", "沈平安", "station", Role.ENTERPRISE_MANAGER, "安全管理人", True),
        ("expert", "韩懂行", "experts", Role.EXPERT, "专家", True),
        ("inspectorate", "杨督查", "inspectorate", Role.INSPECTORATE, "督查员", True),
        ("sysadmin", "朱系统", "system", Role.SYSTEM_ADMIN, "系统管理员", False),
        ("secadmin", "秦安全", "system", Role.SECURITY_ADMIN, "安全管理员", False),
        ("auditor", "尤审计", "system", Role.AUDIT_ADMIN, "审计管理员", False),
    ]
    for login, name, where, role, title, default in cast:
        post = Post.objects.create(
            organization=getattr(organizations, where), title=title, role=role, is_default=default
        )
        certificate = f"YX{len(world.posts):04d}" if role == Role.INSPECTOR else ""
        user = User.objects.create_user(login, PASSWORD, full_name=name, certificate_no=certificate)
        Holding.objects.create(user=user, post=post, from_on=START)
        world.posts[login] = post
        setattr(world.people, login, user)
    world.people.robot = User.objects.create_user("system", None, full_name="系统定时任务", is_service=True)
    world.kinds.restaurant = EnterpriseKind.objects.create(
        key="restaurant", label="餐饮", sector="城镇燃气", keywords=["餐饮企业", "餐饮"], position=1
    )
    world.kinds.filling = EnterpriseKind.objects.create(
        key="lpg_filling", label="气瓶充装站", sector="城镇燃气", keywords=["充装企业", "充装站"], position=2
    )
    world.enterprises.shop = Enterprise.objects.create(
        name="云溪区好味来面馆", credit_code="92539702MA6K00019H", code_unchecked=True, kind=world.kinds.restaurant,
        department=organizations.housing, city=city, county=yunxi, locality=qingshi, address="青石街道幸福路 1 号",
        organization=organizations.shop, risk="yellow",
    )  # fmt: skip
    world.enterprises.station = Enterprise.objects.create(
        name="云溪平安液化气充装有限公司", credit_code="91539702MA6K00027X", code_unchecked=True, kind=world.kinds.filling,
        department=organizations.market, city=city, county=yunxi, locality=baita, address="白塔镇工业路 2 号",
        organization=organizations.station, risk="orange",
    )  # fmt: skip
    return world


def sign_in(client: Client, user: User) -> Client:
    """Sign the test client in as `user`; for the three administrators with their second factor shown."""
    client.force_login(user)
    if user.needs_second_factor:
        device, _ = TOTPDevice.objects.get_or_create(user=user, confirmed=True, defaults={"name": "手机令牌"})
        session = client.session
        session[DEVICE_ID_SESSION_KEY] = device.persistent_id
        session.save()
    return client
