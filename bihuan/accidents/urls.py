from django.urls import path

from .views import acting, detail, measures, register, reporting, situation, statistics

app_name = "accidents"
urlpatterns = [
    path("", register.index, name="list"),
    path("export/", register.export, name="export"),
    path("cases/", register.cases, name="cases"),
    path("new/", reporting.create, name="create"),
    path("statistics/", statistics.index, name="statistics"),
    path("situation/", situation.page, name="situation"),
    path("situation.docx", situation.docx, name="situation_docx"),
    path("controls/", statistics.controls, name="controls"),
    path("measures/", measures.index, name="measures"),
    path("measures/<int:pk>/", measures.detail, name="measure"),
    path("measures/<int:pk>/name/", measures.reveal_person, name="measure_name"),
    path("measures/<int:pk>/<slug:key>/", measures.act, name="measure_act"),
    path("people/<int:pk>/name/", measures.reveal_casualty, name="casualty_name"),
    path("forwards/<int:pk>/", reporting.send, name="send"),
    path("<int:pk>/", detail.page, name="detail"),
    path("<int:pk>/report/", reporting.follow, name="follow"),
    path("<int:pk>/correction/", reporting.correct, name="correct"),
    path("<int:pk>/<slug:key>/", acting.act, name="act"),
]
