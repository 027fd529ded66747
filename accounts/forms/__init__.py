"""What is typed about people and their roles."""
