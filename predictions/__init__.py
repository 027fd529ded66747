"""Current risk, ranked lists, student pages and the API."""
