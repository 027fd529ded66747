"""Addresses of the models, trainings and drift."""

from django.urls import path

from monitoring.views import drift, models, training

urlpatterns = [
    path("model/", models.models, name="models"),
    path("model/train", training.start_training, name="start_training"),
    path("model/trainings/<uuid:public_id>/", training.training_page, name="training_page"),
    path("model/<int:number>/promote", models.promote, name="promote_model"),
    path("model/drift/", drift.drift, name="drift"),
]
