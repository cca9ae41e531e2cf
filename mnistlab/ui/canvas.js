// A canvas for mouse, finger, pen and keyboard. What is drawn is a list of strokes and put-down digits, in units of
// 1/280 of its side; it is sent when a stroke ends. A stroke is {w, p: [x, y, …]}, a digit {d: base64, x, y, s}.
export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  const root = parentElement.querySelector(".pad");
  const pad = (root.pad ??= make(root));
  Object.assign(pad, { data, setStateValue, setTriggerValue });
  if (pad.version !== data.version) {
    // the page has another drawing: put down, opened by a link, or kept while another page was open
    pad.version = data.version;
    pad.items = data.items;
    pad.undone = [];
    pad.stroke = null;
  }
  pad.show();
}

const SIDE = 280;
const NUDGE = 7; // units an arrow key moves the drawing

function make(root) {
  const canvas = root.querySelector("canvas");
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const [undo, redo, clear] = root.querySelectorAll("button");
  const pad = { items: [], undone: [], stroke: null, version: null, show, context };
  const stamps = new Map();
  canvas.width = canvas.height = 2 * SIDE;
  context.scale(2, 2);
  context.lineCap = context.lineJoin = "round";

  function show() {
    canvas.setAttribute("aria-label", pad.data.alt);
    context.fillStyle = pad.data.paper;
    context.fillRect(0, 0, SIDE, SIDE);
    for (const item of pad.items) item.d ? put(item) : line(item.p, item.w);
    if (pad.stroke) line(pad.stroke.p, pad.stroke.w);
    undo.disabled = !pad.items.length;
    redo.disabled = !pad.undone.length;
    clear.disabled = !pad.items.length;
  }

  function line(points, width) {
    context.strokeStyle = pad.data.ink;
    context.lineWidth = width;
    context.beginPath();
    context.moveTo(points[0], points[1]);
    for (let i = 0; i < points.length; i += 2) context.lineTo(points[i], points[i + 1]);
    context.stroke();
  }

  function put(item) {
    const key = pad.data.ink + item.d;
    if (!stamps.has(key)) {
      const picture = new OffscreenCanvas(28, 28);
      const pixels = new ImageData(28, 28);
      const bytes = Uint8Array.from(atob(item.d), (c) => c.charCodeAt(0));
      const shade = pad.data.ink === "#ffffff" ? 255 : 0;
      bytes.forEach((value, i) => pixels.data.set([shade, shade, shade, value], 4 * i));
      picture.getContext("2d").putImageData(pixels, 0, 0);
      stamps.set(key, picture);
    }
    context.imageSmoothingEnabled = false;
    context.drawImage(stamps.get(key), item.x, item.y, item.s, item.s);
  }

  function send() {
    show();
    pad.setStateValue("drawing", { version: pad.version, items: pad.items });
  }

  function points(event) {
    const box = canvas.getBoundingClientRect();
    const events = event.getCoalescedEvents?.() ?? [];
    const round = (value) => Math.round(10 * value) / 10;
    return (events.length ? events : [event]).flatMap((e) => [
      round(((e.clientX - box.left) * SIDE) / box.width),
      round(((e.clientY - box.top) * SIDE) / box.height),
    ]);
  }

  canvas.onpointerdown = (event) => {
    if (event.button || pad.stroke) return;
    canvas.setPointerCapture(event.pointerId);
    pad.stroke = { w: pad.data.brush, p: points(event) };
    show();
  };
  canvas.onpointermove = (event) => {
    if (!pad.stroke || !canvas.hasPointerCapture(event.pointerId)) return;
    const before = pad.stroke.p.slice(-2);
    const added = points(event);
    pad.stroke.p.push(...added);
    line([...before, ...added], pad.stroke.w);
  };
  canvas.onpointerup = canvas.onpointercancel = (event) => {
    if (!pad.stroke || !canvas.hasPointerCapture(event.pointerId)) return;
    pad.items = [...pad.items, pad.stroke];
    pad.undone = [];
    pad.stroke = null;
    send();
  };

  undo.onclick = () => {
    if (!pad.items.length) return;
    pad.undone = [...pad.undone, pad.items.at(-1)];
    pad.items = pad.items.slice(0, -1);
    send();
  };
  redo.onclick = () => {
    if (!pad.undone.length) return;
    pad.items = [...pad.items, pad.undone.at(-1)];
    pad.undone = pad.undone.slice(0, -1);
    send();
  };
  clear.onclick = () => {
    pad.undone = [];
    pad.items = [];
    send();
  };

  canvas.onkeydown = (event) => {
    const step = { ArrowLeft: [-NUDGE, 0], ArrowRight: [NUDGE, 0], ArrowUp: [0, -NUDGE], ArrowDown: [0, NUDGE] }[event.key];
    if (event.ctrlKey || event.metaKey) {
      const button = { z: undo, y: redo }[event.key];
      if (!button) return;
      button.onclick();
    } else if (step) {
      pad.items = pad.items.map((item) =>
        item.d
          ? { ...item, x: item.x + step[0], y: item.y + step[1] }
          : { ...item, p: item.p.map((value, i) => value + step[i % 2]) },
      );
      send();
    } else if (/^[0-9]$/.test(event.key)) pad.setTriggerValue("wanted", Number(event.key));
    else if (event.key === "Delete" || event.key === "Backspace") clear.onclick();
    else return;
    event.preventDefault();
  };
  return pad;
}
