// Asks the worker.

let next = 0;
const waiting = new Map();
const worker = globalThis.oomlintWorker;

worker.onmessage = ({ data: { id, answer, milliseconds } }) => {
  const done = waiting.get(id);
  waiting.delete(id);
  done?.(answer, milliseconds);
};

worker.onerror = () => {
  const all = [...waiting.values()];
  waiting.clear();
  for (const done of all) done({ error: "the engine could not be loaded: reload the page" }, 0);
};

/** Asks the engine. The answer is an object; with `error` if there is none. */
export function ask(request) {
  return new Promise((resolve) => {
    const id = next++;
    waiting.set(id, (answer, milliseconds) => resolve({ answer, milliseconds }));
    worker.postMessage({ id, request });
  });
}
