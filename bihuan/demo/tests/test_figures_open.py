"""Every figure of the pages people begin with opens exactly its rows: each link to the ledger is followed and counted.

The rule is one (invariant 4): counted = not found to be none. What a page says and what stands behind its link are
counted on two ways, the cube and the rows, so that neither can be wrong alone.
"""

import re
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from django.http import QueryDict
from django.urls import reverse

from bihuan.accounts.models import User
from bihuan.campaigns.models import Campaign, Task
from bihuan.demo.tests.test_history import _django_db_helper, city  # noqa: F401 - the city and its transaction
from bihuan.hazards.queries import ledger, parse_filters

pytestmark = [pytest.mark.slow, pytest.mark.django_db, pytest.mark.usefixtures("city")]
FIGURE = re.compile(r"(?<![\d.])(\d[\d,]*)(?![\d.,]*%|[\d.]| 次| 家| 件)")


class Links(HTMLParser):
    """Links of a page with their words; of a card with a large figure that figure alone."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.found, self._inside, self._bold = [], None, 0

    def handle_starttag(self, tag, given):
        given = dict(given)
        if tag == "a" and given.get("href"):
            self._inside = {"href": given["href"], "words": "", "bold": "", "title": given.get("class") or ""}
        elif tag in ("b", "strong", "tspan") and self._inside:
            self._bold += tag != "tspan"
        elif self._inside and (given.get("class") or "").startswith("figure"):
            self._bold += 1

    def handle_endtag(self, tag):
        if tag == "a" and self._inside:
            self.found.append(self._inside)
            self._inside, self._bold = None, 0
        elif tag in ("b", "strong"):
            self._bold = max(self._bold - 1, 0)

    def handle_data(self, data):
        if self._inside is not None:
            self._inside["words"] += data
            if self._bold:
                self._inside["bold"] += data


def figures_of(response):
    """(figure, words, query) of every link into the ledger that says a whole number."""
    parser = Links()
    parser.feed(response.content.decode())
    found = []
    for link in parser.found:
        address = urlsplit(link["href"])
        words = " ".join(link["words"].split())
        if address.path != reverse("hazards:ledger") or "%" in words:
            continue
        said = FIGURE.findall(link["bold"] or words)
        if len(said) == 1:
            found.append((int(said[0].replace(",", "")), words, address.query))
    return found


def behind(user, query):
    """What the rows of a ledger address add up to, and the words it says it could not understand."""
    filters = parse_filters(QueryDict(query))
    rows = ledger(user, filters)
    if filters.is_past:
        return sum(rows.order_by().values_list("amount", flat=True)), filters.problems
    return rows.count(), filters.problems


def pages():
    campaign = Campaign.objects.filter(status=Campaign.Status.RUNNING).order_by("pk").first()
    task = Task.objects.filter(campaign=campaign).order_by("pk").first()
    detail = campaign.get_absolute_url()
    metrics = [f"{detail}?metric={each}" for each in ("found", "closed", "overdue")]
    room = [f"{reverse('desk:room')}?figure={each}" for each in ("overdue", "open", "major", "found")]
    effect = f"{reverse('lookback:effect')}?campaign={campaign.pk}"
    stock = reverse("lookback:stock")
    return {
        "office": [
            "/", reverse("desk:morning"), *room, *metrics, reverse("campaigns:tasks", args=[campaign.pk]),
            task.get_absolute_url(), effect, stock, f"{stock}?from=2026-03-05&to=2026-09-17",
        ],
        "zhujian": ["/", metrics[0]],
        "jiedao_officer": ["/", metrics[1], task.get_absolute_url()],
        "xianan": ["/", reverse("desk:morning"), stock],
    }  # fmt: skip


def test_every_figure_of_the_first_pages_opens_exactly_its_rows(client):
    wrong, walked = [], {}
    for login, addresses in pages().items():
        user = User.objects.get(username=login)
        client.force_login(user)
        for address in addresses:
            response = client.get(address, follow=True)
            assert response.status_code == 200, address
            found = figures_of(response)
            walked[login, address] = len(found)
            for figure, words, query in dict.fromkeys(found):
                rows, problems = behind(user, query)
                if rows != figure or problems:
                    wrong.append(f"{login} {address}：{words} [{query}] 打开 {rows} 项 {problems}")
    assert not wrong, "\n".join(wrong[:40])
    assert sum(walked.values()) > 300, walked
