-- Version 2: files from before versions were kept.
-- Their tables of counts lack the columns that the rules of disclosure control read (largest_school, second_school), and their
-- release has never been audited. Slices of such tables must not lie beside new ones, so everything that is computed from the
-- validated answers is taken away, with the marks that say that it has been computed; the next run makes all of it anew.
drop schema if exists indices cascade;
drop schema if exists release cascade;
drop table if exists raw.stage_marks;
