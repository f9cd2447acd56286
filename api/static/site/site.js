// What makes the pages quicker to use. Everything works without it.
(() => {
  // The ISO form of a day beside its input, whatever the browser's own format is.
  document.addEventListener("input", (event) => {
    const said = document.querySelector(`[data-iso-of="${CSS.escape(event.target.id || "-")}"]`);
    if (said) said.textContent = event.target.value;
  });

  // A form is sent once: its buttons rest until the answer is there.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post" || "download" in form.dataset) return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "1";
    for (const button of form.querySelectorAll("button")) button.setAttribute("aria-disabled", "true");
  });
  // Back from the next page: the form may be sent again (the server knows what was sent).
  addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) {
      delete form.dataset.sent;
      for (const button of form.querySelectorAll("button")) button.removeAttribute("aria-disabled");
    }
  });

  // The sum of a column of percentages, while it is typed.
  const sumUp = (form) => {
    const said = form.querySelector("[data-sum-of]");
    if (!said) return;
    const parts = [...form.querySelectorAll("[data-sum]")].map((one) => Number(one.value.replace("%", "")) * 1e6);
    const sum = Math.round(parts.reduce((a, b) => a + b, 0)) / 1e6;
    said.textContent = Number.isFinite(sum) ? `= ${sum}%` : "";
    said.className = sum === 100 ? "gain" : "loss";
  };
  for (const box of document.querySelectorAll("[data-sum-of]")) sumUp(box.form ?? box.closest("form"));
  document.addEventListener("input", (event) => {
    if (event.target.matches?.("[data-sum]")) sumUp(event.target.form);
  });

  // A slider that was let go shows where it stands.
  document.addEventListener("change", (event) => {
    if (event.target.type === "range" && event.target.form?.matches("[data-slides]")) {
      for (const other of event.target.form.querySelectorAll("[type=range]")) {
        if (other !== event.target) other.disabled = true;
      }
      event.target.form.requestSubmit();
    }
  });

  // The first thing that is wrong gets the focus, so that it is read out and seen.
  const wrong = document.querySelector("[aria-invalid=true], [data-focus]");
  if (wrong) wrong.focus();

  // Wide tables and pictures can be moved with the keyboard where they are cut off.
  for (const box of document.querySelectorAll(".table-responsive, .scroll-x")) {
    if (box.scrollWidth > box.clientWidth) {
      box.tabIndex = 0;
      box.setAttribute("role", "region");
      if (!box.hasAttribute("aria-label")) box.setAttribute("aria-label", document.title);
    }
  }
})();
