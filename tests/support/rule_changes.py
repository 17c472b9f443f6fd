"""Every rule of every suite with a change of one of the good frames that breaks it."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

Frame = pl.DataFrame
Change = Callable[[Frame], Frame]


def put(row: int, **values: object) -> Change:
    """Change cells of one row."""

    def change(frame: Frame) -> Frame:
        here = pl.int_range(pl.len()) == row
        return frame.with_columns(
            pl.when(here).then(pl.lit(value, frame.schema[name])).otherwise(pl.col(name)).alias(name)
            for name, value in values.items()
        )

    return change


def fill(**values: object) -> Change:
    """Change all cells of some columns in the later wave (or everywhere, where there is one wave)."""

    def change(frame: Frame) -> Frame:
        here = pl.col("wave") == pl.col("wave").max()
        return frame.with_columns(
            pl.when(here).then(pl.lit(value, frame.schema[name])).otherwise(pl.col(name)).alias(name)
            for name, value in values.items()
        )

    return change


def twice(frame: Frame) -> Frame:
    """The first row once more."""
    return pl.concat([frame, frame.head(1)])


def none(frame: Frame) -> Frame:
    """No rows."""
    return frame.clear()


# Every rule with a change of one of the good frames that breaks it.
BREAKERS: dict[str, list[tuple[str, str, Change]]] = {
    "raw/survey_responses": [
        ("ra_svar_finns", "rows", none),
        ("ra_svar_nycklar", "rows", put(0, source_row=None)),
        ("ra_svar_unika", "rows", put(1, source_row=1)),
        ("ra_svar_har_leverans", "rows", put(0, wave=2022)),
        ("ra_svar_har_leverans", "rows", put(0, delivery_id="c")),
        ("ra_svar_antal_stammer", "rows", lambda f: f.head(2)),
        ("ra_svar_antal_stammer", "deliveries", put(0, rows=3)),
    ],
    "raw/survey_deliveries": [
        ("ra_leverans_finns", "rows", none),
        ("ra_leverans_unik", "rows", twice),
        ("ra_leverans_uppgifter", "rows", put(1, codebook=None)),
        ("ra_leverans_format", "rows", put(0, file_format="pdf")),
        ("ra_leverans_kontrollsumma", "rows", put(0, source_sha256="0" * 63)),
        ("ra_leverans_rader", "rows", put(0, rows=0)),
        ("ra_leverans_igenkand", "rows", put(0, matched_pct=79)),
    ],
    "raw/register_rows": [
        ("ra_register_finns", "rows", none),
        ("ra_register_nycklar", "rows", put(0, source_file=None)),
        ("ra_register_unika", "rows", twice),
    ],
    "harmonised/survey_responses": [
        ("rader_finns", "rows", none),
        ("kolumner_finns", "columns", lambda f: f.filter(pl.col("name") != "F55e")),
        ("elev_unik", "rows", twice),
        ("nycklar_finns", "rows", put(0, municipality_code=None)),
        ("nycklar_finns", "rows", put(1, grade=None)),
        ("svar_har_leverans", "rows", put(0, delivery_id="c")),
        ("svar_har_leverans", "deliveries", lambda f: f.head(1)),
        ("kommun_kand", "rows", put(1, municipality_code="0380")),
        ("kommun_giltig_aret", "rows", put(0, municipality_code="0140", wave=1998)),
        ("stadsdel_kand", "rows", put(0, district_code="0180-999")),
        ("arskurs_kand", "rows", put(0, grade="ak7")),
        ("kon_kant", "rows", put(0, sex="Flicka")),
        ("kon_tredje_svar", "rows", put(0, sex="other", wave=2016)),
        ("vag_kand", "rows", put(0, wave=2023)),
        ("vag_ratt_ar", "rows", put(0, wave=2023)),
        ("vag_ratt_ar", "rows", put(0, wave=2004)),
        ("kon_inte_bara_ett", "rows", lambda f: f.filter((pl.col("delivery_id") == "a") | (pl.col("sex") == "girl"))),
        ("foljdfragor_hopp", "rows", lambda f: f.with_columns(F37=pl.lit(3, pl.Int16))),
        ("foljdfragor_hopp", "rows", lambda f: f.with_columns(F74=pl.lit(996, pl.Int16))),
        ("skola_i_registret", "schools", put(0, school_code="00000001")),
        ("skola_hogst_elevantalet", "schools", put(0, pupils_ak9=39)),
        ("kommun_hogst_elevantalet", "enrolled", put(1, value=19.0)),
    ],
    "harmonised/item_profile": [
        ("profil_finns", "answers", none),
        ("svar_i_kodboken", "answers", put(0, F55e=5)),
        ("svar_i_kodboken", "answers", put(1, F62=-1)),
        ("antal_rimliga", "answers", put(0, F37=-1)),
        ("antal_rimliga", "answers", put(0, F37=1000)),
        ("fraga_ratt_ar", "answers", fill(F19_gammal=1)),
        ("fraga_finns", "answers", fill(F55e=None)),
        ("bortfall_som_forra", "answers", fill(F5=999)),
        ("svar_som_forra", "answers", fill(F5=4)),
    ],
    "harmonised/delivery_counts": [
        ("antal_finns", "rows", none),
        ("antal_unik", "rows", twice),
        ("antal_kommun_kand", "rows", put(0, municipality_code="0380")),
        ("antal_utanfor", "rows", put(0, rows_outside=41)),
        ("antal_kvar", "rows", put(0, rows_kept=41)),
        ("dubbla_rader", "rows", put(0, duplicate_rows=1)),
        ("samma_id", "rows", put(0, repeated_ids=1)),
    ],
    "harmonised/delivery_gaps": [
        ("luckor_rader_finns", "rows", none),
        ("skola_finns", "rows", put(0, missing_pct=10.1)),
        ("klass_finns", "rows", put(1, missing_pct=20.1)),
        ("stadsdel_finns", "rows", put(2, missing_pct=20.1)),
        ("saknade_svar", "rows", put(3, missing_pct=20.1)),
    ],
    "harmonised/register_values": [
        ("register_rader_finns", "rows", none),
        ("register_unik", "rows", twice),
        ("register_omrade_kant", "rows", put(0, area_code="0380")),
        ("register_omrade_aret", "rows", put(1, area_code="0140", year=1998)),
        ("register_skal_finns", "rows", put(0, reason=None)),
        ("register_skal_kant", "rows", put(0, reason="okej")),
        ("register_varde_rimligt", "rows", put(1, value=-0.1)),
        ("register_andel_hogst_100", "rows", put(0, value=100.1)),
        ("register_intervall", "rows", put(2, value=21.0, high=20.9)),
        ("register_kallor_overens", "rows", put(4, value=4.2)),
        ("register_kallor_overens", "rows", put(3, value=20.0)),
    ],
    "raw/form_files": [
        ("formular_finns", "rows", none),
        ("formular_unika", "rows", twice),
        ("formular_sort_kand", "rows", put(0, kind="survey")),
        ("formular_kommun_kand", "rows", put(0, municipality_code="0380")),
        ("formular_omgang", "rows", put(0, round="hösten")),
    ],
    "raw/form_answers": [
        ("formularsvar_finns", "rows", none),
        ("formularsvar_unika", "rows", twice),
        ("formularsvar_ifyllda", "rows", put(0, value=None)),
    ],
    "harmonised/activity_answers": [
        ("aktivitetssvar_rader", "rows", none),
        ("aktivitetssvar_unika", "rows", twice),
        ("aktivitetssvar_kommun_kand", "rows", put(0, municipality_code="0380")),
        ("aktivitetssvar_omgang", "rows", put(0, round="26")),
        ("aktivitetssvar_id", "rows", put(0, activity_id="own:Café")),
        ("aktivitetssvar_ifyllda", "rows", put(0, role=None)),
        ("aktivitetssvar_finns_koder", "rows", put(0, value="Finns")),
    ],
    "harmonised/readiness_ratings": [
        ("skattning_rader", "rows", none),
        ("skattning_unik", "rows", twice),
        ("skattning_kommun_kand", "rows", put(0, municipality_code="0380")),
        ("skattning_omgang", "rows", put(0, round="2026-0")),
        ("skattning_niva", "rows", put(0, level=4)),
        ("skattning_ifylld", "rows", put(0, statement=None)),
    ],
    "harmonised/decisions": [
        ("beslut_rader", "rows", none),
        ("beslut_unika", "rows", twice),
        ("beslut_nummer", "rows", put(0, decision_id="1")),
        ("beslut_kommun_kand", "rows", put(0, municipality_code="0380")),
        ("beslut_tidigare_nummer", "rows", put(2, earlier_decision_id="det förra")),
        ("beslut_status_kand", "rows", put(2, earlier_status="klart")),
        ("beslut_dag_finns", "rows", put(0, workshop_on=None)),
        ("beslut_mattillfalle", "rows", put(0, wave=None)),
    ],
    "harmonised/schools": [
        ("skolor_finns", "rows", none),
        ("skolor_unik", "rows", twice),
        ("skolor_uppgifter", "rows", put(0, school_code=None)),
        ("skolor_kod", "rows", put(0, school_code="1234567")),
        ("skolor_kommun_kand", "rows", put(0, municipality_code="0380")),
        ("skolor_kommun_aret", "rows", put(0, municipality_code="0140", year=1998)),
        ("skolor_elevantal", "rows", put(0, pupils_ak8=1001)),
        ("skolor_stammer_med_kommunen", "enrolled", put(0, value=39.0)),
    ],
    "validated/survey_responses": [
        ("godkanda_svar_finns", "rows", none),
        ("godkand_elev_unik", "rows", twice),
        ("godkanda_nycklar_finns", "rows", put(0, grade=None)),
        ("godkand_kommun_kand", "rows", put(0, municipality_code="0380")),
        ("godkand_arskurs_kand", "rows", put(0, grade="ak7")),
        ("godkand_har_leverans", "deliveries", lambda f: f.head(1)),
        ("godkand_en_leverans", "rows", put(0, municipality_code="0114")),
    ],
    "validated/deliveries": [
        ("omdomen_finns", "rows", none),
        ("omdomen_unika", "rows", twice),
        ("omdomen_uppgifter", "rows", put(1, status=None)),
        ("omdomen_provade", "rows", put(0, rules_tried=9)),
        ("omdomen_inga_stoppande", "rows", put(0, critical_broken=1)),
        ("omdomen_har_leverans", "deliveries", lambda f: f.head(1)),
    ],
    "validated/rule_outcomes": [
        ("utfall_finns", "rows", none),
        ("utfall_unika", "rows", twice),
        ("utfall_uppgifter", "rows", put(0, rule=None)),
        ("utfall_status", "rows", put(0, status="ok")),
        ("utfall_allvar", "rows", put(0, severity="mild")),
    ],
    "validated/register_values": [
        ("godkanda_register_rader_finns", "rows", none),
        ("godkanda_register_unik", "rows", twice),
        ("godkanda_register_omrade_kant", "rows", put(0, area_code="0380")),
        ("godkanda_register_skal_kant", "rows", put(0, reason="okej")),
        ("godkanda_register_skal_finns", "rows", put(0, reason=None)),
    ],
    "release/index_results": [
        ("utgava_rader_finns", "rows", none),
        ("utgava_unik", "rows", twice),
        ("utgava_skal_finns", "rows", put(2, reason=None)),
        ("utgava_skal_kant", "rows", put(2, reason="hemlig")),
        ("utgava_visade_har_varde", "rows", put(0, value=None)),
        ("utgava_dolda_ar_tomma", "rows", put(2, value=12.0)),
        ("utgava_dolda_ar_tomma", "rows", put(2, low=1.0)),
        ("utgava_dolda_ar_tomma", "rows", put(2, high=1.0)),
        ("utgava_minst_tio", "rows", put(1, n=9.0)),
        ("utgava_andel_rimlig", "rows", put(0, value=-1.0)),
        ("utgava_andel_rimlig", "rows", put(1, value=101.0)),
        ("utgava_intervall_bredd", "rows", put(0, low=10.0)),
    ],
    "release/accumulated_results": [
        ("samlade_rader_finns", "rows", none),
        ("samlade_unik", "rows", twice),
        ("samlade_skal_finns", "rows", put(2, reason=None)),
        ("samlade_skal_kant", "rows", put(2, reason="hemlig")),
        ("samlade_visade_har_varde", "rows", put(0, value=None)),
        ("samlade_dolda_ar_tomma", "rows", put(2, value=12.0)),
        ("samlade_dolda_ar_tomma", "rows", put(2, low=1.0)),
        ("samlade_dolda_ar_tomma", "rows", put(2, high=1.0)),
        ("samlade_minst_tio", "rows", put(1, n=9.0)),
        ("samlade_andel_rimlig", "rows", put(0, value=-1.0)),
        ("samlade_andel_rimlig", "rows", put(1, value=101.0)),
        ("samlade_intervall_bredd", "rows", put(0, low=10.0)),
    ],
    "release/indicator_results": [
        ("fragor_rader_finns", "rows", lambda f: f.clear()),
        ("fragor_unik", "rows", twice),
        ("fragor_skal_kant", "rows", put(2, reason="hemlig")),
        ("fragor_skal_namnare_finns", "rows", put(2, reason=None)),
        ("fragor_skal_namnare_finns", "rows", put(0, base=None)),
        ("fragor_skal_namnare_finns", "rows", put(0, unit=None)),
        ("fragor_visade_har_varde", "rows", put(0, value=None)),
        ("fragor_dolda_ar_tomma", "rows", put(2, value=12.0)),
        ("fragor_dolda_ar_tomma", "rows", put(2, low=1.0)),
        ("fragor_dolda_ar_tomma", "rows", put(2, high=1.0)),
        ("fragor_dolda_ar_tomma", "rows", put(2, n=15.0)),
        ("fragor_minst_tio", "rows", put(1, n=9.0)),
        ("fragor_kanslig_inte_pa_kon", "rows", put(2, reason="ok", value=12.0)),
        ("fragor_andel_rimlig", "rows", put(0, value=-1.0)),
        ("fragor_andel_rimlig", "rows", put(1, value=101.0)),
        ("fragor_intervall_bredd", "rows", put(0, low=10.0)),
    ],
    "indices/psychometrics": [
        ("psykometri_rader_finns", "rows", none),
        ("psykometri_unik", "rows", twice),
        ("psykometri_nycklar", "rows", put(0, verdict=None)),
        ("psykometri_bedomningar", "rows", put(0, verdict="kanske")),
    ],
    "release/index_anatomy": [
        ("anatomi_rader_finns", "rows", none),
        ("anatomi_unik", "rows", twice),
        ("anatomi_bedomningar", "rows", put(0, verdict="not_judged")),
        ("anatomi_antal", "rows", put(0, n=40)),
    ],
    "release/trends": [
        ("utveckling_rader_finns", "rows", lambda f: f.clear()),
        ("utveckling_unik", "rows", twice),
        ("utveckling_skal_kant", "rows", put(1, reason="hemlig")),
        ("utveckling_skal_finns", "rows", put(1, reason=None)),
        ("utveckling_visad_ar_hel", "rows", put(0, value_from=None)),
        ("utveckling_visad_ar_hel", "rows", put(0, verdict=None)),
        ("utveckling_dold_ar_tom", "rows", put(1, change=2.0)),
        ("utveckling_dold_ar_tom", "rows", put(1, verdict="increase")),
        ("utveckling_bedomning_kand", "rows", put(0, verdict="upp")),
    ],
    "release/series_breaks": [
        ("brott_rader_finns", "rows", lambda f: f.clear()),
        ("brott_unik", "rows", twice),
        ("brott_fullstandig", "rows", put(0, flag=None)),
        ("brott_fullstandig", "rows", put(0, comparable_from=None)),
        ("brott_framat", "rows", put(0, comparable_from=2024)),
    ],
    "harmonised/screen_counts": [
        ("prov_rader_finns", "rows", none),
        ("prov_unik", "rows", twice),
        ("prov_flaggade_hogst_provade", "rows", put(0, n_flagged=41)),
    ],
    "harmonised/school_indicators": [
        ("skolvarden_finns", "rows", none),
        ("skolvarden_uppgifter", "rows", put(0, variable=None)),
        ("skolvarden_skal_kant", "rows", put(1, reason="hemlig")),
    ],
}
