"""Records as they are read: columns, days, grade levels, cohorts."""
