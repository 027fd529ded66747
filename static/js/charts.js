// Draws every <figure data-chart="ID" data-plotly="URL"> from the JSON with that id. A colour in the figure may be
// written "var(--chart-student)": it is looked up in the style sheet, again when light turns to dark.
const figures = [...document.querySelectorAll("figure[data-chart]")];
const dark = matchMedia("(prefers-color-scheme: dark)");
const paper = { width: 312, height: 200, autosize: false };
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const config = { displayModeBar: false, responsive: true, showTips: false, scrollZoom: false, doubleClick: false };

function loadPlotly(url) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = url;
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => reject(new Error(`${url} did not load`));
    document.head.append(script);
  });
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
  return Plotly.react(plot, whole.data, { ...whole.layout, ...size }, config);
}

// What is folded away has no width to draw for: it waits until it is opened.
function isOpen(figure) {
  return figure.parentElement.closest("details:not([open])") === null;
}

function drawOpen(Plotly) {
  return Promise.all(figures.filter(isOpen).map((figure) => draw(Plotly, figure)));
}

// Paper is white and half a page wide, whatever the screen was.
function print(Plotly, scheme, size) {
  document.documentElement.style.colorScheme = scheme;
  for (const figure of figures.filter(isOpen)) draw(Plotly, figure, size);
}

async function drawAll() {
  try {
    const Plotly = window.Plotly ?? (await loadPlotly(figures[0].dataset.plotly));
    await drawOpen(Plotly);
    dark.addEventListener("change", () => drawOpen(Plotly));
    // A toggle does not bubble.
    document.addEventListener("toggle", (event) => event.target.matches(":has(figure[data-chart])") && drawOpen(Plotly), true);
    addEventListener("beforeprint", () => print(Plotly, "light", paper));
    addEventListener("afterprint", () => print(Plotly, "", {}));
  } catch (error) {
    for (const figure of figures) {
      figure.classList.add("failed");
      figure.querySelector("details").open = true;
    }
    throw error;
  }
}

if (figures.length > 0) drawAll();
