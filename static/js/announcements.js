// Says what a swapped part now holds ("24 students match") to people who hear the page. A live region
// inside the swapped part would be replaced with it and stay silent; the same sentence twice is said once.
const announcer = document.getElementById("announcer");

document.addEventListener("htmx:afterSettle", (event) => {
  const sentence = document.getElementById(event.target.id)?.dataset.announce;
  if (sentence && sentence !== announcer.textContent) announcer.textContent = sentence;
});
