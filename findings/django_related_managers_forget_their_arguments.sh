#!/usr/bin/env bash
# A manager that was made with an argument loses it on the other side of a foreign key.
#
# `objects = InSchool("student__school")` narrows every query to what the argument says. `student.notes` is made from the
# class of that manager, by its constructor without arguments: what the constructor was given on the model is gone, and
# nothing warns. A manager whose constructor has a default then does something else on `student.notes` than on
# `Note.objects`; one whose constructor has none fails when the relation is first used, not when it is declared.
#
# It matters here because the managers of student data narrow to the schools a person sees by such an argument
# (accounts/scope.py). On a related manager they narrow to the institution alone: right and cheaper where the student at
# its other end was read through the scope, as a student's page does, and the database's policies hold for both. A manager
# that has to narrow there too keeps what it needs as an attribute of its class (students/models/notes.py).
# Seen with Django 5.2.19, SQLite.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check django==5.2.19 2>"$folder/pip" \
    || { cat "$folder/pip"; exit 1; }
cat >"$folder/run.py" <<'PYTHON'
import django
from django.conf import settings

settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    INSTALLED_APPS=[], DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
)
django.setup()
from django.db import connection, models


class Only(models.Manager):
    def __init__(self, colour=None):
        super().__init__()
        self.colour = colour

    def get_queryset(self):
        rows = super().get_queryset()
        return rows.filter(colour=self.colour) if self.colour else rows


class Shelf(models.Model):
    class Meta:
        app_label = "made_up"


class Book(models.Model):
    shelf = models.ForeignKey(Shelf, on_delete=models.CASCADE, related_name="books")
    colour = models.CharField(max_length=10)
    objects = Only("red")

    class Meta:
        app_label = "made_up"


with connection.schema_editor() as editor:
    editor.create_model(Shelf)
    editor.create_model(Book)
shelf = Shelf.objects.create()
for colour in ("red", "blue"):
    Book(shelf=shelf, colour=colour).save()
by_model = sorted(Book.objects.filter(shelf=shelf).values_list("colour", flat=True))
by_relation = sorted(shelf.books.values_list("colour", flat=True))
print("Django", django.__version__)
print("Book.objects.filter(shelf=shelf):", by_model, "· shelf.books:", by_relation, "· its argument:", shelf.books.colour)
assert (by_model, by_relation, shelf.books.colour) == (["red"], ["blue", "red"], None)
PYTHON
"$folder/venv/bin/python" "$folder/run.py"
echo "As recorded: the relation's manager is made without what the model's was given."
