// Search, filter and sort. Without it everything stands on the pages all the same.
"use strict";

const words = input => input.value.toLowerCase().split(/\s+/).filter(Boolean);

// Shows those of the elements whose text holds every word, or another for the same thing; returns how many.
function narrow(elements, texts, wanted, synonyms = []) {
  let shown = 0;
  const meant = wanted.map(word => [word, ...synonyms.filter(group => group.some(other => word.startsWith(other))).flat()]);
  elements.forEach((element, i) => {
    const isFound = meant.every(alike => alike.some(word => texts[i].includes(word)));
    element.hidden = !isFound;
    shown += isFound;
  });
  return shown;
}

function search(form) {
  const found = [...document.querySelectorAll(".found")];
  // What stands under a heading is found by its words as well.
  const texts = found.map(element => `${element.closest(".group").querySelector("h2").textContent} ${element.textContent}`.toLowerCase());
  const input = form.querySelector("input"), output = form.querySelector("output");
  const synonyms = form.dataset.synonyms.split(";").filter(Boolean).map(group => group.split(" "));
  form.hidden = false;
  form.addEventListener("submit", event => event.preventDefault());
  input.addEventListener("input", () => {
    const shown = narrow(found, texts, words(input), synonyms);
    document.querySelectorAll(".group").forEach(group => { group.hidden = !group.querySelector(".found:not([hidden])"); });
    output.textContent = input.value.trim() ? `${shown} fundet` : "";
  });
}

function filter(form) {
  const rows = [...document.querySelectorAll(".rows tbody tr")];
  const texts = rows.map(row => [...row.cells].map(cell => cell.textContent).join("\n").toLowerCase());
  const input = form.querySelector("input"), output = form.querySelector("output");
  form.hidden = false;
  form.addEventListener("submit", event => event.preventDefault());
  input.addEventListener("input", () => { output.textContent = `${narrow(rows, texts, words(input))} af ${rows.length} rækker`; });
}

// Danish notation: 1.234,5, 27,02 % and 1. kvartal 2015. What has no value comes last.
function value(row, column, isNumber) {
  const cell = row.cells[column];
  if (cell.querySelector("i") || cell.textContent === "–") return null;
  if (!isNumber) return cell.textContent.replace(/^(\d)\. kvartal (\d{4})$/, "$2 $1");
  const number = parseFloat(cell.textContent.replace(/\./g, "").replace(",", ".").replace("−", "-"));
  return Number.isNaN(number) ? null : number;
}

function sort(heading, column, body) {
  const isNumber = heading.hasAttribute("data-number");
  const direction = heading.getAttribute("aria-sort") === "ascending" ? -1 : 1;
  const language = new Intl.Collator("da", {numeric: true});
  const keyed = [...body.rows].map(row => [value(row, column, isNumber), row]);
  keyed.sort(([a], [b]) => {
    if (a === null || b === null) return (a === null) - (b === null);
    return direction * (isNumber ? a - b : language.compare(a, b));
  });
  body.append(...keyed.map(([, row]) => row));
  heading.parentElement.querySelectorAll("[aria-sort]").forEach(other => other.removeAttribute("aria-sort"));
  heading.setAttribute("aria-sort", direction === 1 ? "ascending" : "descending");
}

for (const form of document.querySelectorAll(".search")) search(form);
for (const form of document.querySelectorAll(".filter")) filter(form);
for (const table of document.querySelectorAll(".rows")) {
  [...table.tHead.rows[0].cells].forEach((heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = heading.textContent;
    button.addEventListener("click", () => sort(heading, column, table.tBodies[0]));
    heading.replaceChildren(button);
  });
}
