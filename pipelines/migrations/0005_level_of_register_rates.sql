-- Version 5: rates of own register tables have the level of their interval beside it, null for values without an interval. Rows
-- that are there get it when their table is read anew.
alter table if exists harmonised.register_values add column if not exists confidence_level double;
alter table if exists validated.register_values add column if not exists confidence_level double;
alter table if exists release.register_values add column if not exists confidence_level double;
