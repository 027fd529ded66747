"""Recognise API clients by their key, slow them down, and hold them to their scopes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from accounts import api_keys
from accounts.models import ApiClient

if TYPE_CHECKING:
    # The framework loads this module while it loads its own views.
    from rest_framework.views import APIView

KEYWORD = "Api-Key"


class Caller:
    """The client behind a request, as Django REST framework wants its user."""

    is_authenticated = True

    def __init__(self, client: ApiClient) -> None:
        self.client = client
        self.pk = client.pk


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Api-Key KEY`, and nothing else: no cookie reaches the API."""

    def authenticate(self, request: Request) -> tuple[Caller, None] | None:
        """Return the caller; None without a key, so that the view answers 401."""
        keyword, _, key = request.headers.get("Authorization", "").partition(" ")
        if keyword.lower() != KEYWORD.lower() or not key:
            return None
        client = api_keys.client_of(key.strip(), now=timezone.now())
        if client is None:
            raise AuthenticationFailed("This key is unknown, expired or revoked. Ask the institution's administrator.")
        return Caller(client), None

    def authenticate_header(self, request: Request) -> str:
        """Name the scheme, which makes a missing key 401 rather than 403."""
        return KEYWORD


class ApiKeyScheme(OpenApiAuthenticationExtension):
    """The scheme as the OpenAPI schema shows it."""

    target_class = ApiKeyAuthentication
    name = "ApiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Describe the header."""
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "`Api-Key KEY`. An administrator of the institution makes the key.",
        }


class HasScope(BasePermission):
    """Let a client do only what its key was made for; the view names it in `needs_scope`."""

    message = "This key was not made for that. Ask the institution's administrator for one with the right scope."

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Compare the view's scope with the key's."""
        caller = request.user
        return isinstance(caller, Caller) and view.needs_scope in caller.client.scopes


class ApiKeyThrottle(SimpleRateThrottle):
    """So many requests a minute per key. Who shows no key is refused before anything is counted."""

    scope = "api_key"

    def get_cache_key(self, request: Request, view: APIView) -> str:
        """Count per client; by address where an endpoint is open to strangers."""
        ident = request.user.pk if isinstance(request.user, Caller) else self.get_ident(request)
        return self.cache_format % {"scope": self.scope, "ident": ident}
