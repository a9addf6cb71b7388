// The worker that hashes: it gets the verifier's bytes once, then one file after another.
// A file is read in pieces, the next while the last is hashed; nothing of it goes anywhere else.
"use strict";
(() => {
  const PIECE_BYTES = 4 << 20;
  let wall = null;

  const put = (bytes) => {
    const at = wall.input(bytes.length);
    new Uint8Array(wall.memory.buffer, at, bytes.length).set(bytes);
  };
  const say = (text) => put(new TextEncoder().encode(text));
  const heard = () => new TextDecoder().decode(new Uint8Array(wall.memory.buffer, wall.output(), wall.output_length()));

  const hash = async ({ job, file, part, salt, algorithms }) => {
    say(algorithms.join("\n"));
    if (!wall.hash_begin()) throw new Error("algorithm");
    if (salt) {
      put(Uint8Array.from(salt.match(/../g), (byte) => parseInt(byte, 16)));
      wall.hash_update();
    }
    // From here on it is a part of an archive, which is unpacked as it is hashed.
    if (part) wall.hash_part(part.deflated ? 1 : 0, part.size, part.crc);
    const piece = (from) => (from < file.size ? file.slice(from, from + PIECE_BYTES).arrayBuffer() : null);
    let next = piece(0);
    let done = 0;
    while (done < file.size) {
      const bytes = new Uint8Array(await next);
      // A file that became shorter is not the file that was put down.
      if (bytes.length === 0) throw new Error("the file became shorter while it was read");
      done += bytes.length;
      next = piece(done);
      put(bytes);
      wall.hash_update();
      postMessage({ job, done });
    }
    wall.hash_finish();
    const digests = heard();
    if (!digests) throw new Error("its size or CRC is not what its archive says");
    postMessage({ job, digests });
  };

  onmessage = async ({ data }) => {
    if (data.verifier) {
      try {
        wall = (await WebAssembly.instantiate(data.verifier, {})).instance.exports;
        postMessage({ ready: true });
      } catch (error) {
        postMessage({ fault: String(error.message || error) });
      }
      return;
    }
    try {
      await hash(data);
    } catch (error) {
      postMessage({ job: data.job, fault: String(error.message || error) });
    }
  };
})();
