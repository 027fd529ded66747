"""Frozen datasets, and versions trained on them in a process of their own."""
