"""Every door of the house. Pages are closed by default (LoginRequiredMiddleware)."""

import json

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path
from django.views.generic import TemplateView

from bihuan.config.health import live, ready
from bihuan.field.views import service_worker
from bihuan.operations.metrics.exposition import metrics
from bihuan.registry.views.plates import read as plate

urlpatterns = [
    path("healthz/", live, name="live"),
    path("readyz/", ready, name="ready"),
    path("metrics", metrics, name="metrics"),
    path("sw.js", service_worker, name="service_worker"),
    path("", include("bihuan.desk.urls")),
    path("accounts/", include("bihuan.accounts.urls")),
    path("audit/", include("bihuan.audit.urls")),
    path("files/", include("bihuan.attachments.urls")),
    path("messages/", include("bihuan.notifications.urls")),
    path("jobs/", include("bihuan.jobs.urls")),
    path("duties/", include("bihuan.duties.urls")),
    path("papers/", include("bihuan.papers.urls")),
    path("registry/", include("bihuan.registry.urls")),
    path("q/<str:token>/", plate, name="plate"),
    path("zones/", include("bihuan.zones.urls")),
    path("checklists/", include("bihuan.checklists.urls")),
    path("campaigns/", include("bihuan.campaigns.urls")),
    path("hazards/", include("bihuan.hazards.urls")),
    path("inspections/", include("bihuan.inspections.urls")),
    path("planning/", include("bihuan.planning.urls")),
    path("field/", include("bihuan.field.urls")),
    path("pledges/", include("bihuan.pledges.urls")),
    path("batches/", include("bihuan.batches.urls")),
    path("projects/", include("bihuan.projects.urls")),
    path("accidents/", include("bihuan.accidents.urls")),
    path("lookback/", include("bihuan.lookback.urls")),
    path("listings/", include("bihuan.listings.urls")),
    path("oversight/", include("bihuan.oversight.urls")),
    path("instruments/", include("bihuan.instruments.urls")),
    path("submissions/", include("bihuan.submissions.urls")),
    path("returns/", include("bihuan.returns.urls")),
    path("assessment/", include("bihuan.assessment.urls")),
    path("office/", include("bihuan.office.urls")),
    path("exchange/", include("bihuan.exchange.urls")),
    path("history/", include("bihuan.archive.urls")),
    path("api/v1/", include("bihuan.api.urls")),
    path("operations/", include("bihuan.operations.urls")),
]
if settings.DEBUG:
    sample = json.loads((settings.SHELL_DIR / "templates/components/gallery.json").read_text("utf-8"))
    gallery = TemplateView.as_view(template_name="components/gallery.html", extra_context=sample)
    urlpatterns += [path("gallery/", login_not_required(gallery), name="gallery")]
