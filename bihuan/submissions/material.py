"""What papers of supervision and papers upward tell a visit from above (R110)."""

from __future__ import annotations

from urllib.parse import urlencode

from django.urls import reverse

from bihuan.instruments.models import Instrument
from bihuan.instruments.workflow import Status as InstrumentStatus
from bihuan.oversight.receiving import Figure, Material, Period

from .models import Submission
from .workflow import Form, Status


def _instruments(over: Period) -> list[Figure]:
    rows = Instrument.objects.visible_to(over.user).filter(
        organization=over.organization, issued_on__gte=over.first, issued_on__lte=over.last
    )
    closed = rows.filter(status__in=[InstrumentStatus.CLOSED, InstrumentStatus.LIFTED]).count()
    url = reverse("instruments:list")
    return [
        Figure("印发督办、提醒、约谈等文书", str(rows.count()), "份", url),
        Figure("督办文书办结", str(closed), "份", f"{url}?{urlencode({'state': 'ended'})}"),
    ]


def _requests(over: Period) -> list[Figure]:
    rows = Submission.objects.visible_to(over.user).filter(
        organization=over.organization, issued_on__gte=over.first, issued_on__lte=over.last
    )
    url = reverse("submissions:list")
    requests = rows.filter(form=Form.REQUEST)
    return [
        Figure("向上请示", str(requests.count()), "件", f"{url}?form=request"),
        Figure(
            "其中已批复", str(requests.filter(status=Status.ANSWERED).count()), "件", f"{url}?state=answered"
        ),
        Figure("向上报告", str(rows.filter(form=Form.SITUATION).count()), "件", f"{url}?form=situation"),
    ]


INSTRUMENTS = Material("instruments", "督办文书", ("督办", "约谈", "通报", "提醒", "警示"), _instruments)
REQUESTS = Material("submissions", "请示报告", ("请示", "报告制度", "信息报送", "重大事项"), _requests)
