"""Help for students: its kinds, and what begins, goes on and ends."""
