// A map of digits: a point each. Hovering shows the digit itself; dragging a line around points picks them; a click picks one.
export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".map");
  const canvas = root.querySelector("canvas");
  const tip = root.querySelector("figure");
  const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const points = new Float32Array(bytes(data.points).buffer);
  const packed = bytes(data.images); // two pixels of 16 greys a byte
  const count = data.keys.length;
  const side = root.clientWidth;
  const scale = window.devicePixelRatio || 1;
  const height = Math.min(side, 560);
  canvas.width = side * scale;
  canvas.height = height * scale;
  canvas.style.height = `${height}px`;
  const brush = canvas.getContext("2d");
  brush.scale(scale, scale);

  const span = (axis) => {
    let low = Infinity, high = -Infinity;
    for (let i = axis; i < 2 * count; i += 2) { low = Math.min(low, points[i]); high = Math.max(high, points[i]); }
    return [low, high - low || 1];
  };
  const [left, wide] = span(0), [top, tall] = span(1);
  const x = (i) => 12 + ((points[2 * i] - left) / wide) * (side - 24);
  const y = (i) => 12 + ((points[2 * i + 1] - top) / tall) * (height - 24);
  let path = [];
  draw();

  canvas.onpointerdown = (event) => { path = [at(event)]; canvas.setPointerCapture(event.pointerId); };
  canvas.onpointermove = (event) => {
    if (path.length) { path.push(at(event)); tip.hidden = true; draw(); } else hover(at(event));
  };
  canvas.onpointerleave = () => { tip.hidden = true; };
  canvas.onpointerup = (event) => {
    const drawn = path;
    path = [];
    draw();
    const near = nearest(at(event));
    if (drawn.length < 5) { if (near >= 0) setTriggerValue("lasso", [data.keys[near]]); return; }
    const inside = data.keys.filter((_, i) => within(drawn, x(i), y(i)));
    if (inside.length) setTriggerValue("lasso", inside);
  };

  function at(event) {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  function draw() {
    brush.clearRect(0, 0, side, height);
    for (let i = 0; i < count; i++) {
      brush.fillStyle = data.colours[i];
      brush.beginPath();
      brush.arc(x(i), y(i), count > 1000 ? 2.5 : 4, 0, 2 * Math.PI);
      brush.fill();
    }
    if (path.length > 1) {
      brush.strokeStyle = getComputedStyle(root).color;
      brush.beginPath();
      path.forEach(([px, py], i) => (i ? brush.lineTo(px, py) : brush.moveTo(px, py)));
      brush.closePath();
      brush.stroke();
    }
  }

  function nearest([px, py]) {
    let best = -1, least = 144; // within 12 pixels
    for (let i = 0; i < count; i++) {
      const away = (x(i) - px) ** 2 + (y(i) - py) ** 2;
      if (away < least) { least = away; best = i; }
    }
    return best;
  }

  function hover(place) {
    const i = nearest(place);
    tip.hidden = i < 0;
    if (i < 0) return;
    const picture = tip.querySelector("canvas"), pixels = new ImageData(28, 28);
    for (let p = 0; p < 784; p++) {
      const pair = packed[392 * i + (p >> 1)];
      const grey = 17 * (p % 2 ? pair & 15 : pair >> 4);
      pixels.data.set([grey, grey, grey, 255], 4 * p);
    }
    picture.getContext("2d").putImageData(pixels, 0, 0);
    tip.querySelector("figcaption").textContent = data.captions[i];
    tip.style.left = `${Math.min(x(i) + 14, side - 110)}px`;
    tip.style.top = `${Math.min(y(i) + 14, height - 130)}px`;
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
