"""The log of all conversations: tables, migrations, and what is read and written in one transaction."""
