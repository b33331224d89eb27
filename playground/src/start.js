// Takes the theme, and starts the worker before anything else is fetched: compiling the engine takes longer than all the rest.

import { applyTheme } from "./theme.js";

applyTheme();
globalThis.oomlintWorker = new Worker("worker.js");
import("./app.js");
