"""Pages about people, and the door a link opens."""
