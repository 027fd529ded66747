"""Take the pictures of the counsellor's guide from the running demo: `make pictures`, beside `make demo`.

They show invented students. Each is 1,000 pixels wide and has few colours, so that it stays small.
"""

from __future__ import annotations

import io
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "pictures"
WIDTH, HEIGHT, COLOURS = 1000, 1000, 64
LARGEST = 120_000


def main() -> int:
    """Sign in as the demo's counsellor, open the pages of the guide, and keep a picture of each."""
    told = json.loads((ROOT / "var" / "demo.json").read_text(encoding="utf-8"))
    path = shutil.which("chromium") or "/usr/bin/chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        size = {"width": WIDTH, "height": HEIGHT}
        page = browser.new_page(base_url=told["url"], viewport=size, locale="en-US", color_scheme="light")  # type: ignore[arg-type]
        _sign_in(page, told)
        for name, open_page in PICTURES.items():
            _keep(name, open_page(page))
        browser.close()
    return 0


def _sign_in(page: Page, told: dict[str, Any]) -> None:
    user = told["users"]["counsellor"]
    page.goto(told["login_path"])
    page.get_by_label("Email").fill(user["login"])
    page.get_by_label("Password").fill(user["password"])
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_selector("#main")


def _today(page: Page) -> bytes:
    page.goto("/")
    return page.screenshot()


def _changes(page: Page) -> bytes:
    page.goto("/")
    box = page.locator("main .gallery").bounding_box()
    if box is None:
        raise ValueError("Today has nothing beside the names.")
    clip = {"x": 0, "y": box["y"] - 20, "width": WIDTH, "height": box["height"] + 40}
    return page.screenshot(full_page=True, clip=clip)  # type: ignore[arg-type]


def _whole_list(page: Page) -> bytes:
    page.goto("/students/")
    return page.screenshot()


def _student(page: Page) -> bytes:
    page.goto("/")
    page.locator(".risk-list .name").first.click()
    page.wait_for_selector("#help")
    # The charts are drawn once the page stands.
    page.wait_for_load_state("networkidle")
    return page.screenshot()


def _help(page: Page) -> bytes:
    page.goto("/interventions/?whose=mine&kind=attendance_contract")
    links = [link.get_attribute("href") or "" for link in page.locator("#waiting .subject").all()]
    for href in links:
        page.goto(href)
        if page.locator("#goal-stands").count():
            break
    return page.screenshot()


PICTURES: dict[str, Callable[[Page], bytes]] = {
    "today": _today,
    "changes": _changes,
    "list": _whole_list,
    "student": _student,
    "help": _help,
}


def _keep(name: str, taken: bytes) -> None:
    """Store a picture with few colours.

    :raises ValueError: if it is larger than a page of the guide should carry
    """
    small = io.BytesIO()
    Image.open(io.BytesIO(taken)).convert("RGB").quantize(COLOURS).save(small, "PNG", optimize=True)
    if len(small.getvalue()) > LARGEST:
        raise ValueError(f"{name} has {len(small.getvalue()):,} bytes. At most {LARGEST:,} are kept.")
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{name}.png").write_bytes(small.getvalue())
    sys.stdout.write(f"docs/pictures/{name}.png  {len(small.getvalue()):,} bytes\n")


if __name__ == "__main__":
    sys.exit(main())
