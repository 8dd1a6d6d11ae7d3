"""Addresses of bulletins and of returns as documents, joined to those of returns."""

from django.urls import path

from ..documents import views as documents
from . import views

patterns = [
    path("bulletins/", views.bulletin_list, name="bulletins"),
    path("bulletins/draft/", views.draft, name="bulletin-draft"),
    path("bulletins/<int:pk>/", views.detail, name="bulletin"),
    path("bulletins/<int:pk>/words/", views.edit, name="bulletin-edit"),
    path("bulletins/<int:pk>/choice/", views.choose, name="bulletin-choose"),
    path("bulletins/<int:pk>/recount/", views.recount, name="bulletin-recount"),
    path("bulletins/<int:pk>/check/", views.check, name="bulletin-check"),
    path("bulletins/<int:pk>/move/", views.move, name="bulletin-move"),
    path("bulletins/<int:pk>/print/", views.print_page, name="bulletin-print"),
    path("bulletins/<int:pk>/docx/", views.docx, name="bulletin-docx"),
    path("bulletins/<int:pk>/pdf/", views.pdf, name="bulletin-pdf"),
    path("bulletins/<int:pk>/versions/<int:number>/", views.version, name="bulletin-version"),
    path("<int:pk>/docx/", documents.docx, name="docx"),
    path("<int:pk>/pdf/", documents.pdf, name="pdf"),
    path("b/<slug:code>/", views.figures, name="bulletin-figures"),
    path("b/<slug:code>/rows/", views.rows, name="bulletin-rows"),
]
