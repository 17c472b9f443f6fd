"""A second opinion by another library. In this folder: python make_svy.py, with svy 0.35.0 (MIT, Samplics LLC) installed."""

import polars as pl
import svy

students = pl.read_csv("students.csv").with_columns(
    area=pl.when(pl.col("stratum") < 110).then(pl.lit("0101")).otherwise(pl.lit("0102"))
)
estimation = svy.Sample(students, svy.Design(wgt="weight", stratum="stratum", psu="psu")).estimation
columns = ["variable", "measure", "area", "grade", "sex", "estimate", "se", "low", "high", "df"]
parts = []
for variable, measure in (("sad", "share"), ("drank", "share"), ("bmi", "mean")):
    known = svy.col(variable).is_not_null() & svy.col("grade").is_not_null() & svy.col("sex").is_not_null()
    for by in (["area", "grade", "sex"], ["area", "grade"], ["grade", "sex"], ["grade"]):
        found = (estimation.mean if measure == "mean" else estimation.prop)(variable, by=by, where=known).to_polars()
        found = found if measure == "mean" else found.filter(pl.col(variable) == 1)
        whole = {"area": "01", "sex": "all"}
        added = [pl.lit(whole[name]).alias(name) for name in whole if name not in by]
        found = found.with_columns(*added, variable=pl.lit(variable), measure=pl.lit(measure))
        parts.append(found.rename({"est": "estimate", "lci": "low", "uci": "high"}).select(columns))
pl.concat(parts).write_csv("expected_svy.csv", float_precision=15)
