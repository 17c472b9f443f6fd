// Search among the headings and texts of all pages, from disk: the words are loaded as a script when the field is first used.
"use strict";
(() => {
  const form = document.querySelector("form[role=search]");
  const field = document.getElementById("sok");
  const hits = document.getElementById("traffar");
  const top = document.body.dataset.top;
  const MOST = 12;
  const AROUND = 70;
  let loading = false;

  const load = () => {
    if (loading) return;
    loading = true;
    const script = document.createElement("script");
    script.src = top + "search_words.js";
    script.addEventListener("load", show);
    document.head.append(script);
  };

  // Every word must be in the row; in the heading counts most, then in the page's title, then in the text.
  const score = (row, words) => {
    let sum = 0;
    for (const word of words) {
      const [title, heading, text] = row.slice(1).map((one) => one.toLowerCase());
      const found = 4 * heading.includes(word) + 2 * title.includes(word) + text.includes(word);
      if (!found) return 0;
      sum += found;
    }
    return sum;
  };

  const around = (text, word) => {
    const at = Math.max(text.toLowerCase().indexOf(word), 0);
    const start = Math.max(at - AROUND, 0);
    return (start ? "… " : "") + text.slice(start, at + AROUND) + (at + AROUND < text.length ? " …" : "");
  };

  const line = ([address, title, heading, text], words) => {
    const item = document.createElement("li");
    const link = document.createElement("a");
    link.href = top + address;
    link.textContent = title === heading ? title : `${title}: ${heading}`;
    const rest = document.createElement("div");
    rest.textContent = around(text, words[0]);
    item.append(link, rest);
    return item;
  };

  function show() {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    hits.hidden = words.length === 0 || !window.SEARCH_WORDS;
    if (hits.hidden) return;
    const found = window.SEARCH_WORDS.map((row) => [score(row, words), row])
      .filter(([points]) => points)
      .sort((a, b) => b[0] - a[0]);
    const list = document.createElement("ol");
    list.append(...found.slice(0, MOST).map(([, row]) => line(row, words)));
    const count = document.createElement("p");
    count.textContent = found.length ? `${found.length} träffar` + (found.length > MOST ? `, de ${MOST} bästa visas` : "") : "Inga träffar. Prova ett kortare ord.";
    hits.replaceChildren(count, list);
  }

  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  field.addEventListener("focus", load);
  field.addEventListener("input", show);
  field.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      field.value = "";
      show();
    }
  });
})();
