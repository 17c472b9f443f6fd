"""The tables of the release that the audit attacks, and where its outcome is kept."""

AUDITED = ("index_results", "accumulated_results", "indicator_results")
"""Tables whose hidden numbers are attacked."""
BESIDE = (
    *("screen_sensitivity", "cutoff_sensitivity", "associations", "response_by_school_type"),
    *("response_rates", "model_estimates"),
)
"""Tables about parts of the same pupils, attacked in small systems of their own; the last two are to be made of published
numbers."""
DERIVED = ("rank_sets", "funnel", "weighted_comparison", "factor_overview", "trends", *BESIDE)
"""Tables of numbers formed from those, or beside them."""
OUTCOME = "audit_outcome"
"""One row when the release has passed: `release_id, cells, entries`; none while an audit goes on or when it has not passed."""
SLICES = "audit_slices"
"""`wave, grade, mark, audit`: what need not be attacked again while nothing of it is another."""
