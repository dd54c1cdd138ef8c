// The page of workers: takes its own newer text every few seconds. Not while somebody chooses or
// marks something in it, and not while nobody looks. Without scripts the page refreshes itself.

const page = document.getElementById("workers");
const refreshAfter = Number(page.dataset.refreshAfter) * 1000;

function isInUse() {
  return document.hidden || page.contains(document.activeElement) || !getSelection().isCollapsed;
}

async function refresh() {
  if (isInUse()) return;
  try {
    const response = await fetch(location.href);
    // Logged out, or no operator any more: the next click says so.
    if (response.redirected || !response.ok) return;
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
    if (!isInUse()) page.replaceChildren(...fresh.getElementById("workers").childNodes);
  } catch {
    // The connection is lost; the next time may be better.
  }
}

setInterval(refresh, refreshAfter);
