// One A4 page with the decisions. The more text, the smaller: the steps are tried against six decisions of the greatest length.
const DENSE = [[1600, "roomy"], [2400, ""], [3200, "dense"], [4600, "denser"]];

// A date is never split at the end of a line.
const unbroken = (date) => date.replaceAll("-", "\u2011");

function drawPrintout() {
  const filled = filledDecisions().map(({ decision }) => decision);
  const fields = section("decisions").fields;
  const size = filled.reduce((sum, decision) => sum + 260 + fields.reduce((length, { name }) => length + words(decision[name]).length, 0), 0);
  const articles = filled.map((decision, n) => {
    const factor = labelOf(fieldOf("decisions", "factor"), decision.factor);
    const rows = ["reason", "owner", "first_step"].map((name) => [fieldOf("decisions", name).label, words(decision[name])]);
    const measured = decision.follow_up_indicator && decision.follow_up_indicator !== data.no_indicator;
    const grade = measured ? labelOf(fieldOf("decisions", "follow_up_grade"), decision.follow_up_grade) : "";
    const measure = labelOf(fieldOf("decisions", "follow_up_indicator"), decision.follow_up_indicator);
    const day = decision.follow_up_on ? say("print_follow", { date: unbroken(decision.follow_up_on) }) : "";
    rows.push([fieldOf("decisions", "follow_up_indicator").label, [measure, grade, day].filter(Boolean).join(", ")]);
    const list = rows.map(([label, text]) => [el("dt", {}, label), el("dd", {}, text)]).flat();
    return el("article", {}, el("h2", {}, `${n + 1}. ${[factor, words(decision.priority)].filter(Boolean).join(": ")}`), el("dl", {}, ...list));
  });
  const { answered_on, participants } = state.head;
  const votes = ranked().filter(({ count }) => count > 0).map(({ name, count }) => `${name} ${count}`).join(", ");
  $("printout").className = `printout ${(DENSE.find(([limit]) => size <= limit) ?? [0, "densest"])[1]}`;
  $("printout").replaceChildren(
    data.synthetic ? el("p", {}, el("strong", { class: "badge" }, "SYNTETISKA DATA")) : "",
    el("h1", {}, `Beslut, ${data.area.name}`),
    el("p", {}, say("print_date", { date: answered_on, n: Number.isInteger(participants) ? participants : "–" })),
    state.votes.closed && votes ? el("p", {}, say("print_votes", { list: votes })) : "",
    ...(articles.length ? articles : [el("p", {}, say("print_none"))]),
    el("p", { class: "fine" }, document.title));
}

$("print").addEventListener("click", () => {
  drawPrintout();
  print();
});
addEventListener("beforeprint", drawPrintout);
renderers.push(drawPrintout);
