// @ts-check
// The sentences of the page, in its language, from the server's catalogue.

/** @type {Record<string, string>} */
const words = JSON.parse(document.body.dataset.words ?? "{}");

/**
 * Returns a sentence, with values in place of what stands in braces.
 * @param {string} name
 * @param {Record<string, string | number>} [values]
 * @returns {string}
 */
export function sentence(name, values = {}) {
  return (words[name] ?? name).replace(/\{(\w+)\}/g, (all, key) => (key in values ? String(values[key]) : all));
}

/**
 * Returns the element with an id, which the page has.
 * @param {string} id
 * @returns {any}
 */
export function element(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found;
}
