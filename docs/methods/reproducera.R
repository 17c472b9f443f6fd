# Five kinds of published numbers, worked out again with R's survey package from exported answers.
# Rscript reproducera.R svar.csv <municipality> <wave> <grade> <result.csv>     e.g.  Rscript reproducera.R svar.csv 0126 2024 ak9 ut.csv
# Nothing of the pipeline's code is used: items, thresholds, limits and rules are written out below. See reproducera.md.
suppressMessages(library(survey))
options(survey.lonely.psu = "adjust", digits = 15)

arguments <- commandArgs(trailingOnly = TRUE)
municipality <- arguments[2]; wave <- as.integer(arguments[3]); grade <- arguments[4]
keys <- c("municipality_code", "grade", "sex", "school_code", "class_code")
d <- read.csv(arguments[1], colClasses = setNames(rep("character", length(keys)), keys), na.strings = "")

# --- The index Psykiska och psykosomatiska besvär (assets/catalogue/indices.yml): per item its score of each answer, and its thresholds
items <- list(
  F90  = list(score = c(0, 1, 2, 3, 4), threshold = c(-1.1216, -0.3554, 0.7823, 1.0954)),
  F91  = list(score = c(2, 2, 1, 1, 0), threshold = c(-0.8314, 0.8302)),
  F93  = list(score = c(2, 2, 1, 1, 0), threshold = c(-0.0545, 0.6062)),
  F94  = list(score = c(3, 3, 2, 1, 0), threshold = c(-1.3941, 0.0806, 0.5158)),
  F95  = list(score = c(3, 3, 2, 1, 0), threshold = c(-0.4257, 0.0182, 0.4189)),
  F97  = list(score = c(3, 2, 1, 0, 0), threshold = c(-0.1078, 0.1557, 0.4737)),
  F99  = list(score = c(0, 0, 1, 2, 3), threshold = c(0.3758, 1.1222, 1.6226)),
  F100 = list(score = c(0, 1, 2, 3, 3), threshold = c(-0.1444, 0.1774, 0.7529)),
  F101 = list(score = c(3, 3, 2, 1, 0), threshold = c(-0.3221, 0.6405, 1.1102)))
upper_limit <- 1.1630680265003435  # the 90th percentile of rise-2024-09-23
fewest_answers <- 5

# --- Score: Warm's weighted likelihood estimate (Warm 1989) in the partial credit model (Masters 1982)
moments <- function(theta, threshold) {
  k <- 0:length(threshold)
  p <- exp(k * theta - c(0, cumsum(threshold))); p <- p / sum(p)
  e <- sum(k * p)
  c(e, sum((k - e)^2 * p), sum((k - e)^3 * p))
}
warm <- function(raw, thresholds) {
  f <- function(theta) { m <- Reduce(`+`, lapply(thresholds, moments, theta = theta)); raw - m[1] + m[3] / (2 * m[2]) }
  uniroot(f, c(-20, 20), tol = 1e-13)$root
}
points <- sapply(names(items), function(i) items[[i]]$score[ifelse(d[[i]] %in% 1:5, d[[i]], NA)])
points[d$screened_out %in% c("true", "TRUE"), ] <- NA  # unserious answers count as missing; the pupil stays a respondent
pattern <- apply(ifelse(is.na(points), ".", points), 1, paste, collapse = "")
solved <- sapply(unique(pattern), function(p) {
  x <- suppressWarnings(as.integer(strsplit(p, "")[[1]])); there <- !is.na(x)
  if (sum(there) < fewest_answers) NA else warm(sum(x[there]), lapply(items[there], `[[`, "threshold"))
})
d$score <- solved[pattern]
d$raised <- as.numeric(round(d$score, 3) > upper_limit)

# --- The single question "Har varit berusad" (dik36): answers 2 to 7 of F36; 996, 998 and 999 are no answers
drunk <- ifelse(d$F36 %in% 1:7, d$F36, NA)
drunk[d$screened_out %in% c("true", "TRUE")] <- NA
d$drunk <- as.numeric(drunk >= 2)

# --- Design: everybody of the grade and wave in the county; stratum = municipality, PSU = class, weights 1, no finite population
d <- d[d$wave == wave & d$grade == grade & d$sex %in% c("girl", "boy"), ]
d$psu <- paste(d$municipality_code, d$school_code, ifelse(is.na(d$class_code), "-", d$class_code))
d$one <- 1
design <- svydesign(ids = ~psu, strata = ~municipality_code, weights = ~one, data = d, nest = TRUE)

rows <- list()
keep <- function(name, estimate, se, low, high, df, n)
  rows[[length(rows) + 1]] <<- data.frame(cell = name, estimate = estimate, se = se, low = low, high = high, df = df, n = n)
domain <- function(variable, sexes = c("girl", "boy"))
  subset(design, design$variables$municipality_code == municipality & design$variables$sex %in% sexes & !is.na(design$variables[[variable]]))
share <- function(name, variable) {  # interval on the logit scale
  part <- domain(variable); form <- as.formula(paste0("~", variable))
  interval <- attr(svyciprop(form, part, method = "logit", df = degf(part)), "ci")
  keep(name, coef(svymean(form, part))[[1]], SE(svymean(form, part))[[1]], interval[[1]], interval[[2]], degf(part), nrow(part$variables))
}
symmetric <- function(name, estimate, se, df, n) keep(name, estimate, se, estimate - qt(0.975, df) * se, estimate + qt(0.975, df) * se, df, n)

share("share_band3", "raised")

part <- domain("score")
m <- svymean(~score, part)
symmetric("mean", coef(m)[[1]], SE(m)[[1]], degf(part), nrow(part$variables))

# municipality minus county: both are ratios of totals over the same classes, so one linearisation gives the covariance too
contrast <- function(name, variable, first, second, df, n) {
  value <- d[[variable]]; known <- !is.na(value)
  full <- update(design, y1 = ifelse(known & first, value, 0), x1 = as.numeric(known & first),
                 y2 = ifelse(known & second, value, 0), x2 = as.numeric(known & second))
  k <- svycontrast(svytotal(~y1 + x1 + y2 + x2, full), quote(y1 / x1 - y2 / x2))
  symmetric(name, coef(k)[[1]], SE(k)[[1]], df, n)
}
here <- d$municipality_code == municipality
n <- nrow(domain("score")$variables)
contrast("diff_mean", "score", here, rep(TRUE, nrow(d)), degf(domain("score")), n)
contrast("diff_share_focus", "raised", here, rep(TRUE, nrow(d)), degf(domain("score")), n)
sexes <- min(degf(domain("score", "girl")), degf(domain("score", "boy")))
contrast("sex_gap_share_focus", "raised", here & d$sex == "girl", here & d$sex == "boy", sexes, n)
contrast("sex_gap_mean", "score", here & d$sex == "girl", here & d$sex == "boy", sexes, n)

share("dik36", "drunk")

table <- do.call(rbind, rows)
for (name in c("estimate", "se", "low", "high")) table[[name]] <- sprintf("%.12g", table[[name]])
write.csv(table, arguments[5], row.names = FALSE, quote = FALSE)
print(table, row.names = FALSE)
