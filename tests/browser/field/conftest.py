"""A city, a server over a copy of it that can be killed, and a phone in a hand."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.field.server import Server

from ..conftest import ARGUMENTS
from ..phones import Phone


@pytest.fixture(scope="session")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("city")
    Server(data).do("city")
    return data


@pytest.fixture
def server(city: Path, tmp_path: Path) -> Iterator[Server]:
    shutil.copytree(city, tmp_path / "data")
    server = Server(tmp_path / "data").start()
    yield server
    server.kill()


@pytest.fixture
def phone(chromium: Browser, server: Server, tmp_path: Path) -> Iterator[Phone]:
    phone = Phone(chromium, server.base, tmp_path / "profile", ARGUMENTS).switch_on()
    yield phone
    phone.die()
