"""Clients of registers on the network. Nothing here runs unless a person asks for it (`did hamta`)."""
