"""Who may act, where, and on whose behalf; knows no student."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Institutions, people, roles, API clients, scope and the audit log."""

    name = "accounts"
