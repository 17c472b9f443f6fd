"""The tables of the release that the audit attacks, and where its outcome is kept."""

AUDITED = ("index_results", "accumulated_results", "indicator_results")
"""Tables whose hidden numbers are attacked."""
DERIVED = ("rank_sets", "funnel", "weighted_comparison", "factor_overview", "trends")
"""Tables of numbers formed from those."""
OUTCOME = "audit_outcome"
"""One row when the release has passed: `release_id, cells, entries`; none while an audit goes on or when it has not passed."""
