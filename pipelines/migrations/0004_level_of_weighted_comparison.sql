-- Version 4: weighted shares have the level of their interval beside it. It was always this one.
alter table if exists release.weighted_comparison add column if not exists confidence_level double default 0.95;
alter table if exists release.weighted_comparison alter column confidence_level drop default;
