// Zooms and moves the inner SVG by its viewBox; axis and labels are drawn anew, undistorted.
const page = document.getElementById("page"), time = document.getElementById("time");
const axis = document.getElementById("axis"), labels = document.getElementById("labels");
const whole = Number(page.dataset.ns), left = Number(page.dataset.left);
const width = Number(time.getAttribute("width")), height = Number(time.getAttribute("height"));
const slices = [...time.querySelectorAll("rect.slice")].map((rect) => ({
  x: rect.x.baseVal.value, y: rect.y.baseVal.value,
  width: rect.width.baseVal.value, height: rect.height.baseVal.value, name: rect.dataset.name,
  dark: ["#d3dbe6", "#e9a83b"].includes(rect.getAttribute("fill")) ||
    rect.getAttribute("fill").endsWith("72%)"),
}));
let x = 0, shown = width, waits = false;

function put(parent, tag, attributes, text) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const name in attributes) node.setAttribute(name, attributes[name]);
  if (text !== undefined) node.textContent = text;
  parent.append(node);
}

function span(ns, step) {
  const [unit, name] = step >= 1e6 ? [1e6, " ms"] : step >= 1e3 ? [1e3, " µs"] : [1, " ns"];
  return (ns / unit).toFixed(0) + name;
}

function draw() {
  waits = false;
  time.setAttribute("viewBox", `${x} 0 ${shown} ${height}`);
  const scale = width / shown, perDot = whole / width;
  axis.replaceChildren();
  let step = 10 ** Math.floor(Math.log10(shown * perDot / 8));
  while (shown * perDot / step > 12) step *= step.toString()[0] === "2" ? 2.5 : 2;
  step = Math.max(1, step);
  for (let at = Math.ceil(x * perDot / step) * step; at <= (x + shown) * perDot; at += step) {
    const dot = left + (at / perDot - x) * scale;
    put(axis, "line", { x1: dot, x2: dot, y1: 72, y2: height - 12 });
    put(axis, "text", { x: dot, y: 67 }, span(at, step));
  }
  labels.replaceChildren();
  for (const slice of slices) {
    const from = Math.max(x, slice.x), to = Math.min(x + shown, slice.x + slice.width);
    const dots = (to - from) * scale;
    if (dots < 34 || slice.height < 10) continue;
    const text = slice.name.slice(0, Math.floor((dots - 8) / 6));
    const place = { x: left + (from - x) * scale + 4, y: slice.y + slice.height / 2 + 3.5 };
    put(labels, "text", slice.dark ? { ...place, class: "dark" } : place, text);
  }
}

function show(newX, newShown) {
  shown = Math.min(width, Math.max(newShown, 20 * width / whole));
  x = Math.min(Math.max(0, newX), width - shown);
  if (!waits) { waits = true; requestAnimationFrame(draw); }
}

page.addEventListener("wheel", (event) => {
  if (event.shiftKey) return;
  event.preventDefault();
  const part = (event.clientX - page.getBoundingClientRect().left - left) / width;
  const wanted = shown * 1.0015 ** event.deltaY;
  show(x + part * (shown - Math.min(width, wanted)), wanted);
}, { passive: false });
page.addEventListener("pointermove", (event) => {
  if (event.buttons & 1) show(x - event.movementX / width * shown, shown);
});
page.addEventListener("dblclick", () => show(0, width));
draw();
