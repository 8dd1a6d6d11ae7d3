"""A new installation can register a restaurant at once; what an office renamed is left alone."""

from bihuan.registry.kinds import ensure_kinds
from bihuan.registry.models import EnterpriseKind


def test_shipped_kinds_are_added_once_and_never_overwritten(db):
    assert ensure_kinds() == 25
    EnterpriseKind.objects.filter(key="restaurant").update(label="餐饮服务")
    assert ensure_kinds() == 0
    assert EnterpriseKind.objects.get(key="restaurant").label == "餐饮服务"
    assert "餐饮企业" in EnterpriseKind.objects.get(key="restaurant").keywords
