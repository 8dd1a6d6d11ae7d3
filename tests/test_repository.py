"""What holds for the repository itself: decisions are numbered, the glossary is complete, nothing names a machine."""

import re
import subprocess
from pathlib import Path

import pytest
from django.apps import apps
from django.db.models import TextChoices

ROOT = Path(__file__).resolve().parent.parent
OWN_APPS = [config for config in apps.get_app_configs() if config.name.startswith("bihuan.")]


def tracked(*patterns: str) -> list[Path]:
    names = subprocess.run(
        ["git", "ls-files", *patterns], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [ROOT / name for name in names.stdout.splitlines() if (ROOT / name).exists()]


def test_decisions_are_numbered_without_gaps_and_titled_by_their_number():
    decisions = sorted((ROOT / "docs" / "adr").glob("[0-9]*.md"))
    assert [path.name[:4] for path in decisions] == [
        f"{number:04d}" for number in range(1, len(decisions) + 1)
    ]
    for path in decisions:
        assert path.read_text("utf-8").startswith(f"# {path.name[:4]}. ")


def test_every_decision_is_in_the_index():
    folder = ROOT / "docs" / "adr"
    index = (folder / "README.md").read_text("utf-8")
    assert [path.name for path in folder.glob("[0-9]*.md") if f"({path.name})" not in index] == []


def headings(path: Path) -> set[str]:
    """The places of a document one can link to, as the pages of a code host name them."""
    found = re.findall(r"^#{1,6} (.+)$", path.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in found}


@pytest.mark.parametrize("path", tracked("*.md"), ids=lambda path: str(path.relative_to(ROOT)))
def test_links_of_documents_lead_somewhere(path):
    astray = []
    for target in re.findall(r"\]\(([^)\s]+)\)", path.read_text("utf-8")):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, place = target.partition("#")
        there = (path.parent / name).resolve() if name else path
        if not there.exists() or (place and there.suffix == ".md" and place not in headings(there)):
            astray.append(target)
    assert astray == []


def test_documents_named_in_code_exist():
    named = {
        (str(path.relative_to(ROOT)), name)
        for path in tracked("*.py", "*.html", "*.sh", "Makefile")
        for name in re.findall(r"docs/(?:how-to|handbook|adr)/[\w./-]+\.md", path.read_text("utf-8"))
    }
    assert len(named) > 10
    assert [pair for pair in sorted(named) if not (ROOT / pair[1]).exists()] == []


def all_choices() -> list[type[TextChoices]]:
    found: list[type[TextChoices]] = []
    pending = list(TextChoices.__subclasses__())
    while pending:
        cls = pending.pop()
        pending += cls.__subclasses__()
        if cls.__module__.startswith("bihuan."):
            found.append(cls)
    return sorted(found, key=lambda cls: f"{cls.__module__}.{cls.__qualname__}")


def test_glossary_holds_every_model_and_every_choice():
    glossary = (ROOT / "docs" / "glossary.md").read_text("utf-8")
    missing = [
        f"{model.__name__}: {model._meta.verbose_name}"
        for config in OWN_APPS
        for model in config.get_models()
        if f"`{model.__name__}`" not in glossary or str(model._meta.verbose_name) not in glossary
    ]
    missing += [
        f"{choices.__qualname__}.{member.name}: {member.label}"
        for choices in all_choices()
        for member in choices
        if member.label and str(member.label) not in glossary
    ]
    assert not missing


@pytest.mark.parametrize("path", tracked("requirements/*.txt"), ids=lambda path: path.name)
def test_locked_requirements_are_hashed_and_name_no_host(path):
    text = path.read_text()
    assert "://" not in text
    pins = re.findall(r"^[A-Za-z0-9_.\[\],-]+==", text, re.MULTILINE)
    assert len(pins) > 20
    assert text.count("--hash=sha256:") >= len(pins)


def test_every_direct_requirement_says_why():
    for name in ("base.in", "dev.in"):
        for line in (ROOT / "requirements" / name).read_text().splitlines():
            assert line.startswith("-r ") or "#" in line or line.split(";")[0] in OBVIOUS, line


OBVIOUS = {"pytest", "pytest-django", "hypothesis", "time-machine", "ruff", "mypy", "django-stubs", "djlint"}


def test_templates_keep_the_content_policy():
    """No inline style, script or handler anywhere: the browser would refuse them silently."""
    forbidden = re.compile(
        r"\sstyle=|<script(?![^>]*\bsrc=)(?![^>]*application/json)|\son[a-z]+=\"|javascript:|https?://(?!www\.w3\.org)"
    )
    bad = []
    for path in tracked("*.html"):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if forbidden.search(line) and "xmlns" not in line:
                bad.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]}")
    assert not bad


def test_no_file_has_a_second_subject_in_it():
    """A Python file beyond 700 lines holds two subjects; vendored and generated files aside."""
    big = {
        str(path.relative_to(ROOT)): lines
        for path in tracked("*.py", "*.html", "*.mjs")
        if "/vendor/" not in str(path)
        and "/migrations/" not in str(path)
        and (lines := len(path.read_text("utf-8").splitlines())) > 700
    }
    assert not big


def test_every_model_is_named_in_chinese():
    """Every model says in Chinese what it is."""
    for config in OWN_APPS:
        for model in config.get_models():
            assert re.search(r"[\u4e00-\u9fff]", str(model._meta.verbose_name)), model
