"""Measures how well the assistant understands: the trainers' report of `./ims evaluate`."""
