from django.urls import path

from .views import appeals, judging, letters, results, rounds, sheets

app_name = "assessment"
urlpatterns = [
    path("", rounds.index, name="list"),
    path("new/", rounds.create, name="create"),
    path("records/", results.records, name="records"),
    path("export/<slug:kind>/", results.export, name="export"),
    path("sheets/", sheets.index, name="sheets"),
    path("sheets/start/", sheets.start, name="start_sheet"),
    path("sheets/<int:pk>/", sheets.detail, name="sheet"),
    path("sheets/<int:pk>/items/", sheets.item, name="add_item"),
    path("sheets/<int:pk>/items/<int:item_pk>/", sheets.item, name="item"),
    path("sheets/<int:pk>/revision/", sheets.revise, name="revise_sheet"),
    path("sheets/<int:pk>/adoption/", sheets.publish, name="publish_sheet"),
    path("sheets/<int:pk>/retirement/", sheets.retire, name="retire_sheet"),
    path("letters/", letters.index, name="letters"),
    path("letters/new/", letters.create, name="new_letters"),
    path("letters/export/", letters.export, name="export_letters"),
    path("letters/forms/<int:pk>/", letters.form, name="letter_form"),
    path("letters/<int:pk>/", letters.detail, name="letter"),
    path("appeals/", appeals.index, name="appeals"),
    path("appeals/<int:pk>/", appeals.detail, name="appeal"),
    path("appeals/<int:pk>/withdrawal/", appeals.withdraw, name="withdraw_appeal"),
    path("seats/<int:pk>/", judging.seat, name="seat"),
    path("seats/<int:pk>/units/<int:unit_pk>/", judging.judge, name="judge"),
    path("units/<int:pk>/", rounds.card, name="card"),
    path("units/<int:pk>/judging/", judging.overview, name="judging"),
    path("units/<int:pk>/appeal/", appeals.create, name="new_appeal"),
    path("scores/<int:pk>/rows/", rounds.rows, name="rows"),
    path("recommendations/<int:pk>/", results.recommendation, name="recommendation"),
    path("<int:pk>/", rounds.detail, name="detail"),
    path("<int:pk>/arrangement/", rounds.arrange, name="arrange"),
    path("<int:pk>/moves/<slug:move>/", rounds.move, name="move"),
]
