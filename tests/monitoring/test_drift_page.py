"""The page of drift: the newest list beside what the model learned from, what moved most first."""

import re

import pytest

from accounts import scope
from monitoring.models import FeatureDrift
from tests.district_in_database import LIST_ON
from tests.people import SINCE, signed_in


def feature_rows(markup):
    body = markup[markup.index("<tbody>") :]
    return re.findall(r"<tr>.*?</tr>", body, re.DOTALL)


def test_the_newest_list_is_shown_with_what_moved_most_first(mika, riverside):
    with scope.entered(scope.of_institution(riverside)):
        newest = FeatureDrift.objects.filter(report__run__as_of=LIST_ON)
        indices = sorted(newest.values_list("psi", flat=True), reverse=True)

    response = signed_in(mika).get("/model/drift/")

    page = response.content.decode()
    shown = re.findall(r'<td class="number">([\d.]+)</td>', page)
    assert response.status_code == 200
    assert "20 March 2026" in page
    assert shown == [f"{psi:.3f}" for psi in indices]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"psi": 0.31, "level": "drifted"}, "Different"),
        ({"psi": None, "level": "too_few", "n_students": 0, "missing_share": None}, "Too few to tell"),
    ],
)
def test_each_level_has_its_words_and_what_was_not_measured_a_dash(mika, riverside, changes, words):
    with scope.entered(scope.of_institution(riverside)):
        FeatureDrift.objects.filter(report__run__as_of=LIST_ON, feature="course_average").update(**changes)

    page = signed_in(mika).get("/model/drift/").content.decode()

    row = next(row for row in feature_rows(page) if words in row)
    assert ("–" in row) is (changes["psi"] is None)


def test_before_the_first_list_the_page_says_when_it_comes(otto):
    otto.memberships.update(role="model_owner", starts_on=SINCE)

    assert "Nothing to compare yet." in signed_in(otto).get("/model/drift/").content.decode()


@pytest.mark.parametrize(("person", "status"), [("mika", 200), ("amara", 403), ("ines", 403), ("sam", 403)])
def test_only_those_who_watch_models_see_it(request, riverside, person, status):
    assert signed_in(request.getfixturevalue(person)).get("/model/drift/").status_code == status
