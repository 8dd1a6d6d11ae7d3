"""The single error a reader may raise."""


class PlanReadError(Exception):
    """The document cannot be read; the message says in Chinese what happened and what to do."""
