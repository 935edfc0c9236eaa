// What all parts of the page show together. A part changes it here and is told of
// changes by others here, so that choosing anywhere moves all.

/** Tells "capture", "progress", "happening", "rows", "hosts", "chosen", "lanes" and "hidden". */
class Store extends EventTarget {
  /** @type {any} what the server says of the capture; null: none is shown */
  capture = null;
  /** packets of the capture that are known */
  packets = 0;
  /** packets of the capture up to which is shown, while it is paused or guessed */
  until = Infinity;
  /** the number of the chosen packet; 0: none */
  chosen = 0;
  /** the newest packet is chosen as it comes */
  following = true;
  /** the packets that verdicts cite @type {Map<number, string>} */
  cited = new Map();
  filter = '';
  own = false;
  /** the line of the script that is carried out; 0: none */
  line = 0;

  /** @param {string} name @param {any} [detail] */
  tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  /** @param {string} name @param {(detail: any) => void} listener */
  on(name, listener) {
    this.addEventListener(name, (e) => listener(/** @type {CustomEvent} */ (e).detail));
  }

  /**
   * @param {number} number of a packet
   * @param {string} [by] the part in which somebody has chosen it
   */
  choose(number, by = '') {
    if (number < 1 || number > this.until) return;
    this.chosen = number;
    if (by !== 'live') this.follow(false);
    this.tell('chosen', by);
    history.replaceState(null, '', '#p=' + number);
  }

  /** @param {boolean} following */
  follow(following) {
    if (this.following === following) return;
    this.following = following;
    this.tell('following');
  }

  /** The lists' parameters. */
  get list() {
    return { filter: this.filter, own: this.own ? '1' : '' };
  }

  /** @param {string} path @returns {string} */
  path(path) {
    return '/api/c/' + this.capture.id + '/' + path;
  }
}

export const store = new Store();
