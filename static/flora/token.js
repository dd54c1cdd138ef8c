// The page that shows a new token once: copies it, and forgets how it came here.

const token = document.getElementById("token");
const copy = document.getElementById("copy");
const copied = document.getElementById("copied");

// Reloading would otherwise send the form again and make a second token.
history.replaceState(null, "", document.querySelector("[data-list]").dataset.list);

token.select();
if (navigator.clipboard) {
  copy.hidden = false;
  copy.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(token.value);
      copied.textContent = "Copied.";
    } catch {
      token.select();
      copied.textContent = "The browser does not let a page copy: press Ctrl+C.";
    }
  });
}
