from django.urls import path

from .views import effects, rounds, trends

app_name = "lookback"
urlpatterns = [
    path("", rounds.index, name="list"),
    path("export/", rounds.export, name="export"),
    path("new/", rounds.create, name="create"),
    path("rounds/<int:pk>/", rounds.detail, name="round"),
    path("rounds/<int:pk>/material/", rounds.material, name="material"),
    path("rounds/<int:pk>/<slug:key>/", rounds.act, name="act"),
    path("checks/", rounds.checks, name="checks"),
    path("checks/<int:pk>/", rounds.check, name="check"),
    path("checks/<int:pk>/reopening/", rounds.reopening, name="reopen"),
    path("recurrences/", trends.recurrences, name="recurrences"),
    path("recurrences/export/", trends.export, name="export_recurrences"),
    path("stock/", trends.stock, name="stock"),
    path("effect/", effects.effect, name="effect"),
    path("evaluations/", effects.index, name="evaluations"),
    path("evaluations/<int:pk>/", effects.detail, name="evaluation"),
    path("evaluations/<int:pk>/cancellation/", effects.cancel, name="cancel_evaluation"),
    path("hazards/<int:pk>/evaluation/", effects.arrange, name="arrange"),
]
