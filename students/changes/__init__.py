"""What a file changes in the database, and how that is taken back."""
