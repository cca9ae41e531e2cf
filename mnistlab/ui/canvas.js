// Beside the canvas: what it lacks. A screen reader is told each new verdict.
// And the canvas sends a stroke 200 ms after its end; here the answer is wanted at once. So when the pointer leaves the paper
// the canvas's own button for sending is pressed. Without that button it is sent 200 ms later, as ever.
const SEND = '[aria-label="Update the app with this drawing"]';
let listening;

export default function ({ data: [data], parentElement }) {
  const verdict = parentElement.querySelector("p");
  if (verdict.textContent !== data.said) verdict.textContent = data.said;

  listening?.abort(); // this runs again whenever the page does
  listening = new AbortController();
  const how = { capture: true, passive: true, signal: listening.signal };
  let paper = null;

  function begin(event) {
    const [touched] = event.composedPath();
    paper = touched.classList?.contains("upper-canvas") ? touched : null;
  }

  function end() {
    const send = paper?.getRootNode().querySelector(SEND);
    paper = null;
    setTimeout(() => send?.click()); // after the canvas has itself heard of the end and drawn the stroke
  }

  for (const name of ["mousedown", "touchstart"]) document.addEventListener(name, begin, how);
  for (const name of ["mouseup", "touchend"]) document.addEventListener(name, end, how);
  const mine = listening;
  return () => mine.abort();
}
