"""Whether data, model and service are still what they were."""
