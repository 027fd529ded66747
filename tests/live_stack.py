"""The running portal for the tests that need all of it, and an institution that came as far as its first list."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests import databases

# The processes' harness brings Celery and a browser's cookies: it is imported by those who need the portal running.
if TYPE_CHECKING:
    from tests.live.stack import LiveStack
    from tests.live.stories import FirstList


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveStack]:
    """The portal, running: web and the workers of both queues, with the institutions of the tests."""
    from tests.live.stack import LiveStack

    with databases.fresh("live_portal") as database, contextlib.ExitStack() as stack:
        portal = LiveStack(database=database, folder=tmp_path_factory.mktemp("live"))
        stack.callback(portal.close)
        portal.start_workers()
        portal.start("web", "--workers", "1")
        portal.institutions = json.loads(portal.run("-m", "tests.live.people").splitlines()[-1])
        portal.url = portal.said("web", r"Listening at: (http://[\d.:]+)")
        yield portal


@pytest.fixture(scope="session")
def trained(live: LiveStack, tmp_path_factory: pytest.TempPathFactory) -> FirstList:
    """An institution whose people went from a file to a list, with what they were told on the way."""
    from tests.live import stories

    return stories.first_list(live, "trained", stories.flat_cohort(tmp_path_factory.mktemp("trained"), n=400))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """Show what the processes said last beside a test that failed."""
    report = yield
    portal = getattr(item, "funcargs", {}).get("live")
    if report.failed and portal is not None:
        for path in sorted(portal.folder.glob("*.log")):
            report.sections.append((f"log of {path.stem}", portal.tail(path.stem)))
    return report
