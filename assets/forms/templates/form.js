"use strict";
(function () {
  const settings = JSON.parse(document.getElementById("settings").textContent);
  const texts = settings.texts;
  const form = document.getElementById("form");
  const byId = (id) => document.getElementById(id);
  const rows = Array.from(form.querySelectorAll("[data-item]"));
  const heads = Array.from(form.querySelectorAll("[data-head]"));
  const largest = 5000000;
  const months = "(?:0[1-9]|1[0-2])", days = "(?:0[1-9]|[12]\\d|3[01]|6[1-9]|[78]\\d|9[01])";
  const identity = new RegExp("(^|\\D)(?:18|19|20)?(\\d\\d" + months + days + ")([-–+ ]?)(\\d{4})(?!\\d)");
  const phone = /(^|[^\d.,])(?:(?:\+|00)46[\s–-]{0,2}(?:\(0\))?[\s–-]{0,2}\d|0\d)\d{0,2}(?:\d{5,8}|[\s\/–-]{1,3}\d{5,8}|[\s\/–-]{1,3}\d{2,4}(?:[\s–-]\d{2,4}){1,3})(?!\d)/;
  const email = /[\w.+%-]+\s?(?:@|\(at\)|\[at\])\s?[\w-]+(?:\.[\w-]+)+/i;
  const names = new Set(settings.first_names);

  function say(pattern, values) {
    return pattern.replace(/\{(\w+)\}/g, (_, key) => String(values[key]));
  }

  function tell(text) {
    byId("status").textContent = text;
  }

  function put(row, name, value, several) {
    if (!several) {
      row[name] = value;
    } else {
      row[name] = (row[name] || []).concat([value]);
    }
  }

  function read(controls, key) {
    const found = {};
    for (const control of controls) {
      const several = control.dataset.kind === "choices";
      if (several && !control.checked) {
        continue;
      }
      const value = control.value.trim();
      if (value !== "") {
        put(found, control.dataset[key], value, several);
      }
    }
    return found;
  }

  function filled() {
    const sections = {};
    for (const row of rows) {
      const answers = read(row.querySelectorAll("[data-field]"), "field");
      if (Object.keys(answers).length) {
        const list = sections[row.dataset.section] || (sections[row.dataset.section] = []);
        list.push(Object.assign({ id: row.dataset.item }, answers));
      }
    }
    return {
      format: settings.format, format_version: settings.format_version, kind: settings.kind, version: settings.version,
      source: "html", head: read(heads, "head"), sections: sections,
    };
  }

  function count() {
    const named = rows.filter((row) => row.dataset.named);
    const left = named.filter((row) => !Object.keys(read(row.querySelectorAll("[data-field]"), "field")).length).length;
    const pattern = left === 0 ? texts.all_answered : left === 1 ? texts.left_one : texts.left;
    byId("left").textContent = named.length ? say(pattern, { left: left, all: named.length }) : "";
  }

  function setValue(control, value) {
    if (control.dataset.kind === "choices") {
      control.checked = Array.isArray(value) && value.includes(control.value);
    } else {
      control.value = typeof value === "string" || typeof value === "number" ? String(value) : "";
    }
  }

  function show(saved) {
    const given = {};
    let known = 0, all = 0;
    for (const [section, list] of Object.entries(saved.sections || {})) {
      for (const row of Array.isArray(list) ? list : []) {
        if (row && typeof row === "object") {
          given[section + "\n" + row.id] = row;
          all += Object.keys(row).length - ("id" in row ? 1 : 0);
        }
      }
    }
    for (const row of rows) {
      const answers = given[row.dataset.section + "\n" + row.dataset.item] || {};
      const taken = new Set();
      for (const control of row.querySelectorAll("[data-field]")) {
        const name = control.dataset.field;
        const own = Object.prototype.hasOwnProperty.call(answers, name);
        setValue(control, own ? answers[name] : "");
        if (own && (control.dataset.kind === "choices" ? control.checked : control.value !== "")) {
          taken.add(name);
        }
      }
      known += taken.size;
    }
    for (const control of heads) {
      if (!control.dataset.fixed) {
        const head = saved.head && typeof saved.head === "object" ? saved.head : {};
        setValue(control, Object.prototype.hasOwnProperty.call(head, control.dataset.head) ? head[control.dataset.head] : "");
      }
    }
    count();
    return all - known;
  }

  function keepDraft() {
    try {
      localStorage.setItem(settings.draft, JSON.stringify(filled()));
    } catch (error) {
      tell(texts.no_draft);
    }
  }

  function kinds(text) {
    const found = [];
    const number = identity.exec(text);
    if (number) {
      found.push(texts.personnummer);
    }
    if (phone.test(text)) {
      found.push(texts.phone);
    }
    if (email.test(text)) {
      found.push(texts.email);
    }
    const words = text.match(/[\p{L}]+(?:[-'’:][\p{L}]+)*/gu) || [];
    const named = words.some((word, place) => {
      const low = word.toLowerCase();
      const known = names.has(low) || (low.endsWith("s") && names.has(low.slice(0, -1)));
      const next = (words[place + 1] || "").toLowerCase();
      return known && word[0] !== low[0] && !settings.place_words.some((end) => next.endsWith(end));
    });
    if (named) {
      found.push(texts.name);
    }
    return found;
  }

  function labelOf(control) {
    const label = form.querySelector('label[for="' + control.id + '"]');
    const row = control.closest("[data-item]");
    const name = label ? label.firstChild.textContent.trim() : "";
    return row ? row.querySelector("legend").textContent.trim() + ", " + name : name;
  }

  function suspects() {
    return Array.from(form.querySelectorAll('[data-kind="text"]:not([type="hidden"])'))
      .map((control) => ({ control: control, kinds: kinds(control.value) }))
      .filter((one) => one.kinds.length);
  }

  function warn(found) {
    const list = byId("warning-list");
    list.replaceChildren();
    for (const one of found) {
      const item = document.createElement("li");
      item.textContent = labelOf(one.control) + ": " + one.kinds.join(", ");
      list.append(item);
    }
    byId("warnings").hidden = false;
    byId("warnings").focus();
    byId("back").onclick = function () {
      byId("warnings").hidden = true;
      found[0].control.focus();
    };
  }

  function wrong() {
    for (const control of form.querySelectorAll("[aria-invalid]")) {
      control.removeAttribute("aria-invalid");
    }
    const controls = Array.from(form.querySelectorAll("[data-head],[data-field]"));
    const bad = controls.find((control) => (control.required && !control.value.trim()) || !control.validity.valid);
    if (!bad) {
      return false;
    }
    bad.setAttribute("aria-invalid", "true");
    bad.focus();
    tell(say(bad.validity.valid || bad.validity.valueMissing ? texts.missing_head : texts.bad_value, { field: labelOf(bad) }));
    return true;
  }

  // Several people of one role each save a form about preconditions: with equal names one would overwrite another in the inbox.
  const mark = Array.from(crypto.getRandomValues(new Uint8Array(3)), (byte) => byte.toString(16).padStart(2, "0")).join("");

  function download() {
    const saved = filled();
    const head = saved.head;
    const parts = [head.round, head.municipality_code, settings.file, head.role, settings.kind === "readiness" ? mark : ""];
    const name = parts.filter(Boolean).join("_").replace(/[^\w-]/g, "") + ".json";
    const url = URL.createObjectURL(new Blob([JSON.stringify(saved, null, 1) + "\n"], { type: "application/json" }));
    const link = document.createElement("a");
    link.href = url;
    link.download = name;
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(url), 10000);
    byId("warnings").hidden = true;
    tell(say(texts.saved, { name: name }));
  }

  function save() {
    if (wrong()) {
      return;
    }
    const found = suspects();
    if (found.length) {
      warn(found);
    } else {
      download();
    }
  }

  async function load(event) {
    const file = event.target.files[0];
    event.target.value = "";
    if (!file) {
      return;
    }
    if (file.size > largest) {
      tell(texts.too_large);
      return;
    }
    let saved = null;
    try {
      saved = JSON.parse(await file.text());
    } catch (error) {
      saved = null;
    }
    if (!saved || saved.format !== settings.format || saved.kind !== settings.kind) {
      tell(texts.not_ours);
      return;
    }
    const skipped = show(saved);
    keepDraft();
    tell(say(texts.loaded, { skipped: skipped > 0 ? say(texts.skipped, { n: skipped }) : "" }).trim());
  }

  function clear() {
    if (!window.confirm(texts.clear_ask)) {
      return;
    }
    show({});
    try {
      localStorage.removeItem(settings.draft);
    } catch (error) {
      // a browser without storage has nothing to clear
    }
    tell(texts.cleared);
  }

  form.addEventListener("input", function () {
    count();
    keepDraft();
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  byId("save").addEventListener("click", save);
  byId("anyway").addEventListener("click", download);
  byId("load").addEventListener("change", load);
  byId("clear").addEventListener("click", clear);
  try {
    const draft = localStorage.getItem(settings.draft);
    if (draft) {
      show(JSON.parse(draft));
      tell(texts.draft_loaded);
    }
  } catch (error) {
    tell(texts.no_draft);
  }
  count();
})();
