/* Finds questions that have an answer by what is typed so far: by the words of their titles, and by those that people
   use for them. Looked through here, so that nothing is sent before it is sent. */

const MOST = 3;
const LEAST = 0.5; // share of what was typed that has to fit, by the weight of its words
const [COMMON, FEW] = [0.12, 2]; // what more questions have than this share, and this many, says nothing alone
const WORD = /[\p{L}\p{N}]+/gu;

const words = (text) =>
  text
    .toLowerCase()
    .normalize("NFKD")
    .replace(/[\p{M}'’]/gu, "")
    .match(WORD) ?? [];

export class Suggestions {
  #questions;

  /* `questions` are [title, more words], those that are asked most first. */
  constructor(questions) {
    this.#questions = questions.map(([title, more]) => ({ title, words: new Set([...words(title), ...words(more)]) }));
  }

  /* How much a word says, and which questions have it; the last word may be unfinished. */
  #look(word, last, alone) {
    const fits = (other) => other === word || (last && word.length > (alone ? 2 : 1) && other.startsWith(word));
    const found = this.#questions.filter((question) => question.words.has(word) || [...question.words].some(fits));
    return {
      found: new Set(found),
      weight: Math.log((this.#questions.length + 1) / (found.length || 0.5)),
      says: found.length <= Math.max(FEW, COMMON * this.#questions.length),
    };
  }

  find(text) {
    const typed = words(text);
    if (!typed.length || text.includes("\n") || text.length > 200) return [];
    const looked = typed.map((word, at) => this.#look(word, at === typed.length - 1, !at));
    const all = looked.reduce((sum, { weight }) => sum + weight, 0);
    const scored = this.#questions.map((question) => {
      const met = looked.filter(({ found }) => found.has(question));
      return { title: question.title, score: met.reduce((sum, { weight }) => sum + weight, 0) / all, says: met.some(({ says }) => says) };
    });
    return scored
      .filter(({ title, score, says }) => says && score >= LEAST && title.toLowerCase() !== text.trim().toLowerCase())
      .sort((one, other) => other.score - one.score)
      .slice(0, MOST)
      .map(({ title }) => title);
  }
}
