# Expected values for tests/oracle/test_weighted_survey.py. Run in this folder: Rscript make.R  (R survey 4.1-1)
# One design per site and year; girls, boys and grades are domains (subset), so every PSU of a stratum stays in the count.
suppressMessages(library(survey))
options(survey.lonely.psu = "adjust", digits = 17)
d <- read.csv("students.csv", na.strings = "")
out <- list()
put <- function(...) out[[length(out) + 1]] <<- data.frame(..., stringsAsFactors = FALSE)

for (site in unique(d$site)) for (outcome in c("drank", "marijuana")) {
  part <- d[d$site == site, ]
  design <- svydesign(ids = ~psu, strata = ~stratum, weights = ~weight, nest = TRUE, data = part)
  form <- as.formula(paste0("~", outcome))
  for (sex in c("girl", "boy", "all")) for (grade in sort(unique(part$grade[!is.na(part$grade)]))) {
    keep <- !is.na(part[[outcome]]) & !is.na(part$sex) & part$grade %in% grade & (sex == "all" | part$sex %in% sex)
    domain <- subset(design, keep)
    est <- svymean(form, domain)
    ci <- attr(svyciprop(form, domain, method = "logit"), "ci")
    put(site = site, outcome = outcome, sex = sex, grade = as.character(grade), measure = "share", estimate = coef(est)[[1]],
        se = SE(est)[[1]], low = ci[[1]], high = ci[[2]], df = degf(domain), n = sum(keep))
  }
  # girl minus boy within a grade, and grade 12 minus grade 9 within a sex: svyby with the covariance of the two
  known <- subset(design, !is.na(part[[outcome]]) & !is.na(part$sex) & !is.na(part$grade))
  cells <- svyby(form, ~sex + grade, known, svymean, covmat = TRUE)
  sexes <- svyby(form, ~grade, known, svymean, covmat = TRUE)
  contrast <- function(by, plus, minus) {
    w <- setNames(rep(0, nrow(by)), rownames(by)); w[plus] <- 1; w[minus] <- -1
    svycontrast(by, list(d = w))
  }
  for (grade in sort(unique(part$grade[!is.na(part$grade)]))) {
    k <- contrast(cells, paste0("girl.", grade), paste0("boy.", grade))
    put(site = site, outcome = outcome, sex = "all", grade = as.character(grade), measure = "sex_gap", estimate = coef(k)[[1]],
        se = SE(k)[[1]], low = NA, high = NA, df = NA, n = NA)
  }
  for (sex in c("girl", "boy", "all")) {
    k <- if (sex == "all") contrast(sexes, "12", "9") else contrast(cells, paste0(sex, ".12"), paste0(sex, ".9"))
    put(site = site, outcome = outcome, sex = sex, grade = "12-9", measure = "grade_gap", estimate = coef(k)[[1]],
        se = SE(k)[[1]], low = NA, high = NA, df = NA, n = NA)
  }
}
table <- do.call(rbind, out)
for (name in c("estimate", "se", "low", "high")) table[[name]] <- ifelse(is.na(table[[name]]), "", sprintf("%.15g", table[[name]]))
write.csv(table, "expected.csv", row.names = FALSE, quote = FALSE, na = "")
