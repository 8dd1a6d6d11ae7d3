from django.urls import path

from .views import certificates, checking, definitions, promises, referrals, selfcheck

app_name = "pledges"
urlpatterns = [
    path("", promises.index, name="list"),
    path("export/", promises.export, name="export"),
    path("new/", promises.create, name="create"),
    path("<int:pk>/", promises.detail, name="detail"),
    path("<int:pk>/edit/", promises.edit, name="edit"),
    path("<int:pk>/signature/", promises.sign, name="sign"),
    path("<int:pk>/withdrawal/", promises.withdraw, name="withdraw"),
    path("<int:pk>/renewal/", promises.renew, name="renew"),
    path("<int:pk>/print/", promises.print_page, name="print"),
    path("<int:pk>/conclusion/", checking.conclusion, name="conclusion"),
    path("persons/<int:pk>/reveal/", promises.reveal, name="reveal"),
    path("lines/<int:pk>/verdict/", checking.line, name="line"),
    path("false-claims/", checking.false_claims, name="false_claims"),
    path("false-claims/<int:pk>/transfer/", checking.handing_over, name="hand_over"),
    path("referrals/", referrals.index, name="referrals"),
    path("referrals/<int:pk>/", referrals.detail, name="referral"),
    path("referrals/<int:pk>/<slug:move>/", referrals.act, name="act_on_referral"),
    path("forms/", definitions.index, name="forms"),
    path("forms/new/", definitions.create, name="create_form"),
    path("forms/<int:pk>/retirement/", definitions.retire, name="retire_form"),
    path("certificates/", certificates.index, name="certificates"),
    path("enterprises/<int:pk>/certificates/new/", certificates.create, name="add_certificate"),
    path("certificates/<int:pk>/", certificates.edit, name="edit_certificate"),
    path("certificates/<int:pk>/retirement/", certificates.retire, name="retire_certificate"),
    path("self-check/", selfcheck.choose, name="self_check"),
    path("self-check/walk/", selfcheck.walk, name="walk"),
    path("self-check/<int:pk>/done/", selfcheck.done, name="self_checked"),
    path("self-checks/", selfcheck.index, name="self_checks"),
]
