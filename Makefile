# Tunna namn för start.py, som gör arbetet (och fungerar likadant på Windows: py start.py demo).
# Fler ord till kommandot ges med ARGS, till exempel: make test ARGS="tests/unit -k lock"
PY ?= python3
ARGS ?=
.DEFAULT_GOAL := help
.PHONY: help setup demo ovning kor hamta kodbok formular kontroller status pilot kunskap godkann publicera verifiera nyckel utgivningar hallinne rojande gallra historik sakerhetskopia aterstall arkivnyckel test ui doctor check lock golden galleri docs bench audit

help: ## Visa den här listan
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' Makefile

setup: ## Installera paketen i .venv (görs av sig själv av de andra kommandona)
	@$(PY) start.py setup $(ARGS)

demo: ## Simulera leveranser, kör hela kedjan och skriv rapportpaketen
	@$(PY) start.py demo $(ARGS)

ovning: ## Bygg en påhittad övningskommun med känt facit, att öva workshopen på
	@$(PY) start.py ovning $(ARGS)

kor: ## Kör hela kedjan på det som ligger i inkorgen
	@$(PY) start.py kor $(ARGS)

hamta: ## Hämta ett register från källan, till exempel ARGS=kolada
	@$(PY) start.py hamta $(ARGS)

kodbok: ## Föreslå en kodbok för en okänd leverans, till exempel ARGS=fil.sav
	@$(PY) start.py kodbok $(ARGS)

formular: ## Skriv formulär att skicka till kommunerna, till exempel ARGS="--omgang 2026"
	@$(PY) start.py formular $(ARGS)

status: ## Visa hur långt varje kommun har kommit och vad som stoppar
	@$(PY) start.py status $(ARGS)

kontroller: ## Visa vilka regler leveranserna bröt mot i den senaste körningen
	@$(PY) start.py kontroller $(ARGS)

pilot: ## Visa hur långt en pilots kommuner har kommit, till exempel ARGS=exempel
	@$(PY) start.py pilot $(ARGS)

gallra: ## Ta bort en leverans överallt: visa först, ta bort med ARGS="FIL --utfor"
	@$(PY) start.py gallra $(ARGS)

historik: ## Lista körningarna, eller vad som ändrades mellan två: ARGS="11 12"
	@$(PY) start.py historik $(ARGS)

sakerhetskopia: ## Kopiera hela datamappen till en fil, till exempel ARGS=MAPP
	@$(PY) start.py sakerhetskopia $(ARGS)

aterstall: ## Lägg tillbaka en säkerhetskopia: ARGS=FIL
	@$(PY) start.py aterstall $(ARGS)

arkivnyckel: ## Gör en nyckel att kryptera arkivet med
	@$(PY) start.py arkivnyckel $(ARGS)

kunskap: ## Visa vad kunskapsbasen säger om en faktor, till exempel ARGS=parenting
	@$(PY) start.py kunskap $(ARGS)

godkann: ## Godkänn eller avslå ett paket; vad som ska stå i ARGS står i README
	@$(PY) start.py godkann $(ARGS)

publicera: ## Försegla och ge ut det som två personer har godkänt
	@$(PY) start.py publicera $(ARGS)

verifiera: ## Kontrollera ett utgivet paket utan nät, till exempel ARGS=paket.zip
	@$(PY) start.py verifiera $(ARGS)

nyckel: ## Visa nyckeln som paketen förseglas med
	@$(PY) start.py nyckel $(ARGS)

utgivningar: ## Lista vad som har getts ut och kontrollera registret, till exempel ARGS=--kontrollera
	@$(PY) start.py utgivningar $(ARGS)

hallinne: ## Håll inne en kommuns nya leverans, till exempel ARGS="--kommun 0125 --ar 2024"
	@$(PY) start.py hallinne $(ARGS)

rojande: ## Visa hur många tal som är dolda per kommun, till exempel ARGS="--kommun 0127"
	@$(PY) start.py rojande $(ARGS)

test: ## Kör alla tester
	@$(PY) start.py test $(ARGS)

ui: ## Öppna Dagster på http://127.0.0.1:3333
	@$(PY) start.py ui $(ARGS)

doctor: ## Undersök vad som är fel på datorn
	@$(PY) start.py doctor $(ARGS)

check: ## Granska kodens form (ruff)
	@$(PY) start.py check $(ARGS)

audit: ## Granska paketens licenser, kontrollsummor och kända säkerhetshål
	@$(PY) start.py audit $(ARGS)

lock: ## Räkna om requirements.lock från pyproject.toml (nyare versioner: ARGS=--upgrade)
	@$(PY) start.py lock $(ARGS)

golden: ## Skriv om facit för de gyllene testerna; granska skillnaden
	@$(PY) start.py golden $(ARGS)

galleri: ## Rita alla diagram på en sida (dist/galleri/galleri.html), också i grått och för nedsatt färgseende
	@$(PY) start.py galleri $(ARGS)

docs: ## Skriv dokumentationen som sidor som öppnas utan nät (site/index.html)
	@$(PY) start.py docs $(ARGS)

bench: ## Kör mätningarna i benchmarks/
	@$(PY) start.py bench $(ARGS)
