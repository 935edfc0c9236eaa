// Elements and texts.

const texts = JSON.parse(document.getElementById('texts').textContent);

/**
 * The text of a name in the reader's language, with what stands between braces filled in.
 * @param {string} name
 * @param {Record<string, string|number>} [args]
 * @returns {string}
 */
export function text(name, args = {}) {
  return (texts[name] ?? name).replace(/\{(\w+)\}/g, (_, arg) => String(args[arg] ?? ''));
}

/**
 * @template {HTMLElement} T
 * @param {string} id
 * @returns {T}
 */
export const byId = (id) => /** @type {T} */ (document.getElementById(id));

/**
 * A new element. Children that are strings are text.
 * @param {string} tag
 * @param {Record<string, unknown>} [attributes] on… are listeners; null and false are left out
 * @param {...(Node|string)} children
 * @returns {HTMLElement}
 */
export function el(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/**
 * A new element of SVG.
 * @param {string} tag
 * @param {Record<string, unknown>} [attributes]
 * @param {...(Node|string)} children
 * @returns {SVGElement}
 */
export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === false || value === undefined) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(...children);
  return element;
}

/**
 * Shows a message that stays until it is dismissed. The focus goes there, so that who
 * does not see it hears it; only claims are announced by themselves.
 * @param {string} message empty to dismiss
 */
export function notice(message) {
  const box = byId('notice');
  box.hidden = message === '';
  box.firstElementChild.textContent = message;
  if (message !== '') box.focus({ preventScroll: true });
}
byId('notice').lastElementChild.addEventListener('click', () => notice(''));

/**
 * The signs of a status, which need no colour.
 * @type {Record<string, string>}
 */
export const signs = { pass: '✓', fail: '✗', inconclusive: '?', pending: '…' };
