"use strict";

// Draws the figures, copies the command, and makes the page fit for paper.
(() => {
  const NARROW_PX = 600;
  const LETTER_PX = 7;
  const PAPER_PX = 680; // A4 without its margins
  const HALF_PAPER_PX = 325;
  // Nothing of a customer's run leaves the page: plotly would offer to share each figure through its maker's server.
  const CONFIG = {
    responsive: true,
    displaylogo: false,
    showSendToCloud: false,
    plotlyServerURL: "",
    modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d"],
  };
  const FIXED = { ...CONFIG, displayModeBar: false };

  const figures = JSON.parse(document.getElementById("figures").textContent);
  const plots = [...document.querySelectorAll("[data-figure]")];

  function fitted(layout, width) {
    const isNarrow = width < NARROW_PX;
    const isTouched = window.matchMedia("(pointer: coarse)").matches;
    return {
      ...layout,
      // A finger scrolls the page; a mouse draws the stretch to zoom into.
      dragmode: isTouched ? false : "zoom",
      font: { ...layout.font, size: isNarrow ? 10 : layout.font.size },
      margin: isNarrow ? { ...layout.margin, l: Math.min(layout.margin.l, 44), r: 8 } : layout.margin,
    };
  }

  // A word that is longer than its bar is left out; pointing at the bar tells it.
  function legible(trace, layout, width) {
    if (trace.type !== "bar" || !trace.text) return trace;
    const perUnit = (width - layout.margin.l - layout.margin.r) / (layout.xaxis.range[1] - layout.xaxis.range[0]);
    return { ...trace, text: trace.text.map((word, at) => (word.length * LETTER_PX < trace.x[at] * perUnit ? word : "")) };
  }

  function draw(plot) {
    const { data, layout } = figures[plot.dataset.figure];
    const width = plot.clientWidth;
    const shown = data.map((trace) => legible(trace, layout, width));
    return Plotly.newPlot(plot, shown, fitted(layout, width), layout.xaxis.fixedrange ? FIXED : CONFIG);
  }

  async function copy(button) {
    const source = document.getElementById(button.dataset.copy);
    const told = button.parentElement.querySelector("[role=status]");
    try {
      await navigator.clipboard.writeText(source.textContent);
      told.textContent = "Copied.";
    } catch {
      window.getSelection().selectAllChildren(source);
      told.textContent = "Selected: copy it with your keyboard.";
    }
  }

  for (const button of document.querySelectorAll("[data-copy]")) {
    button.addEventListener("click", () => copy(button));
  }

  window.addEventListener("beforeprint", () => {
    for (const details of document.querySelectorAll("details")) details.open = true;
    for (const plot of plots) {
      const isHalf = plot.closest(".side-by-side, .grid") !== null;
      Plotly.relayout(plot, { autosize: false, width: isHalf ? HALF_PAPER_PX : PAPER_PX, "font.size": isHalf ? 9 : 11 });
    }
  });
  window.addEventListener("afterprint", () => {
    for (const plot of plots) {
      const { layout } = figures[plot.dataset.figure];
      Plotly.relayout(plot, { autosize: true, width: null, "font.size": fitted(layout, plot.clientWidth).font.size });
    }
  });

  Promise.all(plots.map(draw)).then(() => document.body.setAttribute("data-drawn", String(plots.length)));
})();
