# A peer of the benchmark (../cube.py), from the project's own bench, under this repository's licence.
# R survey: svydesign + svyby(svymean).  usage: Rscript survey.R INPUT.csv OUT.csv [first_index last_index]
# one svyby call an index (score and risk flag share their missing rows); fread to read.
suppressPackageStartupMessages(library(survey)); data.table::setDTthreads(2)
a <- commandArgs(TRUE); K <- 20; Z <- qnorm(.975); CUT <- 60
ks <- if (length(a) > 2) as.integer(a[3]):as.integer(a[4]) else 1:K
t0 <- proc.time()[[3]]
d <- as.data.frame(data.table::fread(a[1], showProgress = FALSE))
for (k in 1:K) {
  i <- sprintf("item%02d", 3*(k-1) + 1:3)
  x1 <- d[[i[1]]]; x2 <- d[[i[2]]]; x3 <- 5L - d[[i[3]]]
  nv <- (!is.na(x1)) + (!is.na(x2)) + (!is.na(x3))
  x1[is.na(x1)] <- 0L; x2[is.na(x2)] <- 0L; x3[is.na(x3)] <- 0L
  y <- ((x1+x2+x3)/nv - 1)/3*100; y[nv < 2] <- NA
  d[[paste0("y",k)]] <- y; d[[paste0("r",k)]] <- as.numeric(y >= CUT); d[i] <- NULL
}
d$stratum <- (d$year*1000 + d$mun)*100 + d$grade
t1 <- proc.time()[[3]]
des <- svydesign(ids = ~klass, strata = ~stratum, weights = ~weight, fpc = ~n_klass_pop, data = d)
t2 <- proc.time()[[3]]
res <- lapply(ks, function(k) {
  b <- svyby(as.formula(sprintf("~y%d+r%d", k, k)), ~year+mun+grade+sex, des, svymean, na.rm = TRUE, keep.names = FALSE)
  data.frame(year=b$year, mun=b$mun, grade=b$grade, sex=b$sex, index=k, n=NA, mean=b[[5]], mean_se=b[[7]], risk=b[[6]], risk_se=b[[8]])
})
r <- do.call(rbind, res)
r$mean_lo <- r$mean - Z*r$mean_se; r$mean_hi <- r$mean + Z*r$mean_se
l <- r$risk_se/(r$risk*(1-r$risk)); ok <- r$risk > 0 & r$risk < 1
r$risk_lo <- ifelse(ok, plogis(qlogis(r$risk) - Z*l), NA); r$risk_hi <- ifelse(ok, plogis(qlogis(r$risk) + Z*l), NA)
r <- r[order(r$year, r$mun, r$grade, r$sex, r$index), ]
data.table::fwrite(r[, c("year","mun","grade","sex","index","n","mean","mean_se","mean_lo","mean_hi","risk","risk_se","risk_lo","risk_hi")], a[2])
t3 <- proc.time()[[3]]
cat(sprintf("survey %s: read+score %.2f s, svydesign %.2f s, %d svyby calls %.2f s\n", packageVersion("survey"), t1-t0, t2-t1, length(ks), t3-t2))
