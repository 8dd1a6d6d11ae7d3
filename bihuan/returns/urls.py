from django.urls import path

from .bulletins.urls import patterns as bulletins
from .views import burden, collecting, definitions, detail, figures, mine, outputs, reporters, summing

app_name = "returns"
urlpatterns = [
    path("", mine.index, name="list"),
    path("f/<slug:code>/", figures.by_address, name="figure"),
    path("collecting/", collecting.index, name="collecting"),
    path("burden/", burden.index, name="burden"),
    path("reporters/", reporters.index, name="reporters"),
    path("periods/<int:pk>/", collecting.period, name="period"),
    path("periods/<int:pk>/figure/", summing.summed, name="summed"),
    path("periods/<int:pk>/urging/", collecting.urge, name="urge"),
    path("periods/<int:pk>/acceptance/", collecting.accept, name="accept"),
    path("periods/<int:pk>/export/", outputs.period_export, name="period_export"),
    path("definitions/", definitions.index, name="definitions"),
    path("definitions/new/", definitions.create, name="create"),
    path("definitions/import/", definitions.bring, name="bring"),
    path("definitions/plan/", definitions.compile_plan, name="compile"),
    path("definitions/shipped/<str:key>/", definitions.shipped_one, name="shipped"),
    path("definitions/<int:pk>/", definitions.detail, name="definition"),
    path("definitions/<int:pk>/edit/", definitions.edit, name="edit"),
    path("definitions/<int:pk>/trial/", definitions.trial, name="trial"),
    path("definitions/<int:pk>/start/", definitions.start, name="start"),
    path("definitions/<int:pk>/stop/", definitions.stop, name="stop"),
    path("definitions/<int:pk>/opening/", definitions.open_adhoc, name="adhoc"),
    path("definitions/<int:pk>/layout/", definitions.layout, name="layout"),
    path("<int:pk>/", detail.detail, name="detail"),
    path("<int:pk>/filling/", detail.save, name="save"),
    path("<int:pk>/recheck/", detail.recheck, name="recheck"),
    path("<int:pk>/live/", figures.live, name="live"),
    path("<int:pk>/compare/", outputs.compare, name="compare"),
    path("<int:pk>/print/", outputs.print_view, name="print"),
    path("<int:pk>/sheet/", outputs.sheet_export, name="sheet"),
    path("<int:pk>/moves/<slug:key>/", detail.move, name="move"),
    *bulletins,
]
