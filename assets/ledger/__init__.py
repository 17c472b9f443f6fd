"""The run ledger: what each run read, made and said, in the warehouse (schema `ledger`) when Dagster's own storage is gone."""
