// What must be mended before a decision file leaves the board, in words, and where.
const PERSONAL = [
  ["what_email", /[^\s@]+@[^\s@]+\.[a-zåäö]{2,}/i],
  ["what_personnummer", /(?<!\d)(?:(?:19|20)\d{2}|\d{2})(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01]|[6-8]\d|9[01])[-+ ]?\d{4}(?!\d)/],
  ["what_phone", /(?<!\d)(?:\+46|0046|0)[ -]?\d{1,3}(?:[ -]?\d){6,8}(?!\d)/],
];
const DECISION_ID = /\b\d{4}-\d{4}(?:-\d)?-\d+\b/g;

function personal(text) {
  const found = PERSONAL.find(([, pattern]) => pattern.test((text ?? "").replace(DECISION_ID, "")));
  return found ? say(found[0]) : "";
}

const given = (decision) => section("decisions").fields.filter((field) => words(decision[field.name]) !== "");
const filledDecisions = () => state.decisions.map((decision, n) => ({ decision, n })).filter(({ decision }) => given(decision).length);

function problems() {
  const found = headProblems();
  const filled = filledDecisions();
  if (!filled.length) found.push({ text: say("need_decision"), view: "decisions", id: "add-decision" });
  for (const { decision, n } of filled) found.push(...decisionProblems(decision, n));
  for (const { id } of data.earlier) {
    const held = state.earlier[id] ?? {};
    found.push(...textProblems(fieldOf("earlier", "earlier_comment"), held.comment, say("earlier_where", { id }), "finish", `tidigare-${id}-comment`));
    if (words(held.comment) && !held.status) {
      const field = fieldOf("earlier", "earlier_status");
      found.push({ text: say("need", { where: say("earlier_where", { id }), label: field.label }), view: "finish", id: `tidigare-${id}-status` });
    }
  }
  for (const item of section("evaluation").items) {
    const field = { ...fieldOf("evaluation", "answer"), label: item.label };
    found.push(...textProblems(field, state.evaluation[item.id], say("evaluation_where"), "finish", `svar-${item.id}`));
  }
  return found;
}

function headProblems() {
  const found = [];
  const where = say("head_where");
  const { round, answered_on, participants } = state.head;
  const note = (text, name) => found.push({ text, view: "start", id: `head-${name}` });
  if (!isDate(answered_on)) note(say("bad_date", { where, label: headField("answered_on").label }), "answered_on");
  if (!/^20\d{2}(-[1-9])?$/.test(words(round))) note(say("bad_round"), "round");
  const limits = headField("participants");
  const right = participants === null || (Number.isInteger(participants) && participants >= limits.low && participants <= limits.high);
  if (!right) note(say("bad_number", limits), "participants");
  return found;
}

function decisionProblems(decision, n) {
  const where = say("decision_n", { n: n + 1 });
  const found = [];
  const note = (text, name) => found.push({ text, view: "decisions", id: `beslut-${n}-${name}` });
  for (const field of section("decisions").fields) {
    const text = words(decision[field.name]);
    if (field.required && text === "") note(say("need", { where, label: field.label }), field.name);
    if (field.kind === "date" && text !== "" && !isDate(text)) note(say("bad_date", { where, label: field.label }), field.name);
    if (field.kind === "text") found.push(...textProblems(field, text, where, "decisions", `beslut-${n}-${field.name}`));
  }
  const measured = decision.follow_up_indicator && decision.follow_up_indicator !== data.no_indicator;
  if (measured && !decision.follow_up_grade) note(say("need_grade", { where }), "follow_up_grade");
  if (isDate(decision.follow_up_on) && isDate(state.head.answered_on) && decision.follow_up_on < state.head.answered_on) {
    note(say("follow_up_before", { where }), "follow_up_on");
  }
  return found;
}

function textProblems(field, text, where, view, id) {
  const found = [];
  const length = words(text).length;
  if (length > field.max_length) found.push({ text: say("too_long", { where, label: field.label, n: length, limit: field.max_length }), view, id });
  const what = personal(text);
  if (what) found.push({ text: say("personal", { where, label: field.label, what }), view, id });
  return found;
}

function notesWithPersonalData() {
  return data.agenda
    .map((item) => ({ item, what: personal(state.notes[item.id]) }))
    .filter(({ what }) => what)
    .map(({ item, what }) => say("personal_note", { where: item.title, what }));
}

function isDate(text) {
  if (!/^20\d{2}-\d{2}-\d{2}$/.test(text ?? "")) return false;
  const when = new Date(`${text}T12:00:00`);
  return !Number.isNaN(when.getTime()) && dayOf(when) === text;
}

function drawProblems() {
  const found = problems();
  const notes = notesWithPersonalData().map((text) => el("p", { class: "notice warn" }, text));
  const rows = found.map((one) => el("li", {}, one.text, " ", el("button", { type: "button", onclick: () => goTo(one) }, "Gå dit")));
  const list = found.length ? [el("p", {}, el("strong", {}, say("not_ready"))), el("ul", {}, ...rows)] : [el("p", { class: "ok" }, say("ready"))];
  $("problems").replaceChildren(...list, ...notes);
  const wrong = new Set(found.map((one) => one.id));
  for (const box of document.querySelectorAll("main input, main select, main textarea")) {
    const typedIn = box.value !== "" || marked.has(box.id);
    if (wrong.has(box.id) && typedIn) box.setAttribute("aria-invalid", "true");
    else box.removeAttribute("aria-invalid");
  }
  return found;
}

// Fields that an attempt to export found wrong; an empty field isn't marked before that.
const marked = new Set();

function goTo(problem) {
  go(problem.view);
  $(problem.id).focus();
}

renderers.push(drawProblems);
