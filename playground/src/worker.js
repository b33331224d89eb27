// Runs the engine in a worker thread, so that a large file does not hold up the typing. Each message is {id, request}; the answer is
// {id, answer, milliseconds}.

import { engineOf } from "./engine.js";

const WARM_UP = {
  "compose.yaml": "services:\n  a:\n    build: .\n    mem_limit: 1g\n  b:\n    image: redis:8\n    command: redis-server --maxmemory 2gb\n    mem_limit: 1g\n",
  Dockerfile: "FROM eclipse-temurin:21-jre\nENV JAVA_TOOL_OPTIONS=-Xmx2g\n",
};

async function load() {
  const response = fetch(new URL("engine.wasm", self.location.href));
  try {
    return (await WebAssembly.instantiateStreaming(response, {})).instance;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    // A server that does not know the type of .wasm.
    return (await WebAssembly.instantiate(await (await fetch(new URL("engine.wasm", self.location.href))).arrayBuffer(), {})).instance;
  }
}

let ready = null;

/** The engine, started once. The first question reads the catalogue and compiles what it runs: that is done before the page asks. */
function engine() {
  ready ??= load().then((instance) => {
    const ask = engineOf(instance);
    ask({ ask: "check", files: WARM_UP });
    return ask;
  });
  return ready;
}

engine().catch(() => {});

self.onmessage = async ({ data: { id, request } }) => {
  let answer;
  let begun = performance.now();
  try {
    const ask = await engine();
    begun = performance.now();
    answer = ask(request);
  } catch (error) {
    // A trap leaves the memory of an instance in an unknown state: the next question gets a new one.
    ready = null;
    answer = { error: `the engine stopped: ${error instanceof Error ? error.message : error}` };
  }
  self.postMessage({ id, answer, milliseconds: performance.now() - begun });
};
