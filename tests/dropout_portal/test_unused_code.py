"""What nothing but tests needs is told: a module that no start leads to, a name that no code, text or template has."""

import pytest

from dropout_portal.unused_code import main

MODELS = """
class Pot:
    colour = "blue"

    class Meta:
        ordering = ("name",)

    def pour(self):
        return self.colour

def open_pots(rows):
    return rows.filter(lid__is_open=True)
"""
VIEWS = """
from {shop} import models

def show(request):
    return models.open_pots(models.Pot().pour())
"""
STANDING = {
    "__init__.py": "",
    "models.py": MODELS,
    "urls.py": "from {shop}.views import show\n\nurlpatterns = [show]\n",
    "views.py": VIEWS,
    "tasks.py": "from celery import shared_task\n\n@shared_task\ndef brew(*, pot_id):\n    return pot_id\n",
    "management/__init__.py": "",
    "management/commands/__init__.py": "",
    "management/commands/brew_tea.py": "class Command:\n    pass\n",
    "tests/test_models.py": "from {shop} import models\n\nassert models.Pot().empty()\n",
}


@pytest.fixture
def told(tmp_path, monkeypatch, capsys, request):
    """Return what is told of a small package, with files added or changed, and how the check ends."""
    shop = f"shop_{abs(hash(request.node.name))}"
    monkeypatch.syspath_prepend(tmp_path)

    def look(**changed):
        added = {
            name.replace("__", "/").replace("_py", ".py").replace("_html", ".html"): text
            for name, text in changed.items()
        }
        (tmp_path / "manage.py").write_text(f'settings = "{shop}.urls"\n')
        for name, text in {**STANDING, **added}.items():
            path = tmp_path / ("" if name.startswith("tests/") or name.startswith("templates/") else shop) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text.replace("{shop}", shop))
        code = main(tmp_path, packages=(shop,))
        *lines, last = capsys.readouterr().out.replace(shop, "shop").splitlines()
        assert last.startswith("FAILED" if code else "ok")
        return lines

    return look


def test_of_a_package_that_is_all_used_nothing_is_told(told):
    assert told() == []


def test_a_module_that_nothing_leads_to_is_told(told):
    assert told(samovar_py="") == ["shop.samovar: no start of the portal leads to this module"]


def test_modules_that_import_only_each_other_are_told(told):
    lines = told(samovar_py="from shop import urn\n".replace("shop", "{shop}"), urn_py="from {shop} import samovar\n")

    assert [line.partition(":")[0] for line in lines] == ["shop.samovar", "shop.urn"]


def test_a_module_that_is_started_as_a_process_is_used(told):
    views = VIEWS + '\nPROCESS = ["python", "-m", "{shop}.samovar"]\n\ndef start():\n    return PROCESS\n\nstart()\n'

    assert told(samovar_py="", views_py=views) == []


@pytest.mark.parametrize(
    ("more", "what"),
    [
        ("\ndef wash(pot):\n    return pot\n", "function wash"),
        ("\nclass Cup:\n    pass\n", "class Cup"),
        ("\nMOST_CUPS = 4\n", "variable MOST_CUPS"),
        ("\n    def empty(self):\n        return True\n", "method empty"),
    ],
)
def test_a_name_that_only_a_test_has_is_told(told, more, what):
    models = MODELS.replace("\ndef open_pots", f"{more}\ndef open_pots")

    (line,) = told(models_py=models)

    assert line.startswith("shop/models.py:")
    assert line.endswith(f"{what} is not used")


def test_a_field_that_is_set_and_never_read_is_told(told):
    views = VIEWS.replace("models.Pot()", "models.Pot(glaze=1)")

    (line,) = told(models_py=MODELS.replace("colour =", "glaze = None\n    colour ="), views_py=views)

    assert line.endswith("variable glaze is not used")


@pytest.mark.parametrize(
    "use",
    [
        {"views_py": VIEWS + '\nshow("glaze")\n'},
        {"views_py": VIEWS + "\nshow.filter(glaze=1)\n"},
        {"views_py": VIEWS + "\nshow.exclude(pot__glaze__in=[1])\n"},
        {"templates__page_html": "{{ pot.glaze }}"},
    ],
)
def test_a_field_is_used_by_its_name_in_a_text_a_lookup_or_a_template(told, use):
    assert told(models_py=MODELS.replace("colour =", "glaze = None\n    colour ="), **use) == []


def test_a_word_that_a_page_says_to_people_is_no_use(told):
    (line,) = told(
        models_py=MODELS.replace("colour =", "glaze = None\n    colour ="), templates__page_html="<p>A glaze</p>"
    )

    assert line.endswith("variable glaze is not used")


def test_the_choices_of_a_field_are_used_whichever_a_row_holds(told):
    choices = '\nclass Glaze(TextChoices):\n    MATT = "m"\n\nGlaze.choices\n'

    assert told(models_py=MODELS + choices) == []
