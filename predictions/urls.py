"""Addresses of the list, the student page, and the help given."""

from django.urls import path

from predictions.views import (
    capacity,
    caseload_files,
    caseloads,
    concerns,
    data_cases,
    digest,
    help_files,
    help_many,
    interventions,
    notes,
    risk_list,
    scoring,
    student_page,
)
from predictions.views import help as help_views

urlpatterns = [
    path("students/", risk_list.risk_list, name="risk_list"),
    path("students/<uuid:public_id>/", student_page.student_page, name="student_page"),
    path("students/<uuid:public_id>/help", student_page.record_intervention, name="record_intervention"),
    path("students/<uuid:public_id>/verdict", student_page.give_verdict, name="give_verdict"),
    path("students/<uuid:public_id>/concern", concerns.raise_concern, name="raise_concern"),
    path("students/<uuid:public_id>/note", notes.write_note, name="write_note"),
    path("students/<uuid:public_id>/note/draft", notes.keep_note_draft, name="keep_note_draft"),
    path("notes/<uuid:public_id>/revise", notes.revise_note, name="revise_note"),
    path("concerns/", concerns.concerns, name="concerns"),
    path("concerns/<uuid:public_id>/close", concerns.close_concern, name="close_concern"),
    path("records/cases/", data_cases.data_cases, name="data_cases"),
    path("records/cases/<uuid:public_id>", data_cases.answer_case, name="answer_case"),
    path("interventions/", interventions.interventions, name="interventions"),
    path("help/many/", help_many.help_many, name="help_many"),
    path("help/file/", help_files.help_file, name="help_file"),
    path("help/<uuid:public_id>/", help_views.help_page, name="help_page"),
    path("help/<uuid:public_id>/look", help_views.check_help, name="check_help"),
    path("help/<uuid:public_id>/end", help_views.end_help, name="end_help"),
    path("help/<uuid:public_id>/plan", help_views.change_help_plan, name="change_help_plan"),
    path("digest/", digest.digest, name="digest"),
    path("digest/names", digest.allow_names_in_mail, name="allow_names_in_mail"),
    path("caseloads/", caseloads.caseloads, name="caseloads"),
    path("caseloads/file/", caseload_files.caseload_file, name="caseload_file"),
    path("caseloads/hand-over/", caseloads.hand_over, name="hand_over"),
    path("help/<uuid:public_id>/goal", help_views.set_help_goal, name="set_help_goal"),
    path("lists/capacity", capacity.capacity, name="capacity"),
    path("lists/new", scoring.make_list, name="make_list"),
]
