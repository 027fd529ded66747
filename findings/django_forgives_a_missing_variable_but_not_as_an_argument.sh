#!/usr/bin/env bash
# A template forgives `{{ a.b }}` where `a` is None, and `{{ a.b|default:c.d }}` too, unless it is `c` that is None.
#
# What is missing before a filter becomes the empty text that settings name; what is missing behind the colon raises
# VariableDoesNotExist, and the page fails. It is looked up first of all, so the page fails where the first value is there
# and the second would never have been shown.
#
# It matters here because a verdict is a person's or another system's, never both: "the person's name, or else the
# system's" is such a pair, and every verdict of a person broke the pages that showed it. `{% firstof %}` forgives both
# (templates/components/verdict.html, templates/data_cases.html).
# Seen with Django 5.2.19.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check django==5.2.19 2>"$folder/pip" \
    || { cat "$folder/pip"; exit 1; }
cat >"$folder/run.py" <<'PYTHON'
import django
from django.conf import settings

settings.configure(TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}])
django.setup()
from django.template import Context, Template, VariableDoesNotExist

said = {"by": {"name": "Amara"}, "system": None}


def shown(text, **given):
    try:
        return Template(text).render(Context(given))
    except VariableDoesNotExist as missing:
        return type(missing).__name__


print("Django", django.__version__)
found = {
    "missing before": shown("{{ system.name|default:by.name }}", **said),
    "missing behind": shown("{{ by.name|default:system.name }}", **said),
    "firstof": shown("{% firstof by.name system.name %}", **said),
}
for name, text in found.items():
    print(f"{name}: {text}")
assert found == {"missing before": "Amara", "missing behind": "VariableDoesNotExist", "firstof": "Amara"}
PYTHON
"$folder/venv/bin/python" "$folder/run.py"
echo "As recorded: only a missing argument of a filter is an error."
