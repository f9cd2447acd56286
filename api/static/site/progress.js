// Follows long work over server-sent events; without it the page reloads itself.
(() => {
  for (const box of document.querySelectorAll("[data-events]")) {
    const bar = box.querySelector("progress");
    const says = box.querySelector("[data-says]");
    const source = new EventSource(box.dataset.events);
    source.onmessage = (event) => {
      const now = JSON.parse(event.data);
      bar.max = Math.max(now.total, 1);
      bar.value = now.done;
      says.textContent = `${now.done.toLocaleString("en")} / ${now.total.toLocaleString("en")} · ${now.percent}%`;
      if (now.over) {
        source.close();
        location.reload();
      }
    };
    // The browser tries again by itself; an answer that says no ends it.
    source.onerror = () => {
      if (source.readyState === EventSource.CLOSED) location.reload();
    };
  }
})();
