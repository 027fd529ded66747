"""The house rules that no linter sees. CONTRIBUTING.md gives the reasons."""

from __future__ import annotations

import ast
import functools
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from django.urls import URLPattern, URLResolver, get_resolver

from predictions.api.authentication import HasScope

REPOSITORY = Path(__file__).resolve().parents[1]
APPS = ("dropout_portal", "monitoring", "predictions", "modeling", "students", "jobs", "accounts")
PURE = ("modeling/core", "monitoring/core", "simulation")
NOT_OURS = {".git", ".venv", "var", "reports", "__pycache__", ".ci"} | {
    *(".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", ".import_linter_cache", ".grimp_cache"),
}
TEXT = {"", ".py", ".html", ".css", ".js", ".svg", ".md", ".yaml", ".yml", ".toml", ".sh", ".sql", ".cfg", ".example"}
KINDS_OF_FILE = {
    "utils",
    "util",
    "helpers",
    "helper",
    "common",
    "services",
    "misc",
    "shared",
    "lib",
    "base",
    "managers",
}

LONGEST_FILE, LONGEST_FUNCTION, LONGEST_TEST, LONGEST_TASK, MOST_ARGUMENTS = 400, 50, 40, 6, 7

# Views anybody may open, and why no permission guards them.
OPEN_VIEWS = {
    "front": "sends each to the first page their role opens",
    "login": "the door",
    "logout": "the way out",
    "welcome": "opened by a link that works once",
    "work_as": "chooses among one's own roles",
    "health_live": "asked by a supervisor",
    "health_ready": "asked by a supervisor",
    "model_card": "what the model is worth is nobody's secret; it tells of no student",
    "model_card_version": "the same",
    "api_schema": "says how to ask, not what is answered",
    "api_docs": "the same, to read",
}
# Where the manager that narrows to the scope is stepped around; row-level security still holds.
UNSCOPED = {"students/district_records.py": "a student out of the uploader's sight is here already all the same"}


@functools.cache
def _every_file() -> list[Path]:
    found = []
    for folder, inner, names in os.walk(REPOSITORY):
        inner[:] = sorted(set(inner) - NOT_OURS)
        found += [Path(folder) / name for name in sorted(names)]
    return found


def files(*folders: str, suffix: str = "") -> Iterator[Path]:
    """Yield what people wrote, in the whole repository or below some folders."""
    below = tuple(f"{folder}/" for folder in folders)
    for path in _every_file():
        if path.name.endswith(suffix) and named(path).startswith(below or ""):
            yield path


def named(path: Path) -> str:
    return path.relative_to(REPOSITORY).as_posix()


def lines_with(pattern: str, paths: Iterator[Path]) -> list[str]:
    """Return every line that matches, with its place."""
    wanted = re.compile(pattern)
    return [
        f"{named(path)}:{number}: {line.strip()[:100]}"
        for path in paths
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if wanted.search(line)
    ]


def source(*folders: str) -> Iterator[Path]:
    return (path for path in files(*folders or APPS, suffix=".py") if "migrations" not in path.parts)


@functools.cache
def _nodes_of(path: Path) -> list[ast.AST]:
    """Return the functions and imports of a file: every rule asks for the same ones."""
    wanted = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Import, ast.ImportFrom)
    return [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, wanted)]


def functions(paths: Iterator[Path]) -> Iterator[tuple[Path, ast.FunctionDef]]:
    for path in paths:
        for node in _nodes_of(path):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield path, node  # type: ignore[misc]


def n_lines(function: ast.FunctionDef) -> int:
    """Return the lines of a function from its name to its end, docstring aside."""
    first, *rest = function.body
    has_docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and rest
    docstring = (first.end_lineno or 0) - first.lineno + 1 if has_docstring else 0
    return (function.end_lineno or 0) - function.lineno + 1 - docstring


def imported(path: Path) -> set[str]:
    """Return the modules a file imports, wherever in it."""
    names: set[str] = set()
    for node in _nodes_of(path):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def views(resolver: URLResolver | None = None) -> Iterator[tuple[str, URLPattern]]:
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            yield from views(entry)
        else:
            yield entry.name or "", entry


def test_a_file_is_named_for_its_subject() -> None:
    assert [named(path) for path in files(suffix=".py") if path.stem.strip("_") in KINDS_OF_FILE] == []
    assert [named(path) for path in files(suffix=".py") if re.search(r"(?:part)?_?\d$", path.stem)] == []


def may_be_longer(text: str) -> bool:
    """Tell whether what is longer than usual says why: `# Longer than usual: ...` in a line of its own."""
    return bool(re.search(r"^\s*(?:#|/\*|\{#|<!--) Longer than usual: (?:\S+ ){3,}", text, re.MULTILINE))


def test_a_size_beyond_the_usual_one_wants_a_reason_of_some_words() -> None:
    assert may_be_longer("# Longer than usual: one table that nobody should have to turn over.\n")
    assert not may_be_longer("# Longer than usual: because.\n")
    assert not may_be_longer("x = 1  # Longer than usual: it says so beside something else.\n")


def test_a_file_beyond_its_far_end_says_why() -> None:
    ours = [
        path for path in files(*APPS, "simulation", "tests", "benchmarks", "static", "templates") if path.suffix in TEXT
    ]
    written = [path for path in ours if "migrations" not in path.parts and path.suffix != ".svg"]

    assert [
        f"{named(path)}: {n}"
        for path in written
        if (n := len((text := path.read_text(encoding="utf-8")).splitlines())) > LONGEST_FILE
        and not may_be_longer(text)
    ] == []


def test_a_function_beyond_its_far_end_says_why() -> None:
    def body(path: Path, node: ast.FunctionDef) -> str:
        return "\n".join(path.read_text(encoding="utf-8").splitlines()[node.lineno - 1 : node.end_lineno])

    assert [
        f"{named(path)}: {node.name} {n}"
        for path, node in functions(source(*APPS, "simulation", "benchmarks"))
        if (n := n_lines(node)) > LONGEST_FUNCTION and not may_be_longer(body(path, node))
    ] == []


def test_no_function_takes_more_than_a_hand_and_two_fingers() -> None:
    def n_arguments(function: ast.FunctionDef) -> int:
        given = function.args
        every = [*given.posonlyargs, *given.args, *given.kwonlyargs]
        return len([one for one in every if one.arg not in ("self", "cls")])

    assert [
        f"{named(path)}: {node.name}"
        for path, node in functions(source(*APPS, "simulation", "benchmarks"))
        if n_arguments(node) > MOST_ARGUMENTS
    ] == []


def test_a_test_is_a_short_sentence() -> None:
    tests = [(path, node) for path, node in functions(files("tests", suffix=".py")) if node.name.startswith("test_")]

    assert [f"{named(path)}: {node.name} {n_lines(node)}" for path, node in tests if n_lines(node) > LONGEST_TEST] == []
    assert [f"{named(path)}: {node.name}" for path, node in tests if node.name.count("_") < 3] == []


def test_nothing_is_left_for_later() -> None:
    words = "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"))
    ours = (path for path in files() if path.suffix in TEXT and path.suffix != ".lock")

    assert lines_with(rf"\b(?:{words})\b", ours) == []


def test_no_path_of_somebodys_machine_is_written_down() -> None:
    folders = "|".join(("wo" + "rk", "ro" + "ot", "ho" + "me", "Us" + "ers"))
    ours = (path for path in files() if path.suffix in TEXT | {".lock"})

    # Not within an address (`https://host/home/…`) nor a pattern for one.
    found = lines_with(rf"(?<![\w./:}}*])/(?:{folders})/", ours)

    assert [line for line in found if not line.startswith(("Dockerfile", "docker-compose.yml", "deploy/"))] == []


def test_nothing_stored_is_ever_run() -> None:
    # A model is numbers: what unpickles runs whatever the file says.
    running = {"pickle", "cPickle", "joblib", "cloudpickle", "dill", "shelve", "marshal", "skops", "mlflow.pyfunc"}
    found = {named(path): hit for path in files(suffix=".py") if (hit := imported(path) & running)}

    assert found == {}
    assert lines_with(r"\bpyfunc\b|\.read_pickle\(|\.to_pickle\(|allow_pickle=True", source()) == []


def test_no_escape_from_escaping_and_no_door_without_its_token() -> None:
    assert lines_with(r"\bmark_safe\b|\bSafeString\(|\bcsrf_exempt\b", source()) == []


def test_pages_ask_no_other_host_for_anything() -> None:
    found = lines_with(r"https?://", files("templates", "static"))

    assert [line for line in found if "http://www.w3.org/" not in line] == []


def test_every_dependency_says_what_it_is_for() -> None:
    text = (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")
    wanted = re.findall(r'^ {4}"[\w\-\[\],]+(?:[<>=].*)$', text, re.MULTILINE)

    assert len(wanted) > 30
    assert [line for line in wanted if not re.search(r"# \S+", line)] == []


def test_the_core_knows_no_clock_network_or_chance_of_its_own() -> None:
    impure = {"time", "socket", "subprocess", "requests", "urllib", "urllib.request", "random", "secrets", "threading"}
    frameworks = {"django", "celery", "mlflow", "rest_framework", "accounts", "jobs"}

    assert {
        named(path): hit
        for path in source(*PURE)
        if (hit := {name for name in imported(path) if name in impure or name.split(".")[0] in frameworks})
    } == {}
    assert (
        lines_with(r"\.(?:now|today|utcnow)\(|default_rng\(\)|np\.random\.(?!default_rng|Generator)", source(*PURE))
        == []
    )


def test_no_clock_but_the_portals_own_is_read() -> None:
    # A day of the machine's own zone is nobody's day: `timezone` knows the institution's.
    assert lines_with(r"\b(?:date\.today|datetime\.today|utcnow|fromtimestamp)\(|datetime\.now\(\)", source()) == []


def test_failures_are_caught_in_one_place() -> None:
    caught = [
        named(path)
        for path in source()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or (isinstance(node.type, ast.Name) and node.type.id == "Exception"))
    ]

    assert caught == ["jobs/claims.py"]


def test_the_scope_is_stepped_around_only_where_it_says_why() -> None:
    found = {line.partition(":")[0] for line in lines_with(r"\._base_manager\b", source())}

    assert found == set(UNSCOPED)


def test_every_view_names_the_permission_it_needs_or_is_known_to_be_open() -> None:
    roles = yaml.safe_load((REPOSITORY / "configs" / "roles.yaml").read_text(encoding="utf-8"))
    permissions = {permission for listed in roles.values() for permission in listed}
    open_to_all = set()
    for name, pattern in views():
        view_class = getattr(pattern.callback, "view_class", None) or getattr(pattern.callback, "cls", None)
        if view_class is not None and HasScope in getattr(view_class, "permission_classes", ()):
            assert view_class.needs_scope, f"{name} names no scope"
        elif needed := getattr(pattern.callback, "needs_permission", None):
            assert needed in permissions, f"{name}: nobody has {needed}"
        else:
            open_to_all.add(name)

    assert open_to_all == set(OPEN_VIEWS)


def test_only_open_views_are_open_to_strangers() -> None:
    unguarded = {name for name, pattern in views() if not getattr(pattern.callback, "login_required", True)}

    assert {name for name in unguarded if not name.startswith("api_")} <= {
        *("login", "welcome", "health_live", "health_ready", "model_card", "model_card_version"),
    }


def test_a_view_is_named_as_its_address_is() -> None:
    differing = {
        name: pattern.callback.__name__
        for name, pattern in views()
        if not hasattr(pattern.callback, "view_class")
        and not hasattr(pattern.callback, "cls")
        and pattern.callback.__name__ not in (name, name.removeprefix("health_"))
    }

    assert differing == {"promote_model": "promote"} or differing == {}


def test_a_task_is_a_few_lines_and_takes_numbers_by_name() -> None:
    tasks = [(path, node) for path, node in functions(source()) if path.name == "tasks.py" and node.decorator_list]

    assert len(tasks) >= 5
    for path, node in tasks:
        name = f"{named(path)}: {node.name}"
        body = node.body[1:]
        assert (body[-1].end_lineno or 0) - body[0].lineno + 1 <= LONGEST_TASK, f"{name} does work of its own"
        assert not node.args.args, f"{name} takes arguments by place"
        assert {one.arg for one in node.args.kwonlyargs} <= {"job_id"}, f"{name} takes more than the number of a job"
        decorator = ast.unparse(node.decorator_list[0])
        assert f"name='{path.parent.name}.{node.name}'" in decorator, f"{name} is sent under another name"


@pytest.mark.parametrize("target", ["demo", "test", "check", "fix", "bench", "clean", "reproduce-uci"])
def test_make_has_a_target_for_what_people_do(target: str) -> None:
    text = (REPOSITORY / "Makefile").read_text(encoding="utf-8")

    assert re.search(rf"^{target}:", text, re.MULTILINE)
    assert re.search(rf"^\.PHONY:.*\b{target}\b", text, re.MULTILINE)
