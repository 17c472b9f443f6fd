// Presenter view: guess, answer, uncertainty, talk. Four stages per chart; a chart without pictures has one.
const STAGES = ["guess", "finding", "interval", "talk"];
const TALK = 3;
const LONG_TITLE = 130;

const cardNow = () => data.cards[state.present.card];
const lastStage = (card) => (card.pictures.length ? TALK : 0);

function pictureNow() {
  const card = cardNow();
  return card.pictures[Math.min(state.present.variants[card.id] ?? 0, card.pictures.length - 1)];
}

function drawCharts() {
  const card = cardNow();
  const { stage, panel } = state.present;
  const picture = pictureNow();
  $("chart-count").textContent = say("card_of", { n: state.present.card + 1, all: data.cards.length });
  $("chart-title").textContent = headline(card, picture, stage);
  $("chart-title").classList.toggle("long", $("chart-title").textContent.length > LONG_TITLE);
  drawVariants(card);
  const shown = panel || (stage === TALK ? "talk" : "picture");
  $("chart").className = `stage-${Math.min(stage, 2)}`;
  $("chart").replaceChildren(picture ? panels[shown](card, picture, stage) : el("p", { class: "say big" }, card.missing));
  $("chart-notes").textContent = picture && shown === "picture" && stage > 0 ? picture.notes.join(" · ") : "";
  $("chart-read").setAttribute("aria-pressed", String(panel === "read"));
  $("chart-table").setAttribute("aria-pressed", String(panel === "table"));
  $("chart-read").disabled = !picture;
  // The numbers are the answer: they can't be looked up before the room has guessed.
  $("chart-table").disabled = !picture || stage === 0;
  $("chart-back").disabled = state.present.card === 0 && stage === 0;
  $("chart-next").textContent = nextLabel(card, stage);
}

function headline(card, picture, stage) {
  if (!picture) return card.title;
  if (stage > 0) return picture.finding;
  // The room must see what it guesses about: the variant, when there are several.
  return `${card.title}${card.pictures.length > 1 ? ` (${lowerFirst(picture.label)})` : ""}: ${card.guess}`;
}

function lowerFirst(text) {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function nextLabel(card, stage) {
  if (stage < lastStage(card)) return say(`next_${STAGES[stage + 1]}`);
  return say(state.present.card < data.cards.length - 1 ? "next_card" : "next_end");
}

function drawVariants(card) {
  const place = $("variants");
  if (card.pictures.length < 2) return place.replaceChildren();
  const options = card.pictures.map((one, n) => el("option", { value: n }, one.label));
  const box = el("select", { "aria-label": "Visa", id: "variant", onchange: (event) => choose(Number(event.target.value)) }, ...options);
  box.value = String(state.present.variants[card.id] ?? 0);
  const focused = document.activeElement?.id === "variant";
  place.replaceChildren(box);
  if (focused) box.focus();
}

// Another variant is another question to guess.
function choose(place) {
  move(() => {
    state.present.variants[cardNow().id] = place;
    state.present.stage = 0;
    state.present.panel = "";
  });
}

const panels = {
  picture(card, picture, stage) {
    const alt = stage === 0 ? card.guess : picture.alt;
    if (picture.layered) {
      const box = el("div", { class: "picture", role: "img", "aria-label": alt });
      box.append(new DOMParser().parseFromString(picture.svg, "image/svg+xml").documentElement);
      return box;
    }
    if (stage === 0) return el("p", { class: "hidden-chart", "aria-hidden": "true" }, "?");
    return el("img", { src: picture.svg, alt });
  },
  read(card) {
    const steps = card.reading.map((step) => el("li", {}, step));
    const not = el("p", {}, el("strong", {}, "Det säger diagrammet inte: "), card.not_said);
    return el("div", { class: "say" }, el("h2", {}, "Så läser du"), el("ol", {}, ...steps), not);
  },
  talk(card) {
    const questions = card.questions.map((question) => el("li", {}, question));
    const not = el("p", {}, el("strong", {}, "Det säger diagrammet inte: "), card.not_said);
    return el("div", { class: "say" }, el("h2", {}, say("stage_talk")), el("ol", {}, ...questions), not);
  },
  table(card, picture) {
    const head = el("tr", {}, ...picture.columns.map((name) => el("th", { scope: "col" }, name)));
    const rows = picture.rows.map((row) =>
      el("tr", {}, ...row.map((text, n) => (n ? el("td", {}, text) : el("th", { scope: "row" }, text)))));
    const table = el("table", {}, el("thead", {}, head), el("tbody", {}, ...rows));
    return el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Talen i diagrammet" }, table);
  },
};

function forward() {
  const { card, stage, panel } = state.present;
  if (panel) return togglePanel(panel);
  if (stage < lastStage(cardNow())) return step(card, stage + 1);
  if (card < data.cards.length - 1) return step(card + 1, 0);
  go("agenda");
}

function backward() {
  const { card, stage, panel } = state.present;
  if (panel) return togglePanel(panel);
  if (stage > 0) return step(card, stage - 1);
  if (card > 0) step(card - 1, lastStage(data.cards[card - 1]));
}

// From chart to chart without the stages between; the next one begins with its guess.
function leap(amount) {
  const card = state.present.card + amount;
  if (card >= 0 && card < data.cards.length) step(card, 0);
}

function step(card, stage) {
  move(() => Object.assign(state.present, { card, stage, panel: "" }));
  const picture = pictureNow();
  announce(picture ? `${say(`stage_${STAGES[stage]}`)}. ${$("chart-title").textContent}` : cardNow().missing);
}

function togglePanel(name) {
  if (!pictureNow() || (name === "table" && state.present.stage === 0)) return;
  move(() => (state.present.panel = state.present.panel === name ? "" : name));
}

function nextVariant() {
  const card = cardNow();
  if (card.pictures.length > 1) choose(((state.present.variants[card.id] ?? 0) + 1) % card.pictures.length);
}

async function fullscreen() {
  if (document.fullscreenElement) await document.exitFullscreen();
  else if (document.fullscreenEnabled) await document.documentElement.requestFullscreen();
}

$("chart-next").addEventListener("click", forward);
$("chart-back").addEventListener("click", backward);
$("chart-read").addEventListener("click", () => togglePanel("read"));
$("chart-table").addEventListener("click", () => togglePanel("table"));
$("fullscreen").addEventListener("click", fullscreen);
renderers.push(drawCharts);
