// Form fields drawn from the form's definition, so that the board asks what the intake reads.
const section = (id) => data.form.sections[id];
const fieldOf = (id, name) => section(id).fields.find((one) => one.name === name);
const headField = (name) => data.form.head.find((one) => one.name === name);
const labelOf = (field, code) => (field.choices.find(([known]) => known === code) ?? ["", ""])[1];

// `write` is given the new value; `key` is the field's id and tells undo what is typed in.
function drawField(field, id, value, write, { long = false, label = field.label } = {}) {
  const guide = field.guidance ? el("p", { class: "guide", id: `${id}-guide` }, field.guidance) : null;
  const about = { id, "aria-describedby": guide ? `${id}-guide` : null, "aria-required": field.required ? "true" : null };
  return el("div", {}, el("label", { for: id }, label), guide, control(field, about, value, write, long));
}

function control(field, about, value, write, long) {
  if (field.kind === "choice") return selectBox(field, about, value, write);
  const type = (event) => edit(() => write(event.target.value), about.id);
  if (long) {
    const box = el("textarea", { ...about, rows: 2, maxlength: field.max_length, oninput: type });
    box.value = value ?? "";
    return box;
  }
  const kinds = { date: "date", whole_number: "number" };
  const limits = field.kind === "whole_number" ? { min: field.low, max: field.high, step: 1, class: "short" } : {};
  if (field.kind === "text") limits.maxlength = field.max_length;
  if (field.kind === "date") limits.class = "short";
  const box = el("input", { ...about, ...limits, type: kinds[field.kind] ?? "text", autocomplete: "off", oninput: type });
  box.value = value ?? "";
  return box;
}

function selectBox(field, about, value, write) {
  const options = [["", say("choose")], ...field.choices].map(([code, label]) => el("option", { value: code }, label));
  const box = el("select", { ...about, onchange: (event) => edit(() => write(event.target.value), about.id) }, ...options);
  box.value = value ?? "";
  return box;
}

function drawHead() {
  const place = $("head-fields");
  const boxes = ["answered_on", "round", "participants"].map((name) =>
    drawField(headField(name), `head-${name}`, state.head[name], (value) => {
      state.head[name] = name === "participants" ? wholeNumber(value) : value;
    }));
  const sectors = headField("sectors");
  const ticks = sectors.choices.map(([code, label]) => {
    const box = el("input", { type: "checkbox", value: code, onchange: () => edit(() => toggleSector(code), `sector-${code}`) });
    box.checked = state.head.sectors.includes(code);
    return el("label", {}, box, label);
  });
  place.replaceChildren(...boxes, el("fieldset", {}, el("legend", {}, sectors.label), el("div", { class: "ticks" }, ...ticks)));
}

function toggleSector(code) {
  const chosen = new Set(state.head.sectors);
  if (!chosen.delete(code)) chosen.add(code);
  state.head.sectors = headField("sectors").choices.map(([known]) => known).filter((known) => chosen.has(known));
}

const wholeNumber = (text) => (/^\d{1,6}$/.test(text) ? Number(text) : text === "" ? null : Number.NaN);
renderers.push(drawHead);
