"""Image, compose file, Procfile, database roles and CI agree, and say nothing careless. No Docker engine is needed."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from dropout_portal import local_services
from dropout_portal.local_services import LocalServices

REPOSITORY = Path(__file__).resolve().parents[1]
COMPOSE: dict[str, Any] = yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ("web", "worker", "heavy", "beat", "migrate")
ONE_OFF = {"migrate"}
SECRETS = re.compile(r"SECRET_KEY|\w*PASSWORD")
INTERPOLATED = re.compile(r"(?<!\$)\$\{(\w+)([^}]*)\}")


def text_of(name: str) -> str:
    return (REPOSITORY / name).read_text(encoding="utf-8")


def example_settings() -> dict[str, str]:
    lines = text_of("env.example").splitlines()
    return dict(line.split("=", 1) for line in lines if re.match(r"[A-Z_]+=", line))


def procfile() -> dict[str, str]:
    return dict(line.split(": ", 1) for line in text_of("Procfile").splitlines() if line)


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_has_a_health_check_or_runs_once(name: str) -> None:
    service = SERVICES[name]

    if name in ONE_OFF:
        assert service["restart"] == "no"
    else:
        assert service["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL")
        assert service["restart"] == "unless-stopped"


def test_services_wait_for_the_migration() -> None:
    waiting = {name: SERVICES[name]["depends_on"]["migrate"]["condition"] for name in OURS if name != "migrate"}

    assert set(waiting.values()) == {"service_completed_successfully"}


def test_every_secret_must_be_given_and_none_has_a_default() -> None:
    interpolated = INTERPOLATED.findall(text_of("docker-compose.yml"))
    secrets = {name: rest for name, rest in interpolated if SECRETS.fullmatch(name)}

    assert len(secrets) == 6
    assert all(rest.startswith(":?") for rest in secrets.values()), secrets
    assert not any(example_settings()[name] for name in secrets)


def test_no_password_stands_in_a_deployment_file() -> None:
    files = ("docker-compose.yml", "Dockerfile", "deploy/postgres/roles.sql", "deploy/postgres/10-roles.sh")
    # An address with a literal password, or a literal after PASSWORD.
    careless = re.compile(r"://[^\s:@/]*:[^\s$@/{][^\s@]*@|PASSWORD[:= ]+'?[a-z0-9]+'?$", re.MULTILINE)

    assert [name for name in files if careless.search(text_of(name))] == []


def test_every_value_the_compose_file_wants_stands_in_the_example() -> None:
    wanted = {name for name, _rest in INTERPOLATED.findall(text_of("docker-compose.yml"))}

    assert wanted == set(example_settings())


def test_every_name_of_the_compose_file_is_explained() -> None:
    given = {name for service in SERVICES.values() for name in service.get("environment", {})}
    explained = set(re.findall(r"`([A-Z][A-Z0-9_]+)`", text_of("docs/settings.md")))

    assert given | set(example_settings()) <= explained, sorted((given | set(example_settings())) - explained)


def test_only_the_migration_signs_in_as_the_owner_of_the_tables() -> None:
    owners = [name for name in OURS if "DATABASE_OWNER_URL" in SERVICES[name]["environment"]]

    assert owners == ["migrate"]


def test_nothing_is_published_beyond_this_machine() -> None:
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]

    assert published
    assert all(port.startswith("127.0.0.1:") for port in published), published


def test_images_and_actions_are_pinned() -> None:
    bases = re.findall(r"^FROM (\S+:\S+)", text_of("Dockerfile"), re.MULTILINE)
    foreign = [service["image"] for service in SERVICES.values() if "build" not in service]
    actions = re.findall(r"uses: \S+@(\S+)", text_of(".github/workflows/ci.yml"))

    assert bases
    assert all(re.search(r":\d+\.\d+", image) for image in bases + foreign), bases + foreign
    assert actions
    assert all(re.fullmatch(r"[0-9a-f]{40}", pin) for pin in actions), actions


@pytest.mark.parametrize("name", procfile())
def test_the_image_runs_what_the_procfile_says(name: str, tmp_path: Path) -> None:
    line = procfile()[name]
    program = shlex.split(line)[0]
    (tmp_path / program).write_text('#!/bin/sh\nprintf "%s\\n" "$0" "$@"\n')
    (tmp_path / program).chmod(0o755)
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "BIND": "0.0.0.0", "PORT": "8000"}

    ran = subprocess.run(
        [REPOSITORY / "deploy" / "entrypoint.sh", *SERVICES[name]["command"]],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )

    expanded = re.sub(r"\$\{(\w+):-([^}]*)\}", lambda found: environment.get(found[1], found[2]), line)
    assert Path(ran.stdout.splitlines()[0]).name == program
    assert ran.stdout.splitlines()[1:] == shlex.split(expanded)[1:]


@pytest.mark.parametrize("script", ["deploy/entrypoint.sh", "deploy/postgres/10-roles.sh", ".ci/run"])
def test_scripts_parse_and_may_be_run(script: str) -> None:
    path = REPOSITORY / script
    shell = "bash" if "bash" in path.read_text(encoding="utf-8").splitlines()[0] else "sh"

    assert os.access(path, os.X_OK)
    subprocess.run([shell, "-n", path], check=True)


def test_one_openmp_thread_everywhere() -> None:
    workflow = yaml.safe_load(text_of(".github/workflows/ci.yml"))

    assert all(SERVICES[name]["environment"]["OMP_NUM_THREADS"] == "1" for name in (*OURS, "mlflow"))
    assert text_of("Dockerfile").count("OMP_NUM_THREADS=1") == 2
    assert "export OMP_NUM_THREADS := 1" in text_of("Makefile")
    assert "export OMP_NUM_THREADS=1" in text_of(".ci/run")
    assert all(job["env"]["OMP_NUM_THREADS"] == "1" for job in workflow["jobs"].values())


def test_the_image_gets_the_whole_portal_and_nothing_else() -> None:
    packages = re.search(r"root_packages =\n((?: +\w+\n)+)", text_of(".importlinter"))
    assert packages
    needed = {*packages[1].split(), "configs", "templates", "static", "manage.py", "Procfile", "requirements.lock"}

    lines = text_of(".dockerignore").splitlines()

    allowed = {line[1:] for line in lines if line.startswith("!")}
    assert "*" in lines
    assert allowed == needed | {"deploy"} | ({"locale"} if (REPOSITORY / "locale").exists() else set())


def test_the_image_and_make_use_the_same_versions() -> None:
    uv = re.search(r"UV_VERSION := (\S+)", text_of("Makefile"))
    client = re.search(r"^mlflow-skinny==(\S+)", text_of("requirements.lock"), re.MULTILINE)
    server = re.search(r"^mlflow==(\S+)", text_of("deploy/mlflow/requirements.lock"), re.MULTILINE)
    assert uv
    assert client
    assert server

    assert f"ARG UV_VERSION={uv[1]}\n" in text_of("Dockerfile")
    assert client[1] == server[1]
    assert "--require-hashes" in text_of("Dockerfile")


def test_npm_and_node_stay_out_of_the_image() -> None:
    stages = {
        re.match(r".*", part)[0].split()[-1]: part
        for part in re.split(r"^FROM ", text_of("Dockerfile"), flags=re.MULTILINE)[1:]
    }
    others = [part for name, part in stages.items() if name != "charts"]

    assert "plotly_files.py" in stages["charts"]
    assert not [part for part in others if re.search(r"deploy/npm|RUN .*(npm|node)|plotly_files", part)]
    assert re.findall(r"--from=charts (.*)", "".join(others)) == ["/opt/charts/share /opt/venv/share"]


def test_ci_runs_what_anybody_can_run() -> None:
    workflow = yaml.safe_load(text_of(".github/workflows/ci.yml"))
    check = workflow["jobs"]["check"]
    script = text_of(".ci/run")

    assert check["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13"]
    assert [step["run"] for step in check["steps"] if "run" in step] == [".ci/run"]
    assert all(words in script for words in ("make install", "make check", "make test-slow"))


@pytest.mark.slow
def test_roles_sql_makes_what_the_demo_makes_and_may_run_twice() -> None:
    passwords = {f"PORTAL_{name}_PASSWORD": f"{name.lower()}1" for name in ("OWNER", "APP", "MLFLOW")}
    made = (
        "SELECT rolname, rolsuper, rolbypassrls, rolcanlogin FROM pg_roles WHERE rolname LIKE 'portal\\_%' ORDER BY 1"
    )
    with LocalServices() as services:
        environment = {
            "PATH": os.environ["PATH"],
            "PGHOST": str(services.run),
            "PGUSER": "portal",
            "PGDATABASE": "postgres",
            "PGPASSWORD": (services.data / "postgres.password").read_text(),
        }

        program = local_services._postgres_folder() / "bin" / "psql"

        def psql(*words: str | Path) -> str:
            command = [program, "--no-psqlrc", "-v", "ON_ERROR_STOP=1", *words]
            done = subprocess.run(command, env=environment | passwords, capture_output=True, text=True, check=True)
            return done.stdout

        by_the_demo = psql("-Atc", made)
        for database in ("portal", "mlflow"):
            psql("-c", f"DROP DATABASE {database}")
        for role in local_services.ROLES:
            psql("-c", f"DROP ROLE {role}")

        for _time in ("first", "second"):
            psql("-f", REPOSITORY / "deploy" / "postgres" / "roles.sql")

        assert psql("-Atc", made) == by_the_demo
        owners = psql("-Atc", "SELECT datname, datdba::regrole FROM pg_database WHERE datname IN ('portal', 'mlflow')")
        assert set(owners.split()) == {"portal|portal_owner", "mlflow|portal_mlflow"}
