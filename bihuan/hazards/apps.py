from django.apps import AppConfig


class HazardsConfig(AppConfig):
    name = "bihuan.hazards"
    label = "hazards"
    verbose_name = "隐患台账"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from bihuan.attachments.access import register
        from bihuan.attachments.imports import register as register_importer
        from bihuan.jobs.exports import register_export
        from bihuan.jobs.selections import register_act
        from bihuan.registry import grading, keysupervision, lists
        from bihuan.search.sources import register as register_source
        from bihuan.tally.sources import register as register_counting

        from .access import VISIBLE
        from .counting import SOURCE as COUNTED
        from .exporting import LEDGER
        from .importing import HazardImporter
        from .merging import merged
        from .origins import register as register_origin
        from .searching import SOURCE
        from .selections import ASSIGN, CLOSE, EXTEND
        from .sharing import HAZARD_ROWS, has_open_major, open_major

        for label, visible in VISIBLE.items():
            register(label, visible)
        register_importer(HazardImporter())
        register_export(LEDGER)
        for act in (ASSIGN, CLOSE, EXTEND):
            register_act(act)
        register_source(SOURCE)
        register_origin(merged)
        register_counting(COUNTED)
        lists.register(HAZARD_ROWS)
        grading.register_open_major("hazards", open_major)
        keysupervision.register("open_major", "有未销号重大隐患", has_open_major)
