"""Files that people drop in the inbox -> all-text frames with provenance.

Belongs here: reading formats, detecting encoding and delimiter, recognising which codebook a delivery follows, moving files.
Does not belong here: what an answer means (`assets/methods/encode.py`), Dagster, DuckDB.
"""
