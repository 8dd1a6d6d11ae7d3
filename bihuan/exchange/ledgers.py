"""What exchange keeps, for the office's catalogue of ledgers (台账目录, R253)."""

from __future__ import annotations

from bihuan.accounts.permissions import Permission as P
from bihuan.office.catalogue import PRESSING, Ledger

from .models import Handover, ListedElsewhere, Package, ReturnReceived

LEDGERS = (
    Ledger("packages", "上下级交换台账", PRESSING, "方向、交换对象、内容、编号、签名、对方何时收到、办入或者拒收", "", P.VIEW_EXCHANGE, Package, "created_at", "exchange:packages"),
    Ledger("handovers", "层级移送台账", PRESSING, "事项、移送理由、答复期限、接件、答复", "", P.VIEW_EXCHANGE, Handover, "at", "exchange:handovers"),
    Ledger("listed_elsewhere", "下级挂牌台账", PRESSING, "挂牌编号、事项、责任单位、期限、最近进展、告知时间", "", P.VIEW_EXCHANGE, ListedElsewhere, "told_at", "exchange:listed"),
    Ledger("returns_received", "下级报送台账", PRESSING, "报表、报送期、报送单位、签报人、收到和办入时间", "", P.VIEW_EXCHANGE, ReturnReceived, "at", "exchange:returns"),
)  # fmt: skip
