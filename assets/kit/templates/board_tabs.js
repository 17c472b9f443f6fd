// One tab writes at a time. Another one says so and writes nothing until somebody chooses it, or the first one is gone.
const TAB = `${Date.now()}-${Math.random().toString(36).slice(2)}`;
const TAB_KEY = `${KEY}:flik`;
const BEAT_MS = 1000;
const GONE_MS = 3500;

function owner() {
  try {
    return JSON.parse(localStorage.getItem(TAB_KEY) ?? "null");
  } catch (error) {
    return null;
  }
}

function claim() {
  try {
    localStorage.setItem(TAB_KEY, JSON.stringify({ tab: TAB, at: Date.now() }));
  } catch (error) {
    storageWorks = false;
  }
}

function beat() {
  const held = owner();
  const taken = held && held.tab !== TAB && Date.now() - held.at < GONE_MS;
  if (taken) block();
  else if (mayWrite) claim();
  else takeOver();
}

function block() {
  mayWrite = false;
  $("conflict").hidden = false;
  $("conflict").firstElementChild.textContent = say("conflict");
  $("innehall").inert = true;
}

function takeOver() {
  restore();
  mayWrite = true;
  claim();
  $("conflict").hidden = true;
  $("innehall").inert = false;
  undoStack = [];
  render();
}

function watchTabs() {
  beat();
  setInterval(beat, BEAT_MS);
  $("take-over").addEventListener("click", takeOver);
  addEventListener("storage", (event) => event.key === TAB_KEY && beat());
  addEventListener("pagehide", () => {
    const held = owner();
    if (held && held.tab === TAB) localStorage.removeItem(TAB_KEY);
  });
}
