from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import AppConfig

if TYPE_CHECKING:
    from bihuan.accounts.models import User


class ProjectsConfig(AppConfig):
    name = "bihuan.projects"
    label = "projects"
    verbose_name = "工程项目"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from bihuan.attachments import access, imports
        from bihuan.batches import charging
        from bihuan.campaigns import extras
        from bihuan.core.beside import register_offer
        from bihuan.jobs.exports import register_export
        from bihuan.registry import merging, panels

        from .actions.funds import charge_subsidy, pay_subsidy
        from .cards import projects_of, projects_with
        from .exporting import FUND_LINES, PROJECTS
        from .importing import ProjectImporter
        from .merging import fold_objects
        from .models import CareHousehold, Project, ServiceRequest, SupportRequest
        from .offering import offer

        def of_project(path: str) -> access.Visible:
            def visible(user: User, pk: str) -> bool:
                return Project.objects.visible_to(user).filter(**{path: pk}).exists()

            return visible

        def sees_support(user: User, pk: str) -> bool:
            return SupportRequest.objects.visible_to(user).filter(pk=pk).exists()

        def sees_visit(user: User, pk: str) -> bool:
            return CareHousehold.objects.visible_to(user).filter(transitions__pk=pk).exists()

        def sees_service(user: User, pk: str) -> bool:
            return ServiceRequest.objects.visible_to(user).filter(transitions__pk=pk).exists()

        access.register("projects.projectreport", of_project("reports__pk"))
        access.register("projects.projectacceptance", of_project("acceptances__pk"))
        access.register("projects.gascheck", of_project("gas_checks__pk"))
        access.register("projects.gaschecktransition", of_project("gas_checks__transitions__pk"))
        access.register("projects.handover", of_project("handovers__pk"))
        access.register("projects.supportrequest", sees_support)
        access.register("projects.caretransition", sees_visit)
        access.register("projects.servicetransition", sees_service)
        charging.register("projects.funds", approved=charge_subsidy, paid=pay_subsidy)
        extras.register("projects.projects", projects_of, position=25)
        panels.register("projects.projects", projects_with, position=55)
        merging.register("projects.projectobject", fold_objects)
        imports.register(ProjectImporter())
        register_offer("projects", offer)
        for export in (PROJECTS, FUND_LINES):
            register_export(export)
