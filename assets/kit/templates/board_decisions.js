// Decisions, the status of earlier ones, and the facilitator's three answers.
const LONG = ["priority", "reason", "first_step"];
const WHOLE = ["first_step", "follow_up_indicator"];
const mostDecisions = () => section("decisions").free_rows;

function drawDecisions() {
  $("decisions-intro").textContent = section("decisions").intro;
  const cards = state.decisions.map((decision, n) => {
    const boxes = section("decisions").fields.map((field) => {
      const write = (value) => (decision[field.name] = value);
      const box = drawField(field, `beslut-${n}-${field.name}`, decision[field.name], write, { long: LONG.includes(field.name) });
      if (WHOLE.includes(field.name)) box.className = "whole";
      return box;
    });
    const away = el("button", { type: "button", onclick: () => removeDecision(n) }, say("remove_decision", { n: n + 1 }));
    return el("fieldset", { class: "decision" }, el("legend", {}, say("decision_n", { n: n + 1 })), el("div", { class: "grid" }, ...boxes), el("p", { class: "row" }, away));
  });
  $("decision-list").replaceChildren(...(cards.length ? cards : [el("p", {}, say("no_decisions"))]));
}

function addDecision(values = {}) {
  if (state.decisions.length >= mostDecisions()) return tell(say("no_more_decisions", { n: mostDecisions() }), true);
  edit(() => state.decisions.push({ ...values }));
  go("decisions");
  const first = values.factor ? "priority" : "factor";
  $(`beslut-${state.decisions.length - 1}-${first}`).focus();
}

function decideOn(factor) {
  addDecision({ factor });
}

function removeDecision(place) {
  edit(() => state.decisions.splice(place, 1));
  $("add-decision").focus();
}

function drawEarlier() {
  if (!data.earlier.length) return $("earlier").replaceChildren();
  const cards = data.earlier.map((decision) => {
    const held = state.earlier[decision.id] ?? {};
    const write = (name) => (value) => (state.earlier[decision.id] = { ...state.earlier[decision.id], [name]: value });
    const told = [decision.priority, decision.owner, decision.first_step, decision.follow_up].filter(Boolean).join(" · ");
    return el("div", { class: "earlier" },
      el("p", {}, el("strong", {}, decision.id), " ", told),
      drawField(fieldOf("earlier", "earlier_status"), `tidigare-${decision.id}-status`, held.status, write("status")),
      drawField(fieldOf("earlier", "earlier_comment"), `tidigare-${decision.id}-comment`, held.comment, write("comment"), { long: true }));
  });
  $("earlier").replaceChildren(el("h2", {}, section("earlier").title), el("p", {}, section("earlier").intro), ...cards);
}

function drawEvaluation() {
  $("evaluation-title").textContent = section("evaluation").title;
  const field = fieldOf("evaluation", "answer");
  const boxes = section("evaluation").items.map((item) =>
    drawField(field, `svar-${item.id}`, state.evaluation[item.id], (value) => (state.evaluation[item.id] = value), { long: true, label: item.label }));
  $("evaluation").replaceChildren(...boxes);
}

$("add-decision").addEventListener("click", () => addDecision());
renderers.push(drawDecisions, drawEarlier, drawEvaluation);
