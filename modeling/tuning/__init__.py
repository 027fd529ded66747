"""The search for better settings: a study's trials, on any number of workers."""
