// The menu: where the links of the top bar do not all fit beside each other they are behind a button. No module, so that it
// runs before the page is first shown.
{
  const PHONE_PX = 720;
  const bar = document.querySelector(".top");
  const button = document.getElementById("menu-button");
  const nav = document.getElementById("main-nav");
  const isOpen = () => nav.classList.contains("open");

  function show(isWanted) {
    button.setAttribute("aria-expanded", String(isWanted));
    nav.classList.toggle("open", isWanted);
    fit();
  }

  function fit() {
    if (isOpen()) return;
    bar.classList.remove("folded");
    bar.classList.toggle("folded", innerWidth <= PHONE_PX || nav.scrollWidth > nav.clientWidth);
  }

  button.addEventListener("click", () => show(!isOpen()));

  addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !isOpen()) return;
    show(false);
    button.focus();
  });

  // Whoever goes elsewhere, with finger or keyboard, is done with it.
  for (const type of ["pointerdown", "focusin"]) {
    addEventListener(type, ({ target }) => {
      if (isOpen() && !nav.contains(target) && !button.contains(target)) show(false);
    });
  }

  // The window, and what stands beside the links: how many messages there are, whether the page is connected.
  const observer = new ResizeObserver(fit);
  observer.observe(bar);
  observer.observe(bar.querySelector(".right"));
  fit();
}
