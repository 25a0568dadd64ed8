"""Models together with the data they were trained on."""
