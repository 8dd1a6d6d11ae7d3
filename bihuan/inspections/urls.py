from django.urls import path

from . import views

app_name = "inspections"
urlpatterns = [
    path("", views.inspection_list, name="list"),
    path("choose/", views.choose, name="choose"),
    path("walk/", views.walk, name="walk"),
    path("<int:pk>/", views.detail, name="detail"),
    path("<int:pk>/done/", views.done, name="done"),
    path("<int:pk>/opinion/", views.opinion, name="opinion"),
]
