-- Version 3: estimates under non-response weights have the method and level of their interval and the reason of a missing one.
-- The table is made anew wave by wave; slices without these columns must not lie beside new ones.
drop table if exists indices.weighted_estimates;
