// Comfort only: every page works without this file. No framework, no inline code, no external request.
import { follow } from "./live.js";

const words = document.documentElement.lang.startsWith("zh")
  ? { copy: "复制", copied: "已复制", chosen: (count, size) => `已选 ${count} 个文件，共 ${size}`, sending: "正在上传…" }
  : { copy: "Copy", copied: "Copied", chosen: (count, size) => `${count} ${count === 1 ? "file" : "files"}, ${size}`, sending: "Uploading…" };

// An error summary takes the focus, so that it is read first.
document.querySelector("[data-focus]")?.focus();

// Menus close on Escape and when something else is clicked.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

// Copy buttons stand only where the browser can copy.
if (navigator.clipboard) {
  for (const snippet of document.querySelectorAll("[data-copy]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.title = words.copy;
    button.setAttribute("aria-label", words.copy);
    button.append(icon("copy"));
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(snippet.querySelector("code").textContent);
      button.classList.add("done");
      button.setAttribute("aria-label", words.copied);
      button.replaceChildren(icon("check"));
    });
    snippet.append(button);
  }
}

function icon(name) {
  const sprite = new URL("icons.svg", import.meta.url).pathname;
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${sprite}#${name}`);
  svg.append(use);
  return svg;
}

// What was chosen is said before anything is sent; folders keep their paths.
for (const form of document.querySelectorAll("form[data-upload]")) {
  const said = form.querySelector("[data-chosen]");
  const inputs = [...form.querySelectorAll("input[type=file]")];
  const files = () => inputs.flatMap((input) => [...input.files]);
  form.addEventListener("change", () => {
    const chosen = files();
    const bytes = chosen.reduce((sum, file) => sum + file.size, 0);
    said.textContent = chosen.length ? words.chosen(chosen.length, size(bytes)) : "";
  });
}

function size(bytes) {
  const units = ["B", "kB", "MB", "GB"];
  let step = 0;
  for (; bytes >= 1000 && step < units.length - 1; step += 1) bytes /= 1000;
  return `${step ? bytes.toFixed(1) : bytes} ${units[step]}`;
}

// A form is sent once: the second click of a double click does nothing.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "yes";
  const button = event.submitter;
  if (button && form.hasAttribute("data-upload")) button.querySelector("span").textContent = words.sending;
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

for (const region of document.querySelectorAll("[data-live]")) follow(region);
