"""The demo's key may do everything the API does, also where an earlier version made it for less."""

from django.utils import timezone

from accounts import api_keys
from dropout_portal import demo_people


def test_a_key_made_for_less_is_replaced_and_one_for_everything_kept(riverside):
    now = timezone.now()
    _client, earlier = api_keys.issue(
        institution=riverside, name="Demo", purpose="Trying", scopes=["predict"], by=None, now=now
    )

    key = demo_people._ensure_key(riverside, {"api_key": earlier}, now)

    assert api_keys.client_of(earlier, now=now) is None
    assert set(api_keys.client_of(key, now=now).scopes) == set(demo_people.SCOPES)
    assert demo_people._ensure_key(riverside, {"api_key": key}, now) == key
