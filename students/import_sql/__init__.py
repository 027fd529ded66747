"""What happens to the rows of a file between the temporary tables and the real ones."""
