// Digits that are watched while a network learns: the picture, ten bars, the answer; a tile flashes when its answer changes.
export default function ({ data: [data], parentElement }) {
  const root = parentElement.querySelector(".strip");
  root.setAttribute("aria-label", data.alt);
  const bytes = Uint8Array.from(atob(data.images), (c) => c.charCodeAt(0));
  if (root.dataset.run !== data.run || root.children.length !== data.tiles.length) {
    root.replaceChildren(...data.tiles.map((_, i) => tile(i)));
    root.dataset.run = data.run;
  }
  data.tiles.forEach((told, i) => {
    const element = root.children[i];
    const before = element.dataset.answer;
    element.dataset.answer = told.answer;
    element.setAttribute("aria-label", told.alt);
    element.querySelector(".answer").textContent = told.caption;
    element.querySelector(".answer").style.color = told.colour;
    [...element.querySelectorAll(".bars i")].forEach((bar, digit) => {
      bar.style.height = `${100 * told.probabilities[digit]}%`;
      bar.classList.toggle("top", digit === told.answer);
      bar.style.setProperty("--bar", told.colour);
    });
    if (before !== undefined && before !== String(told.answer)) {
      element.classList.remove("flash");
      void element.offsetWidth; // so that the animation starts again
      element.classList.add("flash");
    }
  });

  function tile(i) {
    const element = document.createElement("div");
    element.setAttribute("role", "listitem");
    const picture = document.createElement("canvas");
    picture.width = picture.height = 28;
    const pixels = new ImageData(28, 28);
    for (let p = 0; p < 784; p++) pixels.data.set(Array(3).fill(bytes[784 * i + p]).concat(255), 4 * p);
    picture.getContext("2d").putImageData(pixels, 0, 0);
    const bars = document.createElement("div");
    bars.className = "bars";
    for (let digit = 0; digit < 10; digit++) bars.append(document.createElement("i"));
    const axis = document.createElement("div");
    axis.className = "axis";
    axis.innerHTML = "<span>0</span><span>9</span>";
    const answer = document.createElement("div");
    answer.className = "answer";
    element.append(picture, bars, axis, answer);
    return element;
  }
}
