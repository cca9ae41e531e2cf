// Ten probabilities as bars on an axis from 0 to 100 %; they are drawn once and then only moved.
const TICKS = [100, 75, 50, 25, 0];

export default function ({ data: [data], parentElement }) {
  const root = parentElement.querySelector(".figure");
  if (!root.children.length) draw(root);
  root.style.height = `${data.height}px`;
  root.style.setProperty("--answer", data.colour);
  root.setAttribute("aria-label", data.alt);
  root.querySelector(".title").textContent = data.title;
  root.querySelectorAll(".bar").forEach((bar, digit) => {
    const percent = data.percent[digit];
    bar.style.height = `${percent}%`;
    bar.dataset.percent = percent;
    bar.classList.toggle("answer", digit === data.answer);
    bar.firstChild.textContent = percent >= 0.5 ? percent.toFixed(0) : "";
    bar.parentElement.title = `${digit}: ${percent.toFixed(2)} %`;
  });
}

function draw(root) {
  const plot = made("plot", ...TICKS.map(line), ...Array.from({ length: 10 }, column));
  root.append(made("title"), made("unit", "probability, %"), plot, made("name", "digit"));
}

function line(percent) {
  const element = made("line", made("tick", String(percent)));
  element.style.bottom = `${percent}%`;
  return element;
}

function column(_, digit) {
  return made("column", made("bar", made("number")), made("digit", String(digit)));
}

function made(name, ...inside) {
  const element = document.createElement("div");
  element.className = name;
  element.append(...inside);
  return element;
}
