"""The people of these tests work in the trained and scored district, not in an empty institution."""

from tests.district_fixtures import harbor, northside, riverside

__all__ = ["harbor", "northside", "riverside"]
