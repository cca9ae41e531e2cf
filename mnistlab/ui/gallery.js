// A sheet of digits, each a button: reachable by Tab and the arrow keys, as wide as the page allows, pixels never blurred.
export default function ({ data: [data], parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".sheet");
  const hadFocus = parentElement.activeElement != null;
  root.style.setProperty("--size", `${data.size}px`);
  root.setAttribute("aria-label", data.alt);
  const bytes = Uint8Array.from(atob(data.images), (c) => c.charCodeAt(0));
  const buttons = data.keys.map((key, i) => button(key, i));
  root.replaceChildren(...buttons);

  const start = Math.max(0, data.keys.indexOf(data.marked));
  if (buttons.length) {
    buttons[start].tabIndex = 0;
    if (hadFocus) buttons[start].focus({ preventScroll: true });
  }
  root.onkeydown = (event) => {
    const at = buttons.indexOf(parentElement.activeElement);
    const columns = getComputedStyle(root).gridTemplateColumns.split(" ").length;
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns }[event.key];
    if (at < 0 || !step || !buttons[at + step]) return;
    event.preventDefault();
    buttons[at].tabIndex = -1;
    buttons[at + step].tabIndex = 0;
    buttons[at + step].focus();
  };

  function button(key, i) {
    const element = document.createElement("button");
    element.tabIndex = -1;
    element.dataset.key = key;
    element.setAttribute("aria-pressed", key === data.marked);
    element.setAttribute("aria-label", `digit ${key}: ${data.captions[i]}`);
    const picture = document.createElement("canvas");
    picture.width = picture.height = 28;
    const pixels = new ImageData(28, 28);
    for (let p = 0; p < 784; p++) pixels.data.set(Array(3).fill(bytes[784 * i + p]).concat(255), 4 * p);
    picture.getContext("2d").putImageData(pixels, 0, 0);
    const caption = document.createElement("span");
    caption.textContent = data.captions[i];
    if (data.colours) caption.style.color = data.colours[i];
    element.append(picture, caption);
    element.onclick = () => setTriggerValue("picked", key);
    return element;
  }
}
