(() => {
"use strict";
const byId = id => document.getElementById(id);
const make = (tag, text, attributes = {}) => {
  const element = document.createElement(tag);
  if (text) element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
};

// The contents show where the reader is.
const links = new Map([...document.querySelectorAll(".toc a")].map(a => [a.hash.slice(1), a]));
const watch = new IntersectionObserver(seen => {
  for (const entry of seen) {
    if (!entry.isIntersecting) continue;
    for (const [id, link] of links) {
      if (id === entry.target.id) link.setAttribute("aria-current", "location");
      else link.removeAttribute("aria-current");
    }
  }
}, {rootMargin: "-15% 0px -80% 0px"});
for (const id of links.keys()) { const section = byId(id); if (section) watch.observe(section); }

// A picture that isn't wider than its place needs no stop for the keyboard.
const pictures = document.querySelectorAll("figure > .chart");
const stops = () => {
  for (const place of pictures) {
    if (place.scrollWidth > place.clientWidth) place.setAttribute("tabindex", "0");
    else place.removeAttribute("tabindex");
  }
};
addEventListener("resize", stops);
stops();

// Words of the glossary explain themselves on hover, focus and touch; Escape closes.
const tip = make("div", "", {id: "ordruta", role: "tooltip", class: "tip", hidden: ""});
(document.querySelector("main") ?? document.body).append(tip);
let shown = null, timer = 0;
const hide = () => {
  clearTimeout(timer);
  shown?.removeAttribute("aria-describedby");
  shown = null;
  tip.hidden = true;
};
const later = () => { clearTimeout(timer); timer = setTimeout(hide, 250); };
const show = word => {
  clearTimeout(timer);
  if (shown === word) return;
  hide();
  const term = byId(word.hash.slice(1));
  if (!term) return;
  tip.replaceChildren(make("strong", term.textContent.trim()), " ", term.nextElementSibling.textContent.trim());
  tip.hidden = false;
  const box = word.getClientRects()[0], home = tip.offsetParent.getBoundingClientRect();
  const room = document.documentElement.clientWidth - tip.offsetWidth - 12;
  tip.style.left = `${Math.max(12, Math.min(box.left, room)) - home.left}px`;
  const below = box.bottom + tip.offsetHeight + 10 < innerHeight;
  tip.style.top = `${(below ? box.bottom + 6 : box.top - tip.offsetHeight - 6) - home.top}px`;
  word.setAttribute("aria-describedby", tip.id);
  shown = word;
};
for (const word of document.querySelectorAll("a.term")) {
  word.addEventListener("mouseenter", () => show(word));
  word.addEventListener("mouseleave", later);
  word.addEventListener("focus", () => show(word));
  word.addEventListener("blur", later);
  word.addEventListener("click", event => { event.preventDefault(); show(word); });
}
tip.addEventListener("mouseenter", () => clearTimeout(timer));
tip.addEventListener("mouseleave", later);
document.addEventListener("keydown", event => { if (event.key === "Escape") hide(); });

// The reader's own choice: the chart library runs only when a chart is asked for.
const form = byId("val");
if (!form) return;
const data = JSON.parse(byId("valdata").textContent), words = data.words;
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
const field = {factor: byId("val-faktor"), grade: byId("val-arskurs"), group: byId("val-grupp"), against: byId("val-mot")};
const said = byId("val-besked"), out = byId("val-resultat"), chart = byId("val-diagram"), table = byId("val-tabell");
const options = (select, pairs) => select.append(...pairs.map(([value, text]) => make("option", text, {value})));
options(field.factor, Object.entries(data.factors).map(([key, factor]) => [key, factor.label]));
options(field.grade, Object.entries(data.grades));
options(field.group, [["all", data.sexes.all], ["girl", data.sexes.girl], ["boy", data.sexes.boy]]);
options(field.against, [["county", words.county], ["sexes", words.sexes], ["", words.nothing]]);
byId("val-utan").hidden = true;
form.hidden = false;

const chosen = () => {
  const factor = field.factor.value, grade = field.grade.value, group = field.group.value, against = field.against.value;
  const line = (sex, place, name) => ({name, points: data.values[`${factor}.${grade}.${sex}.${place}`]});
  const own = sex => `${data.area}, ${data.sexes[sex].toLowerCase()}`;
  if (against === "sexes") return [line("girl", "own", own("girl")), line("boy", "own", own("boy"))];
  const lines = [line(group, "own", own(group))];
  if (against) lines.push(line(group, "county", `${words.county}, ${data.sexes[group].toLowerCase()}`));
  return lines;
};
const specification = lines => {
  const factor = data.factors[field.factor.value], waves = data.waves[field.grade.value];
  const spec = JSON.parse(JSON.stringify(data.spec)), names = lines.map(line => line.name);
  const shift = lines.length > 1 ? 0.14 : 0;
  let segment = 0;
  spec.datasets.points = lines.flatMap((line, place) => line.points.map(([value, low, high, joined], at) => ({
    x: waves[at] + (place ? shift : -shift), y: value, low: low ?? value, high: high ?? value,
    segment: `${segment += joined ? 0 : 1}`, series: line.name})).filter(point => point.y !== null));
  spec.datasets.breaks = factor.breaks.filter(b => b.at > waves[0] && b.at < waves.at(-1)).map(b => ({x: b.at}));
  for (const {encoding} of spec.layer) {
    encoding.x.axis.values = waves;
    encoding.x.scale.domain = [waves[0] - 0.4, waves.at(-1) + 0.4];
    if (encoding.y) encoding.y.axis.title = fill(words.axis, factor);
    for (const name of ["color", "shape"]) if (encoding[name]) {
      encoding[name].scale.domain = names;
      encoding[name].scale.range = name === "color" ? data.colours[field.against.value] : ["circle", "diamond"].slice(0, names.length);
    }
  }
  return spec;
};
const write = lines => {
  const waves = data.waves[field.grade.value], factor = data.factors[field.factor.value];
  const title = fill(words.heading, {factor: factor.label, grade: data.grades[field.grade.value], band: factor.band});
  byId("val-rubrik").textContent = title;
  const head = make("tr");
  head.append(make("th", words.year, {scope: "col"}), ...lines.map(line => make("th", line.name, {scope: "col"})));
  const rows = waves.map((wave, at) => {
    const row = make("tr");
    row.append(make("th", String(wave), {scope: "row"}), ...lines.map(line => make("td", line.points[at][4])));
    return row;
  });
  const body = make("tbody"), top = make("thead");
  top.append(head);
  body.append(...rows);
  table.replaceChildren(make("caption", title, {id: "val-tabellrubrik"}), top, body);
  const inside = factor.breaks.filter(b => b.at > waves[0] && b.at < waves.at(-1));
  byId("val-brott").textContent = inside.length
    ? fill(words.breaks, {texts: inside.map(b => fill(words.break_item, b)).join("; ")}) : "";
  out.hidden = false;
  return title;
};
const load = () => {
  if (window.vegaEmbed) return;
  const script = make("script");
  script.textContent = byId("bibliotek").textContent;
  document.head.append(script);
};
let turn = 0;
const draw = async () => {
  const mine = ++turn, lines = chosen(), title = write(lines);
  if (lines.every(line => line.points.every(([value]) => value === null))) {
    chart.hidden = true;
    said.textContent = words.hidden;
    return;
  }
  said.textContent = words.working;
  try {
    load();
    const place = make("div", "", {"aria-hidden": "true"});  // the picture as a whole has the words
    chart.replaceChildren(place);
    chart.hidden = false;  // the picture takes its width from the place
    await window.vegaEmbed(place, specification(lines), {ast: true, renderer: "svg", actions: false, defaultStyle: false});
    if (mine !== turn) return;
    chart.setAttribute("aria-label", title);
    said.textContent = fill(words.drawn, {title});
  } catch {
    if (mine !== turn) return;
    chart.hidden = true;
    said.textContent = words.failed;
  }
};
form.addEventListener("submit", event => { event.preventDefault(); draw(); });
form.addEventListener("change", () => {
  field.group.disabled = field.against.value === "sexes";
  if (!out.hidden) draw();
});
})();
