"""The doors that belong to no app: signing in, health, and what is said when something is not there."""
