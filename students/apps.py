"""Configuration of the students app."""

from django.apps import AppConfig


class StudentsConfig(AppConfig):
    """See the package's docstring."""

    name = "students"
