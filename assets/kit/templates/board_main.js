// Views, keys and start.
const VIEWS = Object.keys(data.views);

function drawView() {
  document.body.dataset.view = state.view;
  for (const place of document.querySelectorAll("main > section")) place.hidden = place.dataset.view !== state.view;
  for (const button of document.querySelectorAll("[data-go]")) {
    if (button.dataset.go === state.view) button.setAttribute("aria-current", "page");
    else button.removeAttribute("aria-current");
  }
  $("shortcuts").checked = state.shortcuts;
}

function go(view) {
  if (view === state.view) return;
  move(() => (state.view = view));
  scrollTo(0, 0);
  $("innehall").focus({ preventScroll: true });
  announce(data.views[view]);
}

// After typing only what depends on the text is drawn, so that the field keeps its cursor.
function afterTyping() {
  drawProblems();
  drawVotes();
  drawPrintout();
}

const inViews = {
  charts: { ArrowRight: forward, " ": forward, PageDown: forward, ArrowLeft: backward, PageUp: backward, v: nextVariant,
    ArrowDown: () => leap(1), ArrowUp: () => leap(-1),
    l: () => togglePanel("read"), t: () => togglePanel("table") },
  votes: { ArrowDown: () => moveFactor(1), ArrowUp: () => moveFactor(-1), "+": () => dotByKey(1), "-": () => dotByKey(-1) },
};
const everywhere = { s: toggleClock, n: nextItem, f: fullscreen, "?": () => openHelp() };

function onKey(event) {
  if ($("help").open || !mayWrite) return;
  const typing = event.target.matches?.("textarea, select, input:not([type=checkbox])");
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z" && !typing) {
    event.preventDefault();
    return undo();
  }
  // Out of the field, so that the next figure changes the view and not the number of participants.
  if (typing && event.key === "Escape") return $("innehall").focus({ preventScroll: true });
  if (typing || event.ctrlKey || event.metaKey || event.altKey || !state.shortcuts) return;
  // A button under the keyboard keeps its space bar.
  if (event.key === " " && event.target.matches?.("button, input, summary, a")) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const found = /^[1-6]$/.test(key) ? () => go(VIEWS[Number(key) - 1]) : inViews[state.view]?.[key] ?? everywhere[key];
  if (!found) return;
  event.preventDefault();
  found();
}

function openHelp() {
  $("help").showModal();
}

document.addEventListener("keydown", onKey);
for (const button of document.querySelectorAll("[data-go]")) button.addEventListener("click", () => go(button.dataset.go));
$("undo").addEventListener("click", undo);
$("help-open").addEventListener("click", openHelp);
$("help-close").addEventListener("click", () => $("help").close());
$("shortcuts").addEventListener("change", (event) => move(() => (state.shortcuts = event.target.checked)));
renderers.unshift(drawView);

restore();
resumeClock();
watchTabs();
render();
setInterval(tick, 1000);
