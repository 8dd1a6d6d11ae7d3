"""A small plan for tests, short enough to count by hand, and a campaign published from it.

Two phases; four tasks. The blanket sentence stands on the first task of chapter three and charges the localities with
the tasks after it (R026). 市燃气协会 is in no directory.
"""

from __future__ import annotations

from bihuan.accounts.models import Holding, Post, User
from bihuan.accounts.roles import Role
from bihuan.accounts.tests.world import PASSWORD, START, World
from bihuan.campaigns import actions
from bihuan.campaigns.models import Campaign, PlanDocument, PlanItem, PlanUnit

TEXT = """云溪市餐饮燃气安全专项整治工作实施方案
为消除餐饮场所燃气安全隐患，制定本方案。
一、工作目标
到2026年11月底，餐饮企业检查覆盖率达到100%，一般隐患整改率达到95%以上。
二、工作安排
（一）集中攻坚阶段（2026年8月1日至11月30日）。全面排查。
1.摸清底数。逐户登记餐饮企业，2026年8月20日前形成台账。（市住房和城乡建设局牵头，市市场监管局按职责分工负责）
（二）巩固提升阶段（2026年12月1日至2027年6月30日）。开展回头看，对反弹的重新立项。（市住房和城乡建设局牵头，各部门按职责分工负责）
三、主要任务
（一）排查整治用气环境
1.查违规安装。餐饮企业连接软管长度超过2米的，责令限期改正，逾期未改正的，责令停业整顿。（市住房和城乡建设局负责，以下均需乡镇人民政府和街道办事处负责，不再列出）
2.查充装管理。对充装超期未检气瓶的，责令限期改正；情节严重的，吊销充装许可证。（市市场监管局牵头，市燃气协会按职责分工负责）
四、信息报送
各乡镇人民政府、街道办事处每周五17时前报送检查和整改数据。
云溪市安全生产委员会
2026年7月24日
"""


def make_draft(world: World, text: str = TEXT, filename: str = "方案.txt") -> PlanDocument:
    """Import a plan as the city office."""
    return actions.import_plan(
        actions.read_plan(text.encode(), filename), by=world.people.office, region=world.city
    )


def task(document: PlanDocument, heading: str) -> PlanItem:
    """The live task of that heading."""
    found = document.items.filter(kind="task").exclude(state="removed")
    return next(item for item in found if item.data["heading"] == heading)


def unit(document: PlanDocument, name: str) -> PlanUnit:
    return document.units.get(name=name)


def check_off(document: PlanDocument, world: World) -> None:
    """Identify the unknown unit and confirm everything, one by one, as a person would."""
    stranger = document.units.filter(name="市燃气协会", organization=None, group="").first()
    if stranger:
        actions.match_unit(stranger, by=world.people.office, group="ignored")
    for item in document.items.filter(state="proposed"):
        actions.confirm_item(item, version=item.version, by=world.people.office)


def make_campaign(world: World, text: str = TEXT) -> Campaign:
    """Import, check off and publish."""
    document = make_draft(world, text)
    check_off(document, world)
    return actions.publish(document, by=world.people.office)


def make_colleague(world: World) -> User:
    """李同行, a second officer of the city office, who can log in."""
    post = Post.objects.create(
        organization=world.organizations.office, title="协调科", role=Role.OFFICE_OFFICER, is_default=False
    )
    user = User.objects.create_user("colleague", PASSWORD, full_name="李同行")
    Holding.objects.create(user=user, post=post, from_on=START)
    return user


OBJECTS = [
    "经营企业",
    "充装站点",
    "餐饮后厨",
    "居民小区",
    "医院食堂",
    "学校食堂",
    "农贸市场",
    "夜市摊点",
    "宾馆饭店",
    "养老机构",
]
WORKS = ["证照资质", "气瓶来源", "软管接头", "报警装置", "从业人员", "应急预案"]


def long_plan() -> str:
    """A plan of sixty tasks over three phases, some twenty pages, with three names that are in no directory."""
    lines = [
        "云溪市瓶装燃气全链条安全专项整治工作方案",
        "为消除瓶装燃气安全隐患，制定本方案。",
        "一、工作目标",
        "到2026年11月底，餐饮企业检查覆盖率达到100%，一般隐患整改率达到95%以上。",
        "二、工作安排",
        "（一）集中攻坚阶段（2026年8月1日至9月30日）。全面排查。",
        "（二）巩固提升阶段（2026年10月1日至10月31日）。开展回头看。",
        "（三）总结评估阶段（2026年11月1日至11月30日）。总结经验。",
        "三、主要任务",
    ]
    strangers = iter(["市燃气协会", "市能源投资公司", "市消费者协会"])
    for number, place in enumerate(OBJECTS):
        lines.append(f"（{'一二三四五六七八九十'[number]}）整治{place}")
        for order, work in enumerate(WORKS, start=1):
            helper = next(strangers, "市市场监管局") if order == 4 and number % 3 == 0 else "市市场监管局"
            lines.append(
                f"{order}.查{place}{work}。逐户核对{place}的{work}情况，建立台账，逐项登记。{place}{work}不符合规定的，责令限期改正，"
                f"逾期未改正的，责令停业整顿；情节严重的，依法吊销许可证。要把{work}纳入日常巡查，每月至少抽查一次，"
                f"发现问题当场交办，2026年9月{order + 10}日前完成。"
                f"（市住房和城乡建设局牵头，{helper}按职责分工负责）"
            )
    lines += [
        "四、信息报送",
        "各乡镇人民政府、街道办事处每周五17时前向市安委办报送检查和整改数据。",
        "云溪市安全生产委员会",
        "2026年7月24日",
    ]
    return "\n".join(lines) + "\n"
