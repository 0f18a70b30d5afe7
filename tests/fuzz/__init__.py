"""A seeded fuzz of what comes from outside: links, widget messages, command lines and files.

``python -m tests.fuzz links --seed 0 --count 3800`` runs one of them at length; a small part of each is in the default
run.
"""
