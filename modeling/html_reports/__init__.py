"""Reports that are one file each: a comparison, and the data that models learn from."""
