/* Words, colours and numbers from the gateway. */

/* A page that was loaded while the gateway restarts asks again. */
export async function readSettings(home, language) {
  for (let wait = 1000; ; wait = Math.min(wait * 2, 60_000)) {
    try {
      const response = await fetch(new URL(`api/widget?language=${language}`, home), { credentials: "omit" });
      if (response.ok) return await response.json();
    } catch {
      /* tried again below */
    }
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}

export const readSuggestions = (home) => fetch(new URL("api/widget/suggestions", home), { credentials: "omit" }).then((response) => response.json());
