// Shared helpers. Text always goes in as text, never as markup; the only markup is our own charts.
const data = JSON.parse(document.getElementById("data").textContent);
const $ = (id) => document.getElementById(id);

function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null));
  return node;
}

function say(key, values = {}) {
  return data.ui[key].replace(/\{(\w+)\}/g, (all, name) => (name in values ? values[name] : all));
}

// Said to screen readers only; what everybody must see goes to `tell`.
function announce(text) {
  $("spoken").textContent = "";
  $("spoken").textContent = text;
}

let messageTimer = null;
function tell(text, warning = false) {
  clearTimeout(messageTimer);
  $("message").textContent = text;
  $("message").classList.toggle("warn", warning);
  if (!warning) messageTimer = setTimeout(() => ($("message").textContent = ""), 8000);
}

const two = (number) => String(number).padStart(2, "0");
const dayOf = (when) => `${when.getFullYear()}-${two(when.getMonth() + 1)}-${two(when.getDate())}`;
const timeOf = (ms) => new Date(ms).toLocaleTimeString("sv-SE", { hour: "2-digit", minute: "2-digit" });
const words = (text) => (typeof text === "string" ? text.trim() : "");
const reduced = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
