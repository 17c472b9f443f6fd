"""The Lägesöversikt: how far each municipality has come in each wave, and what stops it."""
