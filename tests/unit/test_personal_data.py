"""Personal data in free text: planted ones are found, sentences as municipalities write them are left alone."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.catalogue.personal_data import load_name_words
from assets.methods.personal_data import find_personal_data, luhn

WORDS = load_name_words()
HARMLESS = """
Öppen fritidsgård två kvällar i veckan, för åk 7–9 och gymnasiet år 1–2.
Karlaskolan och Viktor Rydbergs gymnasium har egna elevcoacher.
Stora Essingen saknar mötesplats efter klockan 18.
Projektpengarna från Länsstyrelsen tar slut 2027-06-30.
Vi har 1 250 000 kronor till sommarlovsaktiviteter 2026.
Samverkan mellan Socialtjänsten, Polisen och Kultur och fritid (SSPF).
Sankt Eriks gymnasium deltar från hösten 2025.
Maj och juni är svårast att bemanna.
Min bedömning är att hälften nås.
Föräldrastödsprogrammet Komet ges tre gånger per termin.
Mentorer Utan Gränser har besökt Norra Djurgården.
Ungdomsmottagningen i Tumba har öppet måndag, onsdag och fredag.
Skolorna i Södra Botkyrka har egen kurator 40 procent.
Enkäten besvarades av 74 procent 2024 och 71 procent 2022.
Beslut i kommunfullmäktige § 112, diarienummer KS 2025/0123.
Folkhälsoplan 2023–2027 antogs av Kommunfullmäktige.
Alla elever i årskurs 8 får Youth Aware of Mental Health (YAM).
MVP (Mentors in Violence Prevention) finns på Tullingebergsskolan.
Kostnaden är 0,5 tjänst fördelad på 3 enheter.
Barn 6–12 år nås genom fritidshemmen och El Sistema.
Rädda Barnen driver läxhjälp i Fittja.
Vi saknar uppföljning; ansvaret ligger hos utbildningsnämnden.
Drottninggatan och Maria Prästgårdsgata är otrygga på kvällen.
Fältarbetare rör sig vid Centralbadet och Gustav Adolfs torg.
Organisationsnummer 212000-0142 gäller för föreningen.
Kommunkoderna 0127 0136 0180 ingår i jämförelsen.
Insatsen når omkring 300 av 1 200 ungdomar.
Samordnaren finns på Kultur- och fritidsförvaltningen.
Tjejer i åk 9 nås sämre än killar.
Avtalet gäller 2024-01-01 till 2026-12-31.
Öppettider: 08.00–16.30, fredagar 08.00–15.00.
Vi arbetar enligt IFALL-modellen och Stockholmsmodellen.
Hela Botkyrka nås, utom Grödinge och Vårsta.
Lokalerna i Folkets Hus hyrs till och med juni.
Svenska kyrkan har en tjejgrupp i Maria Magdalena församling.
Simskolan i Fredriksdalsbadet är gratis för åk 3.
Nacka och Värmdö har gemensam jourverksamhet.
Statsbidraget enligt SFS 2023:196 räcker till en halv tjänst.
Det är för få vuxna på högstadiet efter kl. 15.
Unga med npf eller autism nås inte alls.
Verksamheten Gröna Ängen stängdes i våras.
Elevhälsan har tid 20 minuter per elev.
Målet är 90 procent deltagande år 2027.
Skolgården på Hjalmar Brantingskolan byggs om.
Vi har köpt 15 licenser av Trygg och Säker.
Handlingsplanen för ANDTS reviderades i april 2025.
Idrottsföreningarna FC Djursholm och Täby IS deltar.
Liv och rörelse är temat för hösten.
Bo kvar-principen används inte här.
Vide och sten finns på gården.
Arbetet leds av en styrgrupp med tre förvaltningschefer.
Trygghetsvandringar görs fyra gånger om året i Alby.
Skolsköterskan är ny sedan mars.
Ungdomsrådet träffas varannan torsdag.
Projektet heter Ung i Haninge och ägs av kommunstyrelsen.
Metoden är utvärderad av Folkhälsomyndigheten 2019.
Stödet till föräldrar ges på arabiska, somaliska och engelska.
Vi har fördelat 3 tjänster om 100, 75 och 50 procent.
Nyckeltal U15400 och N15419 följs varje år.
Engelbrektsskolan, Adolf Fredriks musikskola och Eriksdalsskolan.
""".strip().splitlines()
PLANTED = """
personnummer|Gäller 20100214-2384 i klass 8B.
personnummer|Eleven 100214-2384 har stöd.
personnummer|1002142386 behöver uppföljning.
personnummer|Ärendet rör 201002142386.
personnummer|Samordningsnummer 100274-2387 finns i akten.
personnummer|Född 850709-9805, bor kvar.
personnummer|Farfar 250709+9805 hämtar.
personnummer|Se 19850709–9805.
personnummer|Fel siffra men tydligt: 990101-1111.
personnummer|Journal 640823 3234 öppnades.
phone|Ring 070-123 45 67 vid frågor.
phone|Mobil 0701234567.
phone|Nås på 08-508 25 000.
phone|Telefon 08-123 456 78 dagtid.
phone|+46 70 123 45 67 gäller kvällstid.
phone|Växeln är 0046 8 123 45 67.
phone|+46(0)701234567
phone|Nummer: 073 123 45 67.
phone|Jour 0760-12 34 56.
phone|Kontakt 018-12 34 56.
phone|Sms till 076 123 4567.
phone|Vakten 0709/12 34 56.
email|Mejla fritid@botkyrka.se.
email|Skicka till anna.andersson@skola.stockholm.se senast fredag.
email|kontakt: ung+hjalp@exempel.org
email|Skriv till rektor(at)skolan.se.
email|E-post: FRITID@TABY.SE
email|jag nås på k_l-m@sub.domain.com
name|Anna Andersson ansvarar för gruppen.
name|Kontakta Lars om nycklarna.
name|Frågor besvaras av Fatima i receptionen.
name|Eva-Lena håller i cirkeln.
name|Gruppen leds av Johan Berg.
name|Emmas klass deltar inte.
name|Särskilt stöd till Mohamed Ali i 8C.
name|Björn Svensson på fritid vet mer.
name|Liv Johansson är samordnare.
name|Per Nilsson och en till jobbar kvällar.
name|Kontaktperson Zlatko Horvat.
name|Chefen Bibbi Öhman slutar.
name|Kerstins tjänst är vakant.
name|Vi tackar Gunilla!
name|Rektor Tove Lindholm har beslutat.
name|Ibrahim, 15 år, är utsatt.
name|Pappan Goran Petrović ringer ofta.
name|Enligt Karin finns inget.
name|Ny kurator: Maja Ek.
name|Kurator Sanna Wikström börjar i maj.
name|Se Mikaels anteckning.
name|Dilan Yilmaz leder läxhjälpen.
name|Ahmeds föräldrar är nöjda.
name|Ann-Marie och Lotta turas om.
name|Handläggaren Siri Ekström sköter avtalet.
name|Projektet ägs av Thomas Jansson, socialtjänsten.
name|Flickan Elin behöver skjuts.
name|Marie Nguyen svarar på frågor.
name|Fältarna Kalle Dahlgren och Nils.
name|Stina går i åk 7.
name|Intervju med Abdi Warsame.
name|Viktor slutar i sommar.
name|Emmas hem är otryggt.
""".strip().splitlines()


def kinds(text: str) -> set[str]:
    return {hit.kind for hit in find_personal_data(text, WORDS)}


def test_there_are_enough_sentences_of_both_sorts():
    assert len(HARMLESS) >= 60
    assert len(PLANTED) >= 60


def test_hardly_any_harmless_sentence_is_held_back():
    wrong = [text for text in HARMLESS if kinds(text)]
    assert len(wrong) <= 1, wrong


def test_nearly_all_planted_personal_data_is_found():
    missed = [line for line in PLANTED if line.split("|", 1)[0] not in kinds(line.split("|", 1)[1])]
    assert len(missed) <= 1, missed
    assert not [line for line in missed if not line.startswith("name|")], "numbers and addresses are always found"


def test_the_place_of_a_hit_is_what_was_written():
    text = "Ring Lena på 070-123 45 67."
    found = {hit.kind: text[hit.start : hit.end] for hit in find_personal_data(text, WORDS)}
    assert found == {"name": "Lena", "phone": "070-123 45 67"}


@pytest.mark.parametrize(("digits", "valid"), [("8507099805", True), ("8507099806", False), ("6408233234", True)])
def test_the_check_digit(digits, valid):
    assert luhn(digits) is valid


@settings(max_examples=50, deadline=None)
@given(
    st.integers(0, 99), st.integers(1, 12), st.integers(1, 28), st.integers(0, 999), st.booleans(),
    st.sampled_from(["", "19", "20"]), st.sampled_from(["", "-", "+", " "]),
)  # fmt: skip
def test_every_valid_identity_number_is_found(year, month, day, serial, coordination, century, mark):
    nine = f"{year:02}{month:02}{day + 60 * coordination:02}{serial:03}"
    last = next(str(d) for d in range(10) if luhn(nine + str(d)))
    assert "personnummer" in kinds(f"Gäller {century}{nine[:6]}{mark}{nine[6:]}{last}.")


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=300))
def test_any_text_can_be_searched(text):
    for hit in find_personal_data(text, WORDS):
        assert 0 <= hit.start < hit.end <= len(text)
