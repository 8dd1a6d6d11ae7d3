"""What pages and other apps ask of plans and campaigns."""

from .campaigns import campaign_in_view, tasks_for
from .gates import GateLine, gate_report

__all__ = ["GateLine", "campaign_in_view", "gate_report", "tasks_for"]
