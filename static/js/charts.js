// Draws each <figure data-chart="ID" data-plotly="URL" data-styles="URL"> from the JSON with that id once it comes into
// view; what draws is ten times the page, and is not asked for before. A colour in the figure may be written
// "var(--chart-student)": it is looked up in the style sheet, again when light turns to dark.
const figures = [...document.querySelectorAll("figure[data-chart]")];
const drawn = new Set();
const unfolded = [];
const nearly = { rootMargin: "200px 0px" };
const dark = matchMedia("(prefers-color-scheme: dark)");
const paper = { width: 312, height: 200, autosize: false };
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const config = { displayModeBar: false, responsive: true, showTips: false, scrollZoom: false, doubleClick: false };

function loaded(element) {
  return new Promise((resolve, reject) => {
    element.onload = resolve;
    element.onerror = () => reject(new Error(`${element.src ?? element.href} did not load`));
    document.head.append(element);
  });
}

// Plotly injects its styles inline unless this very element stands there, and our policy refuses inline styles.
async function loadPlotly({ plotly, styles }) {
  const sheet = { id: "plotly.js-style-global", className: "no-inline-styles", rel: "stylesheet", href: styles };
  await Promise.all([
    loaded(Object.assign(document.createElement("link"), sheet)),
    loaded(Object.assign(document.createElement("script"), { src: plotly })),
  ]);
  return window.Plotly;
}

let arriving;
function plotly() {
  return (arriving ??= loadPlotly(figures[0].dataset));
}

// A custom property reads back as it was written, light-dark() and all; only a real property is computed.
function colour(value, probe) {
  probe.style.color = value;
  return getComputedStyle(probe).color;
}

function coloured(part, probe) {
  if (typeof part === "string") return part.startsWith("var(--") ? colour(part, probe) : part;
  if (Array.isArray(part)) return part.map((item) => coloured(item, probe));
  if (part === null || typeof part !== "object") return part;
  return Object.fromEntries(Object.entries(part).map(([key, item]) => [key, coloured(item, probe)]));
}

function axis(own) {
  const quiet = "var(--quiet)";
  return {
    gridcolor: "var(--line)", linecolor: "var(--line)", zeroline: false, automargin: true, fixedrange: true,
    ticks: "", ...own, tickfont: { color: quiet, ...own?.tickfont },
  };
}

function layoutOf(layout) {
  const family = getComputedStyle(document.body).fontFamily;
  const axes = Object.keys(layout).filter((key) => /^[xy]axis\d*$/.test(key));
  const named = Object.fromEntries(["xaxis", "yaxis", ...axes].map((key) => [key, axis(layout[key])]));
  return {
    autosize: true, showlegend: false, dragmode: false, hovermode: "closest",
    paper_bgcolor: "transparent", plot_bgcolor: "transparent",
    colorway: ["var(--chart-student)", "var(--chart-second)", "var(--chart-third)"],
    margin: { l: 8, r: 12, t: 12, b: 8 },
    ...layout,
    ...named,
    title: undefined, template: undefined, width: undefined, height: undefined,
    font: { family, size: 13, color: "var(--quiet)", ...layout.font },
    hoverlabel: {
      bgcolor: "var(--sheet)", bordercolor: "var(--edge)", font: { family, size: 13, color: "var(--ink)" },
      ...layout.hoverlabel,
    },
    transition: { duration: calm.matches ? 0 : 120 },
  };
}

function draw(Plotly, figure, size = {}) {
  const { data, layout = {} } = JSON.parse(document.getElementById(figure.dataset.chart).textContent);
  const plot = figure.querySelector(".plot");
  const whole = coloured({ data, layout: layoutOf(layout) }, figure);
  figure.style.color = "";
  drawn.add(figure);
  return Plotly.react(plot, whole.data, { ...whole.layout, ...size }, config);
}

// What is folded away has no width to draw for: it waits until it is opened.
function isOpen(figure) {
  return figure.parentElement.closest("details:not([open])") === null;
}

// What was drawn already is left as it is.
async function show(wanted) {
  try {
    const Plotly = await plotly();
    await Promise.all(wanted.filter((figure) => isOpen(figure) && !drawn.has(figure)).map((figure) => draw(Plotly, figure)));
  } catch (error) {
    for (const figure of figures) {
      figure.classList.add("failed");
      figure.querySelector("details").open = true;
    }
    throw error;
  }
}

function redraw(size) {
  for (const figure of drawn) if (isOpen(figure)) draw(window.Plotly, figure, size);
}

// Paper is white and half a page wide, whatever the screen was. It waits for no download: where nothing was drawn yet,
// the numbers are printed.
function toPaper() {
  document.documentElement.style.colorScheme = "light";
  const open = figures.filter(isOpen);
  for (const figure of open) {
    if (window.Plotly) draw(window.Plotly, figure, paper);
    else figure.classList.add("undrawn");
  }
  unfolded.push(...document.querySelectorAll(".undrawn > details:not([open])"));
  for (const numbers of unfolded) numbers.open = true;
}

function fromPaper() {
  document.documentElement.style.colorScheme = "";
  redraw({});
  for (const numbers of unfolded.splice(0)) numbers.open = false;
  for (const figure of figures) figure.classList.remove("undrawn");
}

// Asked for by its keys, printing can wait until everything is drawn.
async function printDrawn(event) {
  const isAsked = event.key === "p" && (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey;
  if (!isAsked || window.Plotly) return;
  event.preventDefault();
  await show(figures).catch(() => {});
  print();
}

function follow() {
  if (!window.IntersectionObserver) return show(figures);
  const eye = new IntersectionObserver((entries) => {
    const seen = entries.filter((entry) => entry.isIntersecting).map((entry) => entry.target);
    if (seen.some(isOpen)) show(seen);
  }, nearly);
  for (const figure of figures) eye.observe(figure);
  // A toggle does not bubble. What it opened is looked at anew.
  document.addEventListener("toggle", ({ target }) => {
    for (const figure of target.querySelectorAll("figure[data-chart]")) {
      eye.unobserve(figure);
      eye.observe(figure);
    }
  }, true);
}

if (figures.length > 0) {
  follow();
  dark.addEventListener("change", () => redraw());
  matchMedia("print").addEventListener("change", ({ matches }) => matches && show(figures));
  addEventListener("beforeprint", toPaper);
  addEventListener("afterprint", fromPaper);
  addEventListener("keydown", printDrawn);
}
