"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const root = document.documentElement;

  const theme = byId("theme");
  const prefersDark = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : prefersDark.matches);
  const label = () => {
    theme.textContent = isDark() ? "Light" : "Dark";
    theme.setAttribute("aria-label", (isDark() ? "Light" : "Dark") + " colours");
  };
  theme.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    label();
  });
  prefersDark.addEventListener("change", label);
  label();
  theme.hidden = false;

  const table = byId("top");
  if (!table) return;
  const body = table.tBodies[0];
  const told = ".title, .address, .reason, .meta, .c-host, .c-action";
  const rows = [...body.rows].map((row) => ({
    row,
    // What a row says of its page; what opens it is the same in every row.
    text: [...row.querySelectorAll(told)].map((part) => part.textContent).join("\n").toLowerCase(),
    action: row.querySelector(".badge").textContent,
    keys: [...row.cells].map((cell) => cell.dataset.sort ?? cell.textContent.trim().toLowerCase()),
  }));

  const heads = [...table.tHead.rows[0].cells];
  const compare = new Intl.Collator("en", { numeric: true }).compare;
  const upFirst = new Set(["rank", "page", "host", "action"]);
  const sortBy = (column, up) => {
    rows.sort((a, b) => (up ? 1 : -1) * compare(a.keys[column], b.keys[column]) || compare(a.keys[0], b.keys[0]));
    body.append(...rows.map((entry) => entry.row));
    heads.forEach((head, i) => {
      if (i === column) head.setAttribute("aria-sort", up ? "ascending" : "descending");
      else head.removeAttribute("aria-sort");
    });
  };
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const sorted = head.getAttribute("aria-sort");
      sortBy(column, sorted ? sorted === "descending" : upFirst.has(head.dataset.key));
    });
  });
  heads[0].setAttribute("aria-sort", "ascending");

  const find = byId("find");
  const action = byId("action");
  const filter = () => {
    const wanted = find.value.trim().toLowerCase();
    let found = 0;
    for (const entry of rows) {
      const fits = entry.text.includes(wanted) && (!action.value || entry.action === action.value);
      entry.row.hidden = !fits;
      found += fits ? 1 : 0;
    }
    byId("shown").textContent = found === rows.length ? "" : found + " of " + rows.length + " shown";
    byId("none").hidden = found > 0;
  };
  find.addEventListener("input", filter);
  action.addEventListener("input", filter);
  byId("tools").addEventListener("submit", (event) => event.preventDefault());

  const openAll = byId("open-all");
  const points = [...body.querySelectorAll("details")];
  const name = () => {
    const open = points.every((one) => one.open);
    openAll.textContent = open ? "Close all points" : "Open all points";
    return open;
  };
  openAll.addEventListener("click", () => {
    const open = !name();
    points.forEach((one) => { one.open = open; });
    name();
  });
  points.forEach((one) => one.addEventListener("toggle", name));
  openAll.hidden = points.length === 0;
  byId("tools").hidden = false;
})();
