from django.urls import path

from .views import imports, lists, records

app_name = "registry"
urlpatterns = [
    path("", lists.index, name="list"),
    path("export/", lists.export, name="export"),
    path("assign/", lists.assign, name="assign"),
    path("new/", records.create, name="create"),
    path("<int:pk>/", records.detail, name="detail"),
    path("<int:pk>/edit/", records.edit, name="edit"),
    path("<int:pk>/status/", records.status, name="status"),
    path("<int:pk>/account/", records.account, name="account"),
    path("contacts/<int:pk>/reveal/", records.reveal, name="reveal"),
    path("import/", imports.start, name="import"),
    path("import/template/", imports.template, name="template"),
    path("import/<uuid:pk>/", imports.batch, name="batch"),
    path("import/<uuid:pk>/columns/", imports.columns, name="columns"),
    path("import/<uuid:pk>/resume/", imports.resume, name="resume"),
]
