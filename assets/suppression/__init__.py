"""Complementary suppression of any linked tables; see docs/adr/0044-suppression-of-linked-tables.md."""
