"""Addresses of the API."""

from django.urls import path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from predictions.api import views

urlpatterns = [
    path("predict", views.Predict.as_view(), name="api_predict"),
    path("models/current", views.CurrentModel.as_view(), name="api_current_model"),
    path("students/<uuid:public_id>/risk", views.StudentRisk.as_view(), name="api_student_risk"),
    path("schema/", SpectacularAPIView.as_view(), name="api_schema"),
    path("docs/", SpectacularSwaggerSplitView.as_view(url_name="api_schema"), name="api_docs"),
]
