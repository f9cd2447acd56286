// Before the first paint: dark where the visitor chose it, or the system has it.
(() => {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const paint = () => {
    const choice = root.dataset.themeChoice;
    const wanted = choice === "dark" || (choice === "auto" && dark.matches) ? "dark" : "light";
    root.setAttribute("data-bs-theme", wanted);
  };
  paint();
  dark.addEventListener("change", paint);
  addEventListener("beforeprint", () => root.setAttribute("data-bs-theme", "light"));
  addEventListener("afterprint", paint);
})();
