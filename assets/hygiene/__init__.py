"""Hygiene of microdata: who can read the files, encryption at rest, and taking deliveries away. Nothing here is pure."""
