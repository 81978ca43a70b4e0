// A JupyterLab extension as webpack would build it, but small enough to be written by hand: a
// container with init() and get(). It puts the button "Check all" above each lesson, and shows what
// course/notebook/server_extension.py answers as a table at the right.
{
  const CHECK = "course:check-all";
  const LESSON = /^(\d\d-[^/]+)\/\1\.ipynb$/;
  const LONG =
    "This takes longer than usual. The first check after the start imports PyTorch; an answer that " +
    "trains takes as long as in the notebook; code that never ends is stopped after 2 minutes.";
  const SLOW =
    "Some cells take longer, such as an answer that trains. You can work on meanwhile; the result " +
    "is that of the notebook as it was saved at your click.";
  const SIGNS = { passed: "✓", "not yet": "✗", "not answered": "–", running: "…" };
  const NARROW = "(width < 1500px)"; // code does not fit between the list of files and the results
  const MADE_ROOM = "new-heads:list-of-files-made-room"; // the browser keeps it
  const stylesheet = new URL("check-all.css", document.currentScript.src).href;
  let shared;

  // The module of JupyterLab with this name, which every extension shares.
  const fromLab = async (name) => (await Object.values(shared[name])[0].get())();

  const element = (tag, properties = {}, ...children) => {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
  };

  // The answer of the server to a request about the notebook at `path`. Throws an Error whose
  // message says what to do next.
  const ask = async ({ ServerConnection }, { URLExt }, what, path) => {
    const settings = ServerConnection.makeSettings();
    const url = URLExt.join(settings.baseUrl, "course", what);
    const request = { method: "POST", body: JSON.stringify({ path }) };
    let response;
    try {
      response = await ServerConnection.makeRequest(url, request, settings);
    } catch {
      throw new Error(
        "JupyterLab's server does not answer. Look whether it still runs in its terminal; if not, " +
          "start it again with the same command and reload this page."
      );
    }
    const answer = await response.json().catch(() => ({}));
    if (!response.ok || answer.problem) {
      throw new Error(answer.problem || answer.message || `The server answered ${response.status}.`);
    }
    return answer;
  };

  // The first heading of a notebook.
  const titleOf = (model) => /^# (.+)/.exec(model.cells.get(0)?.sharedModel.source ?? "")?.[1];

  // Show the answer cell of an exercise, and put the focus on it.
  const goTo = async (app, { NotebookActions }, panel, exercise) => {
    const notebook = panel.content;
    const place = notebook.widgets.findIndex(
      (cell) => cell.model.getMetadata("nbgrader")?.grade_id === exercise
    );
    if (place < 0) return;
    app.shell.activateById(panel.id);
    NotebookActions.expandParent(notebook.widgets[place], notebook); // below a folded heading
    notebook.activeCellIndex = place;
    notebook.deselectAll();
    await notebook.scrollToItem(place, "start");
    notebook.activeCell.node.focus();
  };

  // A sentence in which `code` stands between backticks, as nodes.
  const markedUp = (text) =>
    text.split("`").map((part, place) => (place % 2 ? element("code", {}, part) : part));

  // The rows of one exercise: its line, and below it why it has not passed.
  const rowsOf = (row, follow) => {
    const link = element("a", { href: `#${row.name}`, onclick: follow }, row.title);
    const cells = [
      element("th", { scope: "row" }, link),
      element("td", {}, `${row.state === "running" ? "?" : row.points} of ${row.possible}`),
      element("td", {}, `${SIGNS[row.state]} ${row.state}`),
    ];
    const rows = [element("tr", {}, ...cells)];
    if (row.why) {
      const why = element("td", { colSpan: 3, className: "why" }, ...markedUp(row.why));
      rows.push(element("tr", {}, why));
    }
    return rows;
  };

  const tableOf = (rows, follow) => {
    const heads = ["Exercise", "Points", "Result"].map((head) =>
      element("th", { scope: "col" }, head)
    );
    const lines = rows.flatMap((row) => rowsOf(row, (event) => follow(event, row.name)));
    const head = element("thead", {}, element("tr", {}, ...heads));
    return element("table", {}, head, element("tbody", {}, ...lines));
  };

  // The panel at the right: there is one, for the lesson that was checked last.
  const newResults = (app, { Widget }, { checkIcon }) => {
    const heading = element("h2");
    const status = element("p", { role: "status" });
    const details = element("div");
    // Open the list of files again, if it made room for the results.
    const giveRoomBack = () => {
      if (localStorage.getItem(MADE_ROOM)) app.shell.expandLeft();
      localStorage.removeItem(MADE_ROOM);
    };
    app.restored.then(giveRoomBack); // a page that is loaded again does not show the results
    // on a narrow page the panel takes the notebook's place
    const onclick = () => {
      app.shell.collapseRight();
      giveRoomBack();
    };
    const close = element("button", { type: "button", onclick }, "Close");
    const node = element("div", {}, element("header", {}, heading, close), status, details);
    const widget = new Widget({ node });
    widget.id = "course-results";
    widget.addClass("course-results");
    widget.title.icon = checkIcon;
    widget.title.caption = "Result of Check all";
    node.setAttribute("aria-label", widget.title.caption);
    const show = (title, words, ...below) => {
      heading.textContent = title;
      status.textContent = words;
      details.replaceChildren(...below);
    };
    const open = () => {
      if (!widget.isAttached) app.shell.add(widget, "right");
      app.shell.activateById(widget.id);
      if (window.matchMedia(NARROW).matches && !app.shell.leftCollapsed) {
        app.shell.collapseLeft();
        localStorage.setItem(MADE_ROOM, "yes");
      }
    };
    return { show, open };
  };

  const plugin = async () => {
    const names = ["notebook", "ui-components", "services", "coreutils"];
    const modules = await Promise.all(names.map((name) => fromLab(`@jupyterlab/${name}`)));
    const [notebooks, components, services, coreutils] = modules;
    const lumino = await fromLab("@lumino/widgets");

    const activate = (app, tracker) => {
      document.head.append(element("link", { rel: "stylesheet", href: stylesheet }));
      const { show, open } = newResults(app, lumino, components);
      const running = new Set(); // paths of the lessons that are being checked
      const panelOf = (path) => tracker.find((panel) => panel.context.path === path);

      // Throws an Error whose message says why nothing was checked.
      const check = async (panel, path, title, long) => {
        await panel.context.save();
        if (panel.context.model.dirty) {
          throw new Error("The notebook could not be saved. Save it, then click Check all again.");
        }
        const time = new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
        const follow = (event, exercise) => {
          event.preventDefault();
          goTo(app, notebooks, panelOf(path) ?? panel, exercise);
        };
        const showRows = ({ total, rows }, note) => {
          clearTimeout(long);
          show(title, total, element("p", {}, note), tableOf(rows, follow));
        };
        let answer = await ask(services, coreutils, "check-all", path);
        if (answer.running) {
          if (answer.rows.length) showRows(answer, SLOW);
          answer = await ask(services, coreutils, "check-the-rest", path);
        }
        showRows(answer, `Checked at ${time}. After a change, click Check all again.`);
      };

      app.commands.addCommand(CHECK, {
        label: ({ path }) => (running.has(path) ? "Checking…" : "Check all"),
        caption: "Save the notebook, run the checks of all exercises and show the result",
        isEnabled: ({ path }) => !running.has(path),
        execute: async ({ path }) => {
          if (running.has(path)) return;
          running.add(path);
          app.commands.notifyCommandChanged(CHECK);
          const panel = panelOf(path);
          const title = titleOf(panel.content.model) ?? LESSON.exec(path)[1];
          show(title, "Checking…");
          open();
          const long = setTimeout(() => show(title, "Checking…", element("p", {}, LONG)), 10_000);
          try {
            await check(panel, path, title, long);
          } catch (problem) {
            show(title, "Not checked", element("p", {}, problem.message));
            open();
          } finally {
            clearTimeout(long);
            running.delete(path);
            app.commands.notifyCommandChanged(CHECK);
          }
        },
      });

      app.docRegistry.addWidgetExtension("Notebook", {
        createNew: (panel, context) => {
          if (!LESSON.test(context.path)) return;
          const button = new components.CommandToolbarButton({
            commands: app.commands,
            id: CHECK,
            args: { path: context.path },
          });
          panel.toolbar.insertItem(9, "check-all", button);
          return button;
        },
      });

      // The first check of a lesson is as fast as the next ones if the server gets ready for it.
      tracker.currentChanged.connect(async (_, panel) => {
        if (!panel || !LESSON.test(panel.context.path)) return;
        await panel.sessionContext.ready; // the kernel starts first
        await ask(services, coreutils, "get-ready", panel.context.path).catch(() => undefined);
      });
    };
    return {
      id: "new-heads-check-all:plugin",
      autoStart: true,
      requires: [notebooks.INotebookTracker],
      activate,
    };
  };

  (window._JUPYTERLAB ??= {})["new-heads-check-all"] = {
    init: (scope) => {
      shared = scope;
    },
    get: async () => {
      const made = await plugin();
      return () => ({ __esModule: true, default: made });
    },
  };
}
