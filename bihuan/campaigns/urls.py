from django.urls import path

from .views import campaigns, findings, importing, items, plans, tasks, workbench

app_name = "campaigns"
urlpatterns = [
    path("", campaigns.index, name="list"),
    path("<int:pk>/", campaigns.detail, name="detail"),
    path("<int:pk>/tasks/", campaigns.tasks, name="tasks"),
    path("<int:pk>/breakdown.xlsx", campaigns.breakdown, name="breakdown"),
    path("tasks/<int:pk>/", tasks.task, name="task"),
    path("tasks/<int:pk>/checklist/", tasks.checklist, name="checklist"),
    path("tasks/<int:pk>/confirmations/", tasks.confirm_reported, name="confirm_reported"),
    path("assignments/<int:pk>/<str:move>/", tasks.assignment, name="assignment"),
    path("phases/<int:pk>/", campaigns.phase, name="phase"),
    path("phases/<int:pk>/gate/", campaigns.gate, name="gate"),
    path("phases/<int:pk>/<str:move>/", campaigns.phase_move, name="phase_move"),
    path("plans/", plans.plans, name="plans"),
    path("plans/import/", importing.import_plan, name="import_plan"),
    path("plans/<int:pk>/", workbench.workbench, name="workbench"),
    path("plans/<int:pk>/pulse/", workbench.pulse, name="pulse"),
    path("plans/<int:pk>/undoing/", workbench.undo, name="undo"),
    path("plans/<int:pk>/head/", plans.head, name="head"),
    path("plans/<int:pk>/discarding/", plans.discard, name="discard"),
    path("plans/<int:pk>/publishing/", plans.publish, name="publish"),
    path("plans/<int:pk>/confirmations/", workbench.confirm_confident, name="confirm_confident"),
    path("plans/<int:pk>/findings/", findings.findings, name="findings"),
    path("plans/<int:pk>/findings/<int:finding_pk>/<str:verb>/", findings.finding, name="finding"),
    path("plans/<int:pk>/units/<int:unit_pk>/", workbench.match_unit, name="match_unit"),
    path("plans/<int:pk>/items/", items.add, name="add_item"),
    path("plans/<int:pk>/items/<int:item_pk>/", items.item, name="item"),
    path("plans/<int:pk>/items/<int:item_pk>/card/", items.card, name="card"),
    path("plans/<int:pk>/items/<int:item_pk>/more/", items.more, name="more"),
    path("plans/<int:pk>/items/<int:item_pk>/section/", workbench.confirm_section, name="confirm_section"),
    path("plans/<int:pk>/items/<int:item_pk>/<str:verb>/", items.move, name="move_item"),
]
