"""What every page's shell needs: navigation, region, inbox count."""

from django.http import HttpRequest


def shell(request: HttpRequest) -> dict[str, object]:
    return {"navigation": [], "inbox_count": 0, "current_region_name": ""}
