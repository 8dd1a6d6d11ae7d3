from django.urls import path

from .views import drafting, exchange, reading

app_name = "checklists"
urlpatterns = [
    path("", reading.library, name="library"),
    path("coverage/", reading.coverage, name="coverage"),
    path("new/", drafting.new, name="new"),
    path("import/", exchange.upload, name="upload"),
    path("import/<uuid:file>/", exchange.trial, name="trial"),
    path("<int:pk>/", reading.book, name="book"),
    path("<int:pk>/draft/", drafting.draft, name="draft"),
    path("versions/<int:pk>/", reading.version, name="version"),
    path("versions/<int:pk>/print/", reading.print_version, name="print"),
    path("versions/<int:pk>/form.xlsx", reading.form, name="form"),
    path("versions/<int:pk>/changes/", reading.changes, name="changes"),
    path("versions/<int:pk>/copy/", drafting.copy, name="copy"),
    path("versions/<int:pk>/withdrawal/", drafting.withdrawal, name="withdrawal"),
    path("versions/<int:pk>/editor/", reading.editor, name="editor"),
    path("versions/<int:pk>/head/", drafting.head, name="head"),
    path("versions/<int:pk>/publishing/", drafting.publishing, name="publishing"),
    path("versions/<int:pk>/discarding/", drafting.discarding, name="discarding"),
    path("versions/<int:pk>/import/", exchange.upload, name="upload_draft"),
    path("versions/<int:pk>/import/<uuid:file>/", exchange.trial, name="trial_of_draft"),
    path("versions/<int:pk>/sections/", drafting.add_section, name="add_section"),
    path("versions/<int:pk>/sections/<str:code>/", drafting.section, name="section"),
    path("versions/<int:pk>/sections/<str:code>/items/", drafting.new_item, name="new_item"),
    path("versions/<int:pk>/items/<str:code>/", drafting.item, name="item"),
    path("versions/<int:pk>/items/<str:code>/act/", drafting.item_act, name="item_act"),
]
