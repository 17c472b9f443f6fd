"""The documentation as pages that open from disk without a network: `make docs` writes them to `site/` (docs/adr/0061)."""
