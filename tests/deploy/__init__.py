"""The files under deploy/ and the documents about them fit the program."""
