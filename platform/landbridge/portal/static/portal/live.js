// A region that the server keeps up to date: HTML pieces over an event stream, polling where streams are refused.
const POLL = 3000;

export function follow(region) {
  const address = region.dataset.live;
  let source = null;
  let over = false;

  const show = (html) => {
    const kept = region.contains(document.activeElement) ? document.activeElement.id : "";
    region.innerHTML = html;
    if (kept) document.getElementById(kept)?.focus();
    const log = region.querySelector(".log");
    if (log) log.scrollTop = log.scrollHeight;
  };
  const end = () => {
    over = true;
    source?.close();
    if (region.dataset.then === "reload") location.reload();
  };
  const listen = () => {
    if (over || source) return;
    source = new EventSource(address);
    source.onmessage = (event) => show(event.data);
    source.addEventListener("end", end);
    source.onerror = () => {
      if (source.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
      source = null;
      setTimeout(poll, POLL);
    };
  };
  const poll = async () => {
    if (over || document.hidden) return;
    const answer = await fetch(`${address}?once=1`, { headers: { Accept: "text/html" } }).catch(() => null);
    if (answer?.ok) {
      show(await answer.text());
      if (answer.headers.get("X-Live") === "end") return end();
    }
    setTimeout(poll, POLL);
  };
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      source?.close();
      source = null;
    } else listen();
  });
  listen();
}
