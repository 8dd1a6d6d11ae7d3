"""Check items: condition, numeric bound, ladder of consequences."""

from bihuan.plans.checks import check_items, criterion_of, object_hints


def items(text):
    return [(i.text, i.criterion, i.dispositions) for i in check_items(text, 0, len(text))]


def test_each_condition_carries_the_ladder_of_its_sentence():
    text = "查充装单位。对未取得许可从事充装的，要依法责令关停；对不再符合许可条件的，要依法责令限期改正，情节严重的，吊销许可证。"
    assert items(text) == [
        ("未取得许可从事充装", "", ["关停取缔"]),
        ("不再符合许可条件", "", ["限期改正", "吊销"]),
    ]


def test_an_aggravation_in_its_own_sentence_belongs_to_the_one_before():
    text = "未配置灭火器的，责令改正；逾期未改正的，责令停产停业。"
    assert items(text) == [("未配置灭火器", "", ["限期改正", "责令停产停业"])]


def test_faults_behind_commas_are_items_of_their_own():
    text = (
        "未建立巡查制度，未开展随瓶安检，违规配送工业燃料的，依法责令限期改正，构成犯罪的，依法追究刑事责任。"
    )
    assert [item[0] for item in items(text)] == ["未建立巡查制度", "未开展随瓶安检", "违规配送工业燃料"]
    assert items(text)[2][2] == ["限期改正", "追究刑责"]


def test_numeric_bounds_are_kept_as_criterion():
    text = "餐饮场所存放气瓶总重量超过100kg而无气瓶间的，连接软管长度超过2米的，限期改正。"
    assert [item[1] for item in items(text)] == ["总重量超过100kg", "长度超过2米"]
    assert criterion_of("安全出口数量少于2个") == "数量少于2个"
    assert criterion_of("疏散通道净宽小于1.1米") == "净宽小于1.1米"
    assert criterion_of("未设置标志") == ""


def test_transfer_and_immediate_correction():
    text = "疏散通道被占用的，应当立即改正。使用假冒灶具的，及时移送市场监管部门。"
    assert [item[2] for item in items(text)] == [["立即改正"], ["移交"]]


def test_plain_work_has_no_check_items():
    assert items("加强宣传教育，提高从业人员安全意识。定期开展演练。") == []


def test_spans_point_at_the_conditions():
    text = "对未取得许可的，责令关停。"
    (item,) = check_items(text, 0, len(text))
    assert item.span.of(text) == item.text == "未取得许可"


def test_object_hints():
    text = "督促餐饮企业、瓶装液化石油气经营企业和“九小”场所落实责任，检查危险化学品生产企业和学校。"
    assert object_hints(text) == [
        "餐饮企业",
        "瓶装液化石油气经营企业",
        "九小场所",
        "危险化学品生产企业",
        "学校",
    ]


def test_object_hints_of_kinds_nobody_listed():
    assert object_hints("督促租赁厂房、冷库和水产加工作坊落实防火分隔。") == [
        "租赁厂房",
        "冷库",
        "水产加工作坊",
    ]
    assert object_hints("查沿街小浴室。对辖区内密室逃脱类场所逐家检查。") == ["沿街小浴室", "密室逃脱类场所"]
    assert object_hints("组织各有关企业开展自查，督促相关机构落实整改，规范市场秩序。") == []


def test_what_a_campaign_does_is_no_part_of_the_fault():
    text = "全市每年组织一次检查，凡是未制定管控措施的，依法从重处罚。按照谁出租谁负责的原则，严肃追究责任。"
    assert [item[0] for item in items(text)] == ["未制定管控措施"]
