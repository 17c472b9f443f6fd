"""Straight DuckDB SQL: same estimator.

usage: duckdb_sql.py INPUT OUT.csv

A peer of the benchmark (../cube.py), from the project's own bench, under this repository's licence.
"""

import sys

import duckdb

K, Z, CUT = 20, 1.959963984540054, 60.0
src, out = sys.argv[1], sys.argv[2]
con = duckdb.connect()
con.execute("set threads=2")
if src.endswith(".parquet"):
    frm = f"read_parquet('{src}')"
else:
    types = ", ".join(
        [
            f"'{c}':'{t}'"
            for c, t in [
                ("year", "SMALLINT"),
                ("mun", "SMALLINT"),
                ("grade", "TINYINT"),
                ("sex", "TINYINT"),
                ("school", "INTEGER"),
                ("klass", "INTEGER"),
                ("weight", "DOUBLE"),
                ("n_klass_pop", "INTEGER"),
            ]
        ]
        + [f"'item{i:02d}':'TINYINT'" for i in range(1, 61)]
    )
    frm = f"read_csv('{src}', header=true, columns={{{types}}})"


def score(k):
    i = [f"item{3 * k + j:02d}" for j in (1, 2, 3)]
    nv = "+".join(f"({x} is not null)::tinyint" for x in i)
    s = f"coalesce({i[0]},0)+coalesce({i[1]},0)+coalesce(5-{i[2]},0)"
    return f"case when {nv} >= 2 then (({s})::double/({nv})-1)/3*100 end as y{k + 1}"


ys = ",\n".join(score(k) for k in range(K))
ag = ",\n".join(
    f"count(y{k}) n{k}, sum(case when y{k} is not null then weight else 0 end) w{k}, sum(weight*coalesce(y{k},0)) wy{k}, "
    f"sum(case when y{k} >= {CUT} then weight else 0 end) wr{k}"
    for k in range(1, K + 1)
)
con.execute(f"""create temp table psu as
 select year,mun,grade,sex,klass,any_value(n_klass_pop) n_klass_pop,{ag}
 from (select year,mun,grade,sex,klass,n_klass_pop,weight,{ys} from {frm}) group by all""")
long = "\nunion all\n".join(
    f"select year,mun,grade,sex,klass,{k}::smallint idx,n{k} n,w{k} w,wy{k} wy,wr{k} wr from psu where n{k}>0"
    for k in range(1, K + 1)
)
con.execute(f"""copy (
with nh as (select year,mun,grade,count(*) nh,any_value(N) Nh_ from
       (select year,mun,grade,klass,any_value(n_klass_pop) N from psu group by all) group by all),
 long as ({long}),
 cell as (select year,mun,grade,sex,idx,sum(n)::bigint n,sum(w) ww,sum(wy)/sum(w) mean,sum(wr)/sum(w) risk
       from long group by all),
 t as (select l.year,l.mun,l.grade,l.sex,l.idx,(l.wy-c.mean*l.w)/c.ww ty,(l.wr-c.risk*l.w)/c.ww tr
       from long l join cell c using (year,mun,grade,sex,idx)),
 vh as (select year,mun,grade,sex,idx,sum(ty) sy,sum(ty*ty) qy,sum(tr) sr,sum(tr*tr) qr from t group by all),
 v as (select year,mun,grade,sex,idx,sqrt(sum((1-nh/Nh_)*nh/(nh-1)*(qy-sy*sy/nh))) mean_se,
        sqrt(sum((1-nh/Nh_)*nh/(nh-1)*(qr-sr*sr/nh))) risk_se from vh join nh using (year,mun,grade) group by all)
select year,mun,grade,sex,idx as "index",n,mean,mean_se,mean-{Z}*mean_se mean_lo,mean+{Z}*mean_se mean_hi,risk,risk_se,
 case when risk>0 and risk<1 then 1/(1+exp(-(ln(risk/(1-risk))-{Z}*risk_se/(risk*(1-risk))))) end risk_lo,
 case when risk>0 and risk<1 then 1/(1+exp(-(ln(risk/(1-risk))+{Z}*risk_se/(risk*(1-risk))))) end risk_hi
from cell join v using (year,mun,grade,sex,idx) order by all) to '{out}' (header, delimiter ',')""")
