from django.urls import path

from . import views

app_name = "papers"
urlpatterns = [
    path("", views.paper_list, name="list"),
    path("<int:pk>/", views.detail, name="detail"),
    path("<int:pk>/print/", views.print_page, name="print"),
    path("<int:pk>/pdf/", views.pdf, name="pdf"),
    path("<int:pk>/docx/", views.docx, name="docx"),
    path("<int:pk>/acknowledgement/", views.acknowledgement, name="acknowledgement"),
    path("<int:pk>/service/", views.service, name="service"),
    path("verify/<uuid:code>/", views.verify, name="verify"),
]
