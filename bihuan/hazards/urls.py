from django.urls import path

from .views import create, detail, exporting, importing, ledger

app_name = "hazards"
urlpatterns = [
    path("", ledger.ledger, name="ledger"),
    path("create/", create.create, name="create"),
    path("export/", exporting.export, name="export"),
    path("bulk/", ledger.bulk, name="bulk"),
    path("import/", importing.upload, name="import"),
    path("import/<uuid:pk>/", importing.batch, name="batch"),
    path("import/<uuid:pk>/resumption/", importing.resume, name="resume"),
    path("<int:pk>/", detail.detail, name="detail"),
    path("<int:pk>/print/", detail.printable, name="print"),
    path("<int:pk>/acts/<slug:key>/", detail.act, name="act"),
]
