"""`/metrics` for Prometheus: closed unless a token or an address list opens it, and then only to those."""

from __future__ import annotations

import ipaddress
import os

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest, multiprocess

from .gauges import HouseCollector


def may_scrape(request: HttpRequest) -> bool:
    """Whether the caller brings the token (when one is set) and comes from a listed address (when any is listed)."""
    token, networks = settings.METRICS_TOKEN, settings.METRICS_ALLOW
    if not token and not networks:
        return False
    brought = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if token and not constant_time_compare(brought, token):
        return False
    if not networks:
        return True
    try:
        address = ipaddress.ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return False
    return any(address in network for network in networks)


@login_not_required
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """What all processes of this instance counted, and the state of the house. 404 to whoever may not know."""
    if not may_scrape(request):
        raise Http404
    house = CollectorRegistry()
    house.register(HouseCollector())
    return HttpResponse(generate_latest(counted()) + generate_latest(house), content_type=CONTENT_TYPE_LATEST)


def counted() -> CollectorRegistry:
    """The instruments: summed over all processes when they share a directory, else of this process."""
    if not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        return REGISTRY
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)
    return registry
