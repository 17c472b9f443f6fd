// The clock: time spent is kept per agenda item, so that going back and forth loses nothing.
const WARN_MS = 120000;
const CLOSED_LONG_MS = 900000;
const SAVE_EVERY = 5;
let ticks = 0;

const itemNow = () => data.agenda[state.agenda.item];
const spent = (id) => (state.agenda.elapsed[id] ?? 0) + (state.agenda.running && id === itemNow().id ? Date.now() - state.agenda.since : 0);
const left = () => itemNow().minutes * 60000 - spent(itemNow().id);

function clockText(ms) {
  const seconds = Math.ceil(Math.abs(ms) / 1000);
  return `${ms < 0 ? "−" : ""}${Math.floor(seconds / 60)}:${two(seconds % 60)}`;
}

function drawClock() {
  const rest = left();
  for (const place of document.querySelectorAll("[data-clock]")) {
    place.textContent = clockText(rest);
    place.classList.toggle("soon", rest <= WARN_MS);
    place.classList.toggle("over", rest <= 0 && !reduced());
  }
}

function drawAgenda() {
  const rows = data.agenda.map((item, n) => {
    const here = n === state.agenda.item;
    const name = el("span", { class: n < state.agenda.item ? "done" : null }, item.title);
    const about = { type: "button", "aria-current": here ? "step" : null, "data-item": n, onclick: () => goItem(n) };
    return el("li", {}, el("button", about, name, el("span", {}, say("minutes", { n: item.minutes }))));
  });
  keepFocus($("agenda-list"), "data-item", rows);
  $("clock-of").textContent = say("time_left", { title: itemNow().title });
  $("clock-toggle").textContent = say(state.agenda.running ? "pause" : "start");
  $("agenda-guidance").textContent = itemNow().guidance;
  const view = itemNow().view;
  $("open-view").hidden = !view || view === "agenda";
  $("open-view").textContent = say("open_view", { view: data.views[view] });
  $("sound").checked = state.agenda.sound;
  if (document.activeElement !== $("note")) $("note").value = state.notes[itemNow().id] ?? "";
  drawClock();
}

// Drawing again must not throw the keyboard's place away.
function keepFocus(place, attribute, children) {
  const held = place.contains(document.activeElement) ? document.activeElement.getAttribute(attribute) : null;
  place.replaceChildren(...children);
  if (held !== null) place.querySelector(`[${attribute}="${held}"]`)?.focus();
}

function stopItem() {
  const id = itemNow().id;
  state.agenda.elapsed[id] = spent(id);
  state.agenda.since = Date.now();
}

function toggleClock() {
  move(() => {
    if (state.agenda.running) stopItem();
    state.agenda.running = !state.agenda.running;
    state.agenda.since = Date.now();
  });
}

function goItem(place) {
  $("note").blur();
  move(() => {
    if (state.agenda.running) stopItem();
    state.agenda.item = place;
    state.agenda.since = Date.now();
  });
  announce(itemNow().title);
}

function nextItem() {
  if (state.agenda.item < data.agenda.length - 1) return goItem(state.agenda.item + 1);
  move(() => {
    if (state.agenda.running) stopItem();
    state.agenda.running = false;
  });
  tell(say("agenda_done"));
}

function resetItem() {
  move(() => {
    state.agenda.elapsed[itemNow().id] = 0;
    state.agenda.since = Date.now();
  });
}

let before = null;
function tick() {
  drawClock();
  const rest = left();
  const crossed = (limit) => before !== null && before.id === itemNow().id && before.rest > limit && rest <= limit;
  if (state.agenda.running && crossed(WARN_MS)) warnTime("two_minutes");
  if (state.agenda.running && crossed(0)) warnTime("time_over");
  before = { id: itemNow().id, rest };
  ticks += 1;
  if (state.agenda.running && ticks % SAVE_EVERY === 0) {
    stopItem();
    persist();
  }
}

function warnTime(key) {
  tell(say(key, { title: itemNow().title }));
  if (state.agenda.sound) beep();
}

function beep() {
  const audio = new AudioContext();
  const tone = audio.createOscillator();
  tone.connect(audio.destination);
  tone.start();
  tone.stop(audio.currentTime + 0.3);
  tone.onended = () => audio.close();
}

// After a crash the meeting went on, so the clock did too; after a long time it is paused where it was.
function resumeClock() {
  if (!state.agenda.running || Date.now() - savedAt < CLOSED_LONG_MS) return;
  state.agenda.running = false;
  tell(say("paused_long"));
}

$("clock-toggle").addEventListener("click", toggleClock);
$("clock-next").addEventListener("click", nextItem);
$("clock-reset").addEventListener("click", resetItem);
$("open-view").addEventListener("click", () => go(itemNow().view));
$("begin").addEventListener("click", () => go("agenda"));
$("sound").addEventListener("change", (event) => move(() => (state.agenda.sound = event.target.checked)));
$("note").addEventListener("input", (event) => {
  const id = itemNow().id;
  edit(() => (state.notes[id] = event.target.value), `note-${id}`);
});
renderers.push(drawAgenda);
