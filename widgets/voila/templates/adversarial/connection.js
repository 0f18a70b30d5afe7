// Says that the connection between the page and its kernel was lost, and offers the only thing that helps. A page whose
// kernel is gone before they ever spoke has nothing to lose: it opens anew by itself, but not again and again.
// Voilà tells nobody, so the websocket of the kernel is watched where it is made. The address keeps the page's state.
// A connection that swallows what it is given ends nowhere, so an open one is asked whether it still answers.
(() => {
  const LOST = "The connection to the lab was lost. Reload to go on where you are.";
  const TRYING = "The connection to the lab was lost. Trying again …";
  const BLOCKED = "The connection to the lab is blocked, perhaps by a proxy that passes no WebSockets or not the lab's name.";
  const UNANSWERED = "The lab has not taken this page's connection yet: it is busy, or a proxy passes no WebSockets.";
  const SILENT = "The lab responds, but nothing comes through this page's connection, perhaps because of a proxy. Reload to try again.";
  const MISPLACED = (path) => `The lab is served under ${path}, but this page is at ${location.pathname}: start it with --base-url and that path, which a proxy must pass on.`;
  const PATIENCE = 2000; // milliseconds until a gap is worth a word
  const HANDSHAKE = 6000; // milliseconds that a server may take to accept a websocket before it is worth a word
  const SILENCE = 5000; // milliseconds that an open connection may leave a question unanswered
  const ANSWER = 3000; // milliseconds that the server itself then has
  const FIRST_ANSWER = 8000; // milliseconds that it has where nothing was lost yet
  const QUESTION = "?"; // which the server answers with the same
  const INTERVAL = 2000; // milliseconds between two questions whether the kernel is still there
  const REOPENED = "lab-reopened";
  const channels = /\/api\/kernels\/[\w-]+\/channels/;

  let kernel = null; // the address of the kernel that the page speaks with
  let socket = null;
  let asked = null; // when the page first asked for a websocket
  let connected = false; // ever
  let questioned = null; // when an open connection was asked what it has not answered
  let silent = false; // whether that is being said
  let over = false; // for good
  let timer = null;

  function say(words, reload) {
    const box = document.getElementById("connection");
    if (box === null) return;
    box.querySelector("span").textContent = words;
    const button = box.querySelector("button");
    button.hidden = !reload;
    button.onclick = () => location.reload();
    box.hidden = words === "";
    if (words !== "") document.getElementById("opening")?.remove();
  }

  function lose(words) {
    over = true;
    clearTimeout(timer);
    say(words, true);
  }

  function reopen() {
    if (sessionStorage.getItem(REOPENED)) return lose(LOST);
    over = true;
    sessionStorage.setItem(REOPENED, "yes");
    location.reload();
  }

  // The server's status for the kernel; 0 when it does not answer in time, and may come back.
  async function status(patience) {
    const limit = new AbortController();
    const timing = setTimeout(() => limit.abort(), patience);
    try {
      return (await fetch(kernel, { cache: "no-store", signal: limit.signal })).status;
    } catch {
      return 0;
    } finally {
      clearTimeout(timing);
    }
  }

  // What became of the kernel while it has no websocket: gone, behind a proxy, or only out of reach for a while.
  async function inquire() {
    if (over || socket?.readyState === WebSocket.OPEN) return;
    const found = await status(connected ? ANSWER : FIRST_ANSWER);
    if (over || socket?.readyState === WebSocket.OPEN) return;
    if (found === 404) return connected ? lose(LOST) : reopen();
    if (found === 0 || connected) say(TRYING, true);
    else if (socket?.readyState === WebSocket.CLOSED) say(BLOCKED, true);
    else if (socket !== null && performance.now() - asked > HANDSHAKE) say(UNANSWERED, true);
    timer = setTimeout(inquire, INTERVAL);
  }

  // Asks an open connection, and says so when it does not answer; a page in the background is not looked at.
  async function listen() {
    if (over || document.hidden || socket?.readyState !== WebSocket.OPEN) {
      questioned = null;
      return;
    }
    const since = questioned === null ? 0 : performance.now() - questioned;
    questioned ??= performance.now();
    if (0 < since && since < SILENCE) return;
    socket.send(QUESTION); // again, as long as it is silent: what was swallowed comes no more
    if (since === 0) return;
    const found = await status(ANSWER);
    if (over || questioned === null || socket.readyState !== WebSocket.OPEN) return;
    if (found === 404) return lose(LOST);
    silent = true;
    say(found === 0 ? TRYING : SILENT, true);
  }

  function watch(made, address) {
    socket = made;
    asked ??= performance.now();
    kernel = address.replace(/^ws/, "http").replace(/\/channels.*$/, "");
    made.addEventListener("open", () => {
      connected = true;
      questioned = null;
      sessionStorage.removeItem(REOPENED);
      clearTimeout(timer);
      if (!over) say("", false);
    });
    made.addEventListener("close", () => {
      if (over || made !== socket) return;
      clearTimeout(timer);
      timer = setTimeout(inquire, PATIENCE);
    });
    made.addEventListener("message", (event) => {
      const { data } = event;
      if (made === socket) questioned = null;
      if (silent && !over) say("", false);
      silent = false;
      if (data === QUESTION) return event.stopImmediatePropagation(); // it is none of Jupyter's messages
      if (data instanceof ArrayBuffer && data.byteLength < 4096 && isEnd(data)) lose(LOST);
    });
  }

  // Whether a message of Jupyter's v1 protocol says that the kernel is no more.
  function isEnd(data) {
    const words = new DataView(data);
    const part = (i) => new TextDecoder().decode(data.slice(at(i), at(i + 1)));
    const at = (i) => Number(words.getBigUint64(8 * (i + 1), true));
    try {
      if (JSON.parse(part(1)).msg_type !== "status") return false;
      return ["dead", "restarting", "autorestarting"].includes(JSON.parse(part(4)).execution_state);
    } catch {
      return false;
    }
  }

  // A proxy that takes its path off shows the page, but nothing that the page then asks for.
  function misplaced() {
    const path = document.body.dataset.baseUrl.replace(/voila\/$/, "");
    over = decodeURI(path) !== decodeURI(location.pathname);
    if (over) say(MISPLACED(path), false);
    return over;
  }

  addEventListener("pagehide", () => (over = true)); // a page that is left has lost nothing
  addEventListener("pageshow", (event) => event.persisted && location.reload()); // its kernel ended when it was left

  // From the first moment on, also while the scripts load: a kernel that nobody asks for is taken back after a minute.
  function begin() {
    try {
      const { baseUrl, kernelId } = JSON.parse(document.getElementById("jupyter-config-data").textContent);
      kernel ??= `${baseUrl}api/kernels/${kernelId}`;
      timer ??= setTimeout(inquire, PATIENCE);
    } catch {
      setTimeout(begin, INTERVAL); // this part of the page has not come yet
    }
  }
  setInterval(listen, INTERVAL);
  queueMicrotask(() => misplaced() || begin()); // after the script of the opening, whose shape it may take away

  const Plain = window.WebSocket;
  window.WebSocket = class extends Plain {
    constructor(address, ...protocols) {
      super(address, ...protocols);
      if (channels.test(String(address))) watch(this, String(address));
    }
  };
})();
