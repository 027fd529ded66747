// A request that htmx could not finish says so in one fixed sentence; the next one that works takes it back.
const notice = document.getElementById("request-error");

function show() {
  if (notice.textContent === "") notice.textContent = notice.dataset.sentence;
}

document.addEventListener("htmx:responseError", show);
document.addEventListener("htmx:sendError", show);
document.addEventListener("htmx:timeout", show);
document.addEventListener("htmx:afterOnLoad", (event) => {
  if (event.detail.successful) notice.textContent = "";
});
