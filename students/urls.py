"""Addresses of the records."""

from django.urls import path

from students.views import (
    answers,
    columns,
    help_kinds,
    import_settings,
    missing_outcomes,
    outcome_files,
    outcomes,
    sources,
    student_merges,
    upload_review,
    uploads,
)

urlpatterns = [
    path("records/", uploads.uploads, name="uploads"),
    path("records/settings/", import_settings.import_settings, name="import_settings"),
    path("records/merges/", student_merges.student_merges, name="student_merges"),
    path("records/merges/two/", student_merges.student_merge, name="student_merge"),
    path("records/merges/<uuid:public_id>/take-back", student_merges.take_back_merge, name="take_back_merge"),
    path("records/sources/<uuid:public_id>/", sources.change_source, name="change_source"),
    path("records/sources/<uuid:public_id>/answers/", sources.source_answers, name="source_answers"),
    path("records/sources/<uuid:public_id>/forget", sources.forget_source, name="forget_source"),
    path("records/<uuid:public_id>/", uploads.upload_page, name="upload_page"),
    path("records/<uuid:public_id>/columns/", columns.upload_columns, name="upload_columns"),
    path("records/<uuid:public_id>/answers/", answers.answer_upload, name="answer_upload"),
    path("records/<uuid:public_id>/confirm", upload_review.confirm_upload, name="confirm_upload"),
    path("records/<uuid:public_id>/discard", upload_review.discard_upload, name="discard_upload"),
    path("records/<uuid:public_id>/retry", upload_review.retry_upload, name="retry_upload"),
    path("records/<uuid:public_id>/again", upload_review.check_upload_again, name="check_upload_again"),
    path("records/<uuid:public_id>/undo/", upload_review.undo_upload, name="undo_upload"),
    path("records/<uuid:public_id>/quarantine", upload_review.quarantine, name="quarantine"),
    path("help/kinds/", help_kinds.help_kinds, name="help_kinds"),
    path("help/kinds/add", help_kinds.add_help_kind, name="add_help_kind"),
    path("help/kinds/<str:code>/change", help_kinds.change_help_kind, name="change_help_kind"),
    path("help/kinds/<str:code>/retire", help_kinds.retire_help_kind, name="retire_help_kind"),
    path("help/kinds/<str:code>/bring-back", help_kinds.bring_back_help_kind, name="bring_back_help_kind"),
    path("outcomes/file/", outcome_files.outcome_file, name="outcome_file"),
    path("outcomes/", missing_outcomes.missing_outcomes, name="missing_outcomes"),
    path("students/<uuid:public_id>/outcomes", outcomes.student_outcomes, name="student_outcomes"),
]
