// A map of digits: a point each. Hovering, or an arrow key, shows the digit itself; a click or Enter picks it; a line drawn
// around points, or Shift and Enter, picks all within. While points move, only they arrive: the rest is kept.
const LEAST = 400; // square pixels that a line drawn around points encloses

export default function ({ data: [data], parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".map");
  root.still = data.still ?? root.still;
  const still = root.still;
  if (!still) return;
  const canvas = root.querySelector("canvas");
  const tip = root.querySelector("figure");
  const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const points = new Float32Array(bytes(data.points).buffer);
  if (data.still) {
    root.packed = bytes(still.images); // two pixels of 16 greys a byte
    root.at = undefined; // the arrow keys start from the selected digit
  }
  const packed = root.packed;
  const count = still.keys.length;
  const side = root.clientWidth;
  const scale = window.devicePixelRatio || 1;
  const height = Math.min(side, 560);
  canvas.width = side * scale;
  canvas.height = height * scale;
  canvas.style.height = `${height}px`;
  canvas.setAttribute("aria-label", `${still.alt}; arrow keys go from digit to digit, Enter selects`);
  const brush = canvas.getContext("2d");
  brush.scale(scale, scale);
  legend();

  const span = (axis) => {
    let low = Infinity, high = -Infinity;
    for (let i = axis; i < 2 * count; i += 2) { low = Math.min(low, points[i]); high = Math.max(high, points[i]); }
    return [low, high - low || 1];
  };
  const [left, wide] = span(0), [top, tall] = span(1);
  const x = (i) => 12 + ((points[2 * i] - left) / wide) * (side - 24);
  const y = (i) => 12 + ((points[2 * i + 1] - top) / tall) * (height - 24);
  const names = still.groups ? middles() : [];
  let path = [];
  draw();

  canvas.onpointerdown = (event) => { path = [at(event)]; canvas.setPointerCapture(event.pointerId); };
  canvas.onpointermove = (event) => {
    if (path.length) { path.push(at(event)); tip.hidden = true; draw(); } else show(nearest(at(event)));
  };
  canvas.onpointerleave = () => { tip.hidden = true; };
  canvas.onpointerup = (event) => {
    const drawn = path;
    path = [];
    draw();
    if (drawn.length < 5) pick(nearest(at(event)));
    else if (area(drawn) > LEAST) pickAll((i) => within(drawn, x(i), y(i)));
  };
  canvas.onpointercancel = () => { path = []; draw(); }; // the finger scrolls the page
  canvas.onkeydown = (event) => {
    const [across, down] = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] }[event.key] ?? [];
    const here = root.at ?? Math.max(0, still.keys.indexOf(still.marked));
    if (across !== undefined) root.at = beside(here, across, down);
    else if (event.key !== "Enter") return;
    else if (event.shiftKey) pickAll((i) => Math.hypot(x(i) - x(here), y(i) - y(here)) < 40);
    else pick(here);
    event.preventDefault();
    draw();
    show(root.at ?? here);
  };
  canvas.onblur = () => { tip.hidden = true; };

  function at(event) {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  function pick(i) { if (i >= 0) setTriggerValue("lasso", [still.keys[i]]); }

  function pickAll(inside) {
    const keys = still.keys.filter((_, i) => inside(i));
    if (keys.length) setTriggerValue("lasso", keys);
  }

  function draw() {
    const ink = getComputedStyle(root).color;
    brush.clearRect(0, 0, side, height);
    for (let i = 0; i < count; i++) {
      brush.globalAlpha = !still.circled || still.circled[i] ? 1 : 0.2;
      brush.fillStyle = still.colours[i];
      brush.beginPath();
      brush.arc(x(i), y(i), count > 1000 ? 2.5 : 4, 0, 2 * Math.PI);
      brush.fill();
    }
    brush.globalAlpha = 1;
    brush.strokeStyle = ink;
    for (const [i, width] of [[still.keys.indexOf(still.marked), 3], [root.at ?? -1, 1.5]]) {
      if (i < 0) continue;
      brush.lineWidth = width;
      brush.beginPath();
      brush.arc(x(i), y(i), 8, 0, 2 * Math.PI);
      brush.stroke();
    }
    brush.font = "bold 22px sans-serif";
    brush.textAlign = "center";
    brush.textBaseline = "middle";
    for (const [name, nx, ny] of names) {
      brush.lineWidth = 5;
      brush.strokeStyle = getComputedStyle(root).getPropertyValue("--st-background-color") || "#fff";
      brush.strokeText(name, nx, ny);
      brush.fillStyle = ink;
      brush.fillText(name, nx, ny);
    }
    brush.lineWidth = 1.5;
    brush.strokeStyle = ink;
    if (path.length > 1) {
      brush.beginPath();
      path.forEach(([px, py], i) => (i ? brush.lineTo(px, py) : brush.moveTo(px, py)));
      brush.closePath();
      brush.stroke();
    }
  }

  // each digit's name stands at the median of its points, which no stray point moves
  function middles() {
    const middle = (values) => values.sort((a, b) => a - b)[values.length >> 1];
    return [...new Set(still.groups)].map((name) => {
      const own = [...still.groups.keys()].filter((i) => still.groups[i] === name);
      return [String(name), middle(own.map(x)), middle(own.map(y))];
    });
  }

  function legend() {
    const entries = still.legend.map(([colour, text]) => {
      const entry = document.createElement("span");
      const dot = document.createElement("i");
      dot.style.background = colour || "none";
      entry.append(dot, text);
      return entry;
    });
    root.querySelector(".legend").replaceChildren(...entries);
  }

  function nearest([px, py]) {
    let best = -1, least = 144; // within 12 pixels
    for (let i = 0; i < count; i++) {
      const away = (x(i) - px) ** 2 + (y(i) - py) ** 2;
      if (away < least) { least = away; best = i; }
    }
    return best;
  }

  // the next point in a direction: what lies aside counts three times
  function beside(here, across, down) {
    let best = here, least = Infinity;
    for (let i = 0; i < count; i++) {
      const dx = x(i) - x(here), dy = y(i) - y(here);
      const ahead = dx * across + dy * down, aside = Math.abs(dx * down) + Math.abs(dy * across);
      if (ahead > 0.5 && ahead + 3 * aside < least) { least = ahead + 3 * aside; best = i; }
    }
    return best;
  }

  function show(i) {
    tip.hidden = i < 0;
    if (i < 0) return;
    const picture = tip.querySelector("canvas"), pixels = new ImageData(28, 28);
    for (let p = 0; p < 784; p++) {
      const pair = packed[392 * i + (p >> 1)];
      const grey = 17 * (p % 2 ? pair & 15 : pair >> 4);
      pixels.data.set([grey, grey, grey, 255], 4 * p);
    }
    picture.getContext("2d").putImageData(pixels, 0, 0);
    tip.querySelector("figcaption").textContent = still.captions[i];
    tip.style.left = `${Math.min(x(i) + 14, side - 110)}px`;
    tip.style.top = `${Math.min(y(i) + 14, height - 130)}px`;
  }

  // what a line encloses, in square pixels: a swipe encloses nothing
  function area(line) {
    const beyond = (i) => line[(i + 1) % line.length];
    return Math.abs(line.reduce((sum, [px, py], i) => sum + px * beyond(i)[1] - py * beyond(i)[0], 0)) / 2;
  }

  function within(line, px, py) {
    let inside = false;
    for (let i = 0, j = line.length - 1; i < line.length; j = i++) {
      const [xi, yi] = line[i], [xj, yj] = line[j];
      if (yi > py !== yj > py && px < ((xj - xi) * (py - yi)) / (yj - yi) + xi) inside = !inside;
    }
    return inside;
  }
}
