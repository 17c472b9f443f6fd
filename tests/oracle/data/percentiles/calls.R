# R 4.2.2, survey 4.1-1: Rscript calls.R persons.csv expected.csv
library(survey)
options(survey.lonely.psu = "adjust", digits = 17)
given <- commandArgs(trailingOnly = TRUE)
persons <- read.csv(given[1], colClasses = c(municipality_code = "character"))
persons$h <- with(persons, paste(wave, grade, municipality_code))
persons$unit <- with(persons, paste(h, school_code, psu))
asked <- c(p10 = .10, p25 = .25, p50 = .50, p75 = .75, p90 = .90)

row <- function(design, score, measure) {
  p <- asked[[measure]]
  design <- update(design, y = design$variables[[score]])
  own <- svyquantile(~y, design, p, qrule = "math", interval.type = "mean")[[1]]  # R's interval: around the share at q
  q <- own[1, "quantile"]
  reached <- svymean(~reached, update(design, reached = as.numeric(y <= q)))
  df <- degf(design)
  half <- if (df > 0) qt(.975, df) * as.numeric(SE(reached)) else NA
  at <- function(share) {                                                        # Woodruff's: around p
    if (is.na(share) || share <= 0 || share >= 1) return(NA)
    svyquantile(~y, design, share, ci = FALSE, qrule = "math")[[1]][1, 1]
  }
  w <- weights(design)
  lowest <- min(design$variables$y)
  data.frame(measure, lowest, lowest_share = sum(w[design$variables$y == lowest]) / sum(w), half, quantile = q, share_at = as.numeric(coef(reached)), share_se = as.numeric(SE(reached)), df,
             low = at(p - half), high = at(p + half), r_low = own[1, 2], r_high = own[1, 3])
}

all_rows <- NULL
for (weighted in c(FALSE, TRUE)) for (year in unique(persons$wave)) {
  part <- persons[persons$wave == year, ]
  whole <- svydesign(~unit, strata = ~h, weights = if (weighted) ~weight else ~one, nest = TRUE,
                     data = transform(part, one = 1))
  for (area in c("01", sort(unique(part$municipality_code)))) for (g in sort(unique(part$grade)))
    for (s in c("girl", "boy", "all")) for (score in c("fine", "coarse")) {
      v <- whole$variables
      chosen <- (area == "01" | v$municipality_code == area) & v$grade == g & (s == "all" | v$sex == s) & !is.na(v[[score]])
      if (!any(chosen)) next
      domain <- whole[chosen, ]
      for (measure in names(asked)) all_rows <- rbind(all_rows,
        cbind(weighted = as.integer(weighted), area_code = area, wave = year, grade = g, sex = s, score, row(domain, score, measure)))
    }
}
write.csv(all_rows, given[2], row.names = FALSE, na = "")
