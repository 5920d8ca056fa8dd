// A client written in a few minutes with fetch and FormData, for Node and for browsers, to see what it misses.
import { writeFile } from "node:fs/promises";

const { IDEOGRAM_BASE_URL, IDEOGRAM_API_KEY, IDEOGRAM_REQUEST, IDEOGRAM_OUTPUT_DIR } = process.env;
const report = (outcome, status, image) => console.log(JSON.stringify({ outcome, status, image }));

const form = new FormData();
for (const [name, value] of Object.entries(JSON.parse(IDEOGRAM_REQUEST))) {
  const isJson = typeof value === "object" && value !== null;
  form.append(name, isJson ? new Blob([JSON.stringify(value)], { type: "application/json" }) : value);
}

try {
  const url = `${IDEOGRAM_BASE_URL}/v1/ideogram-v4/generate`;
  const response = await fetch(url, { method: "POST", headers: { "Api-Key": IDEOGRAM_API_KEY }, body: form });
  if (response.status === 200) {
    const image = await fetch((await response.json()).data[0].url);
    const path = `${IDEOGRAM_OUTPUT_DIR}/image.png`;
    await writeFile(path, Buffer.from(await image.arrayBuffer()));
    report("image", 200, path);
  } else {
    report("refused", response.status);
  }
} catch {
  report("unknown");
}
