"""What makes the list, and who let it."""
