"""Addresses of the API."""

from django.urls import path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from predictions.api import staff_records, uploads, verdicts, views

urlpatterns = [
    path("predict", views.Predict.as_view(), name="api_predict"),
    path("models/current", views.CurrentModel.as_view(), name="api_current_model"),
    path("students/<uuid:public_id>/risk", views.StudentRisk.as_view(), name="api_student_risk"),
    path("outcomes", staff_records.Outcomes.as_view(), name="api_outcomes"),
    path("interventions", staff_records.Interventions.as_view(), name="api_interventions"),
    path("verdicts", verdicts.Verdicts.as_view(), name="api_verdicts"),
    path("uploads", uploads.Uploads.as_view(), name="api_uploads"),
    path("uploads/<uuid:public_id>", uploads.OneUpload.as_view(), name="api_upload"),
    path("uploads/<uuid:public_id>/confirm", uploads.ConfirmUpload.as_view(), name="api_upload_confirm"),
    path("uploads/<uuid:public_id>/answers", uploads.AnswerUpload.as_view(), name="api_upload_answers"),
    path("uploads/<uuid:public_id>/discard", uploads.DiscardUpload.as_view(), name="api_upload_discard"),
    path("uploads/<uuid:public_id>/undo", uploads.UndoUpload.as_view(), name="api_upload_undo"),
    path("uploads/<uuid:public_id>/quarantine", uploads.QuarantinedRows.as_view(), name="api_upload_quarantine"),
    path("schema/", SpectacularAPIView.as_view(), name="api_schema"),
    path("docs/", SpectacularSwaggerSplitView.as_view(url_name="api_schema"), name="api_docs"),
]
