// The state, undo, and a copy in the browser after every change.
const KEY = `did-tavla:${data.area.code}:${data.wave}`;
const MOST_UNDO = 100;
const SAME_TEXT_MS = 1500;

function blank() {
  return {
    view: "start",
    shortcuts: true,
    head: { round: String(new Date().getFullYear()), answered_on: dayOf(new Date()), participants: null, sectors: [] },
    present: { card: 0, stage: 0, panel: "", variants: {} },
    agenda: { item: 0, elapsed: {}, running: false, since: 0, sound: false },
    votes: { counts: {}, closed: false },
    notes: {},
    decisions: [],
    earlier: {},
    evaluation: {},
  };
}

let state = blank();
let undoStack = [];
let lastEdit = { key: "", at: 0 };
let storageWorks = true;
let mayWrite = true;
let savedAt = 0;
const renderers = [];

// What undo brings back: the content, never which view is open or where the clock is.
const undoable = () => JSON.stringify({ head: state.head, votes: state.votes, notes: state.notes, decisions: state.decisions,
  earlier: state.earlier, evaluation: state.evaluation });

function remember(key) {
  const now = Date.now();
  const goesOn = key !== "" && key === lastEdit.key && now - lastEdit.at < SAME_TEXT_MS;
  lastEdit = { key, at: now };
  if (goesOn) return;
  undoStack.push(undoable());
  if (undoStack.length > MOST_UNDO) undoStack.shift();
}

// `key`: of a text field, so that one stretch of typing is one step back. Typing doesn't draw the page again.
function edit(change, key = "") {
  remember(key);
  change(state);
  persist();
  if (key) afterTyping();
  else render();
}

function move(change) {
  change(state);
  persist();
  render();
}

function undo() {
  const before = undoStack.pop();
  lastEdit = { key: "", at: 0 };
  if (!before) return tell(say("nothing_to_undo"));
  Object.assign(state, JSON.parse(before));
  persist();
  render();
  tell(say("undone"));
}

function render() {
  for (const draw of renderers) draw();
}

function persist() {
  if (!mayWrite) return;
  try {
    savedAt = Date.now();
    localStorage.setItem(KEY, JSON.stringify(boardFile()));
    storageWorks = true;
  } catch (error) {
    storageWorks = false;
  }
  showSaved();
}

function showSaved() {
  $("saved").textContent = storageWorks && savedAt ? say("saved", { time: timeOf(savedAt) }) : say("not_saved");
  $("storage").hidden = storageWorks;
  $("storage").textContent = storageWorks ? "" : say("no_storage");
}

function boardFile() {
  return { format: data.format, format_version: data.format_version, municipality_code: data.area.code, wave: data.wave,
    kit_version: data.kit_version, saved_at: savedAt, state };
}

function restore() {
  let text = null;
  try {
    text = localStorage.getItem(KEY);
  } catch (error) {
    storageWorks = false;
  }
  if (!text) return showSaved();
  const read = readBoard(text);
  if (!read.state) return showSaved();
  state = read.state;
  savedAt = read.savedAt;
  $("restored").hidden = false;
  $("restored").textContent = say("restored", { time: timeOf(savedAt) });
  showSaved();
}
