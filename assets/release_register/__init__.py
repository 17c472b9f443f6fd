"""The register of everything that has been published: cells, never microdata, in a chain of hashes (ADR 0045)."""
