"""Shared ground without models: digests, sealed fields, paging, sheets, charts, template helpers."""
