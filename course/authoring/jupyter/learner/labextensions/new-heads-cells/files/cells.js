// A JupyterLab extension as webpack would build it, but small enough to be written by hand: a
// container with init() and get(). It notes on each cell of a notebook whether nbgrader's metadata
// make it an answer or a check; cells.css beside this file shows it. While the window is narrow it
// closes the list of files, which would leave no room for the lesson.
{
  const NARROW = "(width <= 760px)"; // as in JupyterLab's own styles
  const stylesheet = new URL("cells.css", document.currentScript.src).href;
  let shared;

  // The module of JupyterLab with this name, which every extension shares.
  const fromLab = async (name) => (await Object.values(shared[name])[0].get())();

  const kindOf = (cell) => {
    const nbgrader = cell.model.getMetadata("nbgrader");
    if (cell.model.type !== "code" || !nbgrader) return null;
    if (nbgrader.solution) return "answer";
    return nbgrader.grade ? "check" : null;
  };

  const mark = (notebook) => {
    for (const cell of notebook.widgets) {
      const kind = kindOf(cell);
      if (kind) cell.node.dataset.lessonCell = kind;
      else delete cell.node.dataset.lessonCell;
    }
  };

  const plugin = async () => {
    const { INotebookTracker } = await fromLab("@jupyterlab/notebook");
    return {
      id: "new-heads-cells:plugin",
      autoStart: true,
      requires: [INotebookTracker],
      activate: (app, tracker) => {
        const link = Object.assign(document.createElement("link"), {
          rel: "stylesheet",
          href: stylesheet,
        });
        document.head.append(link);
        app.restored.then(() => {
          const narrow = window.matchMedia(NARROW);
          const fit = () => (narrow.matches ? app.shell.collapseLeft() : app.shell.expandLeft());
          if (narrow.matches) fit();
          narrow.addEventListener("change", fit);
        });
        tracker.widgetAdded.connect((_, panel) => {
          const notebook = panel.content;
          panel.context.ready.then(() => {
            mark(notebook);
            // the new cells' widgets are there after the next frame
            notebook.model.cells.changed.connect(() => requestAnimationFrame(() => mark(notebook)));
          });
        });
      },
    };
  };

  (window._JUPYTERLAB ??= {})["new-heads-cells"] = {
    init: (scope) => {
      shared = scope;
    },
    get: async () => {
      const made = await plugin();
      return () => ({ __esModule: true, default: made });
    },
  };
}
