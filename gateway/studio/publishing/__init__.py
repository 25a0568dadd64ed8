"""From saved topics to a model in use: checks, approvals, jobs."""
