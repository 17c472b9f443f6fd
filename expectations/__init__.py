"""Great Expectations: rules as YAML with Swedish texts, and the code that runs them.

Belongs here: `suites/*.yml`, building expectations from them, running them on a frame. Does not belong here: Dagster, DuckDB.
Results hold verdicts and counts only; a cell's value never leaves.
"""
