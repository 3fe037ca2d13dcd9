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

// A key file is saved, and the page shows the new key; without a script the page has to be loaded again.
for (const form of document.querySelectorAll("form[data-saves]")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
    if (!answer.ok) {
      form.submit();
      return;
    }
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await answer.blob());
    link.download = /filename="([^"]+)"/.exec(answer.headers.get("content-disposition") ?? "")?.[1] ?? "key.json";
    link.click();
    setTimeout(() => location.reload(), 300);
  });
}

// A part that follows what happens is asked for again, and put in its place where it changed.
for (const part of document.querySelectorAll("[data-follow]")) follow(part);

function follow(part) {
  setTimeout(async () => {
    const next = document.hidden ? part : ((await again(part.id)) ?? part);
    if (next !== part && next.innerHTML !== part.innerHTML) part.replaceWith(next);
    const now = document.getElementById(part.id);
    if (now?.dataset.follow) follow(now);
  }, Number(part.dataset.follow) * 1000);
}

async function again(id) {
  const answer = await fetch(location.href).catch(() => undefined);
  if (!answer?.ok) return undefined;
  return new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(id);
}
