"""Whatever a sheet holds, a row is either sound or explained, and what is sound keeps the rules."""

import datetime as dt

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bihuan.accounts.models import Region
from bihuan.registry.access import EditScope
from bihuan.registry.attributes import Attribute, to_schema
from bihuan.registry.models import KindSchema
from bihuan.registry.rows import LABELS, RowCleaner

pytestmark = pytest.mark.django_db
relaxed = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

anything = st.text(max_size=40)
likely = st.sampled_from(
    ["", "xx", "不详", "/", "餐饮", "青石街道", "539702001", "539702001000", "白塔镇", "红", "重大风险", "在产", "关闭",
     "12", "12人", "-1", "2026-11-21", "0001-01-01", "9999-12-31", "2026-02-30", "长期", "102.5", "25.1", "nan", "inf",
     "19900001234", "92539702MA6K00019H", "云溪区面馆", "=1+1", "<script>", "\x00", "市住建局", "１２", "²"]
)  # fmt: skip
rows = st.dictionaries(st.sampled_from(sorted(LABELS)), anything | likely)


@pytest.fixture
def cleaner(world):
    return RowCleaner(EditScope(("539702001",), ()), dt.date(2026, 11, 21))


@relaxed
@given(values=rows)
def test_a_row_is_sound_or_explained(cleaner, values):
    parsed, issues = cleaner.clean(5, values)
    assert (parsed is None) == bool(issues)
    for field, sentence in issues:
        assert field in LABELS
        assert any("\u4e00" <= sign <= "\u9fff" for sign in sentence)
    if parsed is None:
        return
    found = parsed.values
    assert 2 <= len(found["name"]) <= 120
    assert found["kind"].pk in {"restaurant", "lpg_filling"}
    assert found["locality"].kind in {"township", "zone"}
    assert found.get("employees") is None or 0 <= found["employees"] <= 1_000_000
    if found.get("longitude") is not None:
        assert 73 <= found["longitude"] <= 136
        assert 3 <= found["latitude"] <= 54
    if parsed.permit is not None and parsed.permit.valid_to is not None:
        assert 1950 <= parsed.permit.valid_to.year <= 2100
    for contact in parsed.contacts:
        assert contact.name
        assert contact.phone == "" or contact.phone.isdigit()


@relaxed
@given(values=rows)
def test_cleaning_twice_says_the_same(cleaner, values):
    assert cleaner.clean(5, values) == cleaner.clean(5, values)


@relaxed
@given(values=rows, extra=st.sampled_from(["", "xx", "不详", "—"]))
def test_an_unknown_cell_counts_like_no_cell(cleaner, values, extra):
    """Unknown survives as unknown (R271): a field that says nothing is not written."""
    optional = sorted(set(LABELS) - {"name", "kind", "locality"} - set(values))
    padded = values | dict.fromkeys(optional, extra)
    assert cleaner.clean(5, padded) == cleaner.clean(5, values)


@pytest.mark.parametrize(
    ("text", "words"),
    [("城关镇", "有2处：云溪区城关镇、临江县城关镇"), ("云溪区城关镇", ""), ("539721900", ""), ("5397", "没有名为"), ("53", "没有名为"),
     ("12345", "2、4、6、9或12位")],
)  # fmt: skip
def test_places_of_the_same_name(world, text, words):

    for code, parent in (("539702900", world.regions.yunxi), ("539721900", world.regions.linjiang)):
        Region.objects.create(code=code, name="城关镇", short_name="城关镇", kind="township", parent=parent)
    cleaner = RowCleaner(EditScope(("5397",), ()), dt.date(2026, 11, 21))
    _, issues = cleaner.clean(5, {"name": "面馆", "kind": "餐饮", "locality": text})
    assert words in "".join(sentence for _, sentence in issues)
    assert bool(issues) == bool(words)


sound = st.fixed_dictionaries(
    {"name": st.sampled_from(["云溪区面馆", "甲", " 云溪 商行 ", "xx"]), "kind": st.just("餐饮"), "locality": st.just("青石街道")},
    optional={
        "credit_code": st.sampled_from(["", "92539702MA6K00019H", "92539702MA6K0001", "不详", "-"]),
        "code_reason": st.sampled_from(["", "执照如此"]),
        "department": st.sampled_from(["", "市住建局", "没有的局"]),
        "longitude": st.sampled_from(["", "102.5", "25.1"]),
        "latitude": st.sampled_from(["", "25.1", "102.5"]),
        "legal_name": st.sampled_from(["", "王一"]),
        "legal_phone": st.sampled_from(["", "19900000001", "123"]),
        "safety_name": st.sampled_from(["", "李二", "不详"]),
        "safety_phone": st.sampled_from(["", "19900000002"]),
        "phone": st.sampled_from(["", "19900000003"]),
        "permit_kind": st.sampled_from(["", "许可证"]),
        "permit_number": st.sampled_from(["", "1号"]),
        "permit_issuer": st.sampled_from(["", "某局"]),
        "permit_valid_to": st.sampled_from(["", "2028-06-30", "长期", "去年"]),
        "permit_valid_from": st.sampled_from(["", "2023-07-01", "2029-01-01", "前年"]),
        "permit_level": st.sampled_from(["", "县级", "省", "村级", "不详"]),
        "source_crs": st.sampled_from(["", "高德", "火星文"]),
        "employees": st.sampled_from(["", "12人", "若干"]),
        "status": st.sampled_from(["", "在产", "关闭"]),
    },
)  # fmt: skip


@relaxed
@given(sheet=st.lists(rows | sound, max_size=6), own=st.booleans())
def test_a_sheet_says_of_every_row_what_the_row_says_alone(world, sheet, own):
    scope = EditScope((), (world.organizations.housing.pk,)) if own else EditScope(("539702001",), ())
    whole, alone = (RowCleaner(scope, dt.date(2026, 11, 21)) for _ in range(2))
    columns = {name: [row.get(name, "") for row in sheet] for name in {name for row in sheet for name in row}}
    found = list(whole.clean_all(range(2, 2 + len(sheet)), columns))
    assert found == [(number, *alone.clean(number, row)) for number, row in enumerate(sheet, start=2)]


cells = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["云溪区面馆", "甲", "云溪商行"]),
        "kind": st.sampled_from(["餐饮", "气瓶充装站", "没有的类型"]),
        "locality": st.just("青石街道"),
        "attr.燃料": st.sampled_from(["电", "管道天然气", "", "煤", "不详"]),
        "attr.气瓶存放总重量（kg）": st.sampled_from(["", "50", "50kg", "9000", "很多", "/"]),
        "attr.证件": st.sampled_from(["", "甲证、乙证", "乙证", "丙证"]),
        "attr.没有这一项": st.sampled_from(["", "说了"]),
    }
)


@relaxed
@given(sheet=st.lists(cells, max_size=6))
def test_attribute_columns_say_of_every_row_what_the_row_says_alone(world, sheet):
    asked = (
        Attribute("fuel", "燃料", "choice", choices=("管道天然气", "电"), required=True),
        Attribute("stock", "气瓶存放总重量", "number", unit="kg", minimum=0, maximum=5000),
        Attribute("papers", "证件", "choices", choices=("甲证", "乙证")),
    )
    KindSchema.objects.update_or_create(
        kind=world.kinds.restaurant, version=1,
        defaults={"schema": to_schema(asked), "status": "published", "published_at": timezone.now()},
    )  # fmt: skip
    scope = EditScope(("539702001",), ())
    whole, alone = (RowCleaner(scope, dt.date(2026, 11, 21)) for _ in range(2))
    names = list(sheet[0]) if sheet else []
    columns = {name: [row[name] for row in sheet] for name in names}
    found = list(whole.clean_all(range(2, 2 + len(sheet)), columns))
    in_order = [{name: row[name] for name in names} for row in sheet]
    assert found == [(number, *alone.clean(number, row)) for number, row in enumerate(in_order, start=2)]
