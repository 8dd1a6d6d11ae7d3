from django.urls import path

from .views import matters, papers, register

app_name = "submissions"
urlpatterns = [
    path("", register.index, name="list"),
    path("above/", register.above, name="above"),
    path("here/", register.here, name="here"),
    path("export/", register.export, name="export"),
    path("about/", register.about, name="about"),
    path("suggestions/", matters.suggested, name="suggestions"),
    path("suggestions/aside/", matters.aside, name="set_aside"),
    path("matters/", matters.index, name="matters"),
    path("matters/new/", matters.create, name="new_matter"),
    path("matters/<slug:key>/", matters.edit, name="matter"),
    path("new/", papers.create, name="create"),
    path("<int:pk>/", papers.detail, name="detail"),
    path("<int:pk>/edit/", papers.edit, name="edit"),
    path("<int:pk>/<slug:key>/", papers.act, name="act"),
    path("opinions/<int:pk>/<slug:key>/", papers.opinion_act, name="opinion"),
    path("conditions/<int:pk>/<slug:key>/", papers.condition_act, name="condition"),
]
