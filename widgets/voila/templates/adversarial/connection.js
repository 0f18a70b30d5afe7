// Says that the connection between the page and its kernel was lost, and offers the only thing that helps. A page whose
// kernel is gone before they ever spoke has nothing to lose: it opens anew by itself, but not again and again.
// Voilà tells nobody, so the websocket of the kernel is watched where it is made. The address keeps the page's state.
(() => {
  const LOST = "The connection to the lab was lost. Reload to go on where you are.";
  const TRYING = "The connection to the lab was lost. Trying again …";
  const BLOCKED = "The connection to the lab is blocked, perhaps by a proxy that passes no WebSockets or not the lab's name.";
  const MISPLACED = (path) => `The lab is served under ${path}, but this page is at ${location.pathname}: start it with --base-url and that path, which a proxy must pass on.`;
  const PATIENCE = 2000; // milliseconds until a gap is worth a word
  const HANDSHAKE = 20000; // milliseconds that a busy server may take to accept a websocket
  const INTERVAL = 2000; // milliseconds between two questions whether the kernel is still there
  const REOPENED = "lab-reopened";
  const channels = /\/api\/kernels\/[\w-]+\/channels/;

  let kernel = null; // the address of the kernel that the page speaks with
  let socket = null;
  let asked = null; // when the page first asked for a websocket
  let connected = false; // ever
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

  // What became of the kernel while it has no websocket: gone, behind a proxy, or only out of reach for a while.
  async function inquire() {
    if (over || socket?.readyState === WebSocket.OPEN) return;
    let status = 0;
    try {
      status = (await fetch(kernel, { cache: "no-store" })).status;
    } catch {
      // the server does not answer: it may come back
    }
    if (over || socket?.readyState === WebSocket.OPEN) return;
    if (status === 404) return connected ? lose(LOST) : reopen();
    if (status === 0 || connected) say(TRYING, true);
    else if (socket !== null && (socket.readyState === WebSocket.CLOSED || performance.now() - asked > HANDSHAKE)) say(BLOCKED, true);
    timer = setTimeout(inquire, INTERVAL);
  }

  function watch(made, address) {
    socket = made;
    asked ??= performance.now();
    kernel = address.replace(/^ws/, "http").replace(/\/channels.*$/, "");
    made.addEventListener("open", () => {
      connected = true;
      sessionStorage.removeItem(REOPENED);
      clearTimeout(timer);
      if (!over) say("", false);
    });
    made.addEventListener("close", () => {
      if (over || made !== socket) return;
      clearTimeout(timer);
      timer = setTimeout(inquire, PATIENCE);
    });
    made.addEventListener("message", ({ data }) => {
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
  queueMicrotask(() => misplaced() || begin()); // after the script of the opening, whose shape it may take away

  const Plain = window.WebSocket;
  window.WebSocket = class extends Plain {
    constructor(address, ...protocols) {
      super(address, ...protocols);
      if (channels.test(String(address))) watch(this, String(address));
    }
  };
})();
