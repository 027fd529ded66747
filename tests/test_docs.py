"""What can be set, run, called or configured is explained; every link leads somewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.core.management import load_command_class
from django.core.management.base import BaseCommand
from drf_spectacular.generators import SchemaGenerator
from pydantic import BaseModel

from modeling.training.training_config import TrainingConfig

REPOSITORY = Path(__file__).resolve().parents[1]
APPS = ("accounts", "jobs", "students", "modeling", "predictions", "monitoring", "dropout_portal", "benchmarks")
READ_IN_PYTHON = re.compile(
    r"""env\.\w+\(\s*"([A-Z][A-Z0-9_]+)"          # env.str("NAME")
      | _database\("([A-Z_]+)"\)
      | environ(?:\.get|\.setdefault)?[(\[]\s*"([A-Z][A-Z0-9_]+)"
      | "([A-Z]+_NUM_THREADS)"
    """,
    re.VERBOSE,
)
READ_IN_A_SHELL = re.compile(r"\$\{([A-Z][A-Z0-9_]+):-")
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")


def text_of(name: str) -> str:
    return (REPOSITORY / name).read_text(encoding="utf-8")


def quoted_in(name: str) -> set[str]:
    """Return every word that stands in code marks somewhere in a page."""
    return {word for quoted in re.findall(r"`([^`\n]+)`", text_of(name)) for word in (quoted, *quoted.split())}


def variables_read() -> set[str]:
    sources = [path for app in APPS for path in (REPOSITORY / app).rglob("*.py")] + [REPOSITORY / "manage.py"]
    in_python = [READ_IN_PYTHON.findall(path.read_text(encoding="utf-8")) for path in sources]
    in_shell = [READ_IN_A_SHELL.findall(text_of(name)) for name in ("Procfile", ".ci/run", "deploy/entrypoint.sh")]
    in_make = re.findall(r"^([A-Z]+) \?=", text_of("Makefile"), re.MULTILINE)
    found = {name for names in in_python for groups in names for name in groups if name}
    return found | {name for names in in_shell for name in names} | set(in_make)


def own_commands() -> Iterator[tuple[str, BaseCommand]]:
    for path in sorted(REPOSITORY.glob("*/management/commands/[a-z]*.py")):
        yield path.stem, load_command_class(path.parts[-4], path.stem)


def options_of(name: str, command: BaseCommand) -> set[str]:
    """Return the options and arguments that are the command's own."""
    every_commands = {action.dest for action in BaseCommand().create_parser("manage.py", name)._actions}
    own = [action for action in command.create_parser("manage.py", name)._actions if action.dest not in every_commands]
    return {(action.option_strings or [action.dest])[-1] for action in own}


def keys_of(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from keys_of(inner, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def test_every_environment_variable_is_explained() -> None:
    read = variables_read()

    assert {"SECRET_KEY", "DATABASE_URL", "PORT", "CODE_VERSION"} <= read
    assert read <= quoted_in("docs/settings.md"), sorted(read - quoted_in("docs/settings.md"))


def test_every_command_and_each_of_its_options_is_explained() -> None:
    page = text_of("docs/commands.md")
    sections = {part.split("`")[1]: part for part in page.split("\n## ")[1:]}

    for name, command in own_commands():
        assert name in sections, f"docs/commands.md says nothing of {name}"
        if name != "migrate":  # Django's own options are Django's to explain
            missing = {option for option in options_of(name, command) if option not in sections[name]}
            assert not missing, f"docs/commands.md, {name}: {sorted(missing)}"


def test_the_read_me_names_every_command_and_every_target_of_make() -> None:
    targets = re.search(r"^\.PHONY: (.+)$", text_of("Makefile"), re.MULTILINE)
    assert targets
    wanted = {name for name, _command in own_commands()} | {f"make {target}" for target in targets[1].split()}

    assert wanted <= quoted_in("README.md"), sorted(wanted - quoted_in("README.md"))


def test_every_path_and_field_of_the_api_is_explained() -> None:
    schema: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    page = text_of("docs/api.md")
    fields = {
        name for component in schema["components"]["schemas"].values() for name in component.get("properties", {})
    }

    assert len(schema["paths"]) >= 3
    assert [path for path in schema["paths"] if path not in page] == []
    assert fields <= quoted_in("docs/api.md"), sorted(fields - quoted_in("docs/api.md"))


def test_every_key_of_the_training_configuration_is_explained() -> None:
    written = yaml.safe_load(text_of("configs/training_config.yaml"))
    flat = {f"{key}.{inner}" for key, value in written.items() if isinstance(value, dict) for inner in value}
    keys = set(keys_of(TrainingConfig)) | flat | {key for key, value in written.items() if not isinstance(value, dict)}

    assert keys <= quoted_in("docs/model.md"), sorted(keys - quoted_in("docs/model.md"))


def test_every_role_permission_and_periodic_task_is_explained() -> None:
    roles = yaml.safe_load(text_of("configs/roles.yaml"))
    permissions = {permission for listed in roles.values() for permission in listed}
    periodic = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}

    assert set(roles) | permissions <= quoted_in("docs/security.md")
    assert periodic <= quoted_in("docs/operations.md")


@pytest.mark.parametrize("page", [path.relative_to(REPOSITORY).as_posix() for path in REPOSITORY.glob("docs/**/*.md")])
def test_links_of_a_page_lead_somewhere(page: str) -> None:
    folder = (REPOSITORY / page).parent

    assert [link for link in LINK.findall(text_of(page)) if not (folder / link).exists()] == []


def test_links_of_the_pages_at_the_root_lead_somewhere() -> None:
    pages = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")
    dead = [(page, link) for page in pages for link in LINK.findall(text_of(page)) if not (REPOSITORY / link).exists()]

    assert dead == []


def test_every_page_is_linked_from_the_read_me() -> None:
    pages = {path.relative_to(REPOSITORY).as_posix() for path in REPOSITORY.glob("docs/*.md")}

    assert pages <= set(LINK.findall(text_of("README.md")))


def test_decisions_are_short_and_say_context_decision_consequences() -> None:
    decisions = sorted((REPOSITORY / "docs" / "decisions").glob("[0-9]*.md"))
    numbers = [int(path.name[:4]) for path in decisions]

    assert numbers == list(range(1, len(decisions) + 1))
    for path in decisions:
        lines = path.read_text(encoding="utf-8").splitlines()
        assert len(lines) <= 30, path.name
        assert [line for line in lines if line.startswith("## ")] == ["## Context", "## Decision", "## Consequences"]
