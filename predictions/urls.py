"""Addresses of the list, the student page, and the help given."""

from django.urls import path

from predictions.views import interventions, risk_list, scoring, student_page

urlpatterns = [
    path("students/", risk_list.risk_list, name="risk_list"),
    path("students/<uuid:public_id>/", student_page.student_page, name="student_page"),
    path("students/<uuid:public_id>/help", student_page.record_intervention, name="record_intervention"),
    path("interventions/", interventions.interventions, name="interventions"),
    path("lists/new", scoring.make_list, name="make_list"),
]
