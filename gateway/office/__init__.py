"""The clinic's office: its owner changes the clinic's own facts in the browser; `data/clinic.yml` stays the truth."""
