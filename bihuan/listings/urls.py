from django.urls import path

from .views import detail, letters, lists, policies, public, reports

app_name = "listings"
urlpatterns = [
    path("", lists.index, name="list"),
    path("candidates/", lists.candidates, name="candidates"),
    path("begin/", reports.begin, name="begin"),
    path("export/", lists.export, name="export"),
    path("policies/", policies.policies, name="policies"),
    path("public/", public.register, name="register"),
    path("public/<uuid:code>/", public.public, name="public"),
    path("<int:pk>/", detail.detail, name="detail"),
    path("<int:pk>/edit/", reports.edit, name="edit"),
    path("<int:pk>/examination/", detail.examination, name="examination"),
    path("<int:pk>/board/", public.sign, name="sign"),
    path("<int:pk>/board.pdf", public.sign_pdf, name="sign_pdf"),
    path("<int:pk>/letters/<int:letter_pk>/", letters.letter, name="letter"),
    path("<int:pk>/<slug:key>/", detail.act, name="act"),
]
