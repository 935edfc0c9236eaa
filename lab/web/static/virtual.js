// A list of rows of one height, of which only those exist that are seen.

const page = 100; // rows that are asked for together
const kept = 60; // pages
const tallest = 8_000_000; // pixels: browsers draw nothing that is much taller

/**
 * @typedef {object} Options
 * @property {HTMLElement} scroller
 * @property {number} height of a row, pixels
 * @property {(from: number, to: number) => Promise<import('./api.js').Window>} load
 * @property {(element: HTMLElement, row: any, index: number) => void} draw
 * @property {(row: any) => void} choose
 */

export class VirtualList {
  /** @param {Options} options */
  constructor(options) {
    this.options = options;
    this.total = 0; // rows that the server has
    this.limit = Infinity; // rows that are shown at most
    this.scroller = options.scroller;
    this.space = document.createElement('div');
    this.space.className = 'space';
    this.space.setAttribute('role', 'presentation');
    this.scroller.append(this.space);
    /** @type {Map<number, any[]>} */
    this.pages = new Map();
    /** @type {Map<number, Promise<void>>} */
    this.coming = new Map();
    /** @type {Map<number, HTMLElement>} */
    this.elements = new Map();
    this.generation = 0;
    this.scroller.addEventListener('scroll', () => this.schedule());
    new ResizeObserver(() => this.schedule(true)).observe(this.scroller);
    this.scroller.addEventListener('click', (e) => {
      const element = /** @type {HTMLElement} */ (e.target).closest('.row');
      const row = element && this.row(Number(element.dataset.index));
      if (row && !('heading' in row)) options.choose(row);
    });
  }

  get shown() {
    return Math.min(this.total, this.limit);
  }

  /** The row at an index, if it is known. */
  row(index) {
    return this.pages.get(Math.floor(index / page))?.[index % page];
  }

  /** Forgets all rows: they have changed, or are others. */
  async reset() {
    this.generation++;
    this.pages.clear();
    this.coming.clear();
    await this.grow();
    this.redraw();
  }

  /** Has no rows any more, until it grows. */
  clear() {
    this.generation++;
    this.pages.clear();
    this.coming.clear();
    this.total = 0;
    this.limit = Infinity;
    this.redraw();
  }

  /** Asks for what has been added at the end. */
  async grow() {
    const last = Math.floor(this.total / page);
    this.coming.delete(last);
    await this.fetch(last, true);
  }

  async fetch(number, again = false) {
    if (!again && this.pages.has(number)) return;
    if (this.coming.has(number)) return this.coming.get(number);
    const generation = this.generation;
    const coming = (async () => {
      try {
        const window = await this.options.load(number * page, (number + 1) * page);
        if (generation !== this.generation) return;
        this.total = window.total;
        this.pages.delete(number);
        if (window.rows.length > 0) this.pages.set(number, window.rows);
        for (const old of this.pages.keys()) {
          if (this.pages.size <= kept) break;
          this.pages.delete(old);
        }
        this.schedule(true);
      } finally {
        if (this.coming.get(number) === coming) this.coming.delete(number);
      }
    })();
    this.coming.set(number, coming);
    return coming;
  }

  /** A row by its index, asked for where it is not known. */
  async at(index) {
    await this.fetch(Math.floor(index / page));
    return this.row(index);
  }

  redraw() {
    for (const element of this.elements.values()) element.remove();
    this.elements.clear();
    this.schedule();
  }

  schedule(redraw = false) {
    this.stale ||= redraw;
    if (this.scheduled) return;
    this.scheduled = true;
    requestAnimationFrame(() => {
      this.scheduled = false;
      this.paint();
    });
  }

  /** How tall all rows are, and how many pixels of the list one of the scroller stands for. */
  measure() {
    const full = this.shown * this.options.height;
    const tall = Math.min(full, tallest);
    const seen = this.scroller.clientHeight;
    return { tall, seen, scale: tall > seen ? (full - seen) / (tall - seen) : 1 };
  }

  paint() {
    const { height, draw } = this.options;
    const { tall, seen, scale } = this.measure();
    this.space.style.height = tall + 'px';
    const top = this.scroller.scrollTop, from = top * scale;
    const first = Math.max(0, Math.floor(from / height) - 4);
    const last = Math.min(this.shown, Math.ceil((from + seen) / height) + 4);
    for (const [index, element] of this.elements) {
      if (index < first || index >= last) {
        element.remove();
        this.elements.delete(index);
      }
    }
    for (let index = first; index < last; index++) {
      const row = this.row(index);
      if (row === undefined) this.fetch(Math.floor(index / page)).catch(() => {});
      let element = this.elements.get(index);
      if (!element) {
        element = document.createElement('div');
        element.dataset.index = String(index);
        element.style.height = height + 'px';
        this.elements.set(index, element);
        this.scroller.append(element);
      } else if (!this.stale && element.dataset.drawn === String(row !== undefined)) {
        element.style.transform = `translateY(${Math.round(index * height - from + top)}px)`;
        continue;
      }
      element.className = 'row';
      element.dataset.drawn = String(row !== undefined);
      element.replaceChildren();
      if (row !== undefined) draw(element, row, index);
      element.style.transform = `translateY(${Math.round(index * height - from + top)}px)`;
    }
    this.stale = false;
  }

  /** Scrolls so that a row is seen. */
  reveal(index, smooth = false) {
    const { height } = this.options;
    const { seen, scale, tall } = this.measure();
    this.space.style.height = tall + 'px';
    const from = this.scroller.scrollTop * scale, at = index * height;
    if (at < from) this.scroller.scrollTop = Math.max(0, (at - height) / scale);
    else if (at + height > from + seen) this.scroller.scrollTop = (at + 2 * height - seen) / scale;
    this.schedule();
  }
}
