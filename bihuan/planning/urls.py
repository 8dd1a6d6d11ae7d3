from django.urls import path

from . import views

app_name = "planning"
urlpatterns = [
    path("", views.visits, name="visits"),
    path("visits/<int:pk>/", views.visit, name="visit"),
    path("visits/<int:pk>/cancellation/", views.cancel, name="cancel_visit"),
    path("plans/", views.plans, name="plans"),
    path("plans/new/", views.new_plan, name="new_plan"),
    path("plans/<int:pk>/", views.plan, name="plan"),
    path("plans/<int:pk>/adoption/", views.adopt, name="adopt"),
    path("requests/", views.requests, name="requests"),
    path("requests/new/", views.new_request, name="new_request"),
    path("requests/<int:pk>/decision/", views.decide, name="decide"),
    path("joint/", views.joints, name="joints"),
    path("joint/proposal/", views.propose, name="propose"),
    path("joint/<int:pk>/answer/", views.answer, name="answer"),
    path("recusals/", views.recusals, name="recusals"),
    path("recusals/own/", views.own_recusals, name="own_recusals"),
    path("recusals/<int:pk>/end/", views.end_recusal, name="end_recusal"),
    path("draws/", views.draws, name="draws"),
    path("draws/new/", views.new_draw, name="new_draw"),
    path("draws/<int:pk>/", views.draw, name="draw"),
    path("draws/<int:pk>/<slug:act>/", views.act_on_draw, name="act_on_draw"),
    path("public/", views.public_draws, name="public_draws"),
    path("public/<int:pk>/", views.public_draw, name="public_draw"),
    path("public/<int:pk>/file/", views.public_file, name="public_file"),
]
