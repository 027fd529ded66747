"""Addresses of the records."""

from django.urls import path

from students.views import uploads

urlpatterns = [
    path("records/", uploads.uploads, name="uploads"),
    path("records/<uuid:public_id>/", uploads.upload_page, name="upload_page"),
]
