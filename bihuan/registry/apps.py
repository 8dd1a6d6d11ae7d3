from django.apps import AppConfig


class RegistryConfig(AppConfig):
    name = "bihuan.registry"
    label = "registry"
    verbose_name = "企业与场所"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from bihuan.accounts import hooks
        from bihuan.attachments import access, imports
        from bihuan.jobs.exports import register_export
        from bihuan.jobs.running import register as register_kind
        from bihuan.jobs.selections import register_act
        from bihuan.search import sources

        from . import evidence, filters, lists, mergers, ownernotes, ownpanels, panels
        from .answeringimporting import AnsweringImporter
        from .chemicalimporting import ChemicalImporter
        from .diagnoses import DIAGNOSIS
        from .dualprevention import DUAL, SCALE
        from .duepanels import ATTRIBUTES, equipment_panel, permits_panel
        from .duplicates import SEARCH
        from .equipmentimporting import EquipmentImporter
        from .exporting import REGISTRY
        from .gaps import ENTERED, GAP, GRADE, SETTLED
        from .gasuse import INDOOR, gas_panel
        from .hazardous import CHEMICAL_ROWS, RECKON, UNIT_ROWS
        from .importing import EnterpriseImporter
        from .keysupervision import CRITERIA
        from .listing import ENTERPRISE_ROWS, RISK_POINT_ROWS
        from .recheckrows import RECHECK_ROWS
        from .regrading import REGRADE
        from .rejudging import REJUDGE
        from .searching import SOURCE
        from .selections import ASSIGN, LEADER, PILOT, SETTLE, WATCHER
        from .succession import pass_supervision

        imports.register(EnterpriseImporter())
        imports.register(EquipmentImporter())
        imports.register(ChemicalImporter())
        imports.register(AnsweringImporter())
        for export in (REGISTRY, lists.SHARED):
            register_export(export)
        for act in (ASSIGN, LEADER, WATCHER, PILOT, SETTLE, RECKON):
            register_act(act)
        panels.register("registry.permits", permits_panel, position=20)
        panels.register("registry.equipment", equipment_panel, position=60)
        for extra in (GAP, GRADE, ENTERED, SETTLED, CRITERIA, ATTRIBUTES, DIAGNOSIS, SCALE, DUAL, INDOOR):
            filters.register(extra)
        for rows in (ENTERPRISE_ROWS, RISK_POINT_ROWS, UNIT_ROWS, CHEMICAL_ROWS, RECHECK_ROWS):
            lists.register(rows)
        for label, visible in evidence.VISIBLE.items():
            access.register(label, visible)
        for kind in (SEARCH, REJUDGE, REGRADE):
            register_kind(kind)
        panels.register("registry.risks", ownpanels.risks_panel, position=20)
        panels.register("registry.gas", gas_panel, position=25)
        panels.register("registry.answering", ownpanels.answering_panel, position=30)
        panels.register("registry.rechecks", ownpanels.rechecks_panel, position=40)
        panels.register("registry.periods", ownpanels.periods_panel, position=45)
        panels.register("registry.owner_notes", ownernotes.notes_panel, position=80)
        panels.register("registry.mergers", mergers.mergers_panel, position=90)
        sources.register(SOURCE)
        hooks.on_reform(pass_supervision)
