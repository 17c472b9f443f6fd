# Expected values for tests/oracle/test_national_survey.py. Run in this folder: Rscript make.R  (R survey 4.1-1)
# Strata 101-104 and 111-114 play two areas of one whole; grades and sexes are domains, so every PSU of a stratum stays in the count.
suppressMessages(library(survey))
options(survey.lonely.psu = "adjust", digits = 17)
d <- read.csv("students.csv", na.strings = "")
d$half <- ifelse(d$stratum < 110, "0101", "0102")
design <- svydesign(ids = ~psu, strata = ~stratum, weights = ~weight, nest = TRUE, data = d)
rows <- list()
put <- function(...) rows[[length(rows) + 1]] <<- data.frame(..., stringsAsFactors = FALSE)

for (variable in c("sad", "drank", "bmi")) for (grade in 9:12) {
  kind <- if (variable == "bmi") "mean" else "share"
  value <- d[[variable]]; form <- as.formula(paste0("~", variable))
  there <- !is.na(value) & d$grade %in% grade & d$sex %in% c("girl", "boy")
  of <- function(area, sex) there & (area == "01" | d$half == area) & (sex == "all" | d$sex %in% sex)
  contrast <- function(measure, area, sex, first, second, df) {
    full <- update(design, y1 = ifelse(first, value, 0), x1 = as.numeric(first), y2 = ifelse(second, value, 0), x2 = as.numeric(second))
    k <- svycontrast(svytotal(~y1 + x1 + y2 + x2, full), quote(y1 / x1 - y2 / x2))
    reach <- qt(0.975, df) * SE(k)[[1]]
    put(variable, measure, area, grade, sex, coef(k)[[1]], SE(k)[[1]], coef(k)[[1]] - reach, coef(k)[[1]] + reach, df, sum(first | second))
  }
  for (area in c("01", "0101", "0102")) {
    for (sex in c("girl", "boy", "all")) {
      inside <- of(area, sex); domain <- subset(design, inside); df <- degf(domain)
      est <- svymean(form, domain)
      ci <- if (kind == "share") attr(svyciprop(form, domain, method = "logit"), "ci") else confint(est, df = df)
      put(variable, kind, area, grade, sex, coef(est)[[1]], SE(est)[[1]], ci[[1]], ci[[2]], df, sum(inside))
      if (area != "01") contrast(paste0("diff_", kind), area, sex, inside, of("01", sex), df)
    }
    parts <- min(degf(subset(design, of(area, "girl"))), degf(subset(design, of(area, "boy"))))
    contrast(paste0("sex_gap_", kind), area, "all", of(area, "girl"), of(area, "boy"), parts)
  }
}
table <- do.call(rbind, lapply(rows, setNames, c("variable", "measure", "area", "grade", "sex", "estimate", "se", "low", "high", "df", "n")))
for (name in c("estimate", "se", "low", "high")) table[[name]] <- sprintf("%.15g", table[[name]])
write.csv(table, "expected.csv", row.names = FALSE, quote = FALSE)
