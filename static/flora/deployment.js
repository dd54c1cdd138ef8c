// The page of a revision: waits for a pending one, and clears the editor's draft once its text has
// arrived here. Without scripts the page refreshes itself instead.

const deployment = document.getElementById("deployment");
const RETRY_AFTER = 2000; // milliseconds

if ("fromEditor" in deployment.dataset) {
  try {
    localStorage.removeItem(`flora-draft-${deployment.dataset.guild}`);
  } catch {
    // A browser without storage has no draft either.
  }
}

function say(runtime) {
  for (const sentence of deployment.querySelectorAll("[data-runtime]")) {
    sentence.hidden = sentence.dataset.runtime !== runtime;
  }
}

async function waitUntilSettled(address) {
  for (;;) {
    try {
      const response = await fetch(address, { headers: { accept: "application/json" } });
      // Logged out, or the guild is no longer one's own: the page itself says so.
      if (response.redirected || !response.ok) break;
      const { status, runtime } = await response.json();
      if (status !== "pending") break;
      say(runtime);
    } catch {
      say("unknown");
      await new Promise((resolve) => setTimeout(resolve, RETRY_AFTER));
    }
  }
  location.reload();
}

if (deployment.dataset.progress) waitUntilSettled(deployment.dataset.progress);
