"""Facts to risk and reasons: features, training, registry. Knows no page."""
