// Shows the shape of the page that the address names until that page is there, and what went wrong if it never comes.
(() => {
  const opening = document.getElementById("opening");
  const [wanted] = location.hash.slice(1).split("?");
  if (wanted && wanted !== "home") opening.dataset.page = "page";
  document.body.ariaBusy = "true";

  const FAILED = "[data-mime-type$='stderr'], [data-mime-type$='error']";
  const THERE = opening.dataset.page === "home" ? ".lab-front" : ".lab-place:not(.lab-closed) .lab-strip";
  const find = (css) => document.querySelector(css);
  // An address may name no page of this lab, and one that is refused says why in the header.
  const comes = () => wanted === "story" || [...document.querySelectorAll(".lab-tab")].some((tab) => tab.value === wanted);
  const settled = () => find(THERE) || find(".lab-engine-refusal") || (find(".lab-tab") && wanted && !comes());

  const open = () => {
    seen.disconnect();
    document.body.ariaBusy = null;
    opening.style.opacity = 0;
    setTimeout(() => opening.remove(), 250);
  };
  const seen = new MutationObserver(() => {
    if (find(FAILED) || settled()) open();
    else opening.classList.toggle("under-header", Boolean(find(".lab-header")));
  });
  seen.observe(document.documentElement, { childList: true, subtree: true });
  setTimeout(() => {
    const words = opening.querySelector("[role=status]");
    words.textContent = "This takes longer than usual. Reload the page if nothing appears.";
  }, 20000);
})();
