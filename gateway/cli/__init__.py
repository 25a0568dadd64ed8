"""The command line `./ims`: one file for each group of commands."""
