// A JupyterLab extension as webpack would build it, but small enough to be written by hand: a
// container with init() and get(). It notes on each cell of a notebook whether nbgrader's metadata
// make it an answer or a check; cells.css beside this file shows it. While the window is narrow it
// closes the list of files, beside which the code would scroll sideways. A notebook that was only
// opened needs no saving.
{
  const NARROW = "(width < 1140px)"; // 88 characters of code do not fit beside the list of files
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

  // Close the list of files in a narrow window; open it again in a wide one if it was open before.
  const fitListOfFiles = (shell) => {
    const narrow = window.matchMedia(NARROW);
    let closedHere = false;
    const fit = () => {
      if (!narrow.matches) {
        if (closedHere) shell.expandLeft();
      } else {
        closedHere = !shell.leftCollapsed;
        shell.collapseLeft();
      }
    };
    fit();
    narrow.addEventListener("change", fit);
  };

  // When a kernel starts, JupyterLab writes the version of its Python into the notebook, which then
  // counts as changed: it would be saved, and from then on pass for one that was worked on.
  const ignoreVersion = (model) => {
    model.metadataChanged.connect((_, { key }) => {
      if (key === "language_info" && !model.dirty) queueMicrotask(() => (model.dirty = false));
    });
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
        app.restored.then(() => fitListOfFiles(app.shell));
        tracker.widgetAdded.connect((_, panel) => {
          const notebook = panel.content;
          ignoreVersion(panel.context.model);
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
