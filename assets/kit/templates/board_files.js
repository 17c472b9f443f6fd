// Files in and out. A file that isn't ours changes nothing; ids that this board doesn't know are left out and counted.
function download(name, content) {
  const url = URL.createObjectURL(new Blob([`${JSON.stringify(content, null, 1)}\n`], { type: "application/json" }));
  const link = el("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}

function saveBoard() {
  const name = `tavla_${data.area.code}_${data.wave}_${dayOf(new Date())}.json`;
  persist();
  download(name, { ...boardFile(), saved_at: Date.now() });
  const notes = notesWithPersonalData();
  tell([say("file_saved", { name }), ...notes].join(" "), notes.length > 0);
}

function decisionFile() {
  const { round, answered_on, participants, sectors } = state.head;
  const head = { municipality_code: data.area.code, round: words(round), answered_on, wave: data.wave, kit_version: data.kit_version };
  if (participants !== null) head.participants = participants;
  if (sectors.length) head.sectors = sectors;
  const kept = (values) => Object.fromEntries(Object.entries(values).filter(([, text]) => text !== ""));
  const decisions = filledDecisions().map(({ decision }, n) => ({ id: `decisions+${n + 1}`,
    ...kept(Object.fromEntries(section("decisions").fields.map(({ name }) => [name, words(decision[name])]))) }));
  const told = data.earlier.filter(({ id }) => state.earlier[id]?.status);
  const earlier = told.map(({ id }, n) => ({ id: `earlier+${n + 1}`, earlier_decision_id: id,
    ...kept({ earlier_status: state.earlier[id].status, earlier_comment: words(state.earlier[id].comment) }) }));
  const answers = section("evaluation").items.filter(({ id }) => words(state.evaluation[id]));
  const evaluation = answers.map(({ id }) => ({ id, answer: words(state.evaluation[id]) }));
  const { format, format_version, kind, version } = data.form;
  return { format, format_version, kind, version, source: "board", head, sections: { decisions, earlier, evaluation } };
}

function exportDecisions() {
  const found = problems();
  found.forEach(({ id }) => marked.add(id));
  drawProblems();
  if (found.length) {
    tell(say("not_exported"), true);
    return $("problems").querySelector("button")?.focus();
  }
  const name = `beslut_${data.area.code}_${words(state.head.round)}.json`;
  download(name, decisionFile());
  tell(say("exported", { name }));
}

function readBoard(text) {
  let raw;
  try {
    raw = JSON.parse(text);
  } catch (error) {
    return { problem: say("file_unreadable") };
  }
  if (raw?.format !== data.format || typeof raw.state !== "object" || raw.state === null) return { problem: say("file_unreadable") };
  if (raw.format_version !== data.format_version) return { problem: say("file_newer", { got: String(raw.format_version).slice(0, 20) }) };
  if (raw.municipality_code !== data.area.code || raw.wave !== data.wave) {
    const got = `${String(raw.municipality_code).slice(0, 10)} ${String(raw.wave).slice(0, 10)}`;
    return { problem: say("file_other_area", { got, area: data.area.name, wave: data.wave }) };
  }
  const count = { left: 0 };
  return { state: adopt(raw.state, count), savedAt: Number(raw.saved_at) || 0, left: count.left };
}

const isText = (value) => typeof value === "string" && value.length <= 4000;
const entries = (value) => (typeof value === "object" && value !== null && !Array.isArray(value) ? Object.entries(value) : []);

// A state with nothing but what this board knows, whatever the file holds.
function adopt(raw, count) {
  const made = blank();
  const pick = (pairs, known, right) => Object.fromEntries(pairs.filter(([id, value]) => {
    const kept = known.includes(id) && right(value);
    if (!kept) count.left += 1;
    return kept;
  }));
  const ids = (list) => list.map(({ id }) => id);
  const whole = (value) => Number.isInteger(value) && value >= 0;
  if (Object.keys(data.views).includes(raw.view)) made.view = raw.view;
  made.shortcuts = raw.shortcuts !== false;
  Object.assign(made.head, pick(entries(raw.head), ["round", "answered_on"].filter((name) => isText(raw.head?.[name])), isText));
  count.left -= ["participants", "sectors"].filter((name) => name in (raw.head ?? {})).length;
  if (whole(raw.head?.participants)) made.head.participants = raw.head.participants;
  const sectors = headField("sectors").choices.map(([code]) => code);
  made.head.sectors = sectors.filter((code) => Array.isArray(raw.head?.sectors) && raw.head.sectors.includes(code));
  adoptPlace(made, raw, pick, ids, whole);
  made.votes.counts = pick(entries(raw.votes?.counts), ids(data.factors), whole);
  made.votes.closed = raw.votes?.closed === true;
  made.notes = pick(entries(raw.notes), ids(data.agenda), isText);
  const rows = Array.isArray(raw.decisions) ? raw.decisions.slice(0, mostDecisions()) : [];
  const names = section("decisions").fields.map(({ name }) => name);
  made.decisions = rows.map((row) => pick(entries(row), names, isText)).map((row) => knownChoices(row, count));
  const status = fieldOf("earlier", "earlier_status").choices.map(([code]) => code);
  const right = (held) => held && (!held.status || status.includes(held.status)) && isText(held.comment ?? "");
  made.earlier = pick(entries(raw.earlier), ids(data.earlier), right);
  made.evaluation = pick(entries(raw.evaluation), ids(section("evaluation").items), isText);
  return made;
}

function adoptPlace(made, raw, pick, ids, whole) {
  const { card, stage } = raw.present ?? {};
  if (whole(card) && card < data.cards.length) made.present.card = card;
  if (whole(stage) && stage <= lastStage(data.cards[made.present.card])) made.present.stage = stage;
  made.present.variants = pick(entries(raw.present?.variants), ids(data.cards), whole);
  const { item, elapsed, running, since, sound } = raw.agenda ?? {};
  if (whole(item) && item < data.agenda.length) made.agenda.item = item;
  made.agenda.elapsed = pick(entries(elapsed), ids(data.agenda), (ms) => Number.isFinite(ms) && ms >= 0);
  made.agenda.running = running === true && whole(since) && since > 0;
  made.agenda.since = made.agenda.running ? since : 0;
  made.agenda.sound = sound === true;
}

// A choice that this version of the form doesn't have is left empty, so that somebody chooses again.
function knownChoices(row, count) {
  for (const field of section("decisions").fields.filter(({ kind }) => kind === "choice")) {
    if (row[field.name] && !field.choices.some(([code]) => code === row[field.name])) {
      row[field.name] = "";
      count.left += 1;
    }
  }
  return row;
}

async function readFile(file) {
  const read = readBoard(await file.text());
  if (!read.state) return tell(read.problem, true);
  remember("");
  state = { ...read.state, view: state.view };
  state.agenda.running = false;
  persist();
  render();
  tell(read.left ? say("file_left_out", { n: read.left }) : say("file_read", { name: file.name }), read.left > 0);
}

$("save-file").addEventListener("click", saveBoard);
$("save-file-2").addEventListener("click", saveBoard);
$("export").addEventListener("click", exportDecisions);
$("read-file").addEventListener("click", () => $("file").click());
$("file").addEventListener("change", async (event) => {
  const [file] = event.target.files;
  if (file) await readFile(file);
  event.target.value = "";
});
$("clear").addEventListener("click", () => {
  remember("");
  state = { ...blank(), view: "start", shortcuts: state.shortcuts };
  persist();
  render();
  tell(say("cleared"), true);
});
