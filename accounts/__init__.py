"""Who may act, where, and on whose behalf. Knows no student."""
