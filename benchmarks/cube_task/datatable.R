# A peer of the benchmark (../cube.py), from the project's own bench, under this repository's licence.
# data.table by hand, same estimator.  usage: Rscript datatable.R INPUT.csv OUT.csv
suppressPackageStartupMessages(library(data.table)); setDTthreads(2)
a <- commandArgs(TRUE); K <- 20; Z <- qnorm(.975); CUT <- 60
d <- fread(a[1], showProgress = FALSE)
CELL <- c("year","mun","grade","sex"); STRAT <- c("year","mun","grade")
for (k in 1:K) {
  i <- sprintf("item%02d", 3*(k-1) + 1:3)
  x1 <- d[[i[1]]]; x2 <- d[[i[2]]]; x3 <- 5L - d[[i[3]]]
  nv <- (!is.na(x1)) + (!is.na(x2)) + (!is.na(x3))
  s <- fcoalesce(x1,0L) + fcoalesce(x2,0L) + fcoalesce(x3,0L)
  y <- (s/nv - 1)/3*100; ok <- nv >= 2; y[!ok] <- 0
  set(d, j = paste0(c("n","w","wy","wr"), k), value = list(as.integer(ok), d$weight*ok, d$weight*y, d$weight*(ok & y >= CUT)))
  set(d, j = i, value = NULL)
}
v <- as.vector(outer(c("n","w","wy","wr"), 1:K, paste0))
psu <- d[, lapply(.SD, sum), by = c(CELL,"klass","n_klass_pop"), .SDcols = v]
nh <- unique(psu, by = c(STRAT,"klass"))[, .(nh = .N, Nh = n_klass_pop[1]), by = STRAT]
long <- rbindlist(lapply(1:K, function(k) psu[, c(mget(c(CELL,"klass")), list(index = k), setNames(mget(paste0(c("n","w","wy","wr"), k)), c("n","w","wy","wr")))]))[n > 0]
ID <- c(CELL,"index")
cell <- long[, .(n = sum(n), W = sum(w), mean = sum(wy)/sum(w), risk = sum(wr)/sum(w)), by = ID]
long[cell, on = ID, `:=`(ty = (wy - i.mean*w)/i.W, tr = (wr - i.risk*w)/i.W)]
vh <- long[, .(sy = sum(ty), qy = sum(ty^2), sr = sum(tr), qr = sum(tr^2)), by = ID][nh, on = STRAT]
vh[, f := (1 - nh/Nh)*nh/(nh-1)]
vv <- vh[, .(mean_se = sqrt(sum(f*(qy - sy^2/nh))), risk_se = sqrt(sum(f*(qr - sr^2/nh)))), by = ID]
r <- cell[vv, on = ID]
r[, `:=`(mean_lo = mean - Z*mean_se, mean_hi = mean + Z*mean_se)]
r[, c("risk_lo","risk_hi") := { lg <- qlogis(risk); l <- risk_se/(risk*(1-risk)); ok <- risk > 0 & risk < 1
  list(fifelse(ok, plogis(lg - Z*l), NA_real_), fifelse(ok, plogis(lg + Z*l), NA_real_)) }]
setorderv(r, ID)
fwrite(r[, c(ID,"n","mean","mean_se","mean_lo","mean_hi","risk","risk_se","risk_lo","risk_hi"), with = FALSE], a[2])
