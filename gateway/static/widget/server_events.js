/* The events of a stream, one after the other: {name, data}. `heard` is called whenever anything comes, also if it only
   says that the line still holds. */

export async function* serverEvents(reader, heard) {
  const decoder = new TextDecoder();
  let buffer = "";
  while (true) {
    const { done, value } = await reader.read();
    if (done) return;
    heard();
    buffer += decoder.decode(value, { stream: true }).replace(/\r/g, "");
    const blocks = buffer.split("\n\n");
    buffer = blocks.pop();
    for (const block of blocks) {
      const lines = block.split("\n");
      const field = (name) => lines.filter((line) => line.startsWith(`${name}:`)).map((line) => line.slice(name.length + 1).trimStart());
      const data = field("data").join("\n");
      if (data) yield { name: field("event")[0] ?? "message", data: JSON.parse(data) };
    }
  }
}
