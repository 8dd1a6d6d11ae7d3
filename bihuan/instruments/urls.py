from django.urls import path

from .views import feedback, papers, register, triggers

app_name = "instruments"
urlpatterns = [
    path("", register.index, name="list"),
    path("mine/", register.mine, name="mine"),
    path("export/", register.export, name="export"),
    path("types/", register.types, name="types"),
    path("types/<slug:key>/", register.type_page, name="type"),
    path("new/", papers.create, name="create"),
    path("feedback/<int:pk>/", feedback.draft, name="feedback"),
    path("<int:pk>/", papers.detail, name="detail"),
    path("<int:pk>/edit/", papers.edit, name="edit"),
    path("<int:pk>/talk/", papers.talk, name="talk"),
    path("<int:pk>/<slug:key>/", papers.act, name="act"),
    path("recipients/<int:pk>/<slug:key>/", papers.recipient_act, name="recipient"),
    path("commitments/<int:pk>/<slug:key>/", papers.commitment_act, name="commitment"),
    path("triggers/", triggers.index, name="triggers"),
    path("triggers/new/", triggers.create, name="new_trigger"),
    path("triggers/shipped/", triggers.shipped, name="shipped_triggers"),
    path("triggers/<int:pk>/", triggers.detail, name="trigger"),
    path("triggers/<int:pk>/edit/", triggers.edit, name="edit_trigger"),
    path("triggers/<int:pk>/off/", triggers.off, name="trigger_off"),
    path("versions/<int:pk>/trial/", triggers.try_out, name="try"),
    path("versions/<int:pk>/on/", triggers.on, name="trigger_on"),
    path("trials/<int:pk>/", triggers.trial, name="trial"),
]
