"""Answers each chunk that it reads with a prompt: the floor under a round trip through a pipe."""

import os

while os.read(0, 4096):
    os.write(1, b"\n(echo) ")
