from django.urls import path

from .views import acceptances, batches, members, subsidies

app_name = "batches"
urlpatterns = [
    path("", batches.index, name="list"),
    path("export/", batches.export, name="export"),
    path("new/", batches.create, name="create"),
    path("proposal/", batches.propose, name="propose"),
    path("<int:pk>/", batches.detail, name="detail"),
    path("<int:pk>/edit/", batches.edit, name="edit"),
    path("<int:pk>/objects/", batches.add, name="add"),
    path("<int:pk>/notices/", batches.notices, name="notices"),
    path("<int:pk>/transfers/", batches.transfers, name="transfers"),
    path("<int:pk>/closing/", batches.close, name="close"),
    path("<int:pk>/acceptance/", acceptances.acceptance, name="acceptance"),
    path("objects/<int:pk>/", members.detail, name="object"),
    path("objects/<int:pk>/<slug:key>/", members.act, name="act"),
    path("subsidies/", subsidies.index, name="subsidies"),
    path("subsidies/standards/", subsidies.standards, name="standards"),
    path("subsidies/<int:pk>/<slug:move>/", members.decide, name="decide"),
]
