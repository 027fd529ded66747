// What is typed as a note is kept as a draft two seconds after the last key, and at once when the page goes out of sight.
// Without a connection it is tried again until there is one. Without htmx: it is half the weight of a page.
const WAIT_MS = 2000;
const AGAIN_MS = 10000;
const form = document.querySelector("form[data-draft]");
let waiting;
let sending;
let isKept = true;
let hasFailed = false;

function tell(sentence) {
  document.getElementById("note-draft").textContent = sentence;
}

function keepSoon(milliseconds) {
  clearTimeout(waiting);
  waiting = setTimeout(keep, milliseconds);
}

async function keep() {
  clearTimeout(waiting);
  // One after the other: of two on their way at once the older could arrive last and stay.
  if (isKept || sending) return;
  isKept = true;
  sending = new AbortController();
  const headers = { "HX-Request": "true" };
  const sent = { method: "POST", body: new FormData(form), headers, signal: sending.signal };
  try {
    // It goes on when the page is left meanwhile.
    const answer = await fetch(form.dataset.draft, { ...sent, redirect: "error", keepalive: true });
    if (!answer.ok) throw new Error(answer.statusText);
    document.getElementById("note-draft").outerHTML = await answer.text();
    hasFailed = false;
    sending = undefined;
    if (!isKept) keepSoon(WAIT_MS);
  } catch (error) {
    sending = undefined;
    if (error.name === "AbortError") return;
    isKept = false;
    hasFailed = true;
    tell(form.dataset.failed);
    keepSoon(AGAIN_MS);
  }
}

// The words, and for whom they are.
form?.addEventListener("input", () => {
  isKept = false;
  keepSoon(WAIT_MS);
});
document.addEventListener("visibilitychange", () => {
  if (form && document.visibilityState === "hidden") keep();
});
addEventListener("online", () => form && keep());
// Only where nothing else helps: there is no connection, and the words stand nowhere but here.
addEventListener("beforeunload", (event) => {
  if (hasFailed && !isKept) event.preventDefault();
});
form?.addEventListener("submit", (event) => {
  if (!navigator.onLine) {
    event.preventDefault();
    tell(form.dataset.failed);
    return;
  }
  // A note that is on its way is no draft any more.
  clearTimeout(waiting);
  sending?.abort();
  isKept = true;
});
