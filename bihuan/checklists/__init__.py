"""The checklist library (检查表库): books of sections and items as data, judged, exchanged as XLSForm, assembled for tasks."""
