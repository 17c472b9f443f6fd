"""A campaign of kill -9 and power cuts against every step that writes; see docs/development/tillforlitlighet.md."""
