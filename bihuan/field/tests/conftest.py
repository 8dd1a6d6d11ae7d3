from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from django.test import Client

from bihuan.accounts.models import User
from bihuan.field.actions import sign_in_device
from bihuan.field.auth import access_for
from bihuan.field.models import Device
from bihuan.inspections.tests.factories import GasCampaign, make_campaign


class Phone:
    """A phone as the server sees it: a key in the header, no cookies."""

    def __init__(self, user: User) -> None:
        signed = sign_in_device(uuid.uuid4(), name="测试手机", app="1", by=user)
        self.user, self.device, self.refresh = user, signed.device, signed.refresh
        self.client = Client()

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Device {access_for(Device.objects.get(pk=self.device.pk))}"}

    def sync(self, **query: str) -> dict[str, Any]:
        response = self.client.get("/field/sync/", query, headers=self.headers)
        assert response.status_code == 200, response.content
        answer: dict[str, Any] = json.loads(response.content)
        return answer

    def hand_in(self, visit: dict[str, Any]) -> Any:
        return self.client.post(
            "/field/visits/", json.dumps(visit), content_type="application/json", headers=self.headers
        )

    def head(self, photo: str) -> Any:
        return self.client.head(f"/field/photos/{photo}/", headers=self.headers)

    def patch(self, photo: str, data: bytes, *, offset: int, length: int, sha256: str) -> Any:
        more = {"Upload-Offset": str(offset), "Upload-Length": str(length), "Upload-Sha256": sha256}
        return self.client.patch(
            f"/field/photos/{photo}/", data, content_type="application/offset+octet-stream",
            headers=self.headers | more,
        )  # fmt: skip


@pytest.fixture
def gas(world) -> GasCampaign:
    return make_campaign(world)


@pytest.fixture
def phone(people) -> Phone:
    """Feng's phone, of Qingshi street."""
    return Phone(people.inspector)
