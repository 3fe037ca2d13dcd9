// What the pages do quicker with a script. Without it every page works the same, only slower.

// One click copies; where that cannot be, there is no button.
const live = document.getElementById("said");
for (const button of document.querySelectorAll("button[data-copy]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const label = button.textContent;
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = "Copied";
    if (live) live.textContent = `Copied: ${button.dataset.copy.slice(0, 100)}`;
    setTimeout(() => {
      button.textContent = label;
    }, 1500);
  });
}

// Times in the reader's own zone, as a tooltip.
for (const time of document.querySelectorAll("time[datetime]")) {
  time.title = new Date(time.dateTime).toLocaleString();
}
