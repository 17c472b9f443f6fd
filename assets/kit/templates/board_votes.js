// Dots: three each, hidden until the vote is closed so that nobody follows the others; equal numbers share a place.
const dotsAll = () => (Number.isInteger(state.head.participants) ? state.head.participants * data.dots_each : 0);
const dotsOn = (id) => state.votes.counts[id] ?? 0;
const dotsUsed = () => data.factors.reduce((sum, factor) => sum + dotsOn(factor.id), 0);

function ranked() {
  const order = [...data.factors].sort((a, b) => dotsOn(b.id) - dotsOn(a.id));
  return order.map((factor) => {
    const count = dotsOn(factor.id);
    const place = 1 + data.factors.filter((other) => dotsOn(other.id) > count).length;
    const tied = data.factors.filter((other) => dotsOn(other.id) === count).length > 1;
    return { ...factor, count, place, tied };
  });
}

function drawVotes() {
  const { closed } = state.votes;
  const [used, all] = [dotsUsed(), dotsAll()];
  $("dots-used").textContent = all === 0 ? say("dots_none") : say(used > all ? "dots_too_many" : "dots_used", { used, all });
  const rows = closed ? ranked().map(resultRow) : data.factors.map(voteRow);
  keepFocus($("factors"), "data-dot", rows);
  $("close-vote").textContent = say(closed ? "open_vote" : "close_vote");
  $("close-vote").disabled = !closed && used === 0;
}

function voteRow(factor) {
  const about = { type: "button", "data-factor": factor.id };
  const add = el("button", { ...about, "data-dot": `+${factor.id}`, "aria-label": `Lägg en prick på ${factor.name}`, onclick: () => dot(factor, 1) }, "+");
  const take = el("button", { ...about, "data-dot": `-${factor.id}`, "aria-label": `Ta bort en prick från ${factor.name}`, onclick: () => dot(factor, -1) }, "−");
  return el("li", {}, el("span", {}, factor.name), el("span", { class: "count" }, say("dots_hidden")), el("span", { class: "steps" }, take, add));
}

function resultRow(factor) {
  const place = say(factor.tied ? "dots_tied" : "dots_place", { n: factor.place });
  const count = factor.count === 1 ? say("dots_one") : say("dots_count", { n: factor.count });
  const most = Math.max(1, ...data.factors.map((one) => dotsOn(one.id)));
  const bar = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  bar.setAttribute("class", "bars");
  bar.setAttribute("aria-hidden", "true");
  const part = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  for (const [name, value] of Object.entries({ width: `${(100 * factor.count) / most}%`, height: "18", rx: "8", fill: "#0b559f" })) part.setAttribute(name, value);
  bar.append(part);
  const decide = el("button", { type: "button", "data-dot": `!${factor.id}`, onclick: () => decideOn(factor.id), "aria-label": say("decide_on", { factor: factor.name }) }, "Gör beslut");
  return el("li", { class: "result" }, el("span", {}, `${place}: ${factor.name}`), bar, el("span", { class: "count" }, count), decide);
}

function dot(factor, amount) {
  if (state.votes.closed) return;
  if (dotsAll() === 0) return tell(say("dots_none"), true);
  if (amount > 0 && dotsUsed() >= dotsAll()) return tell(say("dots_all"), true);
  if (amount < 0 && dotsOn(factor.id) === 0) return tell(say("dots_nothing", { factor: factor.name }));
  edit(() => (state.votes.counts[factor.id] = dotsOn(factor.id) + amount));
  tell("");
  announce(say(amount > 0 ? "dots_added" : "dots_removed", { factor: factor.name }));
}

function moveFactor(amount) {
  const buttons = [...$("factors").querySelectorAll(state.votes.closed ? "[data-dot]" : '[data-dot^="+"]')];
  const held = document.activeElement?.closest?.("#factors li");
  const here = buttons.findIndex((button) => held?.contains(button));
  buttons[here < 0 ? 0 : Math.min(Math.max(here + amount, 0), buttons.length - 1)]?.focus();
}

function dotByKey(amount) {
  const id = document.activeElement?.closest?.("#factors li")?.querySelector("[data-factor]")?.dataset.factor;
  const factor = data.factors.find((one) => one.id === id);
  if (factor) dot(factor, amount);
}

$("close-vote").addEventListener("click", () => {
  edit(() => (state.votes.closed = !state.votes.closed));
  if (state.votes.closed) announce(say("dots_closed"));
});
renderers.push(drawVotes);
