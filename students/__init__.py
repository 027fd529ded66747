"""Who the students are, what happened, and when it became known. Knows no model."""
