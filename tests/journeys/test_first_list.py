"""From a file to a conversation, over HTTP and through real workers: each person does their part."""

import codecs
import re

from tests.live.stories import FEATURES, flat_cohort

STUDENT = "^/students/[0-9a-f-]{36}/"


def first_student(page):
    return page.hrefs(STUDENT)[0]


def estimate(page):
    """Return the estimate a page shows first."""
    return re.findall(r'<data [^>]*value="([\d.]+)"', page.body)[0]


def test_before_there_is_a_model_the_list_offers_to_be_made_by_the_rule(trained):
    assert "Until a model has learned enough, the school's rule makes it." in trained.empty_list.words
    assert trained.empty_list.hrefs("^/model/$")


def test_before_there_is_a_model_the_api_answers_503_with_the_reason(trained):
    assert trained.refused.status == 503
    assert trained.refused.json["status"] == 503
    assert "model" in trained.refused.json["detail"].lower()


def test_the_upload_of_a_file_with_a_byte_order_mark_ends_by_saying_what_it_brought(trained, tmp_path):
    assert flat_cohort(tmp_path, n=1).startswith(codecs.BOM_UTF8)
    assert trained.uploaded.words.startswith("Received Checked Confirmed Brought in 400 new students")
    assert "400 students" in trained.uploaded.words
    assert "400 outcomes" in trained.uploaded.words
    assert "4,400 protected attributes, kept apart from the model" in trained.uploaded.words


def test_the_training_ends_with_a_fair_comparison(trained):
    assert trained.training.words.startswith("Done")
    assert "Plain formula" in trained.training.words
    line = re.search(r">ROC-AUC<.*?</tr>", trained.training.body, re.DOTALL)
    assert line
    auc = dict(re.findall(r'data-label="([^"]+)">([\d.]+)', line.group()))
    assert len(auc) == 3
    assert all(0.5 < float(figure) < 1 for figure in auc.values())


def test_the_model_owner_sees_what_decides(live, trained):
    page = live.visitor(trained.institution["mika"]).get("/model/")

    assert "Model 1 decides the list." in page.words
    assert "400 students" in page.words


def test_the_counsellor_reads_twelve_names_each_with_its_reasons(live, trained):
    page = live.visitor(trained.institution["amara"]).get("/students/")

    assert "12 students are worth a conversation first." in page.words
    assert "12 students above this line." in page.words
    first = re.search(r'<li class="person">.*?</li>', page.body, re.DOTALL)
    assert first
    assert "Review first" in first.group()
    assert re.search(r"Most students here|Half of the students here", first.group())
    assert "%" not in first.group()


def test_the_counsellor_opens_the_first_student_and_reads_why(live, trained):
    amara = live.visitor(trained.institution["amara"])

    page = amara.get(first_student(amara.get("/students/")))

    assert page.status == 200
    assert "What we can change" in page.words
    assert "Review first" in page.words
    assert "From records up to 28 February 2019" in page.words
    assert "Gender" not in page.words


def test_list_page_and_api_tell_the_same_of_a_student(live, trained):
    amara = live.visitor(trained.institution["amara"])
    listed = amara.get("/students/?estimates=1")

    page = amara.get(first_student(listed))
    answer = live.visitor().ask(
        f"/api{first_student(listed).partition('?')[0]}risk", key=trained.institution["api_key"]
    )

    assert estimate(listed) == estimate(page) == f"{answer.json['probability']:.4f}"
    assert answer.json["tier"] == "review_first"
    sentences = [reason["text"] for reason in answer.json["reasons"]]
    assert sentences
    assert [sentence for sentence in sentences if sentence not in page.words] == []


def test_with_a_model_the_api_answers_the_features_it_had_refused(trained):
    answer = trained.predicted

    assert answer.status == 200
    assert 0 < answer.json["probability"] < 1
    assert answer.json["as_of"] == "2019-02-28"
    assert {reason["code"] for reason in answer.json["reasons"]} & set(FEATURES)
    assert all(reason["text"] for reason in answer.json["reasons"])


def test_nobody_of_another_institution_finds_any_of_it(live, trained):
    amara = live.visitor(trained.institution["amara"])
    student = first_student(amara.get("/students/"))

    stranger = live.visitor(live.institutions["hostile"]["amara"])

    assert stranger.get(student).status == 404
    assert not stranger.get("/students/").hrefs(STUDENT)
    key = live.institutions["hostile"]["api_key"]
    assert live.visitor().ask(f"/api{student}risk", key=key).status == 404
