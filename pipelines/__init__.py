"""Orchestration only: Dagster definitions, the warehouse, the command line.

Belongs here: resources, I/O, partitions, checks, jobs, sensors, the order in which things run. Does not belong here: what a
number means (`assets/methods`), what a page looks like (`assets/bundle`). Importing this package does no work.
"""
