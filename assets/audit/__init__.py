"""The independent attacker on what is published. Pure, and shares no code with anything that suppresses (docs/adr/0043)."""

from assets.audit.attack import audit
from assets.audit.types import AuditReport, AuditRules, EarlierRelease, EditionRules

__all__ = ["AuditReport", "AuditRules", "EarlierRelease", "EditionRules", "audit"]
