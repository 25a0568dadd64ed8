"""Topics as trainers edit them: files, form, history, checks."""
