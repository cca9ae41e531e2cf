// The 28 × 28 values of a digit as a table, each cell shaded by its value; wider than a phone, so it scrolls sideways there.
export default function ({ data: [data], parentElement }) {
  const root = parentElement.querySelector(".numbers");
  const table = document.createElement("table");
  root.setAttribute("aria-label", "the 28 by 28 values of this digit, rows and columns numbered from 0");
  const head = table.createTHead().insertRow();
  head.append(cell("th", ""), ...data.values[0].map((_, column) => cell("th", column)));
  const body = table.createTBody();
  data.values.forEach((row, number) => {
    const line = body.insertRow();
    line.append(cell("th", number), ...row.map(shaded));
  });
  root.replaceChildren(table);

  function cell(kind, text) {
    const element = document.createElement(kind);
    element.textContent = text;
    return element;
  }

  function shaded(value) {
    const element = cell("td", value);
    element.style.background = `rgb(${value} ${value} ${value})`;
    element.style.color = value > 127 ? "#000" : value ? "#fff" : "#777";
    return element;
  }
}
