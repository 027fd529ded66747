// What is typed as a note is kept as a draft two seconds after the last key. Without htmx: it is half the weight of a page.
const WAIT_MS = 2000;
const form = document.querySelector("form[data-draft]");
let waiting;
let sending;

async function keep() {
  sending?.abort();
  sending = new AbortController();
  const sent = { method: "POST", body: new FormData(form), headers: { "HX-Request": "true" }, signal: sending.signal };
  const state = document.getElementById("note-draft");
  try {
    const answer = await fetch(form.dataset.draft, { ...sent, redirect: "error" });
    if (!answer.ok) throw new Error(answer.statusText);
    state.outerHTML = await answer.text();
  } catch (error) {
    if (error.name !== "AbortError") state.textContent = form.dataset.failed;
  }
}

form?.querySelector("textarea").addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(keep, WAIT_MS);
});
// A note that is on its way is no draft any more.
form?.addEventListener("submit", () => {
  clearTimeout(waiting);
  sending?.abort();
});
