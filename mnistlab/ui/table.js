// Rows of texts and numbers as a table; sorted by a click on a column's name, where that is wanted.
const SHORT = 20; // letters; what holds numbers and is no longer than this stays on one line, words may be broken
const ORDERS = ["none", "ascending", "descending"];

export default function ({ data: [data], parentElement }) {
  const root = parentElement.querySelector(".table");
  root.setAttribute("aria-label", data.alt);
  const table = made("table");
  const heads = table.createTHead().insertRow();
  heads.append(...data.columns.map(head));
  const body = table.createTBody();
  const rows = data.texts.map(row);
  order();
  root.replaceChildren(table);

  function head(column, index) {
    const element = made("th");
    element.scope = "col";
    element.className = kind(index);
    if (column.help) element.title = column.help;
    if (data.sort) {
      const button = made("button", column.name);
      button.type = "button";
      button.onclick = () => turn(index);
      element.append(button);
    } else {
      element.append(made("span", column.name));
    }
    return element;
  }

  function row(texts, number) {
    const element = made("tr");
    element.append(...texts.map((text, index) => cell(text, index, data.values[number][index])));
    return element;
  }

  function cell(text, index, value) {
    const element = made(index ? "td" : "th", text);
    element.className = kind(index);
    element.classList.toggle("short", text.length <= SHORT && /\d/.test(text));
    if (!index) element.scope = "row";
    if (data.columns[index].bar) {
      element.classList.add("bar");
      element.style.setProperty("--share", `${100 * value}%`);
    }
    return element;
  }

  function kind(index) {
    return data.values.some((values) => typeof values[index] === "number") ? "number" : "text";
  }

  // what is sorted by outlives new data: it stands in the page, not in this call
  function turn(index) {
    const next = (ORDERS.indexOf(Number(root.dataset.by) === index ? root.dataset.order : "none") + 1) % 3;
    root.dataset.by = index;
    root.dataset.order = ORDERS[next];
    order();
  }

  function order() {
    const { by, order } = root.dataset;
    const sorted = rows.map((_, number) => number);
    if (order && order !== "none") sorted.sort((a, b) => compared(a, b, by) * (order === "ascending" ? 1 : -1));
    body.replaceChildren(...sorted.map((number) => rows[number]));
    if (data.sort) [...heads.children].forEach((element, index) => (element.ariaSort = index === Number(by) ? order : "none"));
  }

  function compared(a, b, by) {
    const [left, right] = [data.values[a][by], data.values[b][by]];
    if (typeof left === "number" && typeof right === "number") return left - right;
    return String(left).localeCompare(String(right), "en", { numeric: true });
  }
}

function made(tag, text = "") {
  const element = document.createElement(tag);
  element.textContent = text;
  return element;
}
