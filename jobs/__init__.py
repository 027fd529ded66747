"""The queue of record: what is to be done, by whom it was claimed, how far it is. Knows no work."""
