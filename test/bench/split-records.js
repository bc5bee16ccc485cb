/**
 * The fastest way we know to cut a pretty-printed JSON array on stdin into records: no parsing, only byte search. Each
 * record leaves as one quoted CSV field for COPY; the quote is a byte that JSON never holds, so nothing is escaped.
 */
const END = Buffer.from('\n    }');
const QUOTE = Buffer.from([1]);
const NEXT = Buffer.from([1, 10]);
let rest = Buffer.alloc(0);
let started = false;

process.stdin.on('data', (chunk) => {
  let data = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
  if (!started) {
    const first = data.indexOf('{');
    if (first < 0) return void (rest = data);
    data = data.subarray(first);
    started = true;
  }
  const out = [];
  let from = 0;
  for (;;) {
    const end = data.indexOf(END, from);
    if (end < 0 || data.length < end + END.length + 1) break;
    out.push(QUOTE, data.subarray(from, end + END.length), NEXT);
    const next = data.indexOf('{', end + END.length);
    if (next < 0) {
      from = data.length;
      break;
    }
    from = next;
  }
  rest = Buffer.from(data.subarray(from));
  if (out.length > 0 && !process.stdout.write(Buffer.concat(out))) {
    process.stdin.pause();
    process.stdout.once('drain', () => process.stdin.resume());
  }
});
