"""What draws the charts is fetched when one comes into view, and not before; bytes as they pass the wire."""

import json
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from dropout_portal.plotly_files import TRACE_TYPES
from tests.live import stories

MOST_BEFORE, MOST_AFTER = 40_000, 450_000
LOW = {"width": 360, "height": 320}
PAGES = ["student", "model", "data", "tuning"]
CHART = "figure[data-chart]"
IN_THE_OPEN = "figure[data-chart]:not(details:not([open]) *)"
DRAWN = f"{CHART}:has(svg.main-svg)"
COUNTED = "document.documentElement.dataset.printed"


@pytest.fixture(scope="module")
def collected(live, tmp_path_factory):
    """A second web server, which serves collected files as a deployment does."""
    static = {"STATIC_COLLECTED": "1", "STATIC_ROOT": str(tmp_path_factory.mktemp("static"))}
    options = [word for name, value in static.items() for word in ("--env", f"{name}={value}")]
    code = f"import os; os.environ |= {static!r}; from django.core.management import execute_from_command_line as run;"
    live.run("-c", code + "run(['manage.py', 'collectstatic', '--noinput', '--verbosity', '0'])")
    live.start("web", "--workers", "1", *options, name="collected")
    yield live.said("collected", r"Listening at: (http://[\d.:]+)")
    live.stop("collected")


@pytest.fixture(scope="module")
def addresses(live, history):
    """Where the pages with charts are, and who reads them: a report is made and a search run for two of them."""
    mika = live.visitor(history.institution["mika"])
    stories.watched(mika, mika.post("/model/data/make"))
    search = stories.watched(mika, mika.post("/model/tuning", n_trials="4", minutes="5", method="optuna"))
    found = "SELECT s.public_id FROM students_student s JOIN predictions_currentrisk r ON r.student_id = s.id"
    found += " WHERE s.institution_id = %s ORDER BY r.rank LIMIT 1"
    return {
        "student": ("amara", f"/students/{live.sql(found, history.institution['id'])[0]['public_id']}/"),
        "model": ("mika", "/model/1/"),
        "data": ("mika", "/model/data/"),
        "tuning": ("mika", urlsplit(search.url).path),
    }


@pytest.fixture
def go(history, opened, watch, collected, addresses):
    """Open one of the pages in a low window, with nothing in the browser's cache."""
    watch.host = urlsplit(collected).netloc

    def to(name, *, script="", **options):
        who, path = addresses[name]
        page = opened(history.institution[who], **{"viewport": LOW} | options)
        if script:
            page.add_init_script(script)
        page.bytes = []
        network = page.context.new_cdp_session(page)
        network.send("Network.enable")
        network.on("Network.loadingFinished", lambda event: page.bytes.append(event["encodedDataLength"]))
        page.goto(collected + path, wait_until="networkidle")
        return page

    return to


def weight(page):
    """Return the bytes of everything that came over the wire, headers too."""
    page.wait_for_load_state("networkidle")
    return sum(page.bytes)


def heights(page):
    return page.eval_on_selector_all(CHART, "all => all.map(one => Math.round(one.getBoundingClientRect().height))")


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_light_until_a_chart_comes_into_view_and_nothing_jumps_then(go, name):
    page = go(name)
    before, stood = weight(page), heights(page)
    first = page.locator(IN_THE_OPEN).first
    assert first.bounding_box()["y"] > 2 * LOW["height"]
    assert page.locator(DRAWN).count() == 0

    first.scroll_into_view_if_needed()

    expect(first.locator("svg.main-svg").first).to_be_visible()
    after = weight(page)
    assert before <= MOST_BEFORE
    assert MOST_BEFORE < after <= MOST_AFTER
    assert heights(page) == stood


@pytest.mark.parametrize("name", PAGES)
def test_every_chart_of_a_page_is_drawn_from_types_that_the_bundle_has(go, name):
    page = go(name)

    for folded in page.locator(f"details:has({CHART}) > summary").all():
        inside = folded.locator("..").locator(CHART)
        folded.scroll_into_view_if_needed()
        assert inside.locator("svg").count() == 0
        folded.click()
        expect(inside.first.locator("svg.main-svg").first).to_be_visible()
    for chart in page.locator(CHART).all():
        chart.scroll_into_view_if_needed()
        expect(chart.locator("svg.main-svg").first).to_be_visible()
        assert chart.locator(".trace, .scatterlayer > *, .barlayer > *").count()

    known = set(page.evaluate("Object.keys(Plotly.PlotSchema.get().traces)"))
    figures = [json.loads(text) for text in page.locator(f"{CHART} > script").all_text_contents()]
    assert figures
    assert {trace["type"] for figure in figures for trace in figure["data"]} <= known
    assert known == TRACE_TYPES


@pytest.mark.parametrize("name", PAGES)
def test_printing_by_its_keys_waits_until_every_chart_is_drawn(go, name):
    page = go(name, script=f"window.print = () => {{ {COUNTED} = document.querySelectorAll('{DRAWN}').length }}")

    page.keyboard.press("Control+p")

    assert (n_open := page.locator(IN_THE_OPEN).count())
    expect(page.locator("html")).to_have_attribute("data-printed", str(n_open))


@pytest.mark.parametrize("name", PAGES)
def test_a_page_made_for_paper_draws_every_chart(go, name):
    page = go(name)

    page.emulate_media(media="print")

    expect(page.locator(DRAWN)).to_have_count(page.locator(IN_THE_OPEN).count())


def test_printed_by_the_menu_before_anything_is_drawn_the_numbers_stand_there(go):
    page = go("student")
    numbers = page.locator(f"{CHART} table").first

    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert numbers.evaluate("one => one.closest('details').open")
    page.emulate_media(media="print")
    expect(numbers).to_be_visible()
    expect(page.locator(f"{CHART} .plot").first).to_be_hidden()
    page.emulate_media(media="screen")
    page.evaluate("dispatchEvent(new Event('afterprint'))")

    expect(numbers).to_be_hidden()
    expect(page.locator(f"{CHART} .plot").first).to_be_visible()


def test_a_browser_that_does_not_tell_what_is_in_view_draws_everything(go):
    page = go("data", script="delete window.IntersectionObserver")

    expect(page.locator(DRAWN)).to_have_count(page.locator(IN_THE_OPEN).count())


def test_where_the_bundle_does_not_come_the_numbers_open(go, watch):
    page = go("student")
    page.route("**/plotly.min.*.js", lambda route: route.abort())

    page.locator(CHART).first.scroll_into_view_if_needed()

    expect(page.locator(f"{CHART} table").first).to_be_visible()
    expect(page.locator(f"{CHART} .plot").first).to_be_hidden()
    watch.forget("did not load")
    watch.forget("ERR_FAILED")


def test_the_bundle_comes_compressed_once_and_is_kept(go):
    page = go("student")

    with page.expect_response(lambda answer: "/plotly.min." in answer.url) as came:
        page.locator(CHART).first.scroll_into_view_if_needed()

    headers = came.value.all_headers()
    assert headers["content-encoding"] == "gzip"
    assert headers["cache-control"] == "max-age=315360000, public, immutable"
    expect(page.locator(DRAWN).first).to_be_attached()
