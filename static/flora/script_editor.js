// The script editor: line numbers, indenting, files added and removed in place, and nothing typed
// lost. Without scripts the form does the same by asking the server.

const form = document.getElementById("script");
const INDENT = "  ";
const SAVE_AFTER = 400; // milliseconds without a key

if (form) start();

function start() {
  const files = document.getElementById("files");
  const blank = document.getElementById("new-file");
  const draftKey = `flora-draft-${form.dataset.guild}`;
  const opened = text();
  let isUnsaved = "unsaved" in form.dataset;
  let isLeaving = false;
  let saving;
  let nextRow = 1 + Math.max(-1, ...[...files.children].map(rowOf).filter(Number.isInteger));

  for (const file of files.children) prepare(file);
  offerDraft();
  showProblem(files.querySelector(".wrong"));

  form.addEventListener("input", changed);
  form.addEventListener("submit", () => {
    isLeaving = true;
    save();
    for (const button of form.querySelectorAll("[name=deploy]")) {
      // After the browser has taken the form's values, the pressed button's among them.
      setTimeout(() => (button.disabled = true));
    }
  });
  form.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if ("add" in button.dataset) {
      event.preventDefault();
      add();
    } else if ("remove" in button.dataset) {
      event.preventDefault();
      remove(button.closest("[data-file]"));
    } else if ("go" in button.dataset) {
      goToLine(button.closest("[data-file]"));
    }
  });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      form.requestSubmit(form.querySelector(".primary[name=deploy]"));
    } else if (event.key === "Enter" && event.target.name === "path") {
      event.preventDefault();
      event.target.closest("[data-file]").querySelector("textarea").focus();
    }
  });
  window.addEventListener("beforeunload", (event) => {
    if (isUnsaved && !isLeaving) event.preventDefault();
  });
  // A page that the browser brings back from its memory can be sent again.
  window.addEventListener("pageshow", () => {
    isLeaving = false;
    for (const button of form.querySelectorAll("[name=deploy]")) button.disabled = false;
  });

  function changed() {
    isUnsaved = true;
    clearTimeout(saving);
    saving = setTimeout(save, SAVE_AFTER);
  }

  function add(path = "", contents = "") {
    const file = blank.content.firstElementChild.cloneNode(true);
    const row = String(nextRow++);
    file.querySelector("[name=row]").value = row;
    file.querySelector("[name=entry]").value = row;
    for (const name of ["path", "contents"]) {
      const field = file.querySelector(`[name=${name}]`);
      field.id = `${name}-${row}`;
      file.querySelector(`label[for="${name}-"]`).htmlFor = field.id;
    }
    file.querySelector(".flora-problem").id = `problem-${row}`;
    file.querySelector("[name=path]").value = path;
    file.querySelector("textarea").value = contents;
    files.append(file);
    prepare(file);
    if (!path) file.querySelector("[name=path]").focus();
    changed();
    return file;
  }

  function remove(file) {
    const path = file.querySelector("[name=path]").value || "this file";
    const isEmpty = !file.querySelector("textarea").value.trim();
    if (!isEmpty && !confirm(`Remove ${path} and its text?`)) return;
    const neighbour = file.nextElementSibling || file.previousElementSibling;
    file.remove();
    (neighbour?.querySelector("textarea") || form.querySelector("[data-add]")).focus();
    changed();
  }

  // --- drafts: what was typed and never deployed stays in this browser -----------------------

  function text() {
    const entry = form.elements.entry?.value ?? "";
    return [...files.children].map((file) => ({
      path: file.querySelector("[name=path]").value,
      contents: file.querySelector("textarea").value,
      starts: String(rowOf(file)) === entry,
    }));
  }

  function save() {
    if (!isUnsaved) return;
    try {
      localStorage.setItem(draftKey, JSON.stringify({ at: Date.now(), files: text() }));
    } catch {
      // No storage, or it is full: the warning before leaving remains.
    }
  }

  function offerDraft() {
    const draft = storedDraft();
    if (!draft || isUnsaved || JSON.stringify(draft.files) === JSON.stringify(opened)) return;
    const offer = document.getElementById("draft");
    const at = new Date(draft.at);
    offer.querySelector("time").textContent = at.toLocaleString();
    offer.querySelector("time").dateTime = at.toISOString();
    offer.hidden = false;
    document.getElementById("draft-restore").addEventListener("click", () => {
      files.replaceChildren();
      for (const { path, contents, starts } of draft.files) {
        add(path, contents).querySelector("[name=entry]").checked = starts;
      }
      offer.hidden = true;
    });
    document.getElementById("draft-discard").addEventListener("click", () => {
      localStorage.removeItem(draftKey);
      offer.hidden = true;
    });
  }

  function storedDraft() {
    try {
      const draft = JSON.parse(localStorage.getItem(draftKey));
      return Array.isArray(draft?.files) ? draft : null;
    } catch {
      return null;
    }
  }
}

function rowOf(file) {
  return Number.parseInt(file.querySelector("[name=row]").value, 10);
}

// --- one file ----------------------------------------------------------------------------------

function prepare(file) {
  const area = file.querySelector("textarea");
  const gutter = file.querySelector("[data-gutter]");
  const marked = Number(file.dataset.line) || null;
  let drawn = "";
  let mayLeave = false;

  function number() {
    const count = area.value.split("\n").length;
    const key = `${count}`;
    if (key === drawn) return;
    drawn = key;
    const parts = [];
    for (let line = 1; line <= count; line++) {
      if (line !== marked) {
        parts.push(`${line}\n`);
        continue;
      }
      const mark = document.createElement("mark");
      mark.textContent = line;
      parts.push(mark, "\n");
    }
    // The gutter is as tall as the text area, which may have a bar to scroll sideways.
    gutter.replaceChildren(...parts, "\n\n");
  }

  function follow() {
    gutter.scrollTop = area.scrollTop;
  }

  number();
  new ResizeObserver(() => {
    gutter.style.height = `${area.offsetHeight}px`;
    follow();
  }).observe(area);
  area.addEventListener("input", () => {
    number();
    follow();
  });
  area.addEventListener("scroll", follow);
  area.addEventListener("focus", () => (mayLeave = false));
  area.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      mayLeave = true;
    } else if (event.key === "Tab" && !mayLeave && !event.ctrlKey && !event.altKey) {
      event.preventDefault();
      event.shiftKey ? outdent(area) : indent(area);
    } else if (event.key !== "Shift") {
      mayLeave = false;
    }
  });
}

function indent(area) {
  const selected = area.value.slice(area.selectionStart, area.selectionEnd);
  if (!selected.includes("\n")) return insert(area, INDENT);
  changeLines(area, (line) => (line ? INDENT + line : line));
}

function outdent(area) {
  changeLines(area, (line) => line.replace(/^(\t| {1,2})/, ""));
}

// All lines that the selection touches; they stay selected when there are several.
function changeLines(area, change) {
  const { value, selectionStart, selectionEnd } = area;
  const from = value.lastIndexOf("\n", selectionStart - 1) + 1;
  const lastTouched = Math.max(from, selectionEnd - (value[selectionEnd - 1] === "\n" ? 1 : 0));
  const lineEnd = value.indexOf("\n", lastTouched);
  const to = lineEnd === -1 ? value.length : lineEnd;
  const before = value.slice(from, to);
  const after = before.split("\n").map(change).join("\n");
  if (after === before) return;
  area.setSelectionRange(from, to);
  insert(area, after);
  if (before.includes("\n")) area.setSelectionRange(from, from + after.length);
  else {
    const moved = Math.max(from, selectionStart + after.length - before.length);
    area.setSelectionRange(moved, moved);
  }
}

// Through the browser's own editing, so that Ctrl+Z takes it back. execCommand is deprecated, and
// nothing else does that in a text area (2026).
function insert(area, piece) {
  if (!document.execCommand("insertText", false, piece)) {
    area.setRangeText(piece, area.selectionStart, area.selectionEnd, "end");
    area.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

function showProblem(file) {
  if (!file) return;
  if (file.dataset.line) goToLine(file);
  else file.querySelector("[name=path]").focus();
}

function goToLine(file) {
  const area = file.querySelector("textarea");
  const lines = area.value.split("\n");
  const line = Math.min(Number(file.dataset.line), lines.length);
  const from = lines.slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
  area.focus();
  area.setSelectionRange(from, from + lines[line - 1].length);
  const height = Number.parseFloat(getComputedStyle(area).lineHeight);
  area.scrollTop = Math.max(0, (line - 4) * height);
}
