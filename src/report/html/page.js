(() => {
  const form = document.getElementById("filter");
  const input = document.getElementById("who");
  const found = document.getElementById("found");
  const entries = [...document.querySelectorAll("[data-who]")];
  const names = entries.map((entry) => entry.dataset.who.toLowerCase().split("\n"));
  const groups = [...document.querySelectorAll("[data-group]")];
  const known = new Set([...document.querySelectorAll("#people option")].map((one) => one.value.toLowerCase()));
  const opened = new Set();

  const filter = () => {
    const asked = input.value.trim().toLowerCase();
    // Somebody's id means that person; anything else is a part of a name.
    const exact = known.has(asked);
    let shown = 0;
    entries.forEach((entry, place) => {
      const hit = !asked || names[place].some((name) => (exact ? name === asked : name.includes(asked)));
      entry.hidden = !hit;
      shown += hit;
    });
    for (const group of groups) {
      group.hidden = Boolean(asked) && group.querySelector("[data-who]:not([hidden])") === null;
      if (group.tagName === "DETAILS" && asked && !group.hidden && !group.open) {
        group.open = true;
        opened.add(group);
      }
    }
    if (!asked) {
      opened.forEach((group) => { group.open = false; });
      opened.clear();
    }
    found.textContent = asked ? `${shown} of ${entries.length} entries concern “${input.value.trim()}”.` : "";
  };

  form.hidden = false;
  input.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => { input.value = ""; filter(); });

  // What is ticked off in a run-book stays in this browser, by the digest of its plan.
  const book = document.querySelector("[data-book]");
  if (book) {
    const ticks = [...book.querySelectorAll("[data-tick]")];
    const ticked = document.getElementById("ticked");
    const place = `rosterctl ${book.dataset.book}`;
    let kept = true;
    const say = () => {
      const number = ticks.filter((tick) => tick.checked).length;
      const lost = kept ? "" : " This browser keeps nothing for this page: the ticks are gone when it is closed.";
      ticked.textContent = `${number} of ${ticks.length} ticked off.${lost}`;
    };
    try {
      const known = new Set(JSON.parse(localStorage.getItem(place) || "[]"));
      ticks.forEach((tick) => { tick.checked = known.has(tick.dataset.tick); });
    } catch { kept = false; }
    book.addEventListener("change", () => {
      const done = ticks.filter((tick) => tick.checked).map((tick) => tick.dataset.tick);
      try { localStorage.setItem(place, JSON.stringify(done)); } catch { kept = false; }
      say();
    });
    say();
  }

  // Browsers leave out of a print what is folded.
  const folded = new Set();
  addEventListener("beforeprint", () => {
    document.querySelectorAll("details:not([open])").forEach((one) => { one.open = true; folded.add(one); });
  });
  addEventListener("afterprint", () => {
    folded.forEach((one) => { one.open = false; });
    folded.clear();
  });

  // A step that is named elsewhere may lie in a folded list, or be filtered out.
  const unfold = () => {
    const step = location.hash && document.getElementById(location.hash.slice(1));
    if (step && step.hidden) {
      input.value = "";
      filter();
    }
    for (let one = step && step.closest("details"); one; one = one.parentElement.closest("details")) one.open = true;
    if (step) step.scrollIntoView();
  };
  addEventListener("hashchange", unfold);
  unfold();
})();
