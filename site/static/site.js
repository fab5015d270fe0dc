// What screen readers and keyboards miss in the pages of the theme and of MyST-NB.
addEventListener("DOMContentLoaded", () => {
  for (const caption of document.querySelectorAll(".caption[role=heading]")) caption.ariaLevel = "2";
  for (const summary of document.querySelectorAll("details.hide > summary")) summary.removeAttribute("aria-label"); // its text says more
  document.querySelector(".sidebar-drawer")?.setAttribute("aria-label", "Chapters");
  document.querySelector(".toc-drawer")?.setAttribute("aria-label", "Sections of this page");
  for (const box of document.querySelectorAll("article pre, .cell_output, .course-map, .formula, .table-wrapper")) box.tabIndex = 0; // to scroll by keys
});
