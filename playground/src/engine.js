// The engine's module, called with objects. The page's worker uses it, and the tests in node.

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Makes a function of an instance of engine.wasm: it takes a request and returns the answer. */
export function engineOf(instance) {
  const { memory, request_room, answer_request, free_answer } = instance.exports;
  return (request) => {
    const bytes = encoder.encode(JSON.stringify(request, wellFormed));
    const room = request_room(bytes.length);
    new Uint8Array(memory.buffer, room, bytes.length).set(bytes);
    const at = answer_request(room, bytes.length) >>> 0;
    const length = new DataView(memory.buffer).getUint32(at, true);
    const answer = JSON.parse(decoder.decode(new Uint8Array(memory.buffer, at + 4, length)));
    free_answer(at, length + 4);
    return answer;
  };
}

/** Half a surrogate pair is no character, and JSON of it no text. */
function wellFormed(_, value) {
  return typeof value === "string" ? value.toWellFormed() : value;
}

/** The day of this machine, for configurations with exceptions that end: the module has no clock. */
export function today() {
  return new Date().toISOString().slice(0, 10);
}
