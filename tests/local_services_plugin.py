"""Start PostgreSQL and Valkey before Django's settings are read; conftest.py would be too late."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from dropout_portal import local_services


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Set the environment of this process and all it starts."""
    files = tempfile.TemporaryDirectory(prefix="portal-tests-")
    early_config.add_cleanup(files.cleanup)
    os.environ["PORTAL_TESTING"] = "1"
    os.environ["SECRET_KEY"] = "for-tests-only-" * 5
    os.environ["FILES_DIR"] = str(Path(files.name) / "files")
    os.environ["MLFLOW_ARTIFACTS_DIR"] = str(Path(files.name) / "mlflow")
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    if local_services.configured_elsewhere():
        return
    services = local_services.LocalServices()
    services.__enter__()
    early_config.add_cleanup(services.stop)
    os.environ.update(services.environment())
