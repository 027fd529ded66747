"""What became of students, and the way back of those who left."""
